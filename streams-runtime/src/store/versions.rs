//! The key layout of versioned stores: the latest version of each key, and its past by segments.
//!
//! The latest version lies at `FF×8, key`, as time and value like the row of any table. A version that was
//! replaced lies at `segment (8 bytes), key`, in the segment of the time at which it ended, together with the
//! others of its key ([`VersionRow`]). A segment goes in one range when stream time leaves it behind by the
//! history retention. Java: `RocksDBVersionedStore`, `LogicalKeyValueSegments`.

use std::collections::BTreeSet;

use super::backend::{Cursor, KeyRange, Order, OrderedBytes};
use super::byte_store::ByteStore;
use super::pending::Pending;
use super::version_row::{RawRow, VersionRow, push_newest};
use super::{ChangelogRecord, StoreError, StoreErrorKind, StoreSetup, Times};
use crate::serdes::SerdeError;

/// Before the latest versions; no segment has this number.
const LATEST: [u8; SEGMENT] = [u8::MAX; SEGMENT];
/// Bytes of a segment's number, and of a time before a value.
const SEGMENT: usize = size_of::<i64>();

/// How long a store keeps the past of its keys, and in what portions.
///
/// Java: `VersionedBytesStoreSupplier`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VersionLayout {
    /// Versions that ended that long before stream time are dropped; later writes than that are refused.
    pub history_ms: i64,
    /// The span of one segment.
    pub segment_ms: i64,
}

impl VersionLayout {
    /// That long a history, in segments of the size that Kafka Streams would choose: from a third of a
    /// short history to a 24th of a long one.
    pub fn of_history(history_ms: i64) -> Self {
        let (parts, least) = match history_ms {
            i64::MIN..=60_000 => (3, 2_000),
            60_001..=300_000 => (5, 20_000),
            300_001..=3_600_000 => (12, 60_000),
            _ => (24, 300_000),
        };
        Self { history_ms, segment_ms: (history_ms / parts).max(least) }
    }
}

/// What became of a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Put {
    /// It is the latest version of its key.
    Latest,
    /// It is a version of the past, which another one ended at that time.
    Past(i64),
    /// It came later than the history goes back, and was not written.
    Late,
}

/// A version as the store keeps it: its end, and its time and value in `out`.
pub(crate) type Found = Option<Option<i64>>;

/// Takes the end of a version, which the latest one has not, and its time and value.
pub(crate) type VisitVersion<'a> = dyn FnMut(Option<i64>, &[u8]) -> Result<(), StoreError> + 'a;

/// What a versioned store knows of its segments.
#[derive(Debug)]
pub(crate) struct Versions {
    layout: VersionLayout,
    /// The latest time among the writes so far, -1 before the first.
    stream_time: i64,
    /// The same at the last commit.
    committed_time: i64,
    known: BTreeSet<i64>,
    /// Segments that are to be dropped with the next commit.
    dropping: BTreeSet<i64>,
}

impl Versions {
    fn new(layout: VersionLayout) -> Self {
        let (known, dropping) = (BTreeSet::new(), BTreeSet::new());
        Self { layout, stream_time: -1, committed_time: -1, known, dropping }
    }

    fn segment(&self, time: i64) -> i64 {
        time / self.layout.segment_ms
    }

    /// The earliest time that is written, and for which the past is told.
    fn oldest(&self) -> i64 {
        self.stream_time.saturating_sub(self.layout.history_ms)
    }

    /// Moves stream time; `false` when a write of that time comes too late.
    fn admit(&mut self, time: i64) -> bool {
        if time < self.oldest() {
            return false;
        }
        self.stream_time = self.stream_time.max(time);
        let live = self.segment(self.oldest());
        if self.known.first().is_some_and(|first| *first < live) {
            let kept = self.known.split_off(&live);
            self.dropping.append(&mut self.known);
            self.known = kept;
        }
        true
    }

    /// The next segment before `below` that may hold versions which ended at `from` or later.
    fn before(&self, below: i64, from: i64) -> Option<i64> {
        let from = self.segment(from);
        if from >= below { None } else { self.known.range(from..below).next_back().copied() }
    }

    /// What a commit drops.
    pub(super) fn commit(&mut self) -> Option<KeyRange> {
        self.committed_time = self.stream_time;
        let last = std::mem::take(&mut self.dropping).pop_last()?;
        Some(KeyRange::half_open(&[], &last.saturating_add(1).to_be_bytes()))
    }

    /// What readers of a shared store must know.
    pub(super) fn times(&self) -> Times {
        Times { stream_time: self.stream_time, segments: self.known.clone() }
    }

