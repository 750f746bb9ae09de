//! The plain key-value store of users' own processors.

use std::ops::RangeBounds;
use std::sync::Arc;

use super::typed::{RowFormat, TypedStore};
use super::with_headers::HeadersForm;
use super::{
    CacheBudget, ChangelogRecord, Eviction, KeyRange, Order, StateStore, StoreError, StoreKind,
    StoreMaker, StoreSetup,
};
use crate::outbox::Outbox;
use crate::record::{Headers, RecordContext};
use crate::serdes::{Encoded, Serde, SerdeError, SerdeRef};
use crate::time::Timestamp;

/// A store of `V` by `K`, without times.
///
/// With a cache, writes stay in memory until a commit; they are stored and logged then, the last one
/// of each key only. Nothing is ever forwarded from it.
///
/// Java: `org.apache.kafka.streams.state.KeyValueStore`.
pub struct KeyValueStore<K, V> {
    rows: TypedStore<K, V, Plain<V>>,
}

impl<K, V> KeyValueStore<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// A store with these serdes.
    pub fn new(setup: StoreSetup<'_>, key: SerdeRef<K>, value: SerdeRef<V>) -> Self {
        Self { rows: TypedStore::new(setup, key, Plain::new(value)) }
    }

    /// The value of a key now.
    ///
    /// # Errors
    /// When the store cannot be read, or its bytes do not fit the serdes.
    pub fn get(&mut self, key: &K) -> Result<Option<V>, StoreError> {
        self.rows.with(key, |row| row.cloned())
    }

    /// Shows the value of a key to `look`; a cached value is not copied.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn with<T>(
        &mut self,
        key: &K,
        look: impl FnOnce(Option<&V>) -> T,
    ) -> Result<T, StoreError> {
        self.rows.with(key, look)
    }

    /// Writes (`Some`) or deletes (`None`) a value.
    ///
    /// The change goes to the changelog with the time of the record in work.
    ///
    /// # Errors
    /// When the store cannot be written, or a part has no bytes in its serde.
    pub fn put(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &K,
        value: Option<V>,
    ) -> Result<(), StoreError> {
        self.rows.put(out, context, key, (value, context.timestamp), None).map(|_| ())
    }

    /// Writes a value unless the key has one; returns the one it has.
    ///
    /// # Errors
    /// Those of [`get`](Self::get) and [`put`](Self::put).
    pub fn put_if_absent(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &K,
        value: V,
    ) -> Result<Option<V>, StoreError> {
        let known = self.get(key)?;
        if known.is_none() {
            self.put(out, context, key, Some(value))?;
        }
        Ok(known)
    }

    /// Deletes a value and returns it.
    ///
    /// # Errors
    /// Those of [`get`](Self::get) and [`put`](Self::put).
    pub fn delete(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &K,
    ) -> Result<Option<V>, StoreError> {
        let known = self.get(key)?;
        self.put(out, context, key, None)?;
        Ok(known)
    }

    /// The rows of a range of keys, in one of the two orders of the keys' bytes.
    ///
    /// Rows that only the cache knows are among them. Ends after the first error.
    ///
    /// # Errors
    /// When the store cannot be read, or a bound has no bytes in the serde.
    pub fn range<'a, B: RangeBounds<K>>(
        &'a self,
        keys: &B,
        order: Order,
    ) -> Result<impl Iterator<Item = Result<(K, V), StoreError>> + use<'a, B, K, V>, StoreError>
    {
        self.rows.range(&KeyRange::of(keys, |key| self.rows.key_bytes(key))?, order)
    }

    /// The rows whose keys' bytes begin with what `serde` writes for `prefix`, in order.
    ///
    /// # Errors
    /// When the store cannot be read, or the prefix has no bytes in its serde.
    pub fn prefix_scan<'a, P: 'static>(
        &'a self,
        prefix: &P,
        serde: &dyn Serde<P>,
    ) -> Result<impl Iterator<Item = Result<(K, V), StoreError>> + use<'a, P, K, V>, StoreError>
    {
        self.rows.range(&self.rows.prefix(prefix, serde)?, Order::Ascending)
    }

    /// All rows, in one of the two orders of the keys' bytes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn all(
        &self,
        order: Order,
    ) -> Result<impl Iterator<Item = Result<(K, V), StoreError>>, StoreError> {
        self.rows.range(&KeyRange::all(), order)
    }

    /// Roughly how many rows there are; rows that only the cache knows do not count.
    pub fn approximate_rows(&self) -> u64 {
        self.rows.bytes.approximate_rows()
    }
}

