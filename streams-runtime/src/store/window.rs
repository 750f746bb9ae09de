//! The store of windowed tables: rows by key and window, each with its time.

use std::ops::RangeBounds;
use std::sync::Arc;

use super::byte_store::ByteStore;
use super::table::Timestamped;
use super::typed::TypedStore;
use super::window_rows::Shown;
use super::{
    KeyRange, Order, StoreError, StoreMaker, TableStore, ValueAndTimestamp, Walk, WindowLayout,
};
use crate::outbox::Outbox;
use crate::record::RecordContext;
use crate::serdes::{SerdeRef, Window, WindowStoreKeys, Windowed};
use crate::time::Timestamp;

/// A row of a windowed table.
type WindowRow<K, V> = (Windowed<K>, ValueAndTimestamp<V>);

/// What a store of windows can do beyond a table's.
///
/// The changelog's key is key, start, and a sequence number, 0 without duplicates; rows older than the retention are not
/// seen. Java: `TimestampedWindowStore` over `RocksDBWindowStore` or `InMemoryWindowStore`.
impl<K, V> TableStore<Windowed<K>, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The windows of a key that start from `from` to `to`, both included, with their starts; by start.
    ///
    /// # Errors
    /// When the store cannot be read, or its bytes do not fit the serdes.
    pub fn fetch(
        &mut self,
        key: &K,
        from: i64,
        to: i64,
        order: Order,
    ) -> Result<Vec<(i64, ValueAndTimestamp<V>)>, StoreError> {
        let any = Windowed { key: key.clone(), window: Window { start: 0, end: 0 } };
        let rows = self.rows.rows_of(&any, from, to, order)?;
        Ok(rows.into_iter().map(|(window, row)| (window.window.start, row)).collect())
    }

    /// The row of the window of a key that starts then.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_one(
        &mut self,
        key: &K,
        start: i64,
    ) -> Result<Option<ValueAndTimestamp<V>>, StoreError> {
        let window = self.window_of(key, start);
        if self.rows.bytes.retains_duplicates() {
            return self.rows.last_of_window(&window);
        }
        self.get(&window)
    }

    /// Writes (`Some`) or deletes (`None`) the row of the window that starts then.
    ///
    /// Where duplicates are retained, a row comes beside those that are there, and nothing is deleted.
    ///
    /// # Errors
    /// When the store cannot be written, or a part has no bytes in its serde.
    pub fn put_window(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        (key, start): (&K, i64),
        value: Option<V>,
        timestamp: Timestamp,
    ) -> Result<(), StoreError> {
        let window = self.window_of(key, start);
        if self.rows.bytes.retains_duplicates() {
            let row = value.map(|value| ValueAndTimestamp { value, timestamp });
            return self.rows.put_beside(out, context, &window, row.as_ref());
        }
        self.put(out, context, &window, value, timestamp, None).map(drop)
    }

    fn window_of(&self, key: &K, start: i64) -> Windowed<K> {
        let size = self.rows.bytes.segments.as_ref().map_or(0, |found| found.layout.size_ms);
        let window = Window { start, end: start.saturating_add(size) };
        Windowed { key: key.clone(), window }
    }

    /// The windows of a range of keys that start from `from` to `to`, both included; by start and key in memory,
    /// else by segment and key.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_range(
        &mut self,
        keys: &impl RangeBounds<K>,
        from: i64,
        to: i64,
        order: Order,
    ) -> Result<Vec<WindowRow<K, V>>, StoreError> {
        let keys = self.rows.user_keys(keys)?;
        self.rows.rows_between(&keys, (from, to), order, Shown::Visible)
    }

    /// Begins a walk over what [`fetch`](Self::fetch) finds, for who writes between two steps.
    pub(crate) fn walk(
        &mut self,
        key: &K,
        (from, to): (i64, i64),
        order: Order,
    ) -> Result<Walk<ValueAndTimestamp<V>>, StoreError> {
        let key = Windowed { key: key.clone(), window: Window { start: 0, end: 0 } };
        self.rows.walk(&key, (from, to), order)
    }

    /// The next window of a walk.
    pub(crate) fn step(
        &mut self,
        walk: &mut Walk<ValueAndTimestamp<V>>,
    ) -> Result<Option<WindowRow<K, V>>, StoreError> {
        self.rows.step(walk)
    }

    /// The windows of all keys that start from `from` to `to`, both included; by time and key in memory and
    /// where the store has an index, else by segment and key. Rows that only the cache knows are among them, however old they are.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_all(&mut self, from: i64, to: i64) -> Result<Vec<WindowRow<K, V>>, StoreError> {
        self.rows.rows_between(&KeyRange::all(), (from, to), Order::Ascending, Shown::Visible)
    }
}

/// Makes a store of windows with these serdes for each task.
pub fn window_store_maker<K, V>(
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    layout: WindowLayout,
) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    Arc::new(move |setup| {
        let caching = setup.caching && !layout.duplicates;
        let keys = WindowStoreKeys { inner: Arc::clone(&key).into(), size_ms: layout.size_ms };
        let bytes = ByteStore::with_times(setup, layout)?;
        let values = Timestamped(Arc::clone(&value).into());
        let rows = TypedStore::over(bytes, caching, Arc::new(keys), values);
        Ok(Box::new(TableStore { rows }))
    })
}
