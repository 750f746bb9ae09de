//! The buffer of a stream's join with a versioned table: records that wait for the table's older updates.

use std::sync::Arc;

use super::backend::{KeyRange, Order};
use super::buffer_value::BufferValue;
use super::byte_store::ByteStore;
use super::{
    ChangelogRecord, StateStore, StoreError, StoreErrorKind, StoreKind, StoreMaker, StoreSetup,
    Uncached,
};
use crate::outbox::{Destination, Outbox, TopicIx};
use crate::record::{Headers, Record, RecordContext};
use crate::serdes::{Encoded, SerdeError, SerdeRef};

/// What all keys begin with (Java: `TimeFirstWindowKeySchema`).
const PREFIX: u8 = 0;
/// Bytes before the record's key: prefix and time.
const HEAD: usize = 1 + size_of::<i64>();
/// Bytes behind the record's key: a number that keeps equal records apart.
const TAIL: usize = size_of::<i32>();

/// Records of a stream in order of time, then of their keys' bytes.
///
/// The changelog gets a record when it comes and its end when it leaves, both without a time: key
/// `0, time (8), key, number (4)`; value as in the buffers of `suppress`, with a buffer time of 0.
/// Java: `RocksDBTimeOrderedKeyValueBuffer`.
pub struct JoinBuffer<K, V> {
    bytes: ByteStore,
    changelog: Option<TopicIx>,
    /// What the serdes are told as their topic.
    topic: String,
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    /// The latest time of a record that was put in, -1 before the first.
    stream_time: i64,
    /// The number of the last record.
    number: i32,
    /// No record lies before it: those that left would be walked over again and again.
    first: Vec<u8>,
}

/// A record that leaves the buffer, with its origin.
#[derive(Debug)]
pub struct Buffered<K, V> {
    /// The record.
    pub record: Record<K, V>,
    /// Where it came from.
    pub context: RecordContext,
    place: Vec<u8>,
}

impl<K: 'static, V: 'static> JoinBuffer<K, V> {
    /// A buffer with what its backend holds already.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn new(
        setup: StoreSetup<'_>,
        topic: &str,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
    ) -> Result<Self, StoreError> {
        let changelog = setup.changelog;
        let (bytes, topic) = (ByteStore::new(setup), topic.to_owned());
        let (stream_time, number, first) = (-1, 0, Vec::new());
        let mut buffer = Self { bytes, changelog, topic, key, value, stream_time, number, first };
        let mut known = (-1, 0);
        let mut rows = buffer.bytes.range(&KeyRange::all(), Order::Ascending)?;
        while let Some((place, _)) = rows.row() {
            known = latest(known, place);
            rows.advance()?;
        }
        drop(rows);
        (buffer.stream_time, buffer.number) = known;
        Ok(buffer)
    }

    /// Lets a record wait; false when it is older than the stream's time by more than `grace_ms`.
    ///
    /// # Errors
    /// When a part has no bytes in its serde.
    pub fn put(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        record: &Record<K, V>,
        grace_ms: i64,
    ) -> Result<bool, StoreError> {
        let time = record.timestamp.as_millis();
        if self.stream_time.saturating_sub(grace_ms) > time {
            return Ok(false);
        }
        self.number = self.number.wrapping_add(1) & i32::MAX;
        let mut place = Vec::new();
        place.push(PREFIX);
        place.extend(time.to_be_bytes());
        let encoded = self.key.serialize(&self.topic, &record.key, &mut place);
        self.must_have_bytes("key", encoded)?;
        place.extend(self.number.to_be_bytes());
        let mut new = Vec::new();
        let encoded = self.value.serialize(&self.topic, &record.value, &mut new);
        self.must_have_bytes("value", encoded)?;
        let value =
            BufferValue { context: context.clone(), prior: None, old: None, new: Some(new) };
        let mut row = Vec::new();
        value.write(0, &mut row).map_err(|error| self.serde_error("value", &error))?;
        self.stream_time = self.stream_time.max(time);
        if place < self.first {
            self.first.clone_from(&place);
        }
        self.write(out, &place, Some(&row));
        Ok(true)
    }

    /// The first record that has waited for `grace_ms`, which stays until it is [removed](Self::remove).
    ///
    /// # Errors
    /// When the store cannot be read, or its bytes do not fit the serdes.
    pub fn first_due(&self, grace_ms: i64) -> Result<Option<Buffered<K, V>>, StoreError> {
        let due = self.stream_time.saturating_sub(grace_ms);
        let range = KeyRange::closed(Some(&self.first), None);
        let rows = self.bytes.range(&range, Order::Ascending)?;
        match rows.row() {
            Some((place, row)) if time_of(place) <= due => self.read(place, row).map(Some),
            _ => Ok(None),
        }
    }

    /// Takes the first record out.
    pub fn remove(&mut self, out: &mut Outbox, place: Vec<u8>) {
        self.write(out, &place, None);
        self.first = place;
    }

    fn write(&mut self, out: &mut Outbox, place: &[u8], row: Option<&[u8]>) {
        self.bytes.put(place, row);
        let Some(topic) = self.changelog else { return };
        let partition = Some(self.bytes.partition);
        let to = Destination { topic, partition, timestamp: None, headers: Headers::none() };
        out.push_bytes(to, Some(place), row);
    }

    fn read(&self, place: &[u8], row: &[u8]) -> Result<Buffered<K, V>, StoreError> {
        let (_, value) = BufferValue::read_current(row)
            .map_err(|error| self.serde_error("changelog record", &error))?;
        let Some(key) = place.get(HEAD..place.len().saturating_sub(TAIL)) else {
            let text = format!("the buffer `{}` has a key that is too short", self.bytes.name);
            return Err(StoreError::new(StoreErrorKind::Damaged, text));
        };
        let key = self.key.deserialize(&self.topic, Some(key));
        let key = key.map_err(|error| self.serde_error("key", &error))?;
        let BufferValue { context, new, .. } = value;
        let value = self.value.deserialize(&self.topic, new.as_deref());
        let value = value.map_err(|error| self.serde_error("value", &error))?;
        let (timestamp, headers) = (context.timestamp, context.headers.clone());
        let record = Record { key, value, timestamp, headers };
        Ok(Buffered { record, context, place: place.to_vec() })
    }

    fn must_have_bytes(
        &self,
        part: &str,
        encoded: Result<Encoded, SerdeError>,
    ) -> Result<(), StoreError> {
        match encoded.map_err(|error| self.serde_error(part, &error))? {
            Encoded::Bytes => Ok(()),
            Encoded::Null => {
                let error = format!(
                    "a record with a null {part} cannot wait for the grace period; filter such records before"
                );
                Err(self.serde_error(part, &SerdeError::new(error)))
            }
        }
    }

    fn serde_error(&self, part: &str, error: &SerdeError) -> StoreError {
        StoreError::serde(&self.bytes.name, part, error)
    }
}

