//! Rows with a time in their key: segments by time, retention, and an index in order of time.
//!
//! A row lies at `segment (8 bytes), key`; a segment spans half the retention, at least a minute. When
//! stream time leaves a segment behind, all of its rows go in one range, so that old windows cost
//! nothing to drop. Java: `AbstractRocksDBSegmentedBytesStore`, `AbstractSegments`, and for stores in
//! memory, which expire to the millisecond, `InMemoryWindowStore` and `InMemorySessionStore`.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{KeyRange, StoreKind, Times};

/// Before the rows of the index; no segment has this number.
const INDEX: [u8; 8] = [u8::MAX; 8];

/// Where the time of a row stands in its key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TimeInKey {
    /// Key, **start**, sequence number.
    Window,
    /// Key, **end**, start.
    Session,
}

impl TimeInKey {
    /// Bytes behind the user's key.
    pub(crate) const fn suffix(self) -> usize {
        match self {
            Self::Window => size_of::<i64>() + size_of::<i32>(),
            Self::Session => 2 * size_of::<i64>(),
        }
    }

    /// The time of a row.
    pub(crate) fn of(self, key: &[u8]) -> i64 {
        let at = key.len().saturating_sub(self.suffix());
        let time = key[at..].first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        time.max(0)
    }

    /// The start of a session.
    fn session_start(key: &[u8]) -> i64 {
        key.last_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes))
    }

    /// All rows of a user's key with a time from `from` to `to`, both included, and rows of longer keys.
    pub(crate) fn range(self, prefix: &[u8], key: &[u8], from: i64, to: i64) -> KeyRange {
        let rest = self.suffix() - size_of::<i64>();
        let bound = |time: i64, fill: u8| {
            let mut bytes = Vec::with_capacity(prefix.len() + key.len() + self.suffix());
            bytes.extend_from_slice(prefix);
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(&time.max(0).to_be_bytes());
            bytes.resize(bytes.len() + rest, fill);
            bytes
        };
        KeyRange::closed(Some(&bound(from, 0)), Some(&bound(to, u8::MAX)))
    }
}

/// How long a store keeps rows with a time, and how it finds them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WindowLayout {
    /// Where the time stands.
    pub time: TimeInKey,
    /// Rows are hidden when stream time is that much later, and dropped some time after.
    pub retention_ms: i64,
    /// The windows' size; the end of sessions stands in their key.
    pub size_ms: i64,
    /// True for an index in order of time, which emission on close reads.
    pub indexed: bool,
    /// True when writes of one key and time stand beside each other. Such windows have no cache.
    pub duplicates: bool,
}

impl WindowLayout {
    /// Windows of that size, kept that long, without an index.
    pub fn of_windows(retention: Duration, size: Duration) -> Self {
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let (retention_ms, size_ms) = (millis(retention), millis(size));
        let time = TimeInKey::Window;
        Self { time, retention_ms, size_ms, indexed: false, duplicates: false }
    }

    /// The same, with writes of one key and time beside each other where `duplicates` says so.
    #[must_use]
    pub const fn retaining(self, duplicates: bool) -> Self {
        Self { duplicates, ..self }
    }
}

/// The segments of a store.
#[derive(Debug)]
pub(crate) struct Segments {
    pub(crate) layout: WindowLayout,
    /// True when rows expire to the millisecond and not by segment.
    exact: bool,
    interval: i64,
    /// The latest time among the rows so far, -1 before the first.
    stream_time: i64,
    /// The same at the last commit.
    committed_time: i64,
    known: BTreeSet<i64>,
    /// Segments that are to be dropped with the next commit.
    dropping: BTreeSet<i64>,
    expired: u64,
    /// The number of the last duplicate; 0 until the first one.
    pub(super) sequence: i32,
    row: Vec<u8>,
    index: Vec<u8>,
    /// Keys that the cache may hold, in order; kept from the first read of a range on. As in Java, what
    /// is cached is seen however old it is.
    pub(super) recent: Option<BTreeSet<Box<[u8]>>>,
}

impl Segments {
    pub(crate) fn new(layout: WindowLayout, exact: bool) -> Self {
        Self {
            layout,
            exact,
            interval: (layout.retention_ms / 2).max(60_000),
            stream_time: -1,
            committed_time: -1,
            known: BTreeSet::new(),
            dropping: BTreeSet::new(),
            expired: 0,
            sequence: 0,
            row: Vec::new(),
            index: Vec::new(),
            recent: None,
        }
    }

    /// What kind of rows these are; `timestamped` when the value stands behind its time.
    pub(crate) fn kind(&self, timestamped: bool) -> StoreKind {
        let size_ms = self.layout.size_ms;
        match (self.layout.time, timestamped) {
            (TimeInKey::Session, _) => StoreKind::Session,
            (TimeInKey::Window, true) => StoreKind::TimestampedWindow { size_ms },
            (TimeInKey::Window, false) => StoreKind::Window { size_ms },
        }
    }

