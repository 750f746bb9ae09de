//! The timestamped key-value store of a processor, which also is what a table keeps.

use std::ops::RangeBounds;

use super::store::{ContextCell, ProcessorStore, StoreBuilder};
use crate::serdes::{HasSerde, Serde};
use crate::store::{Order, StoreError, StoreRef, TableStore, ValueAndTimestamp, table_store_maker};
use crate::time::Timestamp;
use crate::topology::{StoreIx, StoreType};

/// A store of `V` by `K`, each value with the time it is of.
///
/// The kind of store that tables have: `table.store()` gives a processor the store of a table that is
/// named. Otherwise as [`KeyValueStore`](super::KeyValueStore).
/// Java: `org.apache.kafka.streams.state.TimestampedKeyValueStore`.
pub struct TimestampedKeyValueStore<'a, K, V> {
    cell: ContextCell<'a>,
    store: StoreRef<TableStore<K, V>>,
}

impl<K, V> ProcessorStore for TimestampedKeyValueStore<'static, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    type At<'a> = TimestampedKeyValueStore<'a, K, V>;

    fn at(cell: ContextCell<'_>, store: StoreIx) -> TimestampedKeyValueStore<'_, K, V> {
        TimestampedKeyValueStore { cell, store: StoreRef::new(store) }
    }
}

impl<K: HasSerde, V: HasSerde> TimestampedKeyValueStore<'static, K, V> {
    /// Rows on disk.
    pub fn persistent(name: impl Into<String>) -> StoreBuilder<Self> {
        Self::of_type(name, StoreType::RocksDb)
    }

    /// Rows in memory.
    pub fn in_memory(name: impl Into<String>) -> StoreBuilder<Self> {
        Self::of_type(name, StoreType::InMemory)
    }

    /// At most `max_entries` rows in memory; the least recently used go first.
    pub fn lru_map(name: impl Into<String>, max_entries: usize) -> StoreBuilder<Self> {
        Self::of_type(name, StoreType::LruMap { max_entries })
    }

    fn of_type(name: impl Into<String>, store_type: StoreType) -> StoreBuilder<Self> {
        let maker = table_store_maker::<K, V>(K::serde(), V::serde());
        StoreBuilder::new(name, store_type, maker)
    }
}

impl<K, V> TimestampedKeyValueStore<'_, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn with<T>(
        &self,
        work: impl FnOnce(&mut TableStore<K, V>) -> Result<T, StoreError>,
    ) -> Option<T> {
        self.cell.with_store(self.store, |rows, _, _| work(rows))
    }

    /// The value of a key now, with its time.
    pub fn get(&self, key: &K) -> Option<ValueAndTimestamp<V>> {
        self.with(|store| store.get(key)).flatten()
    }

    /// Writes a value of that time, which the changelog record has, too.
    pub fn put(&mut self, key: K, value: V, timestamp: Timestamp) {
        self.write(&key, Some(value), timestamp);
    }

    fn write(&mut self, key: &K, value: Option<V>, timestamp: Timestamp) {
        self.cell.with_store(self.store, |rows, out, context| {
            rows.put(out, context, key, value, timestamp, None)
        });
    }

    /// Writes a value unless the key has one; returns the one it has.
    pub fn put_if_absent(
        &mut self,
        key: K,
        value: V,
        timestamp: Timestamp,
    ) -> Option<ValueAndTimestamp<V>> {
        let known = self.get(&key);
        if known.is_none() {
            self.put(key, value, timestamp);
        }
        known
    }

    /// Deletes a value and returns it. The changelog record has the time of the record in work.
    pub fn delete(&mut self, key: &K) -> Option<ValueAndTimestamp<V>> {
        let known = self.get(key);
        let now = self.cell.with(|cx| cx.record().timestamp);
        self.write(key, None, now);
        known
    }

    /// The rows between two keys, in order of the keys' bytes.
    pub fn range(
        &self,
        keys: impl RangeBounds<K>,
    ) -> std::vec::IntoIter<(K, ValueAndTimestamp<V>)> {
        self.between(&keys, Order::Ascending)
    }

    /// The rows between two keys, in reverse order of the keys' bytes.
    pub fn reverse_range(
        &self,
        keys: impl RangeBounds<K>,
    ) -> std::vec::IntoIter<(K, ValueAndTimestamp<V>)> {
        self.between(&keys, Order::Descending)
    }

    /// All rows, in order of the keys' bytes.
    pub fn all(&self) -> std::vec::IntoIter<(K, ValueAndTimestamp<V>)> {
        self.range(..)
    }

    /// All rows, in reverse order of the keys' bytes.
    pub fn reverse_all(&self) -> std::vec::IntoIter<(K, ValueAndTimestamp<V>)> {
        self.reverse_range(..)
    }

    /// The rows whose keys' bytes begin with what `serde` writes for `prefix`.
    pub fn prefix_scan<P: 'static>(
        &self,
        prefix: &P,
        serde: &dyn Serde<P>,
    ) -> std::vec::IntoIter<(K, ValueAndTimestamp<V>)> {
        let rows = self.with(|store| store.prefix_scan(prefix, serde)?.collect());
        let rows: Vec<(K, ValueAndTimestamp<V>)> = rows.unwrap_or_default();
        rows.into_iter()
    }

    /// Roughly how many rows there are; rows that only the cache knows do not count.
    pub fn approximate_num_entries(&self) -> u64 {
        self.with(|store| Ok(store.approximate_rows())).unwrap_or_default()
    }

    fn between(
        &self,
        keys: &impl RangeBounds<K>,
        order: Order,
    ) -> std::vec::IntoIter<(K, ValueAndTimestamp<V>)> {
        let rows = self.with(|store| store.range(keys, order)?.collect::<Result<Vec<_>, _>>());
        rows.unwrap_or_default().into_iter()
    }
}
