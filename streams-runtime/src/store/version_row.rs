//! The past versions of one key in one segment, as bytes.
//!
//! `end of the newest (8), time of the oldest (8), (time (8), size (4)) newest first, values oldest first`; a
//! size of -1 is a deletion. A deletion that found nothing before it stands alone, with an end equal to
//! its time. Java: `RocksDBVersionedStoreSegmentValueFormatter`.

use crate::serdes::{SerdeError, WireReader};

/// The size that stands for a deletion.
const DELETED: i32 = -1;

/// Bytes of a time, and of a time with a size.
const TIME: usize = size_of::<i64>();
const ENTRY: usize = TIME + size_of::<i32>();

/// A row as it lies in the store: lookups read no more of it than they need.
#[derive(Clone, Copy)]
pub(super) struct RawRow<'a>(&'a [u8]);

/// The version that held at a time.
#[derive(Debug, PartialEq)]
pub(super) struct Held<'a> {
    pub(super) from: i64,
    pub(super) end: i64,
    /// `None` is a deletion.
    pub(super) value: Option<&'a [u8]>,
}

impl<'a> RawRow<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, SerdeError> {
        if bytes.len() < 2 * TIME + ENTRY {
            return Err(SerdeError::new("a row of versions is too short for one"));
        }
        Ok(Self(bytes))
    }

    fn time(self, at: usize) -> Option<i64> {
        self.0.get(at..)?.first_chunk().map(|bytes| i64::from_be_bytes(*bytes))
    }

    /// Until when the newest version held.
    pub(super) fn end(self) -> i64 {
        self.time(0).unwrap_or(0)
    }

    /// The time of the oldest version.
    pub(super) fn oldest(self) -> i64 {
        self.time(TIME).unwrap_or(0)
    }

    /// The version that held at `time`, if that lies before the end.
    pub(super) fn at(self, time: i64) -> Result<Option<Held<'a>>, SerdeError> {
        let short = || SerdeError::new("a row of versions ends within one");
        let (mut end, oldest) = (self.end(), self.oldest());
        let (mut entry, mut values) = (2 * TIME, self.0.len());
        loop {
            let from = self.time(entry).ok_or_else(short)?;
            let size =
                self.0.get(entry + TIME..).and_then(<[u8]>::first_chunk).ok_or_else(short)?;
            let size = usize::try_from(i32::from_be_bytes(*size)).ok();
            let start = values.checked_sub(size.unwrap_or(0));
            let start = start.filter(|start| *start >= entry + ENTRY).ok_or_else(short)?;
            if from <= time {
                let value = size.map(|_| &self.0[start..values]);
                return Ok(Some(Held { from, end, value }));
            }
            if from == oldest {
                return Ok(None);
            }
            (end, entry, values) = (from, entry + ENTRY, start);
        }
    }
}

/// Puts a version with a value on top of a row's bytes, as [`VersionRow::push_newest`] does, without reading
/// the others; false when the row needs more than that.
pub(super) fn push_newest(row: &mut Vec<u8>, from: i64, value: &[u8], end: i64) -> bool {
    let Ok(raw) = RawRow::new(row) else { return false };
    let (held_until, size) = (raw.end(), i32::try_from(value.len()));
    let (Ok(size), false) = (size, held_until == raw.oldest() || from < held_until) else {
        return false;
    };
    let mut entries = Vec::with_capacity(2 * ENTRY);
    entries.extend(from.to_be_bytes());
    entries.extend(size.to_be_bytes());
    if held_until < from {
        entries.extend(held_until.to_be_bytes());
        entries.extend(DELETED.to_be_bytes());
    }
    row.splice(2 * TIME..2 * TIME, entries);
    row[..TIME].copy_from_slice(&end.to_be_bytes());
    row.extend_from_slice(value);
    true
}

/// A version: what was written at a time; `None` is a deletion.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Version {
    pub(super) from: i64,
    pub(super) value: Option<Vec<u8>>,
}

/// The versions of a key whose ends lie in one segment.
///
/// **Invariant:** there is at least one; times fall from one version to the next, and `end` is later than
/// the first, but for a lone deletion, whose end is its own time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct VersionRow {
    /// Until when the newest version held.
    pub(super) end: i64,
    /// Newest first.
    versions: Vec<Version>,
}

impl VersionRow {
    /// A row of one version that held until `end`.
    pub(super) fn new(from: i64, value: Option<Vec<u8>>, end: i64) -> Self {
        Self { end, versions: vec![Version { from, value }] }
    }