/// The layout: the bytes of the value's serde. Headers in it are the changelog record's own.
pub(crate) struct Plain<V> {
    serde: SerdeRef<V>,
    headers: Option<HeadersForm<V>>,
}

impl<V> Clone for Plain<V> {
    fn clone(&self) -> Self {
        Self { serde: Arc::clone(&self.serde), headers: self.headers }
    }
}

impl<V> Plain<V> {
    pub(crate) fn new(serde: SerdeRef<V>) -> Self {
        Self { serde, headers: None }
    }

    /// Values with headers, which `serde` writes before them.
    pub(super) fn with_headers(serde: SerdeRef<V>, form: HeadersForm<V>) -> Self {
        Self { serde, headers: Some(form) }
    }
}

impl<V: 'static> RowFormat<V> for Plain<V> {
    const KIND: StoreKind = StoreKind::KeyValue;
    const PREFIX: usize = 0;

    fn write(&self, topic: &str, row: &V, out: &mut Vec<u8>) -> Result<Encoded, SerdeError> {
        self.serde.serialize(topic, row, out)
    }

    #[inline]
    fn len(&self, row: &V) -> Option<usize> {
        self.serde.encoded_len(row)
    }

    fn read(&self, topic: &str, bytes: &[u8]) -> Result<V, SerdeError> {
        self.serde.deserialize(topic, Some(bytes))
    }

    fn timestamp(&self, row: &V) -> Option<Timestamp> {
        self.headers.and_then(|form| (form.timestamp)(row))
    }

    fn restored(&self, record: &ChangelogRecord<'_>, value: &[u8], out: &mut Vec<u8>) {
        match self.headers {
            Some(form) => form.restored(record, value, out),
            None => out.extend_from_slice(value),
        }
    }

    fn logged<'r>(&self, row: &'r [u8]) -> &'r [u8] {
        self.headers.map_or(row, |form| form.value(row))
    }

    fn headers<'a>(&self, row: Option<&'a V>, context: &'a RecordContext) -> &'a Headers {
        match (self.headers, row) {
            (None, _) => Headers::none(),
            (Some(form), Some(row)) => (form.headers)(row),
            (Some(_), None) => &context.headers,
        }
    }

    /// Java's LRU store with headers hides the one that would log, as the timestamped one does.
    fn logs_eviction(&self) -> bool {
        self.headers.is_none()
    }

    fn kind(&self, kind: StoreKind) -> StoreKind {
        match (self.headers, kind) {
            (None, kind) => kind,
            (Some(_), StoreKind::Session) => StoreKind::SessionWithHeaders,
            (Some(_), StoreKind::Window { size_ms }) => {
                StoreKind::TimestampedWithHeaders { window_size_ms: Some(size_ms) }
            }
            (Some(_), _) => StoreKind::TimestampedWithHeaders { window_size_ms: None },
        }
    }
}

/// Makes a [`KeyValueStore`] with these serdes for each task.
pub fn key_value_store_maker<K, V>(key: SerdeRef<K>, value: SerdeRef<V>) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    key_value_store_maker_of(key, Plain::new(value))
}

/// [`key_value_store_maker`] for values in that form.
pub(super) fn key_value_store_maker_of<K, V>(key: SerdeRef<K>, format: Plain<V>) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    Arc::new(move |setup| {
        let rows = TypedStore::new(setup, Arc::clone(&key), format.clone());
        Ok(Box::new(KeyValueStore { rows }))
    })
}

super::typed_state::impl_state_store!(KeyValueStore);
