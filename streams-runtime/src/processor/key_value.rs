//! The key-value store of a processor.

use std::ops::RangeBounds;

use super::store::{ContextCell, ProcessorStore, StoreBuilder};
use crate::serdes::{HasSerde, Serde};
use crate::store::{self, Order, StoreError, StoreRef, key_value_store_maker};
use crate::topology::{StoreIx, StoreType};

/// A store of `V` by `K`, without times.
///
/// Declare it with `store(KeyValueStore::<K, V>::persistent("name"))` and pass the handle to `process`;
/// a `#[processor]` function then gets it as a parameter. Each task has its own. Reads see all writes
/// at once, cached ones too. Iterators hold the rows as they were when they were made.
/// A failing store ends the task when the processor returns.
/// Java: `org.apache.kafka.streams.state.KeyValueStore`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// #[processor]
/// fn first_of_key(
///     record: Record<String, i64>,
///     ctx: &mut ProcessorContext<'_, String, i64>,
///     seen: &mut KeyValueStore<String, i64>,
/// ) {
///     if seen.put_if_absent(record.key.clone(), record.value).is_none() {
///         ctx.forward(record);
///     }
/// }
///
/// let topology = topology!({
///     let seen = store(KeyValueStore::<String, i64>::persistent("seen"));
///     stream::<String, i64>("in").process(first_of_key, seen).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2), ("b", 3)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 3]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct KeyValueStore<'a, K, V> {
    cell: ContextCell<'a>,
    store: StoreRef<store::KeyValueStore<K, V>>,
}

impl<K, V> ProcessorStore for KeyValueStore<'static, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    type At<'a> = KeyValueStore<'a, K, V>;

    fn at(cell: ContextCell<'_>, store: StoreIx) -> KeyValueStore<'_, K, V> {
        KeyValueStore { cell, store: StoreRef::new(store) }
    }
}

impl<K: HasSerde, V: HasSerde> KeyValueStore<'static, K, V> {
    /// Rows on disk.
    pub fn persistent(name: impl Into<String>) -> StoreBuilder<Self> {
        Self::of_type(name, StoreType::RocksDb)
    }

    /// Rows in memory.
    pub fn in_memory(name: impl Into<String>) -> StoreBuilder<Self> {
        Self::of_type(name, StoreType::InMemory)
    }

    /// At most `max_entries` rows in memory; the least recently used go first, with a tombstone on
    /// the changelog.
    pub fn lru_map(name: impl Into<String>, max_entries: usize) -> StoreBuilder<Self> {
        Self::of_type(name, StoreType::LruMap { max_entries })
    }

    fn of_type(name: impl Into<String>, store_type: StoreType) -> StoreBuilder<Self> {
        let maker = key_value_store_maker::<K, V>(K::serde(), V::serde());
        StoreBuilder::new(name, store_type, maker)
    }
}

impl<K, V> KeyValueStore<'_, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn with<T>(
        &self,
        work: impl FnOnce(&mut store::KeyValueStore<K, V>) -> Result<T, StoreError>,
    ) -> Option<T> {
        self.cell.with_store(self.store, |rows, _, _| work(rows))
    }

    /// The value of a key now.
    pub fn get(&self, key: &K) -> Option<V> {
        self.with(|store| store.get(key)).flatten()
    }

    /// Writes a value. The changelog gets it with the time of the record in work.
    pub fn put(&mut self, key: K, value: V) {
        self.write(&key, Some(value));
    }

    fn write(&mut self, key: &K, value: Option<V>) {
        self.cell.with_store(self.store, |rows, out, context| rows.put(out, context, key, value));
    }

    /// Writes a value unless the key has one; returns the one it has.
    pub fn put_if_absent(&mut self, key: K, value: V) -> Option<V> {
        let known = self.get(&key);
        if known.is_none() {
            self.put(key, value);
        }
        known
    }

    /// Writes several values.
    pub fn put_all(&mut self, rows: impl IntoIterator<Item = (K, V)>) {
        rows.into_iter().for_each(|(key, value)| self.put(key, value));
    }

    /// Deletes a value and returns it.
    pub fn delete(&mut self, key: &K) -> Option<V> {
        let known = self.get(key);
        self.write(key, None);
        known
    }

    /// The rows between two keys, in order of the keys' bytes.
    pub fn range(&self, keys: impl RangeBounds<K>) -> std::vec::IntoIter<(K, V)> {
        self.between(&keys, Order::Ascending)
    }

    /// The rows between two keys, in reverse order of the keys' bytes.
    pub fn reverse_range(&self, keys: impl RangeBounds<K>) -> std::vec::IntoIter<(K, V)> {
        self.between(&keys, Order::Descending)
    }

    /// All rows, in order of the keys' bytes.
    pub fn all(&self) -> std::vec::IntoIter<(K, V)> {
        self.range(..)
    }

    /// All rows, in reverse order of the keys' bytes.
    pub fn reverse_all(&self) -> std::vec::IntoIter<(K, V)> {
        self.reverse_range(..)
    }

    /// The rows whose keys' bytes begin with what `serde` writes for `prefix`.
    pub fn prefix_scan<P: 'static>(
        &self,
        prefix: &P,
        serde: &dyn Serde<P>,
    ) -> std::vec::IntoIter<(K, V)> {
        let rows = self.with(|store| store.prefix_scan(prefix, serde)?.collect());
        let rows: Vec<(K, V)> = rows.unwrap_or_default();
        rows.into_iter()
    }

    /// Roughly how many rows there are; rows that only the cache knows do not count.
    pub fn approximate_num_entries(&self) -> u64 {
        self.with(|store| Ok(store.approximate_rows())).unwrap_or_default()
    }

    fn between(&self, keys: &impl RangeBounds<K>, order: Order) -> std::vec::IntoIter<(K, V)> {
        let rows = self.with(|store| store.range(keys, order)?.collect::<Result<Vec<_>, _>>());
        rows.unwrap_or_default().into_iter()
    }
}
