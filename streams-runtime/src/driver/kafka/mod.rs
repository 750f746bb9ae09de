//! The Kafka driver: moves records, offsets and rebalances between librdkafka and the tasks.
//!
//! Each stream thread is an OS thread with its own consumer, restore consumer and producer. It owns
//! its tasks; nothing else touches them. One thread more keeps the global stores, which all tasks
//! read. The client starts, watches and stops the threads.

mod application;
mod assignment;
mod batch;
mod block_on;
mod clients;
mod commit;
mod errors;
mod events;
mod global;
mod global_stores;
mod handle;
mod inputs;
mod interrupt;
mod member;
mod metadata;
mod offsets;
mod purge;
mod rebalance;
mod restore;
mod restore_listener;
mod retry;
mod running;
mod send;
mod stores;
mod thread;
mod time;
mod topics;
mod transaction;
mod wake;

pub(crate) use application::Application;
pub(crate) use block_on::block_on;
pub(crate) use events::lock;
pub(crate) use global::run as run_global;
pub(crate) use handle::{Supervisor, ThreadHandle, Verdict};
pub use metadata::{TaskMetadata, ThreadMetadata, ThreadState};
pub use restore_listener::StateRestoreListener;
pub(crate) use thread::run;
