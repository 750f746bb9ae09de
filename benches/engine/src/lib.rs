//! The engine without Kafka, beside loops that are written by hand.
//!
//! Both sides get the same batches of bytes, decode them into the same Rust types, do the same work over the
//! same backend with a cache of the same bounds, and hand the same results and changelog records to the same
//! [`Producer`]; `tests/same_results.rs` compares them to the byte. What a loop by hand does not do is what
//! the engine is there for: dispatch, exception handlers, contexts, rollback to the last commit.

pub mod allocations;
mod by_hand;
mod engine;
mod inputs;
mod long_runs;
mod producer;
mod running;
mod table;
mod workloads;

pub use engine::Engine;
pub use inputs::{Inputs, POLL};
pub use long_runs::{LONG_RUNS, LongRun, Look, is_flat};
pub use producer::{CHANGELOG, Produced, Producer, RESULTS};
pub use running::{POLLS_OF_A_COMMIT, Running, Side};
use streams_runtime::record::RecordBatch;
pub use table::print_table;
pub use workloads::{WORKLOADS, Workload};

/// Why a loop ends: bytes that do not decode, or a backend that fails.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What is measured: a loop by hand, or the engine.
pub trait Machine {
    /// Processes the records of one poll, a batch per input topic, and produces what comes of them.
    ///
    /// # Errors
    /// When a record does not decode or a store fails.
    fn process(&mut self, poll: Vec<RecordBatch>, producer: &mut Producer) -> Result<(), Error>;

    /// Produces what a cache kept, and writes the stores with the offset of their changelogs.
    ///
    /// # Errors
    /// When a store fails.
    fn commit(&mut self, producer: &mut Producer) -> Result<(), Error>;

    /// Bytes of state that it knows of: rows that wait for a commit, and caches.
    fn held_bytes(&self) -> usize {
        0
    }
}
