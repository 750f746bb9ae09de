//! The store of tables and aggregations: values with the time they are of.

use std::ops::RangeBounds;
use std::sync::Arc;

use super::leaving::Leaving;
use super::typed::{RowFormat, TypedStore, Updated, Written};
use super::{
    CacheBudget, ChangelogRecord, Eviction, KeyRange, Order, StateStore, StoreError, StoreKind,
    StoreMaker, StoreSetup,
};
use crate::outbox::Outbox;
use crate::record::{Change, RecordContext};
use crate::serdes::{Direct, Encoded, Serde, SerdeError, SerdeRef};
use crate::time::Timestamp;

/// A value and the time it is of.
///
/// Java: `org.apache.kafka.streams.state.ValueAndTimestamp`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ValueAndTimestamp<V> {
    /// The value.
    pub value: V,
    /// Event time of the value.
    pub timestamp: Timestamp,
}

/// A row that left the cache: written to the store and logged, and now to be forwarded.
#[derive(Clone, Debug)]
pub struct Flushed<K, V> {
    /// The key.
    pub key: K,
    /// The row now; `None` when it was deleted.
    pub new: Option<V>,
    /// The row as the store had it before, when it was asked for.
    pub old: Option<V>,
    /// The time to forward: that of the new value, or of the record that deleted it.
    pub timestamp: Timestamp,
    /// Where the last write came from.
    pub context: RecordContext,
}

/// A key-value store of a table: `V` by `K`, each value with its time.
///
/// With a cache, writes stay in memory as objects until a commit ([`take_dirty`](Self::take_dirty)) or until
/// the cache is full ([`take_eldest`](Self::take_eldest)); then only the last write of each key is stored, logged
/// and forwarded. Without, every write is stored, logged and forwarded at once.
/// On disk a value lies behind its time (i64); the changelog has the plain value with that time.
///
/// Java: `TimestampedKeyValueStore` under `CachingKeyValueStore` and
/// `ChangeLoggingTimestampedKeyValueBytesStore`.
pub struct TableStore<K, V> {
    pub(super) rows: TypedStore<K, ValueAndTimestamp<V>, Timestamped<V>>,
}

