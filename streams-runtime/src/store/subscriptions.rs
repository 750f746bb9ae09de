//! The store of a foreign-key join's right side: which rows of the left table wait for which key.

use std::sync::Arc;

use super::byte_store::ByteStore;
use super::{
    ChangelogRecord, KeyRange, Order, StateStore, StoreError, StoreKind, StoreMaker, Uncached,
};
use crate::outbox::Outbox;
use crate::record::Headers;

/// Bytes of a time before a subscription.
const TIME: usize = size_of::<i64>();

/// Subscriptions as bytes, by the length and bytes of the foreign key, then the primary key.
///
/// The changelog's records have the time and headers of the subscriptions. There is no cache.
/// Java: `TimestampedKeyValueStore` of `SubscriptionWrapper`.
pub struct SubscriptionStore {
    bytes: ByteStore,
    row: Vec<u8>,
}

impl SubscriptionStore {
    /// Writes (`Some`) or deletes (`None`) a subscription.
    pub(crate) fn put(
        &mut self,
        out: &mut Outbox,
        key: &[u8],
        subscription: Option<&[u8]>,
        timestamp: i64,
        headers: Headers,
    ) {
        self.row.clear();
        self.row.extend_from_slice(&timestamp.to_be_bytes());
        self.row.extend_from_slice(subscription.unwrap_or_default());
        self.bytes.put(key, subscription.map(|_| self.row.as_slice()));
        self.bytes.log(out, key, subscription, timestamp, &headers);
    }

    /// The subscriptions whose keys begin with `prefix`: their bytes, in order of the keys.
    pub(crate) fn with_prefix(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut found = Vec::new();
        let mut rows = self.bytes.range(&KeyRange::prefix(prefix), Order::Ascending)?;
        while let Some((_, row)) = rows.row() {
            found.push(row.get(TIME..).unwrap_or_default().to_vec());
            rows.advance()?;
        }
        Ok(found)
    }
}

/// Makes the store for each task.
pub fn subscription_store_maker() -> StoreMaker {
    Arc::new(|setup| {
        Ok(Box::new(SubscriptionStore { bytes: ByteStore::new(setup), row: Vec::new() }))
    })
}

impl Uncached for SubscriptionStore {}

impl StateStore for SubscriptionStore {
    super::byte_store::uncached_state_store!();

    fn kind(&self) -> StoreKind {
        StoreKind::Internal
    }

    fn restore_partition(
        &mut self,
        partition: i32,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
    ) -> Result<(), StoreError> {
        self.bytes.restore(partition, records, |record, value, row| {
            row.extend_from_slice(&record.timestamp.to_be_bytes());
            row.extend_from_slice(value);
        })
    }
}
