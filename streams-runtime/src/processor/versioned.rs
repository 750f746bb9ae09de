//! The versioned key-value store of a processor.

use std::time::Duration;

use super::store::{ContextCell, ProcessorStore, StoreBuilder};
use crate::serdes::HasSerde;
use crate::store::{
    StoreError, StoreErrorKind, StoreRef, TableStore, ValueAndTimestamp, VersionLayout,
    VersionedRecord, versioned_store_maker,
};
use crate::time::Timestamp;
use crate::topology::{StoreIx, StoreType};

/// What became of a write to a [`VersionedKeyValueStore`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VersionedPut {
    /// It is the latest version of its key.
    Latest,
    /// It is a version of the past: the key has a later one.
    Past,
    /// It is older than the history and was not written; the task counts it among its dropped records.
    TooLate,
}

/// A store of `V` by `K` that keeps the past of its keys for some time.
///
/// A write has a time of its own, and the latest one by that time is the value of the key. The others can
/// be asked for by time as far as the history goes back from the store's stream time, which is the latest
/// time written to it. A write before that is refused. One write per key and time is kept, the last one.
/// There is no cache; every write is logged with its own time, refused ones too.
/// Otherwise as [`KeyValueStore`](super::KeyValueStore).
/// Java: `org.apache.kafka.streams.state.VersionedKeyValueStore`, KIP-889.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// /// What an order cost at the price of its time.
/// #[processor]
/// fn priced(
///     record: Record<String, i64>,
///     ctx: &mut ProcessorContext<'_, String, i64>,
///     prices: &mut VersionedKeyValueStore<String, i64>,
/// ) {
///     if record.value < 0 {
///         prices.put(record.key.clone(), Some(-record.value), record.timestamp);
///     } else if let Some(price) = prices.get_as_of(&record.key, record.timestamp) {
///         let cost = record.value * price.value;
///         ctx.forward(record.with_value(cost));
///     }
/// }
///
/// let topology = topology!({
///     let history = Duration::from_secs(3600);
///     let prices = store(VersionedKeyValueStore::<String, i64>::persistent("prices", history));
///     stream::<String, i64>("in").process(priced, prices).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// let mut input = driver.input::<String, i64>("in");
/// input.pipe("tea", -3, 100)?;
/// input.pipe("tea", -4, 200)?;
/// input.pipe("tea", 10, 150)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [30]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct VersionedKeyValueStore<'a, K, V> {
    cell: ContextCell<'a>,
    store: StoreRef<TableStore<K, V>>,
}

impl<K, V> ProcessorStore for VersionedKeyValueStore<'static, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    type At<'a> = VersionedKeyValueStore<'a, K, V>;

    fn at(cell: ContextCell<'_>, store: StoreIx) -> VersionedKeyValueStore<'_, K, V> {
        VersionedKeyValueStore { cell, store: StoreRef::new(store) }
    }
}

impl<K: HasSerde, V: HasSerde> VersionedKeyValueStore<'static, K, V> {
    /// Versions on disk, kept that long after they ended.
    ///
    /// The history must stay the same over restarts, or the state be deleted.
    pub fn persistent(name: impl Into<String>, history_retention: Duration) -> StoreBuilder<Self> {
        let history = i64::try_from(history_retention.as_millis()).unwrap_or(i64::MAX);
        let layout = VersionLayout::of_history(history);
        let maker = versioned_store_maker::<K, V>(K::serde(), V::serde(), layout);
        StoreBuilder::new(name, StoreType::RocksDb, maker).with_history(history)
    }
}

impl<K, V> VersionedKeyValueStore<'_, K, V>
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

    /// The latest version of a key, with its time.
    pub fn get(&self, key: &K) -> Option<ValueAndTimestamp<V>> {
        self.with(|store| store.get(key)).flatten()
    }

    /// The version that a key had at a time: the latest one up to then, with its own time.
    ///
    /// Before the history, which is counted back from the store's stream time, only the latest version of a
    /// key is found, if it is that old.
    pub fn get_as_of(&self, key: &K, time: Timestamp) -> Option<ValueAndTimestamp<V>> {
        self.with(|store| store.get_as_of(key, time)).flatten()
    }

    /// The versions that a key had at some time from `from` to `to`, both included, the oldest first;
    /// deletions are gaps between them.
    pub fn versions(
        &self,
        key: &K,
        from: Timestamp,
        to: Timestamp,
    ) -> std::vec::IntoIter<VersionedRecord<V>> {
        self.with(|store| store.versions(key, from, to)).unwrap_or_default().into_iter()
    }

    /// Writes (`Some`) or deletes (`None`) the version of that time.
    pub fn put(&mut self, key: K, value: Option<V>, timestamp: Timestamp) -> VersionedPut {
        self.write(&key, value, timestamp)
    }

    /// Deletes as of a time, and returns the version that the key had then; `None` when it is too late.
    pub fn delete(&mut self, key: &K, timestamp: Timestamp) -> Option<ValueAndTimestamp<V>> {
        let known = self.get_as_of(key, timestamp);
        match self.write(key, None, timestamp) {
            VersionedPut::TooLate => None,
            VersionedPut::Latest | VersionedPut::Past => known,
        }
    }

    fn write(&mut self, key: &K, value: Option<V>, timestamp: Timestamp) -> VersionedPut {
        let written = self.cell.with_store(self.store, |rows, out, context| {
            match rows.put(out, context, key, value, timestamp, None) {
                Ok(change) if change.as_ref().is_some_and(|change| !change.is_latest) => {
                    Ok(Ok(VersionedPut::Past))
                }
                Ok(_) => Ok(Ok(VersionedPut::Latest)),
                Err(error) if error.kind() == StoreErrorKind::Late => Ok(Err(error)),
                Err(error) => Err(error),
            }
        });
        match written {
            Some(Ok(put)) => put,
            Some(Err(late)) => {
                self.cell.with(|cx| cx.drop_write(&late.to_string()));
                VersionedPut::TooLate
            }
            None => VersionedPut::TooLate,
        }
    }
}
