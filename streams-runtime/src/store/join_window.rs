//! The store of one side of a stream-stream join: every record, by key and time.

use std::sync::Arc;

use super::byte_store::ByteStore;
use super::{
    ChangelogRecord, StateStore, StoreError, StoreKind, StoreMaker, TimeInKey, Uncached,
    WindowLayout,
};
use crate::outbox::Outbox;
use crate::record::Headers;
use crate::serdes::windowed::put_window_key;
use crate::serdes::{Direct, Encoded, Serde, SerdeError, SerdeRef};

/// Bytes of a time before a value.
const TIME: usize = size_of::<i64>();

/// The records of one side, until they are too old to be joined.
///
/// Records of one key and time stand side by side: the key on disk and in the changelog is key, time, and
/// a number (`ByteStore::number`). The changelog's records have the time and headers of the records themselves.
/// There is no cache. Java: `WindowStore` that retains duplicates.
pub struct JoinWindowStore<K, V> {
    bytes: ByteStore,
    keys: Direct<K>,
    values: Direct<V>,
    /// True when a record's time stands before its value, too, as Java's stores in memory have it.
    timestamped: bool,
    key: Vec<u8>,
    row: Vec<u8>,
}

impl<K, V> JoinWindowStore<K, V>
where
    K: Send + 'static,
    V: Send + 'static,
{
    /// The values of a key with a time from `from` to `to`, both included, by time and in the order they
    /// came.
    ///
    /// # Errors
    /// When the store cannot be read, or its bytes do not fit the serdes.
    pub fn fetch(&mut self, key: &K, from: i64, to: i64) -> Result<Vec<(i64, V)>, StoreError> {
        self.encode_key(key)?;
        let rows = self.bytes.rows_of_key(&self.key, from, to)?;
        let read = |(key, row): (Vec<u8>, Vec<u8>)| {
            let value = row.get(if self.timestamped { TIME } else { 0 }..).unwrap_or_default();
            let value = self.values.deserialize(&self.bytes.topic, Some(value));
            let value = value.map_err(|error| self.serde_error("value", &error))?;
            Ok((TimeInKey::Window.of(&key), value))
        };
        rows.into_iter().map(read).collect()
    }

    /// Keeps a record; one without a value is only logged.
    ///
    /// # Errors
    /// When a part has no bytes in its serde.
    pub fn put(
        &mut self,
        out: &mut Outbox,
        key: &K,
        value: Option<&V>,
        timestamp: i64,
        headers: Headers,
    ) -> Result<(), StoreError> {
        self.encode_key(key)?;
        put_window_key(&[], timestamp, 0, &mut self.key);
        self.bytes.number(&mut self.key)?;
        self.row.clear();
        let prefix = if self.timestamped { TIME } else { 0 };
        if self.timestamped {
            self.row.extend_from_slice(&timestamp.to_be_bytes());
        }
        let encoded = match value {
            None => Encoded::Null,
            Some(value) => self
                .values
                .serialize(&self.bytes.topic, value, &mut self.row)
                .map_err(|error| self.serde_error("value", &error))?,
        };
        let row = (encoded == Encoded::Bytes).then_some(self.row.as_slice());
        self.bytes.put_numbered(&self.key, row);
        let logged = row.and_then(|row| row.get(prefix..));
        self.bytes.log(out, &self.key, logged, timestamp, &headers);
        Ok(())
    }

    /// Times below it are no longer seen.
    pub fn first_visible(&self) -> i64 {
        self.bytes.segments.as_ref().map_or(0, super::segments::Segments::first_visible)
    }

    /// Records that came too late to be kept since the last call.
    pub fn take_expired(&mut self) -> u64 {
        self.bytes.take_expired()
    }

    fn encode_key(&mut self, key: &K) -> Result<(), StoreError> {
        self.key.clear();
        match self.keys.serialize(&self.bytes.topic, key, &mut self.key) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.serde_error("key", &error)),
        }
    }

    fn serde_error(&self, part: &str, error: &SerdeError) -> StoreError {
        StoreError::serde(&self.bytes.name, part, error)
    }
}

/// Makes the store of one side with these serdes for each task.
pub fn join_window_store_maker<K, V>(
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    retention_ms: i64,
    size_ms: i64,
) -> StoreMaker
where
    K: Send + 'static,
    V: Send + 'static,
{
    let time = TimeInKey::Window;
    let layout = WindowLayout { time, retention_ms, size_ms, indexed: false, duplicates: true };
    Arc::new(move |setup| {
        let timestamped = !setup.backend.persistent();
        Ok(Box::new(JoinWindowStore {
            timestamped,
            bytes: ByteStore::with_times(setup, layout)?,
            keys: Arc::clone(&key).into(),
            values: Arc::clone(&value).into(),
            key: Vec::new(),
            row: Vec::new(),
        }))
    })
}

impl<K: Send + 'static, V: Send + 'static> Uncached for JoinWindowStore<K, V> {}

impl<K: Send + 'static, V: Send + 'static> StateStore for JoinWindowStore<K, V> {
    super::byte_store::uncached_state_store!();

    fn kind(&self) -> StoreKind {
        let segments = self.bytes.segments.as_ref();
        segments.map_or(StoreKind::KeyValue, |segments| segments.kind(self.timestamped))
    }

    fn restore_partition(
        &mut self,
        partition: i32,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
    ) -> Result<(), StoreError> {
        // the log of a record without a value is no row, not even a deleted one
        let mut rows = records.filter(|record| record.value.is_some());
        let timestamped = self.timestamped;
        self.bytes.restore(partition, &mut rows, |record, value, row| {
            if timestamped {
                row.extend_from_slice(&record.timestamp.to_be_bytes());
            }
            row.extend_from_slice(value);
        })
    }
}
