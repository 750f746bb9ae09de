//! The plain key-value store of users' own processors.

use std::any::Any;
use std::ops::RangeBounds;
use std::sync::Arc;

use super::typed::{RowFormat, TypedStore};
use super::{
    CacheBudget, ChangelogRecord, Eviction, KeyRange, Order, StateStore, StoreError, StoreKind,
    StoreMaker, StoreSetup,
};
use crate::outbox::Outbox;
use crate::record::RecordContext;
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
        Self { rows: TypedStore::new(setup, key, Plain(value)) }
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

/// The layout: the value's own bytes.
pub(crate) struct Plain<V>(pub(crate) SerdeRef<V>);

impl<V: 'static> RowFormat<V> for Plain<V> {
    const KIND: StoreKind = StoreKind::KeyValue;
    const PREFIX: usize = 0;
    const LOGS_EVICTION: bool = true;

    fn write(&self, topic: &str, row: &V, out: &mut Vec<u8>) -> Result<Encoded, SerdeError> {
        self.0.serialize(topic, row, out)
    }

    #[inline]
    fn len(&self, row: &V) -> Option<usize> {
        self.0.encoded_len(row)
    }

    fn read(&self, topic: &str, bytes: &[u8]) -> Result<V, SerdeError> {
        self.0.deserialize(topic, Some(bytes))
    }

    fn timestamp(_: &V) -> Option<Timestamp> {
        None
    }

    fn restored(_: &ChangelogRecord<'_>, value: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(value);
    }
}

/// Makes a [`KeyValueStore`] with these serdes for each task.
pub fn key_value_store_maker<K, V>(key: SerdeRef<K>, value: SerdeRef<V>) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    Arc::new(move |setup| {
        Ok(Box::new(KeyValueStore::new(setup, Arc::clone(&key), Arc::clone(&value))))
    })
}

super::typed_state::impl_state_store!(KeyValueStore);
