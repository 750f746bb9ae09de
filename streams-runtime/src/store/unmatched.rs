//! The store that both sides of a left or outer stream-stream join share: records without a match so far.

use std::sync::Arc;

use super::byte_store::ByteStore;
use super::{
    ChangelogRecord, KeyRange, Order, StateStore, StoreError, StoreKind, StoreMaker, Uncached,
};
use crate::outbox::Outbox;
use crate::record::Headers;
use crate::serdes::{BytesSerde, ListSerde, Serde, SerdeRef};
use crate::window::JoinWindows;

/// Before time and key of a record in the store's keys: one byte, 1 for the left side.
const SIDE_AT: usize = size_of::<i64>();

/// Records of both sides that nothing has joined yet, in order of time, the right side first.
///
/// A key is time, side (1 = left) and key; all values of one key are in one list, each behind its side.
/// There is no cache. Java: `ListValueStore` of `TimestampedKeyAndJoinSide`.
pub struct UnmatchedStore<K> {
    bytes: ByteStore,
    keys: SerdeRef<K>,
    /// What the sides know of time.
    pub(crate) tracker: Tracker,
    key: Vec<u8>,
    row: Vec<u8>,
}

/// What both sides of a join know of time; it starts anew with the task. Java: `TimeTracker`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tracker {
    pub(crate) stream_time: i64,
    pub(crate) min_time: i64,
    pub(crate) next_emit: i64,
}

/// A record without a match.
pub(crate) struct Unmatched<K> {
    pub(crate) timestamp: i64,
    pub(crate) left: bool,
    pub(crate) key: K,
    /// Its key in the store.
    pub(crate) place: Vec<u8>,
    /// The values' bytes.
    pub(crate) values: Vec<Vec<u8>>,
}

type ValueList = ListSerde<BytesSerde>;

impl<K: Send + 'static> UnmatchedStore<K> {
    /// The topic that serdes are told.
    pub(crate) fn topic(&self) -> Arc<str> {
        Arc::clone(&self.bytes.topic)
    }

    /// Adds a value behind those of the same time, side and key.
    pub(crate) fn add(
        &mut self,
        out: &mut Outbox,
        (timestamp, left): (i64, bool),
        key: &K,
        value: &[u8],
    ) -> Result<(), StoreError> {
        self.encode_key(timestamp, left, key)?;
        let mut list: Vec<Vec<u8>> = match self.bytes.get(&self.key, &mut self.row)? {
            true => self.read_list(&self.row)?,
            false => Vec::new(),
        };
        list.push([&[u8::from(left)], value].concat());
        self.row.clear();
        let list_serde = ValueList::default();
        list_serde
            .serialize(&self.bytes.topic, &list, &mut self.row)
            .map_err(|error| StoreError::serde(&self.bytes.name, "value", &error))?;
        self.bytes.put(&self.key, Some(&self.row));
        self.bytes.log(out, &self.key, Some(&self.row), timestamp, Headers::none());
        Ok(())
    }

    /// Forgets the values of a time, side and key that has found a match.
    pub(crate) fn remove(
        &mut self,
        out: &mut Outbox,
        (timestamp, left): (i64, bool),
        key: &K,
        now: i64,
    ) -> Result<(), StoreError> {
        self.encode_key(timestamp, left, key)?;
        if self.bytes.get(&self.key, &mut self.row)? {
            self.bytes.put(&self.key, None);
            self.bytes.log(out, &self.key, None, now, Headers::none());
        }
        Ok(())
    }

    /// The records whose windows are closed, in order of time, the right side first.
    ///
    /// Java: `KStreamKStreamJoin.emitNonJoinedOuterRecords`.
    pub(crate) fn closed(&mut self, within: JoinWindows) -> Result<Vec<Unmatched<K>>, StoreError> {
        self.tracker.min_time = i64::MAX;
        let mut closed = Vec::new();
        let (mut left_open, mut right_open) = (false, false);
        let mut rows = self.bytes.range(&KeyRange::all(), Order::Ascending)?;
        while let Some((place, row)) = rows.row() {
            let timestamp = place.first_chunk().map_or(0, |time| i64::from_be_bytes(*time));
            let left = place.get(SIDE_AT) == Some(&1);
            self.tracker.min_time = timestamp;
            if left_open && right_open {
                break;
            }
            let reach = if left { within.reach_ms() } else { within.reversed().reach_ms() };
            if timestamp + reach + within.grace_ms() >= self.tracker.stream_time {
                left_open |= left;
                right_open |= !left;
                // Java walks value by value: the second one of this key ends it before the time grows
                if left_open && right_open && self.read_list(row)?.len() > 1 {
                    break;
                }
            } else {
                let key = place.get(SIDE_AT + 1..).unwrap_or_default();
                let key = self.keys.deserialize(&self.bytes.topic, Some(key));
                let key = key.map_err(|e| StoreError::serde(&self.bytes.name, "key", &e))?;
                let values = self.read_list(row)?;
                let values = values.into_iter().map(|mut value| value.split_off(1)).collect();
                let place = place.to_vec();
                closed.push(Unmatched { timestamp, left, key, place, values });
            }
            rows.advance()?;
        }
        Ok(closed)
    }

    /// Forgets a record that was sent on.
    pub(crate) fn remove_at(&mut self, out: &mut Outbox, place: &[u8], now: i64) {
        self.bytes.put(place, None);
        self.bytes.log(out, place, None, now, Headers::none());
    }

    fn read_list(&self, row: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        ValueList::default()
            .deserialize(&self.bytes.topic, Some(row))
            .map_err(|error| StoreError::serde(&self.bytes.name, "value", &error))
    }

    fn encode_key(&mut self, timestamp: i64, left: bool, key: &K) -> Result<(), StoreError> {
        self.key.clear();
        self.key.extend_from_slice(&timestamp.to_be_bytes());
        self.key.push(u8::from(left));
        match self.keys.serialize(&self.bytes.topic, key, &mut self.key) {
            Ok(_) => Ok(()),
            Err(error) => Err(StoreError::serde(&self.bytes.name, "key", &error)),
        }
    }
}

/// Makes the store with this serde for each task.
pub fn unmatched_store_maker<K: Send + 'static>(key: SerdeRef<K>) -> StoreMaker {
    Arc::new(move |setup| {
        Ok(Box::new(UnmatchedStore {
            bytes: ByteStore::new(setup),
            keys: Arc::clone(&key),
            tracker: Tracker { stream_time: -1, min_time: i64::MAX, next_emit: i64::MIN },
            key: Vec::new(),
            row: Vec::new(),
        }))
    })
}

impl<K: Send + 'static> Uncached for UnmatchedStore<K> {}

impl<K: Send + 'static> StateStore for UnmatchedStore<K> {
    super::byte_store::uncached_state_store!();

    fn kind(&self) -> StoreKind {
        StoreKind::Internal
    }

    fn restore_partition(
        &mut self,
        partition: i32,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
    ) -> Result<(), StoreError> {
        self.bytes.restore(partition, records, |_, value, row| row.extend_from_slice(value))
    }
}