    /// A deletion of which nobody knows what it deleted.
    pub(super) fn lone_deletion(at: i64) -> Self {
        Self::new(at, None, at)
    }

    fn is_lone_deletion(&self) -> bool {
        self.end == self.oldest()
    }

    /// The time of the oldest version.
    pub(super) fn oldest(&self) -> i64 {
        self.versions.last().map_or(self.end, |version| version.from)
    }

    /// The place of the version that held at `time`, which must lie between the oldest and the end.
    pub(super) fn at(&self, time: i64) -> Option<usize> {
        self.versions.iter().position(|version| version.from <= time)
    }

    /// The version at a place, and when it ended.
    pub(super) fn version(&self, place: usize) -> (&Version, i64) {
        let end = match place.checked_sub(1) {
            Some(newer) => self.versions[newer].from,
            None => self.end,
        };
        (&self.versions[place], end)
    }

    /// All versions with their ends, oldest first, deletions included.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = (&Version, i64)> {
        (0..self.versions.len()).rev().map(|place| self.version(place))
    }

    /// Puts a version on top that held from `from` until `end`.
    ///
    /// What the row says of the time from `from` on gives way: it is left from a write that did not end.
    pub(super) fn push_newest(&mut self, from: i64, value: Option<Vec<u8>>, end: i64) {
        if from < self.end {
            self.cut(from);
        }
        if self.is_lone_deletion() {
            if self.end == from {
                *self = Self::new(from, value, end);
                return;
            }
            self.end = from;
        } else if self.end < from {
            self.versions.insert(0, Version { from: self.end, value: None });
        }
        self.versions.insert(0, Version { from, value });
        self.end = end;
    }

    /// Puts a version under all others.
    pub(super) fn push_oldest(&mut self, from: i64, value: Option<Vec<u8>>) {
        if self.is_lone_deletion() {
            *self = Self::new(from, value, self.end);
        } else {
            self.versions.push(Version { from, value });
        }
    }

    /// Puts a version before the one at a place, which is older.
    pub(super) fn insert(&mut self, place: usize, from: i64, value: Option<Vec<u8>>) {
        self.versions.insert(place, Version { from, value });
    }

    /// Replaces the version at a place.
    pub(super) fn replace(&mut self, place: usize, from: i64, value: Option<Vec<u8>>) {
        self.versions[place] = Version { from, value };
    }

    /// Forgets all that the row says of the time from `time` on.
    fn cut(&mut self, time: i64) {
        if time <= self.oldest() {
            *self = Self::lone_deletion(time);
            return;
        }
        self.versions.retain(|version| version.from < time);
        self.end = time;
    }

    /// Appends the bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.end.to_be_bytes());
        out.extend(self.oldest().to_be_bytes());
        for Version { from, value } in &self.versions {
            let size = value.as_ref().map_or(DELETED, |value| {
                i32::try_from(value.len()).expect("invariant: a value came in a Kafka record")
            });
            out.extend(from.to_be_bytes());
            out.extend(size.to_be_bytes());
        }
        self.versions.iter().rev().for_each(|version| {
            out.extend_from_slice(version.value.as_deref().unwrap_or_default());
        });
    }

    /// Reads the bytes.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, SerdeError> {
        let mut reader = WireReader::new(bytes);
        let end = reader.i64("the end of the newest version")?;
        let oldest = reader.i64("the time of the oldest version")?;
        let mut sizes = Vec::new();
        loop {
            let from = reader.i64("the time of a version")?;
            sizes.push((from, reader.i32("the size of a version")?));
            if from == oldest {
                break;
            }
        }
        let mut versions = Vec::with_capacity(sizes.len());
        for (from, size) in sizes.into_iter().rev() {
            let value = match usize::try_from(size) {
                Ok(size) => Some(reader.bytes(size, "a version")?.to_vec()),
                Err(_) => None,
            };
            versions.push(Version { from, value });
        }
        versions.reverse();
        if !reader.is_empty() {
            return Err(SerdeError::new("there are bytes behind the versions"));
        }
        Ok(Self { end, versions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Option<Vec<u8>> {
        Some(value.as_bytes().to_vec())
    }

    fn bytes(row: &VersionRow) -> String {
        let mut out = Vec::new();
        row.write(&mut out);
        assert_eq!(&VersionRow::read(&out).unwrap(), row);
        out.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_bytes_are_those_of_kafka_streams() {
        // a@10, b@20, null@30, cc@25
        let mut row = VersionRow::new(10, text("a"), 20);
        row.push_newest(20, text("b"), 30);
        let place = row.at(25).unwrap();
        row.insert(place, 25, text("cc"));
        let want = [
            "000000000000001e",
            "000000000000000a",
            "000000000000001900000002",
            "000000000000001400000001",
            "000000000000000a00000001",
            "61",
            "62",
            "6363",
        ];
        assert_eq!(bytes(&row), want.concat());
        let lone = VersionRow::lone_deletion(5);
        assert_eq!(
            bytes(&lone),
            "00000000000000050000000000000005".to_owned() + "0000000000000005ffffffff"
        );
    }

    #[test]
    fn a_gap_before_a_new_version_is_a_deletion() {
        let mut row = VersionRow::new(10, text("a"), 20);
        row.push_newest(30, text("b"), 40);
        let all: Vec<_> =
            row.oldest_first().map(|(v, end)| (v.from, v.value.clone(), end)).collect();
        assert_eq!(all, [(10, text("a"), 20), (20, None, 30), (30, text("b"), 40)]);
        assert_eq!((row.at(35), row.at(25), row.at(10)), (Some(0), Some(1), Some(2)));
    }

    #[test]
    fn lone_deletions_give_way() {
        let mut below = VersionRow::lone_deletion(20);
        below.push_oldest(10, text("a"));
        assert_eq!(below, VersionRow::new(10, text("a"), 20));
        let mut same = VersionRow::lone_deletion(20);
        same.push_newest(20, text("a"), 30);
        assert_eq!(same, VersionRow::new(20, text("a"), 30));
        let mut later = VersionRow::lone_deletion(20);
        later.push_newest(25, text("a"), 30);
        let all: Vec<_> =
            later.oldest_first().map(|(v, end)| (v.from, v.value.clone(), end)).collect();
        assert_eq!(all, [(20, None, 25), (25, text("a"), 30)]);
    }

    #[test]
    fn what_a_broken_write_left_is_cut() {
        let mut row = VersionRow::new(10, text("a"), 20);
        row.push_newest(20, text("b"), 30);
        row.push_newest(25, text("c"), 40);
        let all: Vec<_> =
            row.oldest_first().map(|(v, end)| (v.from, v.value.clone(), end)).collect();
        assert_eq!(all, [(10, text("a"), 20), (20, text("b"), 25), (25, text("c"), 40)]);
        row.push_newest(10, text("d"), 50);
        assert_eq!(row, VersionRow::new(10, text("d"), 50));
    }

    #[test]
    fn bytes_are_read_and_grow_in_place() {
        let mut row = VersionRow::new(10, text("a"), 20);
        let mut raw = Vec::new();
        row.write(&mut raw);
        for (from, value, end) in [(20, "bb", 30), (35, "", 40), (40, "cccc", 41)] {
            row.push_newest(from, text(value), end);
            assert!(push_newest(&mut raw, from, value.as_bytes(), end));
            let mut bytes = Vec::new();
            row.write(&mut bytes);
            assert_eq!(raw, bytes);
        }
        let read = RawRow::new(&raw).unwrap();
        assert_eq!((read.end(), read.oldest(), read.at(9)), (41, 10, Ok(None)));
        for time in 10..41 {
            let held = read.at(time).unwrap().unwrap();
            let (version, end) = row.version(row.at(time).unwrap());
            assert_eq!(
                (held.from, held.value, held.end),
                (version.from, version.value.as_deref(), end)
            );
        }
        assert!(!push_newest(&mut raw, 40, b"overlaps", 50));
        let mut lone = Vec::new();
        VersionRow::lone_deletion(5).write(&mut lone);
        assert!(!push_newest(&mut lone, 6, b"a", 7));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let mut out = Vec::new();
        VersionRow::new(10, text("a"), 20).write(&mut out);
        assert!(VersionRow::read(&out[..out.len() - 1]).is_err());
        assert!(RawRow::new(&out[..out.len() - 2]).is_err());
        out[2 * TIME + ENTRY - 1] = 9;
        assert!(RawRow::new(&out).unwrap().at(10).is_err());
        out[2 * TIME + ENTRY - 1] = 1;
        out.push(0);
        assert!(VersionRow::read(&out).is_err());
    }
}
