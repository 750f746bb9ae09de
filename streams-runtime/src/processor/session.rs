//! The session store of a processor.

use std::time::Duration;

use super::store::{ContextCell, ProcessorStore, StoreBuilder};
use crate::serdes::{HasSerde, Windowed};
use crate::store::{self, StoreError, StoreRef, session_store_maker};
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
        self.cell.with_store(self.store, |cx| work(cx.store(self.store)))
    }

    /// The aggregate of exactly this session.
    pub fn fetch(&self, session: &Windowed<K>) -> Option<V> {
        self.with(|store| store.fetch(session)).flatten()
    }

    /// The sessions of a key that end at `earliest_end` or later and start at `latest_start` or earlier.
    pub fn find_sessions(
        &self,
        key: &K,
        earliest_end: i64,
        latest_start: i64,
    ) -> std::vec::IntoIter<(Windowed<K>, V)> {
        let found = self.with(|store| store.find(key, earliest_end, latest_start));
        found.unwrap_or_default().into_iter()
    }

    /// Writes the aggregate of a session.
    pub fn put(&mut self, session: Windowed<K>, value: V) {
        self.write(&session, Some(value));
    }

    /// Removes a session.
    pub fn remove(&mut self, session: &Windowed<K>) {
        self.write(session, None);
    }

    fn write(&mut self, session: &Windowed<K>, value: Option<V>) {
        let store = self.store;
        self.cell.with_store(store, |cx| {
            let (store, out, context) = cx.store_and_outbox(store);
            let is_write = value.is_some();
            let written = store.put(out, context, session, value, None);
            let late = store.take_expired();
            // a removal that comes too late finds nothing, which is no loss
            cx.drop_expired_writes(if is_write { late } else { 0 });
            written
        });
    }
}
