//! Who is told what happens: states, restores, errors.

use crate::error::StreamsError;
use crate::record::TopicPartition;

/// Is told how the restore of a store goes; called on the stream thread, so it must be quick.
///
/// Java: `org.apache.kafka.streams.processor.StateRestoreListener`.
pub trait StateRestoreListener: Send + Sync + 'static {
    /// A store begins to read `changelog` from `start`, and will be ready before `end`.
    fn on_restore_start(&self, changelog: &TopicPartition, store: &str, start: i64, end: i64) {
        let _ = (changelog, store, start, end);
    }

    /// `records` records up to `offset` have been applied.
    fn on_batch_restored(
        &self,
        changelog: &TopicPartition,
        store: &str,
        offset: i64,
        records: u64,
    ) {
        let _ = (changelog, store, offset, records);
    }

    /// The store is ready; `total` records were applied.
    fn on_restore_end(&self, changelog: &TopicPartition, store: &str, total: u64) {
        let _ = (changelog, store, total);
    }

    /// The partition was taken away in the middle; `total` records were applied and are kept.
    fn on_restore_suspended(&self, changelog: &TopicPartition, store: &str, total: u64) {
        let _ = (changelog, store, total);
    }
}

/// What happens after a thread ended with an error.
///
/// Java: `StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UncaughtExceptionResponse {
    /// The thread starts again from the last commit; what failed is tried again.
    ReplaceThread,
    /// This instance stops, with state `Error`.
    #[default]
    ShutdownClient,
    /// As `ShutdownClient`. The group protocol of the client library has no way to tell the other
    /// instances, so they go on and take the partitions over; a warning says so.
    ShutdownApplication,
}

/// Decides what happens after a thread ended with an error.
pub type UncaughtExceptionHandler =
    dyn Fn(&StreamsError) -> UncaughtExceptionResponse + Send + Sync;
