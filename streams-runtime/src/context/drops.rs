//! What a task leaves out: each record is counted and logged, with the reason and the mend.

use super::Context;
use crate::record::RawRecord;
use crate::topology::NodeId;

const TOO_OLD: &str = "it is older than what its store keeps; raise the retention";

impl Context {
    /// Counts rows that a store found too old to be kept.
    #[inline]
    pub(crate) fn drop_expired(&mut self, node: NodeId, rows: u64) {
        for _ in 0..rows {
            self.drop_record(node, TOO_OLD);
        }
    }

    /// Counts a processor's writes that a store found too old to be kept.
    #[inline]
    pub(crate) fn drop_expired_writes(&mut self, rows: u64) {
        for _ in 0..rows {
            self.drop_write(TOO_OLD);
        }
    }

    /// Counts and logs a record that goes no further; `reason` says why and what mends it.
    #[cold]
    pub fn drop_record(&mut self, node: NodeId, reason: &str) {
        self.dropped += 1;
        tracing::warn!(
            task = %self.facts.task_id, topic = %self.record.topic,
            partition = self.record.partition, offset = self.record.offset,
            operator = %self.nodes[node.index()].name, "dropping a record: {reason}"
        );
    }

    /// Counts and logs a processor's write that its store refused.
    #[cold]
    pub(crate) fn drop_write(&mut self, reason: &str) {
        self.dropped += 1;
        tracing::warn!(
            task = %self.facts.task_id, topic = %self.record.topic,
            partition = self.record.partition, offset = self.record.offset,
            "dropping a processor's write: {reason}"
        );
    }

    /// Counts and logs an input record whose time is negative.
    #[cold]
    pub(crate) fn drop_raw(&mut self, node: NodeId, raw: &RawRecord<'_>, time: i64) {
        self.dropped += 1;
        tracing::warn!(
            task = %self.facts.task_id, topic = raw.topic, partition = raw.partition,
            offset = raw.offset, operator = %self.nodes[node.index()].name,
            "dropping a record: its extracted timestamp is {time}, which is negative; use a \
             TimestampExtractor that finds another time if the record is good"
        );
    }
}