impl<K, V> Buffered<K, V> {
    /// Takes it apart: the record, its origin, and where it lies.
    pub fn into_parts(self) -> (Record<K, V>, RecordContext, Vec<u8>) {
        (self.record, self.context, self.place)
    }
}

fn time_of(place: &[u8]) -> i64 {
    let time = place.get(1..).and_then(<[u8]>::first_chunk);
    time.map_or(0, |bytes| i64::from_be_bytes(*bytes))
}

/// The latest time and the highest number, with those of one more record.
fn latest((time, number): (i64, i32), place: &[u8]) -> (i64, i32) {
    let last = place.last_chunk().map_or(0, |bytes| i32::from_be_bytes(*bytes));
    (time.max(time_of(place)), number.max(last))
}

/// Makes a [`JoinBuffer`] with these serdes for each task; they are told `topic`.
pub fn join_buffer_maker<K: 'static, V: 'static>(
    topic: String,
    key: SerdeRef<K>,
    value: SerdeRef<V>,
) -> StoreMaker {
    Arc::new(move |setup| {
        let (key, value) = (Arc::clone(&key), Arc::clone(&value));
        Ok(Box::new(JoinBuffer::new(setup, &topic, key, value)?))
    })
}

impl<K: 'static, V: 'static> Uncached for JoinBuffer<K, V> {}

impl<K: 'static, V: 'static> StateStore for JoinBuffer<K, V> {
    super::byte_store::uncached_state_store!(without abort);

    fn abort(&mut self) {
        self.bytes.abort();
        self.first.clear();
    }

    fn kind(&self) -> StoreKind {
        StoreKind::Internal
    }

    fn restore_partition(
        &mut self,
        partition: i32,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
    ) -> Result<(), StoreError> {
        let mut known = (self.stream_time, self.number);
        let mut records = records.inspect(|record| known = latest(known, record.key));
        let restored = self
            .bytes
            .restore(partition, &mut records, |_, value, row| row.extend_from_slice(value));
        drop(records);
        (self.stream_time, self.number) = known;
        restored
    }
}
