//! A walk over the rows of one key, while its owner writes to the store.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::{Bound, Range};

use super::StoreError;
use super::backend::Order;
use super::slot_index::hash;
use super::typed::{RowFormat, TypedStore};
use super::window_rows::RawRow;
use crate::serdes::Windowed;

/// A cached row: its key's place, and what it was.
type Ahead<R> = (Range<usize>, Option<R>);

/// The rows of a key with a time in a span, in order of time or against it.
///
/// What the store has was read when the walk began; what the cache has is looked up on the way, one row ahead,
/// and becomes a row that was used. As in Kafka Streams, a row that leaves the cache before the walk comes to it
/// is passed over when the store on disk did not have it at the beginning (`MemoryLRUCacheBytesIterator`,
/// `AbstractMergedSortedCacheStoreIterator`).
pub(crate) struct Walk<R> {
    stored: VecDeque<RawRow>,
    keys: Vec<u8>,
    cached: VecDeque<Range<usize>>,
    /// The user's key, and how much is behind it in the rows' keys; rows of other keys lie between them.
    own: Vec<u8>,
    suffix: usize,
    /// The times that are wanted; a walk against the time passes all earlier ones of a segment.
    from: i64,
    /// The cached row that comes next, as it was when the one before it was passed.
    ahead: Option<Ahead<R>>,
    order: Order,
}