    /// Takes over what the writer of a shared store knows.
    pub(super) fn follow(&mut self, times: &Times) {
        self.stream_time = times.stream_time;
        self.known.clone_from(&times.segments);
    }

    /// Forgets what was not committed. A changelog that is read again must not find its records late.
    pub(super) fn abort(&mut self) {
        self.stream_time = self.committed_time;
        self.known.append(&mut self.dropping);
    }
}

fn place(segment: [u8; SEGMENT], key: &[u8]) -> Vec<u8> {
    [segment.as_slice(), key].concat()
}

/// The rows of a store as they are after the next commit.
#[derive(Clone, Copy)]
struct Reads<'a> {
    name: &'a str,
    pending: &'a Pending,
    backend: &'a dyn OrderedBytes,
}

impl Reads<'_> {
    fn get(self, place: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(row) = self.pending.get(place) {
            return Ok(row.map(<[u8]>::to_vec));
        }
        let mut row = Vec::new();
        Ok(self.backend.get(place, &mut row)?.then_some(row))
    }

    fn row(self, segment: i64, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&place(segment.to_be_bytes(), key))
    }

    fn look(self, row: &[u8]) -> Result<RawRow<'_>, StoreError> {
        RawRow::new(row).map_err(|error| damaged(self.name, &error))
    }

    fn take_apart(self, row: &[u8]) -> Result<VersionRow, StoreError> {
        VersionRow::read(row).map_err(|error| damaged(self.name, &error))
    }

    /// The latest version of a key: since when it holds, and its value.
    fn latest(self, key: &[u8]) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        let Some(mut row) = self.get(&place(LATEST, key))? else { return Ok(None) };
        let Some(time) = row.first_chunk().map(|bytes| i64::from_be_bytes(*bytes)) else {
            let error = SerdeError::new("a version is shorter than its time");
            return Err(damaged(self.name, &error));
        };
        row.drain(..SEGMENT);
        Ok(Some((time, row)))
    }
}

fn damaged(store: &str, error: &SerdeError) -> StoreError {
    let text = format!(
        "store `{store}` is damaged: {error}; delete its folder: it is then restored from its changelog"
    );
    StoreError::new(StoreErrorKind::Damaged, text)
}

/// A write in work.
struct Writer<'a> {
    name: &'a str,
    pending: &'a mut Pending,
    backend: &'a dyn OrderedBytes,
    versions: &'a mut Versions,
    key: &'a [u8],
}