impl<K, V> TableStore<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// A store with these serdes.
    pub fn new(setup: StoreSetup<'_>, key: SerdeRef<K>, value: SerdeRef<V>) -> Self {
        Self { rows: TypedStore::new(setup, key, Timestamped(value.into())) }
    }

    /// The value of a key now.
    ///
    /// # Errors
    /// When the store cannot be read, or its bytes do not fit the serdes.
    pub fn get(&mut self, key: &K) -> Result<Option<ValueAndTimestamp<V>>, StoreError> {
        self.rows.with(key, |row| row.cloned())
    }

    /// Shows the value of a key to `look`; a cached value is not copied.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn with<T>(
        &mut self,
        key: &K,
        look: impl FnOnce(Option<&ValueAndTimestamp<V>>) -> T,
    ) -> Result<T, StoreError> {
        self.rows.with(key, look)
    }

    /// Writes (`Some`) or deletes (`None`) a value without looking at the one before.
    ///
    /// Returns the change when it has to be forwarded now, `None` when the cache keeps it until its
    /// flush. `old` is what the caller read before, when somebody downstream needs it.
    ///
    /// # Errors
    /// When the store cannot be written, or a part has no bytes in its serde; of kind `Late` when a store
    /// with versions refuses it as too old.
    pub fn put(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &K,
        new: Option<V>,
        timestamp: Timestamp,
        old: Option<ValueAndTimestamp<V>>,
    ) -> Result<Option<Change<V>>, StoreError> {
        let new = new.map(|value| ValueAndTimestamp { value, timestamp });
        Ok(self.rows.put(out, context, key, (new, timestamp), old)?.map(change_of))
    }

    /// Changes the value of a key in place: the cheapest way to aggregate.
    ///
    /// `change` finds the row (`None` when there is none) and leaves the new one there (`None`
    /// deletes it). It returns the time to forward with a deletion; otherwise the row's own time counts.
    /// When it fails it must leave the row as it found it, and nothing is written.
    ///
    /// Returns the change when it has to be forwarded now, `None` when the cache keeps it. A hit in
    /// the cache costs no serde but the key's, no backend call and no allocation.
    /// With `want_old` the value before is kept for the forwarded change, which costs one clone.
    ///
    /// # Errors
    /// Those of `change`, of the store and of the serdes.
    pub fn update<E: From<StoreError>>(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &K,
        want_old: bool,
        change: impl FnOnce(&mut Option<ValueAndTimestamp<V>>) -> Result<Timestamp, E>,
    ) -> Result<Option<(Change<V>, Timestamp)>, E> {
        match self.try_update(out, context, key, want_old, change)? {
            TableUpdate::Done(written) => Ok(written),
            TableUpdate::Crowded(row, change) => {
                let mut row = Some(row);
                let timestamp = change(&mut row)?;
                Ok(self.put_row(out, context, key, row, timestamp)?)
            }
        }
    }

    /// [`update`](Self::update), which stops where the cache has to give rows up before the change.
    #[inline]
    pub(crate) fn try_update<E, C>(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &K,
        want_old: bool,
        change: C,
    ) -> Result<TableUpdate<V, C>, E>
    where
        E: From<StoreError>,
        C: FnOnce(&mut Option<ValueAndTimestamp<V>>) -> Result<Timestamp, E>,
    {
        Ok(match self.rows.update(out, context, key, want_old, change)? {
            Updated::Done(written, time) => TableUpdate::Done(written.map(|row| timed(row, time))),
            Updated::Crowded(row, change) => TableUpdate::Crowded(row, change),
        })
    }

    /// Writes or deletes a row; `timestamp` is that of a deletion.
    pub(crate) fn put_row(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &K,
        row: Option<ValueAndTimestamp<V>>,
        timestamp: Timestamp,
    ) -> Result<Option<(Change<V>, Timestamp)>, StoreError> {
        let written = self.rows.put(out, context, key, (row, timestamp), None)?;
        Ok(written.map(|written| timed(written, timestamp)))
    }

    /// Writes what only the cache knows to the store and the changelog, oldest write first.
    ///
    /// The rows are to be forwarded in this order, each with its own context. A deletion of a row that
    /// the store never had vanishes. `want_old` fills the values before the first write since the
    /// last flush; they are read from the store only when the cache does not remember them.
    ///
    /// # Errors
    /// When the store cannot be read or written, or a part has no bytes in its serde.
    pub fn take_dirty(
        &mut self,
        out: &mut Outbox,
        want_old: bool,
    ) -> Result<Vec<Flushed<K, V>>, StoreError> {
        let flushed = self.rows.take_dirty(out, want_old, false)?;
        Ok(flushed.into_iter().map(value_of).collect())
    }

    /// Drops the least recently used row of the cache. When it is dirty, all dirty rows leave as in
    /// [`take_dirty`](Self::take_dirty), this one first; the others stay cached.
    ///
    /// # Errors
    /// As [`take_dirty`](Self::take_dirty).
    pub fn take_eldest(
        &mut self,
        out: &mut Outbox,
        want_old: bool,
    ) -> Result<Vec<Flushed<K, V>>, StoreError> {
        let flushed = self.rows.take_eldest(out, want_old, false)?;
        Ok(flushed.into_iter().map(value_of).collect())
    }

    /// What [`take_dirty`](Self::take_dirty) writes, or `take_eldest` with `evict`; nothing is written yet.
    pub(crate) fn leave(&mut self, evict: bool) -> Option<TableLeaving<K, V>> {
        if evict { self.rows.evict() } else { self.rows.leave() }
    }

    /// Writes the next row that leaves, to be forwarded before the next one is asked for.
    pub(crate) fn next_leaving(
        &mut self,
        leaving: &mut TableLeaving<K, V>,
        out: &mut Outbox,
        want_old: bool,
    ) -> Result<Option<Flushed<K, V>>, StoreError> {
        Ok(self.rows.next_leaving(leaving, out, want_old, false)?.map(value_of))
    }

    /// Notes that all of them have left.
    pub(crate) fn left(&mut self, leaving: TableLeaving<K, V>) {
        self.rows.left(leaving);
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
    ) -> Result<
        impl Iterator<Item = Result<(K, ValueAndTimestamp<V>), StoreError>> + use<'a, B, K, V>,
        StoreError,
    > {
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
    ) -> Result<
        impl Iterator<Item = Result<(K, ValueAndTimestamp<V>), StoreError>> + use<'a, P, K, V>,
        StoreError,
    > {
        self.rows.range(&self.rows.prefix(prefix, serde)?, Order::Ascending)
    }

    /// All rows in order of the keys' bytes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn all(
        &self,
    ) -> Result<impl Iterator<Item = Result<(K, ValueAndTimestamp<V>), StoreError>>, StoreError>
    {
        self.rows.range(&KeyRange::all(), Order::Ascending)
    }

    /// Rows with a time that came too late to be kept since the last call.
    pub fn take_expired(&mut self) -> u64 {
        self.rows.bytes.take_expired()
    }

    /// Roughly how many rows there are; rows that only the cache knows do not count.
    pub fn approximate_rows(&self) -> u64 {
        self.rows.bytes.approximate_rows()
    }
}

