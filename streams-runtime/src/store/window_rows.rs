//! Reads of rows with a time in their key, by key and by time.

use std::ops::RangeBounds;

use rustc_hash::FxHashMap;

use super::backend::{Cursor, KeyRange, Order};
use super::byte_store::ByteStore;
use super::segments::Segments;
use super::slot_index::hash;
use super::typed::{RowFormat, TypedStore, is_by_time};
use super::{StoreError, TimeInKey};
use crate::serdes::{Window, Windowed};

/// A row as bytes: key and stored value.
pub(super) type RawRow = (Vec<u8>, Vec<u8>);

/// Which rows a read by time finds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shown {
    /// Those within the retention.
    Visible,
    /// Those that emission on close finds: from `Segments::first_ended` on.
    Ended,
}

impl ByteStore {
    /// The visible rows of one user's key with a time from `from` to `to`, in order of time.
    pub(crate) fn rows_of_key(
        &self,
        key: &[u8],
        from: i64,
        to: i64,
    ) -> Result<Vec<RawRow>, StoreError> {
        let Some(segments) = &self.segments else { return Ok(Vec::new()) };
        let time = segments.layout.time;
        let from = from.max(segments.first_visible());
        let mut rows = Vec::new();
        for segment in segments.between(from, to) {
            let range = time.range(&segment.to_be_bytes(), key, from, to);
            let length = size_of::<i64>() + key.len() + time.suffix();
            self.collect(&range, &mut rows, |place| place.len() == length)?;
        }
        Ok(rows)
    }

    /// The rows of all keys with a time from `from` to `to`, in the order of `Segments::compare`.
    pub(crate) fn rows_of_time(
        &mut self,
        (from, to): (i64, i64),
        shown: Shown,
    ) -> Result<Vec<RawRow>, StoreError> {
        let Some(segments) = &self.segments else { return Ok(Vec::new()) };
        let time = segments.layout.time;
        let from = from.max(match shown {
            Shown::Visible => segments.first_visible(),
            Shown::Ended => segments.first_ended(),
        });
        if from > to {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        if !segments.layout.indexed {
            for segment in segments.between(from, to) {
                let range = KeyRange::prefix(&segment.to_be_bytes());
                self.collect(&range, &mut rows, |place| {
                    (from..=to).contains(&time.of(Segments::key_at(place)))
                })?;
            }
            if segments.by_time() {
                rows.sort_by(|(a, _), (b, _)| segments.compare(a, b));
            }
            return Ok(rows);
        }
        let index = Segments::index_range(from, to);
        let mut entries = self.committed_and_pending(&index, Order::Ascending)?;
        let mut keys = Vec::new();
        while let Some((place, _)) = entries.row() {
            keys.push(Segments::indexed_key(place).to_vec());
            entries.advance()?;
        }
        drop(entries);
        for key in keys {
            let mut value = Vec::new();
            let found = match shown {
                Shown::Visible => self.get(&key, &mut value)?,
                Shown::Ended => self.get_hidden(&key, &mut value)?,
            };
            if found {
                rows.push((key, value));
            }
        }
        if let Some(segments) = self.segments.as_ref().filter(|segments| segments.by_start()) {
            rows.sort_by(|(a, _), (b, _)| segments.compare(a, b));
        }
        Ok(rows)
    }

    /// The visible rows of a range of keys, in their order; every segment is read.
    pub(super) fn timed_range(
        &self,
        range: &KeyRange,
        order: Order,
    ) -> Result<Box<dyn Cursor + '_>, StoreError> {
        let mut rows = Vec::new();
        if let Some(segments) = &self.segments {
            let (time, first) = (segments.layout.time, segments.first_visible());
            self.collect(&Segments::all_rows(), &mut rows, |place| {
                let key = Segments::key_at(place);
                time.of(key) >= first && range.contains(key)
            })?;
        }
        rows.sort_unstable_by(|a, b| match order {
            Order::Ascending => b.0.cmp(&a.0),
            Order::Descending => a.0.cmp(&b.0),
        });
        Ok(Box::new(Collected(rows)))
    }

    fn collect(
        &self,
        range: &KeyRange,
        rows: &mut Vec<RawRow>,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let mut cursor = self.committed_and_pending(range, Order::Ascending)?;
        while let Some((place, value)) = cursor.row() {
            if wanted(place) {
                rows.push((Segments::key_at(place).to_vec(), value.to_vec()));
            }
            cursor.advance()?;
        }
        Ok(())
    }

    /// Rows that came too late to be kept since the last call.
    pub(crate) fn take_expired(&mut self) -> u64 {
        self.segments.as_mut().map_or(0, Segments::take_expired)
    }
}

/// Rows that were read already, the next one last.
struct Collected(Vec<RawRow>);

impl Cursor for Collected {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.0.last().map(|(key, value)| (key.as_slice(), value.as_slice()))
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        self.0.pop();
        Ok(())
    }
}

impl<K, R, F> TypedStore<K, R, F>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
    F: RowFormat<R>,
{
    /// All rows that a reader sees, as bytes; those that the store has lost and the cache still has, too.
    pub(crate) fn visit_rows(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let Some(cache) = &self.cache else { return self.bytes.visit_rows(visit) };
        let mut rows = std::collections::BTreeMap::new();
        self.bytes.visit_rows(&mut |key, row| drop(rows.insert(key.to_vec(), row.to_vec())))?;
        for slot in cache.slots().filter(|slot| slot.row.is_some()) {
            if let Some(row) = self.row_bytes(slot.row.as_ref())? {
                rows.insert(slot.key_bytes.to_vec(), row);
            }
        }
        rows.iter().for_each(|(key, row)| visit(key, row));
        Ok(())
    }
}

