//! The session store of a processor.

use std::ops::RangeBounds;
use std::time::Duration;

use super::store::{ContextCell, ProcessorStore, StoreBuilder};
use crate::serdes::{HasSerde, Windowed};
use crate::store::{self, Order, StateStore, StoreError, StoreRef, session_store_maker};
use crate::topology::{StoreIx, StoreType};

/// Aggregates by key and session.
///
/// Sessions that ended before the retention are not seen, and too late ones are not written.
/// Otherwise as [`KeyValueStore`](super::KeyValueStore).
/// Java: `org.apache.kafka.streams.state.SessionStore`.
pub struct SessionStore<'a, K, V> {
    cell: ContextCell<'a>,
    store: StoreRef<store::SessionStore<K, V>>,
}

impl<K, V> ProcessorStore for SessionStore<'static, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    type At<'a> = SessionStore<'a, K, V>;

    fn at(cell: ContextCell<'_>, store: StoreIx) -> SessionStore<'_, K, V> {
        SessionStore { cell, store: StoreRef::new(store) }
    }
}

impl<K: HasSerde, V: HasSerde> SessionStore<'static, K, V> {
    /// Rows on disk, kept that long after the end of their session.
    pub fn persistent(name: impl Into<String>, retention: Duration) -> StoreBuilder<Self> {
        Self::of_type(name, retention, StoreType::RocksDb)
    }

    /// Rows in memory, kept that long after the end of their session.
    pub fn in_memory(name: impl Into<String>, retention: Duration) -> StoreBuilder<Self> {
        Self::of_type(name, retention, StoreType::InMemory)
    }

    fn of_type(
        name: impl Into<String>,
        retention: Duration,
        store_type: StoreType,
    ) -> StoreBuilder<Self> {
        let kept = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        let maker = session_store_maker::<K, V>(K::serde(), V::serde(), kept, false);
        StoreBuilder::new(name, store_type, maker).with_retention(retention)
    }
}

impl<K, V> SessionStore<'_, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn with<T>(
        &self,
        work: impl FnOnce(&mut store::SessionStore<K, V>) -> Result<T, StoreError>,
    ) -> Option<T> {
        self.cell.with_store(self.store, |rows, _, _| work(rows))
    }

    /// The aggregate of exactly this session.
    pub fn fetch_session(&self, session: &Windowed<K>) -> Option<V> {
        self.with(|store| store.fetch(session)).flatten()
    }

    /// All sessions of a key, by end, then start.
    pub fn fetch(&self, key: &K) -> std::vec::IntoIter<(Windowed<K>, V)> {
        self.find_sessions(key, 0, i64::MAX)
    }

    /// All sessions of a key, the latest first.
    pub fn backward_fetch(&self, key: &K) -> std::vec::IntoIter<(Windowed<K>, V)> {
        self.backward_find_sessions(key, 0, i64::MAX)
    }

    /// All sessions of a range of keys.
    ///
    /// The order is that of Kafka Streams' stores: in memory by end and key, on disk by segment (half the
    /// retention, at least a minute) and then by key and end.
    pub fn fetch_range(&self, keys: impl RangeBounds<K>) -> std::vec::IntoIter<(Windowed<K>, V)> {
        self.find_sessions_in(keys, 0, i64::MAX)
    }

    /// [`fetch_range`](Self::fetch_range) in reverse order.
    pub fn backward_fetch_range(
        &self,
        keys: impl RangeBounds<K>,
    ) -> std::vec::IntoIter<(Windowed<K>, V)> {
        self.backward_find_sessions_in(keys, 0, i64::MAX)
    }

    /// The sessions of a key that end at `earliest_end` or later and start at `latest_start` or earlier, by
    /// end, then start.
    pub fn find_sessions(
        &self,
        key: &K,
        earliest_end: i64,
        latest_start: i64,
    ) -> std::vec::IntoIter<(Windowed<K>, V)> {
        self.of_key(key, (earliest_end, latest_start), Order::Ascending)
    }

    /// [`find_sessions`](Self::find_sessions), the latest first.
    pub fn backward_find_sessions(
        &self,
        key: &K,
        earliest_end: i64,
        latest_start: i64,
    ) -> std::vec::IntoIter<(Windowed<K>, V)> {
        self.of_key(key, (earliest_end, latest_start), Order::Descending)
    }

    /// [`find_sessions`](Self::find_sessions) for a range of keys, in the order of
    /// [`fetch_range`](Self::fetch_range).
    pub fn find_sessions_in(
        &self,
        keys: impl RangeBounds<K>,
        earliest_end: i64,
        latest_start: i64,
    ) -> std::vec::IntoIter<(Windowed<K>, V)> {
        self.of_keys(&keys, (earliest_end, latest_start), Order::Ascending)
    }

    /// [`find_sessions_in`](Self::find_sessions_in) in reverse order.
    pub fn backward_find_sessions_in(
        &self,
        keys: impl RangeBounds<K>,
        earliest_end: i64,
        latest_start: i64,
    ) -> std::vec::IntoIter<(Windowed<K>, V)> {
        self.of_keys(&keys, (earliest_end, latest_start), Order::Descending)
    }

    /// The sessions of all keys that end from `earliest_end` to `latest_end`, both included, in the order of
    /// [`fetch_range`](Self::fetch_range).
    pub fn find_ended(
        &self,
        earliest_end: i64,
        latest_end: i64,
    ) -> std::vec::IntoIter<(Windowed<K>, V)> {
        let found = self.with(|store| store.ended_between(earliest_end, latest_end));
        found.unwrap_or_default().into_iter()
    }

    fn of_key(
        &self,
        key: &K,
        (end, start): (i64, i64),
        order: Order,
    ) -> std::vec::IntoIter<(Windowed<K>, V)> {
        let found = self.with(|store| store.find(key, end, start, order));
        found.unwrap_or_default().into_iter()
    }

    fn of_keys(
        &self,
        keys: &impl RangeBounds<K>,
        (end, start): (i64, i64),
        order: Order,
    ) -> std::vec::IntoIter<(Windowed<K>, V)> {
        let found = self.with(|store| store.find_in(keys, end, start, order));
        found.unwrap_or_default().into_iter()
    }

    /// Writes the aggregate of a session. One that ends before it starts fails the record, as it does in Java.
    pub fn put(&mut self, session: Windowed<K>, value: V) {
        self.write(&session, Some(value));
    }

    /// Removes a session. One that ends before it starts fails the record.
    pub fn remove(&mut self, session: &Windowed<K>) {
        self.write(session, None);
    }

    fn write(&mut self, session: &Windowed<K>, value: Option<V>) {
        let late = self.cell.with_store(self.store, |rows, out, context| {
            if session.window.end < session.window.start {
                return Err(StoreError::backwards(StateStore::name(rows), session.window));
            }
            let is_write = value.is_some();
            rows.put(out, context, session, value, None)?;
            let late = rows.take_expired();
            // a removal that comes too late finds nothing, which is no loss
            Ok(if is_write { late } else { 0 })
        });
        self.cell.drop_late(late);
    }
}