    fn segment(&self, time: i64) -> i64 {
        time / self.interval
    }

    /// The segment in which Java's cache has a time: over a store in memory each time is one
    /// (`InMemoryWindowBytesStoreSupplier#segmentIntervalMs`).
    pub(super) fn cached_segment(&self, time: i64) -> i64 {
        if self.exact { time } else { self.segment(time) }
    }

    /// The first and the last time of a segment.
    pub(super) fn span_of(&self, segment: i64) -> (i64, i64) {
        let interval = if self.exact { 1 } else { self.interval };
        let first = segment.saturating_mul(interval);
        (first, first.saturating_add(interval - 1))
    }

    /// Times below it are hidden.
    pub(crate) fn first_visible(&self) -> i64 {
        let oldest = self.stream_time.saturating_sub(self.layout.retention_ms);
        // Java's time-ordered window store on disk shows one millisecond more
        let one_more = self.layout.indexed && self.layout.time == TimeInKey::Window && !self.exact;
        if one_more { oldest } else { oldest.saturating_add(1) }
    }

    /// The earliest time whose rows are still there, hidden or not: sessions on disk with an index are read by
    /// the time of their end however old they are, until their segment goes (Java:
    /// `RocksDBTimeOrderedSessionSegmentedBytesStore.fetchSessions`).
    pub(crate) fn first_ended(&self) -> i64 {
        if !self.by_start() {
            return self.first_visible();
        }
        let oldest = self.stream_time.saturating_sub(self.layout.retention_ms);
        self.segment(oldest.max(0)).saturating_mul(self.interval)
    }

    /// True when a row is too old to be read.
    #[inline]
    pub(crate) fn hides(&self, key: &[u8]) -> bool {
        self.layout.time.of(key) < self.first_visible()
    }

    /// The place of a row that may be read.
    #[inline]
    pub(crate) fn visible(&mut self, key: &[u8]) -> Option<&[u8]> {
        if self.hides(key) { None } else { Some(self.place_of(key)) }
    }

    /// The place of a row, hidden or not.
    #[inline]
    pub(crate) fn place_of(&mut self, key: &[u8]) -> &[u8] {
        self.place(self.layout.time.of(key), key);
        &self.row
    }

    /// The places of a row that is written, and of its index; `None` when it is too old to be kept.
    pub(crate) fn admit(&mut self, key: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
        let time = self.layout.time.of(key);
        self.stream_time = self.stream_time.max(time);
        let oldest = self.stream_time.saturating_sub(self.layout.retention_ms);
        let (segment, live) = (self.segment(time), self.segment(oldest));
        if segment < live || (self.exact && time <= oldest) {
            self.expired += 1;
            return None;
        }
        self.expire(live);
        self.known.insert(segment);
        self.place(time, key);
        if !self.layout.indexed {
            return Some((&self.row, None));
        }
        self.index.clear();
        self.index.extend_from_slice(&INDEX);
        self.index.extend_from_slice(&time.to_be_bytes());
        self.index.extend_from_slice(key);
        Some((&self.row, Some(&self.index)))
    }

    fn expire(&mut self, live: i64) {
        if self.known.first().is_some_and(|first| *first < live) {
            let kept = self.known.split_off(&live);
            self.dropping.append(&mut self.known);
            self.known = kept;
        }
    }

    fn place(&mut self, time: i64, key: &[u8]) {
        self.row.clear();
        self.row.extend_from_slice(&self.segment(time).to_be_bytes());
        self.row.extend_from_slice(key);
    }

    /// Notes what is committed with the rows.
    pub(crate) fn committed(&mut self) {
        self.committed_time = self.stream_time;
    }

    /// What a commit drops: rows, and their index.
    pub(crate) fn take_drops(&mut self) -> Option<[KeyRange; 2]> {
        let below = std::mem::take(&mut self.dropping).pop_last()?.saturating_add(1);
        let rows = KeyRange::half_open(&[], &below.to_be_bytes());
        let time = below.saturating_mul(self.interval);
        let end = [INDEX, time.to_be_bytes()].concat();
        Some([rows, KeyRange::half_open(&INDEX, &end)])
    }

    /// True when rows of several keys are read in order of time; else segment by segment.
    pub(crate) fn by_time(&self) -> bool {
        self.exact || self.layout.indexed
    }

    /// The order of rows of several keys: by time and key, or by segment and key; of sessions on disk with an
    /// index by end, start and key.
    pub(crate) fn compare(&self, a: &[u8], b: &[u8]) -> std::cmp::Ordering {
        let time = |key: &[u8]| match self.by_time() {
            true => self.layout.time.of(key),
            false => self.segment(self.layout.time.of(key)),
        };
        let start = |key: &[u8]| self.by_start().then(|| TimeInKey::session_start(key));
        (time(a), start(a), a).cmp(&(time(b), start(b), b))
    }

