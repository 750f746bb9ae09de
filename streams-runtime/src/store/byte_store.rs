//! What every kind of store is built on: committed bytes, the writes since, and the changelog.

use std::sync::Arc;

use super::backend::{Cursor, KeyRange, Order, OrderedBytes};
use super::lru::LruKeys;
use super::pending::Pending;
use super::segments::{Segments, WindowLayout};
use super::versions::Versions;
use super::{ChangelogRecord, StoreError, StoreSetup, Times};
use crate::outbox::{Destination, Outbox, TopicIx};
use crate::record::Headers;

/// A store of bytes with its changelog.
pub(crate) struct ByteStore {
    pub(crate) name: Arc<str>,
    /// What serdes are told as their topic.
    pub(crate) topic: Arc<str>,
    changelog: Option<TopicIx>,
    pub(crate) partition: i32,
    pub(super) backend: Box<dyn OrderedBytes>,
    pub(super) pending: Pending,
    lru: Option<LruKeys>,
    /// Where rows with a time lie; other rows lie at their key.
    pub(super) segments: Option<Segments>,
    /// Where the past of keys lies; without it a key has one row.
    pub(super) versions: Option<Versions>,
    /// What was told last by the writer of a shared place.
    told: Option<Arc<Times>>,
    row: Vec<u8>,
}

impl ByteStore {
    pub(crate) fn new(setup: StoreSetup<'_>) -> Self {
        Self {
            name: setup.name.into(),
            topic: setup.changelog_topic.into(),
            changelog: setup.changelog,
            partition: setup.partition,
            backend: setup.backend,
            pending: Pending::default(),
            lru: setup.max_entries.map(LruKeys::new),
            segments: None,
            versions: None,
            told: None,
            row: Vec::new(),
        }
    }

    /// A store of rows with a time in their key.
    pub(crate) fn with_times(
        setup: StoreSetup<'_>,
        layout: WindowLayout,
    ) -> Result<Self, StoreError> {
        let mut store = Self::new(setup);
        let mut segments = Segments::new(layout, !store.backend.persistent());
        let mut range = Segments::all_rows();
        loop {
            let rows = store.backend.range(&range, Order::Ascending)?;
            let Some(segment) = rows.row().and_then(|(place, _)| segments.found(place)) else {
                break;
            };
            let next = segment.saturating_add(1).to_be_bytes();
            range = KeyRange::half_open(&next, &[u8::MAX; 8]);
        }
        store.segments = Some(segments);
        Ok(store)
    }

    /// True when the store may have lost a row that nobody deleted: it is too old, or was too much.
    #[inline]
    pub(crate) fn may_have_lost(&self, key: &[u8]) -> bool {
        self.lru.is_some() || self.segments.as_ref().is_some_and(|segments| segments.hides(key))
    }

    /// True when no row goes that nobody deleted.
    pub(crate) fn keeps_all(&self) -> bool {
        self.lru.is_none() && self.segments.is_none()
    }

    /// Puts the row's value into `out`; false when there is none.
    #[inline]
    pub(crate) fn get(&mut self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        out.clear();
        let latest;
        let key = match (&mut self.segments, &self.versions) {
            (None, None) => key,
            (None, Some(_)) => {
                latest = Self::latest_place(key);
                &latest
            }
            (Some(segments), _) => match segments.visible(key) {
                None => return Ok(false),
                Some(place) => place,
            },
        };
        let found = read(&self.pending, self.backend.as_ref(), key, out)?;
        if found && let Some(lru) = &mut self.lru {
            lru.touch(key);
        }
        Ok(found)
    }

    /// Shows the row's value to `read`, with the topic that serdes are told, where it lies or in `buffer`; `None`
    /// when there is no row.
    #[inline]
    pub(crate) fn look<T>(
        &mut self,
        key: &[u8],
        buffer: &mut Vec<u8>,
        read: impl FnOnce(&str, &[u8]) -> T,
    ) -> Result<Option<T>, StoreError> {
        if self.segments.is_some() || self.versions.is_some() || self.lru.is_some() {
            let found = self.get(key, buffer)?;
            return Ok(found.then(|| read(&self.topic, buffer)));
        }
        let value = match self.pending.get(key) {
            Some(value) => value,
            None => {
                buffer.clear();
                self.backend.get(key, buffer)?.then_some(buffer.as_slice())
            }
        };
        Ok(value.map(|value| read(&self.topic, value)))
    }

