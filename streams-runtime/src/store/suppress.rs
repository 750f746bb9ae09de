//! The buffer of `suppress`: updates in order of time, one per key, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::buffer_value::{BufferValue, VERSION};
use super::java_set::JavaHashSet;
use super::{ChangelogRecord, StateStore, StoreError, StoreKind, StoreMaker, StoreSetup, Uncached};
use crate::outbox::{Destination, Outbox, TopicIx};
use crate::record::{Change, Headers, Record, RecordContext};
use crate::serdes::{Encoded, SerdeError, SerdeRef};

/// Updates of a table that wait: by buffer time, then key.
///
/// A later update of a key takes the place of the one that waits and keeps its time. The changelog
/// holds what waits at a commit (Java: `InMemoryTimeOrderedKeyValueChangeBuffer`, format 3); restoring reads
/// the formats of all versions before, too.
pub struct SuppressBuffer<K, V> {
    name: String,
    topic: String,
    changelog: Option<TopicIx>,
    partition: i32,
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    times: FxHashMap<Box<[u8]>, i64>,
    waiting: BTreeMap<(i64, Box<[u8]>), BufferValue>,
    dirty: JavaHashSet,
    bytes: usize,
    offset: Option<i64>,
}

/// An update that leaves the buffer, with the origin of its last record.
#[derive(Debug)]
pub struct Released<K, V> {
    /// The update.
    pub record: Record<K, Change<V>>,
    /// Where it came from.
    pub context: RecordContext,
}

impl<K: 'static, V: 'static> SuppressBuffer<K, V> {
    /// An empty buffer.
    pub fn new(setup: StoreSetup<'_>, key: SerdeRef<K>, value: SerdeRef<V>) -> Self {
        Self {
            name: setup.name.to_owned(),
            topic: setup.changelog_topic.to_owned(),
            changelog: setup.changelog,
            partition: setup.partition,
            key,
            value,
            times: FxHashMap::default(),
            waiting: BTreeMap::new(),
            dirty: JavaHashSet::default(),
            bytes: 0,
            offset: None,
        }
    }

    /// Lets an update wait. Its place is that of the first one of its key that waits.
    ///
    /// # Errors
    /// When a part has no bytes in its serde.
    pub fn put(
        &mut self,
        time: i64,
        context: &RecordContext,
        key: &K,
        change: &Change<V>,
    ) -> Result<(), StoreError> {
        let key = self.key_bytes(key)?;
        let (old, new) = (self.encoded(change.old.as_ref())?, self.encoded(change.new.as_ref())?);
        let prior = match self.waiting_for(&key) {
            Some((_, waiting)) => waiting.prior.clone(),
            None => old.clone(),
        };
        self.insert(time, key.clone(), BufferValue { context: context.clone(), prior, old, new });
        if self.changelog.is_some() {
            self.dirty.insert(key);
        }
        Ok(())
    }

    /// The value that a key had before the first of its updates that wait; `None` when none does.
    ///
    /// # Errors
    /// When a part has no bytes in its serde, or the value's bytes do not fit it.
    pub fn prior(&self, key: &K) -> Result<Option<Option<V>>, StoreError> {
        let key = self.key_bytes(key)?;
        let waiting = self.waiting_for(&key);
        waiting.map(|(_, waiting)| self.decoded(waiting.prior.as_deref())).transpose()
    }

    fn key_bytes(&self, key: &K) -> Result<Box<[u8]>, StoreError> {
        let mut bytes = Vec::new();
        let encoded = self.key.serialize(&self.topic, key, &mut bytes);
        match encoded.map_err(|error| self.serde_error("key", &error))? {
            Encoded::Bytes => Ok(bytes.into()),
            Encoded::Null => {
                Err(self.serde_error("key", &SerdeError::new("a key must not be null")))
            }
        }
    }

    /// The update of a key that waits, with its time.
    fn waiting_for(&self, key: &[u8]) -> Option<(i64, &BufferValue)> {
        let time = *self.times.get(key)?;
        self.waiting.get(&(time, key.into())).map(|waiting| (time, waiting))
    }

    fn insert(&mut self, time: i64, key: Box<[u8]>, value: BufferValue) {
        let time = *self.times.entry(key.clone()).or_insert(time);
        self.bytes += size_of(&key, &value);
        if let Some(before) = self.waiting.insert((time, key.clone()), value) {
            self.bytes -= size_of(&key, &before);
        }
    }