    /// True when sessions that end together stand by their start (Java: `TimeFirstSessionKeySchema`).
    pub(crate) fn by_start(&self) -> bool {
        self.layout.indexed && self.layout.time == TimeInKey::Session && !self.exact
    }

    /// The segments that may hold rows of a span of time, in order of time.
    pub(crate) fn between(&self, from: i64, to: i64) -> impl DoubleEndedIterator<Item = i64> {
        let (from, to) = (self.segment(from.max(0)), self.segment(to.max(0)));
        let known = if from <= to { Some(self.known.range(from..=to).copied()) } else { None };
        known.into_iter().flatten()
    }

    /// The index of a span of time.
    pub(crate) fn index_range(from: i64, to: i64) -> KeyRange {
        let bound = |time: i64| [INDEX, time.max(0).to_be_bytes()].concat();
        KeyRange::half_open(&bound(from), &bound(to.saturating_add(1)))
    }

    /// All rows, without the index.
    pub(crate) fn all_rows() -> KeyRange {
        KeyRange::half_open(&[], &INDEX)
    }

    /// The key of a row that lies at `place`.
    pub(crate) fn key_at(place: &[u8]) -> &[u8] {
        place.get(size_of::<i64>()..).unwrap_or_default()
    }

    /// The key that an index row points to.
    pub(crate) fn indexed_key(place: &[u8]) -> &[u8] {
        place.get(2 * size_of::<i64>()..).unwrap_or_default()
    }

    /// Notes that a segment holds rows, when the store is opened.
    pub(crate) fn found(&mut self, place: &[u8]) -> Option<i64> {
        let segment = place.first_chunk().map(|bytes| i64::from_be_bytes(*bytes))?;
        self.known.insert(segment);
        Some(segment)
    }

    /// Rows that came too late since the last call.
    pub(crate) fn take_expired(&mut self) -> u64 {
        std::mem::take(&mut self.expired)
    }

    /// Notes a row that was written to the cache.
    #[inline]
    pub(crate) fn note_recent(&mut self, key: &[u8]) {
        if let Some(recent) = &mut self.recent
            && !recent.contains(key)
        {
            recent.insert(key.into());
        }
    }

    /// What readers of a shared store must know.
    pub(crate) fn times(&self) -> Times {
        Times { stream_time: self.stream_time, segments: self.known.clone() }
    }

    /// Takes over what the writer of a shared store knows.
    pub(crate) fn follow(&mut self, times: &Times) {
        self.stream_time = times.stream_time;
        self.known.clone_from(&times.segments);
    }

    /// Forgets what was not committed. A changelog that is read again must not find its records late.
    pub(crate) fn abort(&mut self) {
        self.recent = None;
        self.sequence = 0;
        self.stream_time = self.committed_time;
        self.known.append(&mut self.dropping);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(retention_ms: i64, exact: bool) -> Segments {
        let layout = WindowLayout {
            retention_ms,
            size_ms: 10,
            ..WindowLayout::of_windows(<_>::default(), <_>::default())
        };
        Segments::new(layout, exact)
    }

    fn key(start: i64) -> Vec<u8> {
        [b"k".as_slice(), &start.to_be_bytes(), &[0; 4]].concat()
    }

    #[test]
    fn an_index_is_dropped_with_its_rows() {
        let mut segments = segments(100_000, false);
        segments.layout.indexed = true;
        for start in [0, 170_000] {
            let (_, index) = segments.admit(&key(start)).unwrap();
            assert!(index.is_some());
        }
        let [_, index] = segments.take_drops().unwrap();
        assert!(index.contains(&[&INDEX, &0_i64.to_be_bytes(), key(0).as_slice()].concat()));
    }

    #[test]
    fn rows_hide_to_the_millisecond_and_go_by_segment() {
        let mut segments = segments(100_000, false);
        assert!(segments.admit(&key(0)).is_some());
        assert!(segments.admit(&key(120_000)).is_some());
        assert!(segments.visible(&key(20_000)).is_none());
        assert!(segments.visible(&key(20_001)).is_some());
        assert!(segments.admit(&key(0)).is_some(), "its segment is live: 0 to 60 s");
        assert!(segments.admit(&key(170_000)).is_some());
        assert!(segments.admit(&key(0)).is_none());
        assert_eq!(segments.take_expired(), 1);
        let [rows, _] = segments.take_drops().unwrap();
        assert!(rows.contains(&[&0_i64.to_be_bytes(), key(0).as_slice()].concat()));
        assert!(segments.take_drops().is_none());
    }

    #[test]
    fn in_memory_rows_expire_at_once() {
        let mut segments = segments(30, true);
        assert!(segments.admit(&key(100)).is_some());
        assert!(segments.admit(&key(70)).is_none());
        assert!(segments.admit(&key(71)).is_some());
    }
}
