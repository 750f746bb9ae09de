//! The machine that processes records: one sub-topology on one partition.
//!
//! A [`Task`] owns its stores, its queues of input and its outbox. It reads no clock, talks to no broker
//! and starts no thread: a driver gives it records and time, and takes what it wants to produce.

mod flush;
mod global;
mod inputs;
mod machine;
mod order;
mod queue;
mod settings;
mod source;
#[cfg(test)]
mod tests;
mod wishes;

pub use crate::context::PartitionCounts;
pub use crate::record::{RawRecord, RecordBatch, RecordMeta};
pub use crate::time::{
    ConsumerRecord, DefaultTimestampExtractor, FailOnInvalidTimestamp,
    LogAndSkipOnInvalidTimestamp, TimestampExtractor, TimestampExtractorRef,
    UsePartitionTimeOnInvalidTimestamp, WallclockTimestampExtractor,
};
pub use flush::{Drain, FlushRun, flush_run};
pub use global::GlobalTask;
pub use machine::Task;
pub use settings::{TaskSettings, TaskSpec, TaskStats};
pub use source::{Input, Ran, SourceRunner, Then, source_runner};