impl Writer<'_> {
    fn reads(&self) -> Reads<'_> {
        Reads { name: self.name, pending: self.pending, backend: self.backend }
    }

    fn write_row(&mut self, segment: i64, row: &VersionRow) {
        let mut bytes = Vec::new();
        row.write(&mut bytes);
        self.write_bytes(segment, &bytes);
    }

    fn write_bytes(&mut self, segment: i64, row: &[u8]) {
        self.versions.known.insert(segment);
        self.pending.put(&place(segment.to_be_bytes(), self.key), Some(row));
    }

    /// Changes the row of the segment that `time` lies in; `new` makes it where there is none.
    fn in_segment_of(
        &mut self,
        time: i64,
        new: impl FnOnce() -> VersionRow,
        change: impl FnOnce(&mut VersionRow),
    ) -> Result<(), StoreError> {
        let segment = self.versions.segment(time);
        let row = match self.reads().row(segment, self.key)? {
            Some(row) => {
                let mut row = self.reads().take_apart(&row)?;
                change(&mut row);
                row
            }
            None => new(),
        };
        self.write_row(segment, &row);
        Ok(())
    }

    fn write_latest(&mut self, row: Option<&[u8]>) {
        self.pending.put(&place(LATEST, self.key), row);
    }

    /// Writes a version. `row` is time and value; `None` deletes.
    fn put(&mut self, row: Option<&[u8]>, time: i64) -> Result<Put, StoreError> {
        let mut next = None;
        if let Some((since, held)) = self.reads().latest(self.key)? {
            if time >= since {
                if time > since {
                    self.end_version(since, Some(held), time)?;
                }
                // a deletion at the same time leaves no trace of itself, as in Java
                self.write_latest(row);
                return Ok(Put::Latest);
            }
            next = Some(since);
        }
        let value = row.map(|row| row[SEGMENT..].to_vec());
        let mut below = i64::MAX;
        while let Some(segment) = self.versions.before(below, time) {
            below = segment;
            let Some(row) = self.reads().row(segment, self.key)? else { continue };
            let found = self.reads().look(&row)?;
            if found.end() <= time {
                break;
            }
            if found.oldest() <= time {
                let row = self.reads().take_apart(&row)?;
                return self.split(segment, row, time, value).map(Put::Past);
            }
            next = Some(found.oldest());
        }
        match (next, row) {
            (None, Some(_)) => self.write_latest(row),
            (None, None) => self.lone_deletion(time)?,
            (Some(end), _) => return self.past(time, value, end).map(|()| Put::Past(end)),
        }
        Ok(Put::Latest)
    }

    /// Moves a version to the segment that its end lies in.
    fn end_version(
        &mut self,
        from: i64,
        value: Option<Vec<u8>>,
        end: i64,
    ) -> Result<(), StoreError> {
        let segment = self.versions.segment(end);
        if let Some(value) = &value
            && let Some(mut row) = self.reads().row(segment, self.key)?
            && push_newest(&mut row, from, value, end)
        {
            self.write_bytes(segment, &row);
            return Ok(());
        }
        let held = value.clone();
        self.in_segment_of(
            end,
            || VersionRow::new(from, held, end),
            |row| row.push_newest(from, value, end),
        )
    }

    /// Writes a version into the span that a row covers; returns when it ends.
    fn split(
        &mut self,
        segment: i64,
        mut row: VersionRow,
        time: i64,
        value: Option<Vec<u8>>,
    ) -> Result<i64, StoreError> {
        let Some(at) = row.at(time) else {
            return Err(damaged(self.name, &SerdeError::new("a row of versions is not in order")));
        };
        let (held, end) = row.version(at);
        let held = held.clone();
        if held.from == time {
            row.replace(at, time, value);
        } else if self.versions.segment(time) == segment {
            row.insert(at, time, value);
        } else {
            // what held before now ends in an older segment
            self.end_version(held.from, held.value, time)?;
            row.replace(at, time, value);
        }
        self.write_row(segment, &row);
        Ok(end)
    }

    /// Remembers a deletion of a key that has no version, for versions that come later and are older.
    fn lone_deletion(&mut self, time: i64) -> Result<(), StoreError> {
        self.in_segment_of(
            time,
            || VersionRow::lone_deletion(time),
            |row| {
                if row.end != time {
                    row.push_newest(row.end, None, time);
                }
            },
        )
    }

    /// Writes a version of the past that no row covers.
    fn past(&mut self, time: i64, value: Option<Vec<u8>>, end: i64) -> Result<(), StoreError> {
        let held = value.clone();
        self.in_segment_of(
            end,
            || VersionRow::new(time, held, end),
            |row| {
                if row.end <= time {
                    row.push_newest(time, value, end);
                } else {
                    row.push_oldest(time, value);
                }
            },
        )
    }
}

impl ByteStore {
    /// A store that keeps the past of its keys.
    pub(crate) fn with_versions(
        setup: StoreSetup<'_>,
        layout: VersionLayout,
    ) -> Result<Self, StoreError> {
        let mut store = Self::new(setup);
        let mut versions = Versions::new(layout);
        let mut range = segments_from(0);
        loop {
            let rows = store.backend.range(&range, Order::Ascending)?;
            let Some((place, _)) = rows.row() else { break };
            let segment =
                place.first_chunk().map_or(i64::MAX - 1, |bytes| i64::from_be_bytes(*bytes));
            versions.known.insert(segment);
            range = segments_from(segment.saturating_add(1));
        }
        store.versions = Some(versions);
        Ok(store)
    }

    /// Writes (`Some`: time and value) or deletes a version of that time.
    pub(crate) fn put_version(
        &mut self,
        key: &[u8],
        row: Option<&[u8]>,
        time: i64,
    ) -> Result<Put, StoreError> {
        let Some(versions) = &mut self.versions else { return Ok(Put::Latest) };
        if !versions.admit(time) {
            return Ok(Put::Late);
        }
        let (pending, backend) = (&mut self.pending, self.backend.as_ref());
        Writer { name: &self.name, pending, backend, versions, key }.put(row, time)
    }

    /// The place of a key's latest version.
    pub(super) fn latest_place(key: &[u8]) -> Vec<u8> {
        place(LATEST, key)
    }

