//! Who is told how a restore goes.

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
