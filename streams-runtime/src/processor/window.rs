//! The window store of a processor.

use std::ops::RangeBounds;
use std::time::Duration;

use super::store::{ContextCell, ProcessorStore, StoreBuilder};
use super::window_reads::window_reads;
use crate::serdes::{HasSerde, Windowed};
use crate::store::{self, Order, StoreError, StoreRef, WindowLayout, plain_window_store_maker};
use crate::time::Timestamp;
use crate::topology::{StoreIx, StoreType};

/// A store of `V` by `K` and the start of a window.
///
/// Windows that started before the retention are not seen, and too late ones are not written, but counted
/// among the task's dropped records.
/// Otherwise as [`KeyValueStore`](super::KeyValueStore).
/// Java: `org.apache.kafka.streams.state.WindowStore`.
pub struct WindowStore<'a, K, V> {
    cell: ContextCell<'a>,
    store: StoreRef<store::WindowStore<K, V>>,
}

impl<K, V> ProcessorStore for WindowStore<'static, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    type At<'a> = WindowStore<'a, K, V>;

    fn at(cell: ContextCell<'_>, store: StoreIx) -> WindowStore<'_, K, V> {
        WindowStore { cell, store: StoreRef::new(store) }
    }
}

impl<K: HasSerde, V: HasSerde> WindowStore<'static, K, V> {
    /// Windows of this size on disk, kept that long.
    pub fn persistent(
        name: impl Into<String>,
        retention: Duration,
        size: Duration,
    ) -> StoreBuilder<Self> {
        Self::of_type(name, (retention, size), StoreType::RocksDb)
    }

    /// Windows of this size in memory, kept that long.
    pub fn in_memory(
        name: impl Into<String>,
        retention: Duration,
        size: Duration,
    ) -> StoreBuilder<Self> {
        Self::of_type(name, (retention, size), StoreType::InMemory)
    }

    fn of_type(
        name: impl Into<String>,
        (retention, size): (Duration, Duration),
        store_type: StoreType,
    ) -> StoreBuilder<Self> {
        let layout = WindowLayout::of_windows(retention, size);
        let maker = plain_window_store_maker::<K, V>(K::serde(), V::serde(), layout);
        StoreBuilder::new(name, store_type, maker).with_retention(retention)
    }
}

impl<K, V> WindowStore<'_, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn with<T>(
        &self,
        work: impl FnOnce(&mut store::WindowStore<K, V>) -> Result<T, StoreError>,
    ) -> Option<T> {
        self.cell.with_store(self.store, |rows, _, _| work(rows))
    }

    /// Writes the value of the window that starts then.
    pub fn put(&mut self, key: K, value: V, window_start: Timestamp) {
        self.write(&key, Some(value), window_start);
    }

    /// Deletes the value of the window that starts then.
    pub fn delete(&mut self, key: &K, window_start: Timestamp) {
        self.write(key, None, window_start);
    }

    fn write(&mut self, key: &K, value: Option<V>, window_start: Timestamp) {
        let late = self.cell.with_store(self.store, |rows, out, context| {
            rows.put(out, context, key, value, window_start.as_millis())?;
            Ok(rows.take_expired())
        });
        self.cell.drop_late(late);
    }

    window_reads!(V);
}