/// Rows on their way out of a table's cache.
pub(crate) type TableLeaving<K, V> = Leaving<K, ValueAndTimestamp<V>>;

/// How a change of a table's row went; with the time to forward.
pub(crate) enum TableUpdate<V, C> {
    /// As [`Updated::Done`].
    Done(Option<(Change<V>, Timestamp)>),
    /// As [`Updated::Crowded`].
    Crowded(ValueAndTimestamp<V>, C),
}

fn timed<V>(
    written: Written<ValueAndTimestamp<V>>,
    timestamp: Timestamp,
) -> (Change<V>, Timestamp) {
    let timestamp = written.new.as_ref().map_or(timestamp, |row| row.timestamp);
    (change_of(written), timestamp)
}

fn change_of<V>(written: Written<ValueAndTimestamp<V>>) -> Change<V> {
    let Written { new, old, is_latest } = written;
    Change { new: new.map(|row| row.value), old: old.map(|row| row.value), is_latest }
}

fn value_of<K, V>(row: Flushed<K, ValueAndTimestamp<V>>) -> Flushed<K, V> {
    Flushed {
        key: row.key,
        new: row.new.map(|row| row.value),
        old: row.old.map(|row| row.value),
        timestamp: row.timestamp,
        context: row.context,
    }
}

/// The layout: time, then value (Java: `ValueAndTimestampSerializer`).
pub(crate) struct Timestamped<V>(pub(crate) Direct<V>);

impl<V: 'static> RowFormat<ValueAndTimestamp<V>> for Timestamped<V> {
    const KIND: StoreKind = StoreKind::TimestampedKeyValue;
    const PREFIX: usize = size_of::<i64>();

    #[inline]
    fn write(
        &self,
        topic: &str,
        row: &ValueAndTimestamp<V>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        out.extend_from_slice(&row.timestamp.as_millis().to_be_bytes());
        self.0.serialize(topic, &row.value, out)
    }

    #[inline]
    fn len(&self, row: &ValueAndTimestamp<V>) -> Option<usize> {
        Some(Self::PREFIX + self.0.encoded_len(&row.value)?)
    }

    #[inline]
    fn read(&self, topic: &str, bytes: &[u8]) -> Result<ValueAndTimestamp<V>, SerdeError> {
        let Some((time, value)) = bytes.split_first_chunk() else {
            return Err(SerdeError::new("the stored value is shorter than its timestamp"));
        };
        let value = self.0.deserialize(topic, Some(value))?;
        // an unknown time (-1 in Java) reads as the epoch
        let timestamp = Timestamp::from_millis(i64::from_be_bytes(*time)).unwrap_or_default();
        Ok(ValueAndTimestamp { value, timestamp })
    }

    #[inline]
    fn timestamp(&self, row: &ValueAndTimestamp<V>) -> Option<Timestamp> {
        Some(row.timestamp)
    }

    fn restored(&self, record: &ChangelogRecord<'_>, value: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&record.timestamp.to_be_bytes());
        out.extend_from_slice(value);
    }
}

/// Makes a [`TableStore`] with these serdes for each task.
pub fn table_store_maker<K, V>(key: SerdeRef<K>, value: SerdeRef<V>) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    Arc::new(move |setup| {
        Ok(Box::new(TableStore::new(setup, Arc::clone(&key), Arc::clone(&value))))
    })
}

super::typed_state::impl_state_store!(TableStore);