    /// Puts the value of a row with a time into `out`, however old it is; false when there is none.
    pub(super) fn get_hidden(&mut self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        out.clear();
        let Some(segments) = &mut self.segments else { return Ok(false) };
        read(&self.pending, self.backend.as_ref(), segments.place_of(key), out)
    }

    /// Writes or deletes a row; returns the key of the row that had to go for it.
    #[inline]
    pub(crate) fn put(&mut self, key: &[u8], value: Option<&[u8]>) -> Option<Box<[u8]>> {
        if let Some(segments) = &mut self.segments {
            let (place, index) = segments.admit(key)?;
            self.pending.put(place, value);
            if let Some(index) = index {
                self.pending.put(index, value.map(|_| [].as_slice()));
            }
            return None;
        }
        self.pending.put(key, value);
        let lru = self.lru.as_mut()?;
        if value.is_none() {
            lru.remove(key);
            return None;
        }
        let eldest = lru.insert(key)?;
        self.pending.put(&eldest, None);
        Some(eldest)
    }

    /// True when it writes a changelog.
    pub(super) fn is_logged(&self) -> bool {
        self.changelog.is_some()
    }

    /// Sends a change to the changelog, if the store has one.
    #[inline]
    pub(crate) fn log(
        &self,
        out: &mut Outbox,
        key: &[u8],
        value: Option<&[u8]>,
        timestamp: i64,
        headers: &Headers,
    ) {
        let Some(topic) = self.changelog else { return };
        let to = Destination {
            topic,
            partition: Some(self.partition),
            timestamp: Some(timestamp),
            headers,
        };
        out.push_bytes(to, Some(key), value);
    }

