//! The window store of users' own processors: values without a time of their own.

use std::ops::RangeBounds;
use std::sync::Arc;

use super::byte_store::ByteStore;
use super::key_value::Plain;
use super::typed::TypedStore;
use super::window_rows::Shown;
use super::{
    CacheBudget, ChangelogRecord, Eviction, Order, StateStore, StoreError, StoreKind, StoreMaker,
    WindowLayout,
};
use crate::outbox::Outbox;
use crate::record::RecordContext;
use crate::serdes::{SerdeRef, Window, WindowStoreKeys, Windowed};

/// Values by key and the start of a window.
///
/// The changelog's key is key, start, and a sequence number, 0 without duplicates; its time is that of the record in
/// work. Java: `org.apache.kafka.streams.state.WindowStore`.
pub struct WindowStore<K, V> {
    rows: TypedStore<Windowed<K>, V, Plain<V>>,
}

impl<K, V> WindowStore<K, V>
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
    ) -> Result<Vec<(i64, V)>, StoreError> {
        let any = Windowed { key: key.clone(), window: Window { start: 0, end: 0 } };
        let rows = self.rows.rows_of(&any, from, to, order)?;
        Ok(rows.into_iter().map(|(window, value)| (window.window.start, value)).collect())
    }

    /// The value of the window of a key that starts then.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_one(&mut self, key: &K, start: i64) -> Result<Option<V>, StoreError> {
        let window = Windowed { key: key.clone(), window: Window { start, end: start } };
        if self.rows.bytes.retains_duplicates() {
            return self.rows.last_of_window(&window);
        }
        self.rows.with(&window, |row| row.cloned())
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
    ) -> Result<Vec<(Windowed<K>, V)>, StoreError> {
        let keys = self.rows.user_keys(keys)?;
        self.rows.rows_between(&keys, (from, to), order, Shown::Visible)
    }

    /// Writes (`Some`) or deletes (`None`) the value of a window.
    ///
    /// Where duplicates are retained, a value comes beside those that are there, and nothing is deleted.
    ///
    /// # Errors
    /// When the store cannot be written, or a part has no bytes in its serde.
    pub fn put(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &K,
        value: Option<V>,
        start: i64,
    ) -> Result<(), StoreError> {
        let window = Windowed { key: key.clone(), window: Window { start, end: start } };
        if self.rows.bytes.retains_duplicates() {
            return self.rows.put_beside(out, context, &window, value.as_ref());
        }
        self.rows.put(out, context, &window, (value, context.timestamp), None).map(drop)
    }

    /// Writes that came too late to be kept since the last call.
    pub fn take_expired(&mut self) -> u64 {
        self.rows.bytes.take_expired()
    }
}

/// Makes a [`WindowStore`] with these serdes for each task.
pub fn plain_window_store_maker<K, V>(
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    layout: WindowLayout,
) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    plain_window_store_maker_of(key, Plain::new(value), layout)
}

/// [`plain_window_store_maker`] for values in that form.
pub(super) fn plain_window_store_maker_of<K, V>(
    key: SerdeRef<K>,
    format: Plain<V>,
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
        let rows = TypedStore::over(bytes, caching, Arc::new(keys), format.clone());
        Ok(Box::new(WindowStore { rows }))
    })
}

super::typed_state::impl_state_store!(WindowStore);