/// A row of the store, or what the cache knows better.
enum Found<R> {
    Stored(Vec<u8>),
    Cached(R),
}

impl<K, R, F> TypedStore<Windowed<K>, R, F>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
    F: RowFormat<R>,
{
    /// A range of users' keys, as the bytes before the time in this store's keys.
    pub(crate) fn user_keys(&self, keys: &impl RangeBounds<K>) -> Result<KeyRange, StoreError> {
        let suffix = self.bytes.segments.as_ref().map_or(0, |found| found.layout.time.suffix());
        let bytes = |key: &K| {
            let any = Windowed { key: key.clone(), window: Window { start: 0, end: 0 } };
            let mut bytes = self.key_bytes(&any)?;
            bytes.truncate(bytes.len().saturating_sub(suffix));
            Ok(bytes)
        };
        KeyRange::of(keys, bytes)
    }

    /// The rows of a range of users' keys with a time from `from` to `to`, those that only the cache knows
    /// included; by time and key in memory and where there is an index, else by segment and key.
    pub(crate) fn rows_between(
        &mut self,
        keys: &KeyRange,
        (from, to): (i64, i64),
        order: Order,
        shown: Shown,
    ) -> Result<Vec<(Windowed<K>, R)>, StoreError> {
        let Some(time) = self.bytes.segments.as_ref().map(|segments| segments.layout.time) else {
            return Ok(Vec::new());
        };
        self.begin_read();
        let stored = self.bytes.rows_of_time((from, to), shown)?;
        let mut rows = Vec::with_capacity(stored.len());
        rows.extend(stored.into_iter().map(|(key, row)| (key, Found::Stored(row))));
        self.lay_cached_times_over((from, to), &mut rows);
        self.touch_cached(keys, (from, to), order);
        rows.retain(|(key, _)| keys.contains(&key[..key.len().saturating_sub(time.suffix())]));
        if order == Order::Descending {
            rows.reverse();
        }
        let read = rows.into_iter().map(|(key, row)| {
            let row = match row {
                Found::Stored(bytes) => self.read_row(&bytes)?,
                Found::Cached(row) => row,
            };
            Ok((self.read_key(&key)?, row))
        });
        read.collect()
    }

    /// Makes the cached rows that Java's cache comes by on such a read those that were used last.
    ///
    /// It goes through segments and keys, and filters times behind that; sessions, and windows of all keys, have
    /// it go through everything.
    fn touch_cached(&self, keys: &KeyRange, (from, to): (i64, i64), order: Order) {
        let (Some(cache), Some(segments)) = (&self.cache, &self.bytes.segments) else { return };
        let time = segments.layout.time;
        let segment = |key: &[u8]| segments.cached_segment(time.of(key));
        let (first, last) = (segments.cached_segment(from.max(0)), segments.cached_segment(to));
        let all = time == TimeInKey::Session || keys.lower().is_empty() && keys.upper().is_none();
        let is_passed = |key: &[u8]| {
            let at = segment(key);
            let in_segments = at <= last && (at >= first || !self.bytes.backend.persistent());
            let is_key = !self.bytes.backend.persistent()
                || keys.contains(&key[..key.len().saturating_sub(time.suffix())]);
            all || in_segments && is_key
        };
        let slots = cache.slots().map(|slot| &*slot.key_bytes);
        let mut passed: Vec<&[u8]> = slots.filter(|key| is_passed(key)).collect();
        if is_by_time(&self.bytes) {
            // up to the first one that is too late
            passed.retain(|key| time.of(key) >= from && segment(key) <= last);
            passed.sort_unstable_by(|a, b| (time.of(a), a).cmp(&(time.of(b), b)));
            let wanted = passed.iter().take_while(|key| time.of(key) <= to).count();
            passed.truncate(wanted + 1);
        } else {
            passed.sort_unstable_by(|a, b| (segment(a), a).cmp(&(segment(b), b)));
        }
        if order == Order::Descending {
            passed.reverse();
        }
        for ix in passed.into_iter().filter_map(|key| cache.find(hash(key), key)) {
            cache.pass(ix);
        }
    }

    /// Puts what the cache knows of a span of time in the place of stored rows.
    fn lay_cached_times_over(&self, (from, to): (i64, i64), rows: &mut Vec<(Vec<u8>, Found<R>)>) {
        let (Some(cache), Some(segments)) = (&self.cache, &self.bytes.segments) else { return };
        let time = segments.layout.time;
        let in_span = |key: &[u8]| (from..=to).contains(&time.of(key));
        let cached: FxHashMap<&[u8], Option<&R>> = cache
            .slots()
            .filter(|slot| in_span(&slot.key_bytes))
            .map(|slot| (&*slot.key_bytes, slot.row.as_ref()))
            .collect();
        if cached.is_empty() {
            return;
        }
        rows.retain(|(key, _)| !cached.contains_key(key.as_slice()));
        let known = cached.into_iter().filter_map(|(key, row)| Some((key, row?.clone())));
        rows.extend(known.map(|(key, row)| (key.to_vec(), Found::Cached(row))));
        rows.sort_by(|(a, _), (b, _)| segments.compare(a, b));
    }
}