    fn encoded(&self, value: Option<&V>) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(value) = value else { return Ok(None) };
        let mut bytes = Vec::new();
        let encoded = self.value.serialize(&self.topic, value, &mut bytes);
        let encoded = encoded.map_err(|error| self.serde_error("value", &error))?;
        Ok((encoded == Encoded::Bytes).then_some(bytes))
    }

    /// The earliest buffer time; `None` when nothing waits.
    pub fn first_time(&self) -> Option<i64> {
        self.waiting.keys().next().map(|(time, _)| *time)
    }

    /// How many updates wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The size of what waits as Kafka Streams counts it.
    pub fn size(&self) -> usize {
        self.bytes
    }

    /// Takes the first update out.
    ///
    /// # Errors
    /// When its bytes do not fit the serdes.
    pub fn release(&mut self) -> Result<Option<Released<K, V>>, StoreError> {
        let Some(((_, key), value)) = self.waiting.pop_first() else { return Ok(None) };
        self.times.remove(&key);
        self.bytes -= size_of(&key, &value);
        let decoded = self.key.deserialize(&self.topic, Some(&key));
        let record_key = decoded.map_err(|error| self.serde_error("key", &error))?;
        let change = Change::latest(
            self.decoded(value.new.as_deref())?,
            self.decoded(value.old.as_deref())?,
        );
        if self.changelog.is_some() {
            self.dirty.insert(key);
        }
        let BufferValue { context, .. } = value;
        let (timestamp, headers) = (context.timestamp, context.headers.clone());
        let record = Record { key: record_key, value: change, timestamp, headers };
        Ok(Some(Released { record, context }))
    }

    fn decoded(&self, bytes: Option<&[u8]>) -> Result<Option<V>, StoreError> {
        let Some(bytes) = bytes else { return Ok(None) };
        let value = self.value.deserialize(&self.topic, Some(bytes));
        value.map(Some).map_err(|error| self.serde_error("value", &error))
    }

    /// Writes what changed since the last commit to the changelog.
    ///
    /// # Errors
    /// When an entry is larger than the format allows.
    pub fn log_changes(&mut self, out: &mut Outbox) -> Result<(), StoreError> {
        let Some(topic) = self.changelog else { return Ok(()) };
        let mut bytes = Vec::new();
        for key in self.dirty.drain() {
            let waiting = self.waiting_for(&key);
            let mut headers = Headers::default();
            bytes.clear();
            if let Some((time, value)) = waiting {
                headers.push("v", Some(vec![VERSION]));
                let written = value.write(time, &mut bytes);
                written.map_err(|error| StoreError::serde(&self.name, "value", &error))?;
            }
            let to = Destination {
                topic,
                partition: Some(self.partition),
                timestamp: None,
                headers: &headers,
            };
            out.push_bytes(to, Some(&key), waiting.map(|_| bytes.as_slice()));
        }
        Ok(())
    }

    fn forget(&mut self, key: &[u8]) {
        if let Some(time) = self.times.remove(key)
            && let Some(value) = self.waiting.remove(&(time, key.into()))
        {
            self.bytes -= size_of(key, &value);
        }
    }

    fn restore_one(&mut self, record: &ChangelogRecord<'_>) -> Result<(), StoreError> {
        let key: Box<[u8]> = record.key.into();
        let Some(bytes) = record.value else {
            self.forget(&key);
            return Ok(());
        };
        let waiting = self.waiting_for(&key).map(|(_, waiting)| waiting);
        let (time, value) =
            BufferValue::read(record, bytes, (&self.topic, self.partition), waiting)
                .map_err(|error| self.serde_error("changelog record", &error))?;
        // A key that left the buffer and came back before one commit is logged once, with its new time.
        // Java keeps the old one (`cleanPut`), and lets the update go too early.
        self.forget(&key);
        self.insert(time, key, value);
        Ok(())
    }

    fn serde_error(&self, part: &str, error: &SerdeError) -> StoreError {
        StoreError::serde(&self.name, part, error)
    }
}

/// Buffer time, key, values and origin.
fn size_of(key: &[u8], value: &BufferValue) -> usize {
    std::mem::size_of::<i64>() + key.len() + value.size()
}

/// Makes a buffer with these serdes for each task.
pub fn suppress_buffer_maker<K: 'static, V: 'static>(
    key: SerdeRef<K>,
    value: SerdeRef<V>,
) -> StoreMaker {
    Arc::new(move |setup| {
        Ok(Box::new(SuppressBuffer::new(setup, Arc::clone(&key), Arc::clone(&value))))
    })
}

impl<K: 'static, V: 'static> Uncached for SuppressBuffer<K, V> {}

impl<K: 'static, V: 'static> StateStore for SuppressBuffer<K, V> {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> StoreKind {
        StoreKind::Internal
    }

    fn partition(&self) -> i32 {
        self.partition
    }

    fn flush_cache(&mut self, out: &mut Outbox) -> Result<(), StoreError> {
        self.log_changes(out)
    }

    fn commit_partitions(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        self.offset = offsets.last().map_or(self.offset, |(_, offset)| Some(*offset));
        Ok(())
    }

    fn committed_offset_of(&self, _: i32) -> Result<Option<i64>, StoreError> {
        Ok(self.offset)
    }

    fn restore_partition(
        &mut self,
        _: i32,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
    ) -> Result<(), StoreError> {
        for record in records {
            self.restore_one(&record)?;
            self.offset = Some(record.offset);
        }
        Ok(())
    }

    fn abort(&mut self) {
        self.times.clear();
        self.waiting.clear();
        self.dirty = JavaHashSet::default();
        (self.bytes, self.offset) = (0, None);
    }

    fn pending_bytes(&self) -> usize {
        0
    }

    fn cache_bytes(&self) -> usize {
        0
    }

    fn dirty_entries(&self) -> usize {
        0
    }

    fn visit_rows(&self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), StoreError> {
        self.abort();
        Ok(())
    }
}
