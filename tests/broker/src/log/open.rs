//! What a partition remembers of transactions: which are open, and which were aborted and where.

use std::collections::BTreeMap;

use crate::log::batch::Batch;

/// Records of an aborted transaction, in one partition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Aborted {
    pub(crate) producer_id: i64,
    pub(crate) first_offset: i64,
    /// Where its marker lies.
    pub(crate) last_offset: i64,
}

/// Open and aborted transactions of one partition.
#[derive(Debug, Default)]
pub(crate) struct OpenTransactions {
    /// First offsets by producer id.
    open: BTreeMap<i64, i64>,
    aborted: Vec<Aborted>,
}

impl OpenTransactions {
    /// Notes a transactional batch that was appended.
    pub(crate) fn note(&mut self, batch: &Batch, base_offset: i64) {
        if batch.is_transactional() {
            self.open.entry(batch.producer_id).or_insert(base_offset);
        }
    }

    /// Notes the marker that ends a producer's transaction.
    pub(crate) fn close(&mut self, producer_id: i64, marker_offset: i64, is_aborted: bool) {
        let Some(first_offset) = self.open.remove(&producer_id) else { return };
        if is_aborted {
            self.aborted.push(Aborted { producer_id, first_offset, last_offset: marker_offset });
        }
    }

    /// The first offset that belongs to an open transaction.
    pub(crate) fn first_open(&self) -> Option<i64> {
        self.open.values().min().copied()
    }

    /// The aborted transactions that reach into `from..to`.
    pub(crate) fn aborted(&self, from: i64, to: i64) -> Vec<Aborted> {
        let reaches = |aborted: &&Aborted| aborted.last_offset >= from && aborted.first_offset < to;
        self.aborted.iter().filter(reaches).copied().collect()
    }

    /// Whether a record was written by an aborted transaction.
    pub(crate) fn is_aborted(&self, producer_id: i64, offset: i64) -> bool {
        let holds = |aborted: &Aborted| {
            aborted.producer_id == producer_id
                && (aborted.first_offset..=aborted.last_offset).contains(&offset)
        };
        self.aborted.iter().any(holds)
    }
}
