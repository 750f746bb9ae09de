//! The timestamped window store of a processor, which also is what windowed tables keep.

use std::ops::RangeBounds;
use std::time::Duration;

use super::store::{ContextCell, ProcessorStore, StoreBuilder};
use super::window_reads::window_reads;
use crate::serdes::{HasSerde, Windowed};
use crate::store::{
    Order, StoreError, StoreRef, TableStore, ValueAndTimestamp, WindowLayout, window_store_maker,
};
use crate::time::Timestamp;
use crate::topology::{StoreIx, StoreType};

/// A store of `V` by `K` and the start of a window, each value with the time it is of.
///
/// The kind of store that windowed tables have: `counts.window_store()` gives a processor the store of an
/// aggregation by windows. Otherwise as [`WindowStore`](super::WindowStore).
/// Java: `org.apache.kafka.streams.state.TimestampedWindowStore`.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// /// Keeps the last value of each ten milliseconds, and tells when the one before it in the window came.
/// #[processor]
/// fn last_before(
///     record: Record<String, i64>,
///     ctx: &mut ProcessorContext<'_, String, i64>,
///     last: &mut TimestampedWindowStore<String, i64>,
/// ) {
///     let time = record.timestamp.as_millis();
///     let start = Timestamp::from_millis(time - time % 10).unwrap_or_default();
///     let before = last.fetch_one(&record.key, start);
///     last.put(record.key.clone(), record.value, record.timestamp, start);
///     if let Some(row) = before {
///         ctx.forward(record.with_value(row.timestamp.as_millis()));
///     }
/// }
///
/// let topology = topology!({
///     let (kept, size) = (Duration::from_secs(60), Duration::from_millis(10));
///     let last = store(TimestampedWindowStore::<String, i64>::persistent("last", kept, size));
///     stream::<String, i64>("in").process(last_before, last).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// let mut input = driver.input::<String, i64>("in");
/// for time in [1, 7, 12, 13] {
///     input.pipe("a", 5, time)?;
/// }
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 12]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct TimestampedWindowStore<'a, K, V> {
    cell: ContextCell<'a>,
    store: StoreRef<TableStore<Windowed<K>, V>>,
}

impl<K, V> ProcessorStore for TimestampedWindowStore<'static, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    type At<'a> = TimestampedWindowStore<'a, K, V>;

    fn at(cell: ContextCell<'_>, store: StoreIx) -> TimestampedWindowStore<'_, K, V> {
        TimestampedWindowStore { cell, store: StoreRef::new(store) }
    }
}

impl<K: HasSerde, V: HasSerde> TimestampedWindowStore<'static, K, V> {
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
        let maker = window_store_maker::<K, V>(K::serde(), V::serde(), layout);
        StoreBuilder::new(name, store_type, maker).with_retention(retention)
    }
}

impl<K, V> TimestampedWindowStore<'_, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn with<T>(
        &self,
        work: impl FnOnce(&mut TableStore<Windowed<K>, V>) -> Result<T, StoreError>,
    ) -> Option<T> {
        self.cell.with_store(self.store, |rows, _, _| work(rows))
    }

    /// Writes the value of the window that starts then, with the time it is of, which the changelog record
    /// has, too.
    pub fn put(&mut self, key: K, value: V, timestamp: Timestamp, window_start: Timestamp) {
        self.write(&key, Some(value), timestamp, window_start);
    }

    /// Deletes the value of the window that starts then. The changelog record has the time of the record in
    /// work.
    pub fn delete(&mut self, key: &K, window_start: Timestamp) {
        let now = self.cell.with(|cx| cx.record().timestamp);
        self.write(key, None, now, window_start);
    }

    fn write(&mut self, key: &K, value: Option<V>, timestamp: Timestamp, start: Timestamp) {
        let place = (key, start.as_millis());
        let late = self.cell.with_store(self.store, |rows, out, context| {
            rows.put_window(out, context, place, value, timestamp)?;
            Ok(rows.take_expired())
        });
        self.cell.drop_late(late);
    }

    window_reads!(ValueAndTimestamp<V>);
}