    pub(crate) fn range(
        &self,
        range: &KeyRange,
        order: Order,
    ) -> Result<Box<dyn Cursor + '_>, StoreError> {
        if self.segments.is_some() {
            return self.timed_range(range, order);
        }
        if self.versions.is_some() {
            return self.latest_range(range, order);
        }
        self.committed_and_pending(range, order)
    }

    /// What lies in the backend after the next commit, place by place.
    pub(super) fn committed_and_pending(
        &self,
        range: &KeyRange,
        order: Order,
    ) -> Result<Box<dyn Cursor + '_>, StoreError> {
        self.pending.over(self.backend.as_ref(), range, order)
    }

    pub(crate) fn visit_rows(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        if self.versions.is_some() {
            return self.visit_versions(visit);
        }
        let mut rows = self.range(&KeyRange::all(), Order::Ascending)?;
        while let Some((key, value)) = rows.row() {
            visit(key, value);
            rows.advance()?;
        }
        Ok(())
    }

    pub(crate) fn commit(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        let mut dropped = Vec::new();
        if let Some(segments) = &mut self.segments {
            segments.committed();
            dropped.extend(segments.take_drops().into_iter().flatten());
        }
        dropped.extend(self.versions.as_mut().and_then(Versions::commit));
        match (&self.segments, &self.versions) {
            (Some(segments), _) => self.backend.tell_times(&|| segments.times()),
            (None, Some(versions)) => self.backend.tell_times(&|| versions.times()),
            (None, None) => {}
        }
        dropped.iter().try_for_each(|range| self.backend.stage_drop(range))?;
        self.pending.drain_into(self.backend.as_mut(), &dropped);
        self.backend.apply(offsets)
    }

    pub(crate) fn committed_offset(&self, partition: i32) -> Result<Option<i64>, StoreError> {
        self.backend.offset(partition)
    }

    /// Applies changelog records; `layout` appends the stored form of a record's value.
    pub(crate) fn restore(
        &mut self,
        partition: i32,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
        layout: impl Fn(&ChangelogRecord<'_>, &[u8], &mut Vec<u8>),
    ) -> Result<(), StoreError> {
        if self.versions.is_some() {
            return self.restore_versions(partition, records);
        }
        let mut last = None;
        for record in records {
            last = Some(record.offset);
            if let Some(segments) = &mut self.segments {
                let Some((place, index)) = segments.admit(record.key) else { continue };
                self.row.clear();
                if let Some(value) = record.value {
                    layout(&record, value, &mut self.row);
                }
                self.backend.stage(place, record.value.map(|_| self.row.as_slice()));
                if let Some(index) = index {
                    self.backend.stage(index, record.value.map(|_| [].as_slice()));
                }
                continue;
            }
            let Some(value) = record.value else {
                self.backend.stage(record.key, None);
                if let Some(lru) = &mut self.lru {
                    lru.remove(record.key);
                }
                continue;
            };
            self.row.clear();
            layout(&record, value, &mut self.row);
            self.backend.stage(record.key, Some(&self.row));
            let eldest = self.lru.as_mut().and_then(|lru| lru.insert(record.key));
            if let Some(eldest) = eldest {
                self.backend.stage(&eldest, None);
            }
        }
        if let Some(segments) = &mut self.segments {
            segments.take_expired();
            segments.committed();
        }
        match last {
            Some(offset) => self.backend.apply(&[(partition, offset)]),
            None => Ok(()),
        }
    }

    /// Learns from the writer of a shared place which rows are there and which are too old.
    pub(crate) fn refresh(&mut self) {
        if self.segments.is_none() && self.versions.is_none() {
            return;
        }
        let Some(told) = self.backend.told_times() else { return };
        if self.told.as_ref().is_some_and(|known| Arc::ptr_eq(known, &told)) {
            return;
        }
        if let Some(segments) = &mut self.segments {
            segments.follow(&told);
        }
        if let Some(versions) = &mut self.versions {
            versions.follow(&told);
        }
        self.told = Some(told);
    }

    /// Forgets what was not committed. The order of last use starts anew.
    pub(crate) fn abort(&mut self) {
        self.pending.clear();
        if let Some(segments) = &mut self.segments {
            segments.abort();
        }
        if let Some(versions) = &mut self.versions {
            versions.abort();
        }
        let Some(lru) = &mut self.lru else { return };
        lru.clear();
        let Ok(mut rows) = self.backend.range(&KeyRange::all(), Order::Ascending) else { return };
        while let Some((key, _)) = rows.row() {
            lru.insert(key);
            if rows.advance().is_err() {
                return;
            }
        }
    }

    pub(crate) fn pending_bytes(&self) -> usize {
        self.pending.bytes()
    }

    pub(crate) fn approximate_rows(&self) -> u64 {
        self.backend.approximate_rows()
    }

    pub(crate) fn close(&mut self) -> Result<(), StoreError> {
        self.pending.clear();
        self.backend.close()
    }
}

/// Appends what lies at a place, the writes since the last commit included; false when that is nothing.
#[inline]
fn read(
    pending: &Pending,
    backend: &dyn OrderedBytes,
    place: &[u8],
    out: &mut Vec<u8>,
) -> Result<bool, StoreError> {
    match pending.get(place) {
        Some(Some(value)) => {
            out.extend_from_slice(value);
            Ok(true)
        }
        Some(None) => Ok(false),
        None => backend.get(place, out),
    }
}

/// The methods that stores without a cache, which have their bytes in the field `bytes`, share; all but
/// `abort` for those that know more of their rows than the bytes do.
macro_rules! uncached_state_store {
    () => {
        $crate::store::byte_store::uncached_state_store!(without abort);

        fn abort(&mut self) {
            self.bytes.abort();
        }
    };
    (without abort) => {
        fn name(&self) -> &str {
            &self.bytes.name
        }

        fn partition(&self) -> i32 {
            self.bytes.partition
        }

        fn flush_cache(&mut self, _: &mut Outbox) -> Result<(), StoreError> {
            Ok(())
        }

        fn commit_partitions(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
            self.bytes.commit(offsets)
        }

        fn committed_offset_of(&self, partition: i32) -> Result<Option<i64>, StoreError> {
            self.bytes.committed_offset(partition)
        }

        fn pending_bytes(&self) -> usize {
            self.bytes.pending_bytes()
        }

        fn cache_bytes(&self) -> usize {
            0
        }

        fn dirty_entries(&self) -> usize {
            0
        }

        fn visit_rows(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
            self.bytes.visit_rows(visit)
        }

        fn close(&mut self) -> Result<(), StoreError> {
            self.bytes.close()
        }
    };
}
pub(crate) use uncached_state_store;