    /// Puts time and value of the version that held at `time` into `out`, and tells its end, which the
    /// latest one has not.
    ///
    /// For a time before the history only the latest version is told.
    pub(crate) fn get_version(
        &self,
        key: &[u8],
        time: i64,
        out: &mut Vec<u8>,
    ) -> Result<Found, StoreError> {
        out.clear();
        let Some(versions) = &self.versions else { return Ok(None) };
        let reads = self.reads();
        if let Some((since, value)) = reads.latest(key)?
            && since <= time
        {
            put_row(since, &value, out);
            return Ok(Some(None));
        }
        if time < versions.oldest() {
            return Ok(None);
        }
        let mut below = i64::MAX;
        while let Some(segment) = versions.before(below, time) {
            below = segment;
            let Some(row) = reads.row(segment, key)? else { continue };
            let row = reads.look(&row)?;
            if row.end() <= time {
                break;
            }
            let held = row.at(time).map_err(|error| damaged(&self.name, &error))?;
            let Some(held) = held else { continue };
            return Ok(held.value.map(|value| {
                put_row(held.from, value, out);
                Some(held.end)
            }));
        }
        Ok(None)
    }

    /// Calls `visit` with the versions of a key that held at some time from `from` to `to`, oldest first.
    pub(crate) fn versions_between(
        &self,
        key: &[u8],
        (from, to): (i64, i64),
        visit: &mut VisitVersion<'_>,
    ) -> Result<(), StoreError> {
        let Some(versions) = &self.versions else { return Ok(()) };
        let reads = self.reads();
        let mut bytes = Vec::new();
        for segment in &versions.known {
            let Some(row) = reads.row(*segment, key)? else { continue };
            let row = reads.take_apart(&row)?;
            for (version, end) in row.oldest_first() {
                let Some(value) = &version.value else { continue };
                if version.from <= to && end > from {
                    put_row(version.from, value, &mut bytes);
                    visit(Some(end), &bytes)?;
                }
            }
        }
        match reads.latest(key)? {
            Some((since, value)) if since <= to => {
                put_row(since, &value, &mut bytes);
                visit(None, &bytes)
            }
            _ => Ok(()),
        }
    }

    /// Calls `visit` with each version that is kept, in order of key and time: the key, and end (the last
    /// possible time for the latest version), time and value.
    pub(super) fn visit_versions(
        &self,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<(), StoreError> {
        let mut keys = BTreeSet::new();
        let mut rows = self.committed_and_pending(&KeyRange::all(), Order::Ascending)?;
        while let Some((place, _)) = rows.row() {
            keys.insert(place.get(SEGMENT..).unwrap_or_default().to_vec());
            rows.advance()?;
        }
        let mut bytes = Vec::new();
        for key in keys {
            self.versions_between(&key, (i64::MIN, i64::MAX), &mut |end, row| {
                bytes.clear();
                bytes.extend(end.unwrap_or(i64::MAX).to_be_bytes());
                bytes.extend_from_slice(row);
                visit(&key, &bytes);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The latest versions of a range of keys.
    pub(super) fn latest_range(
        &self,
        range: &KeyRange,
        order: Order,
    ) -> Result<Box<dyn Cursor + '_>, StoreError> {
        let lower = place(LATEST, range.lower());
        let places = match range.upper() {
            Some(upper) => KeyRange::half_open(&lower, &place(LATEST, upper)),
            None => KeyRange::closed(Some(&lower), None),
        };
        Ok(Box::new(Latest(self.committed_and_pending(&places, order)?)))
    }

    /// Writes changelog records as they were written first, and commits them.
    pub(super) fn restore_versions(
        &mut self,
        partition: i32,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
    ) -> Result<(), StoreError> {
        let mut last = None;
        let mut row = Vec::new();
        for record in records {
            last = Some(record.offset);
            put_row(record.timestamp, record.value.unwrap_or_default(), &mut row);
            let written = record.value.map(|_| row.as_slice());
            self.put_version(record.key, written, record.timestamp)?;
        }
        match last {
            Some(offset) => self.commit(&[(partition, offset)]),
            None => Ok(()),
        }
    }

    fn reads(&self) -> Reads<'_> {
        Reads { name: &self.name, pending: &self.pending, backend: self.backend.as_ref() }
    }
}

fn segments_from(segment: i64) -> KeyRange {
    KeyRange::half_open(&segment.to_be_bytes(), &LATEST)
}

fn put_row(time: i64, value: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend(time.to_be_bytes());
    out.extend_from_slice(value);
}

/// A walk over the latest versions.
struct Latest<'a>(Box<dyn Cursor + 'a>);

impl Cursor for Latest<'_> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.0.row().map(|(place, row)| (place.get(SEGMENT..).unwrap_or_default(), row))
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        self.0.advance()
    }
}