impl<K, R, F> TypedStore<Windowed<K>, R, F>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
    F: RowFormat<R>,
{
    /// Begins a walk over the rows of a key with a time from `from` to `to`.
    pub(crate) fn walk(
        &mut self,
        key: &Windowed<K>,
        (from, to): (i64, i64),
        order: Order,
    ) -> Result<Walk<R>, StoreError> {
        self.begin_read();
        let mut walk = Walk {
            stored: VecDeque::new(),
            keys: Vec::new(),
            cached: VecDeque::new(),
            own: Vec::new(),
            suffix: 0,
            from,
            ahead: None,
            order,
        };
        let Some(time) = self.bytes.segments.as_ref().map(|segments| segments.layout.time) else {
            return Ok(walk);
        };
        walk.own = self.key_bytes(key)?;
        walk.suffix = time.suffix();
        walk.own.truncate(walk.own.len() - walk.suffix);
        walk.stored = self.bytes.rows_of_key(&walk.own, from, to)?.into();
        self.note_cached((from, to), &mut walk);
        if order == Order::Descending {
            walk.stored.make_contiguous().reverse();
            walk.cached.make_contiguous().reverse();
        }
        Ok(walk)
    }

    /// Notes which cached rows Java's cache comes by on such a walk, in its order: by segment and key.
    ///
    /// A store on disk walks from segment to segment, one in memory through all keys from the first place to the
    /// last. What that passes besides the wanted rows matters to what is evicted next; a large cache does not
    /// look for it.
    fn note_cached(&mut self, (from, to): (i64, i64), walk: &mut Walk<R>) {
        let (Some(cache), Some(segments)) = (&self.cache, &mut self.bytes.segments) else { return };
        if segments.recent.as_ref().is_some_and(|keys| keys.len() > 2 * cache.len() + 64) {
            // most of them have left the cache
            segments.recent = None;
        }
        let mut recent = segments
            .recent
            .take()
            .unwrap_or_else(|| cache.slots().map(|slot| Box::from(&*slot.key_bytes)).collect());
        let time = segments.layout.time;
        let segment = |key: &[u8]| segments.cached_segment(time.of(key));
        let is_cached = |key: &&[u8]| cache.find(hash(key), key).is_some();
        let Walk { keys, cached, own, suffix, order, .. } = walk;
        let mut note = |key: &[u8]| {
            let start = keys.len();
            keys.extend_from_slice(key);
            cached.push_back(start..keys.len());
        };
        let (on_disk, small) = (self.bytes.backend.persistent(), cache.budget().touches_all());
        let from = match order {
            // back to where the segment begins (`CacheIteratorWrapper#currentSegmentBeginTime`)
            Order::Descending if on_disk && small => {
                segments.span_of(segments.cached_segment(from.max(0))).0
            }
            _ => from,
        };
        let span = time.range(&[], own, from, to);
        let (lower, Some(upper)) = (span.lower(), span.upper()) else { return };
        if on_disk || !small {
            let is_passed = |other: &&[u8]| {
                is_own(own, *suffix, other) || {
                    let (first, last) = segments.span_of(segment(other));
                    time.range(&[], own, from.max(first), to.min(last)).contains(other)
                }
            };
            let known = recent.range::<[u8], _>((Bound::Included(lower), Bound::Excluded(upper)));
            let known = known.map(|key| &**key).filter(is_cached).filter(is_passed);
            known.for_each(&mut note);
        } else {
            let bounds = (from.max(0), lower)..(to.max(0), upper);
            let is_passed = |other: &&[u8]| bounds.contains(&(segment(other), *other));
            let known = recent.iter().map(|key| &**key).filter(is_cached).filter(is_passed);
            let mut known: Vec<&[u8]> = known.collect();
            known.sort_by_key(|key| segment(key));
            known.into_iter().for_each(&mut note);
        }
        segments.recent = Some(std::mem::take(&mut recent));
    }

    /// The next row of a walk.
    pub(crate) fn step(
        &mut self,
        walk: &mut Walk<R>,
    ) -> Result<Option<(Windowed<K>, R)>, StoreError> {
        loop {
            if walk.ahead.is_none() {
                walk.ahead = self.look_ahead(walk)?;
            }
            let Some((place, _)) = &walk.ahead else { return self.step_stored(walk) };
            let key = &walk.keys[place.clone()];
            let ordering = match (walk.stored.front(), walk.order) {
                (None, _) => Ordering::Less,
                (Some((stored, _)), Order::Ascending) => key.cmp(stored),
                (Some((stored, _)), Order::Descending) => stored.as_slice().cmp(key),
            };
            if ordering == Ordering::Greater {
                return self.step_stored(walk);
            }
            if ordering == Ordering::Equal {
                walk.stored.pop_front();
            }
            let ahead = walk.ahead.take();
            if let Some((place, Some(row))) = ahead {
                return Ok(Some((self.read_key(&walk.keys[place])?, row)));
            }
        }
    }

    /// The next row of the walk that is cached now.
    fn look_ahead(&mut self, walk: &mut Walk<R>) -> Result<Option<Ahead<R>>, StoreError> {
        while let Some(place) = walk.cached.pop_front() {
            let key = &walk.keys[place.clone()];
            let Some(cache) = &self.cache else { return Ok(None) };
            let is_wanted = is_own(&walk.own, walk.suffix, key)
                && self
                    .bytes
                    .segments
                    .as_ref()
                    .is_some_and(|segments| segments.layout.time.of(key) >= walk.from);
            match cache.find(hash(key), key) {
                Some(ix) => {
                    cache.pass(ix);
                    if is_wanted {
                        return Ok(Some((place, cache.slot(ix).row.clone())));
                    }
                }
                // a walk through a store in memory meets what was written behind it
                None if is_wanted
                    && !self.bytes.backend.persistent()
                    && self.bytes.get(key, &mut self.row_buf)? =>
                {
                    let row = self.read_row(&self.row_buf)?;
                    return Ok(Some((place, Some(row))));
                }
                None => {}
            }
        }
        Ok(None)
    }

    fn step_stored(&self, walk: &mut Walk<R>) -> Result<Option<(Windowed<K>, R)>, StoreError> {
        let Some((key, row)) = walk.stored.pop_front() else { return Ok(None) };
        Ok(Some((self.read_key(&key)?, self.read_row(&row)?)))
    }

    /// The rows of a key with a time from `from` to `to`, in order of time or against it. Rows that only
    /// the cache knows are among them.
    pub(crate) fn rows_of(
        &mut self,
        key: &Windowed<K>,
        from: i64,
        to: i64,
        order: Order,
    ) -> Result<Vec<(Windowed<K>, R)>, StoreError> {
        let mut walk = self.walk(key, (from, to), order)?;
        let mut rows = Vec::new();
        while let Some(row) = self.step(&mut walk)? {
            rows.push(row);
        }
        Ok(rows)
    }
}

/// True for the key of a row of that user's key.
fn is_own(own: &[u8], suffix: usize, key: &[u8]) -> bool {
    key.len() == own.len() + suffix && key.starts_with(own)
}
