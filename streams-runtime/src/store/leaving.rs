//! Rows on their way out of a cache: taken together, then written and forwarded one by one.

use std::collections::VecDeque;
use std::mem::replace;
use std::ops::Range;

use super::budget::Owed;
use super::cache::{Before, Slot};
use super::slot_index::hash;
use super::typed::{RowFormat, TypedStore};
use super::{Eviction, StoreError, table::Flushed};
use crate::outbox::Outbox;
use crate::record::RecordContext;

/// The rows that leave with one flush, oldest write first; an evicted one before them.
///
/// They are no longer dirty, but the store knows none of them before `next_leaving` has come to it. What a row
/// sets off downstream may write to the same cache again (Java: `NamedCache.flush` is re-entrant).
pub struct Leaving<K, R> {
    rows: VecDeque<Row<K, R>>,
    /// The bytes of their keys, one after the other.
    keys: Vec<u8>,
    /// Which of these were deleted, and are still cached as such.
    deleted: Vec<Range<usize>>,
    /// The bytes of the evicted row.
    owed: Option<Owed>,
}

struct Row<K, R> {
    key_bytes: Range<usize>,
    key: K,
    row: Option<R>,
    before: Before<R>,
    context: RecordContext,
}

impl<K, R> Leaving<K, R> {
    pub(super) fn with_room_for(rows: usize) -> Self {
        let rows = VecDeque::with_capacity(rows);
        Self { rows, keys: Vec::new(), deleted: Vec::new(), owed: None }
    }

    pub(super) fn push_evicted(&mut self, slot: Slot<K, R>, owed: Owed) {
        self.owed = Some(owed);
        let key_bytes = self.note_key(&slot.key_bytes);
        let Slot { key, row, before, context, .. } = slot;
        let context = context.unwrap_or_else(RecordContext::none);
        self.rows.push_back(Row { key_bytes, key, row, before, context });
    }

    pub(super) fn push(&mut self, slot: &mut Slot<K, R>)
    where
        K: Clone,
        R: Clone,
    {
        let key_bytes = self.note_key(&slot.key_bytes);
        let before = replace(&mut slot.before, Before::Unknown);
        let context = slot.context.clone().unwrap_or_else(RecordContext::none);
        if slot.row.is_none() {
            self.deleted.push(key_bytes.clone());
        }
        let (key, row) = (slot.key.clone(), slot.row.clone());
        self.rows.push_back(Row { key_bytes, key, row, before, context });
    }

    fn note_key(&mut self, key: &[u8]) -> Range<usize> {
        let start = self.keys.len();
        self.keys.extend_from_slice(key);
        start..self.keys.len()
    }
}

impl<K, R, F> TypedStore<K, R, F>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
    F: RowFormat<R>,
{
    /// Takes all dirty rows, to be written by `next_leaving`; `None` when there are none.
    pub(crate) fn leave(&mut self) -> Option<Leaving<K, R>> {
        let cache = self.cache.as_mut().filter(|cache| cache.dirty() > 0)?;
        Some(cache.leave(None))
    }

    /// Drops the least recently used row if the store knows it.
    pub(crate) fn evict_clean(&mut self) -> Eviction {
        let Some(cache) = &mut self.cache else { return Eviction::Empty };
        match cache.least_used() {
            None => Eviction::Empty,
            Some(ix) if cache.is_dirty(ix) => Eviction::Dirty,
            Some(ix) => {
                drop(cache.remove(ix));
                Eviction::Done
            }
        }
    }

    /// Takes the least recently used row; when it is dirty, it leaves with all other dirty rows.
    pub(crate) fn evict(&mut self) -> Option<Leaving<K, R>> {
        let cache = self.cache.as_mut()?;
        let ix = cache.least_used()?;
        if !cache.is_dirty(ix) {
            drop(cache.remove(ix));
            return None;
        }
        Some(cache.leave(Some(ix)))
    }

    /// Writes the next of these rows and returns it, to be forwarded before the next one is asked for.
    ///
    /// A deletion of a row that the store never had vanishes, unless `always` is set.
    pub(crate) fn next_leaving(
        &mut self,
        leaving: &mut Leaving<K, R>,
        out: &mut Outbox,
        want_old: bool,
        always: bool,
    ) -> Result<Option<Flushed<K, R>>, StoreError> {
        while let Some(Row { key_bytes, key, row, before, context }) = leaving.rows.pop_front() {
            let key_bytes = &leaving.keys[key_bytes];
            let before = self.look_before(key_bytes, before, row.is_none(), want_old)?;
            if row.is_none() && !before.existed && !always {
                continue;
            }
            self.store(out, &context, key_bytes, &row, context.timestamp)?;
            self.note_size(key_bytes, row.as_ref());
            let timestamp = row.as_ref().and_then(|row| self.format.timestamp(row));
            let timestamp = timestamp.unwrap_or(context.timestamp);
            return Ok(Some(Flushed { key, new: row, old: before.row, timestamp, context }));
        }
        Ok(None)
    }

    /// Forgets the deleted ones of rows that have left, and no longer counts the evicted one.
    pub(crate) fn left(&mut self, leaving: Leaving<K, R>) {
        let Some(cache) = &mut self.cache else { return };
        for deleted in &leaving.deleted {
            let key = &leaving.keys[deleted.clone()];
            cache.forget(hash(key), key);
        }
    }

    /// Writes all dirty rows to the store, oldest write first, and returns what changed.
    pub(crate) fn take_dirty(
        &mut self,
        out: &mut Outbox,
        want_old: bool,
        always: bool,
    ) -> Result<Vec<Flushed<K, R>>, StoreError> {
        let leaving = self.leave();
        self.write_out(leaving, out, want_old, always)
    }

    /// Evicts the least recently used row, and writes what leaves with it.
    pub(crate) fn take_eldest(
        &mut self,
        out: &mut Outbox,
        want_old: bool,
        always: bool,
    ) -> Result<Vec<Flushed<K, R>>, StoreError> {
        let leaving = self.evict();
        self.write_out(leaving, out, want_old, always)
    }

    fn write_out(
        &mut self,
        leaving: Option<Leaving<K, R>>,
        out: &mut Outbox,
        want_old: bool,
        always: bool,
    ) -> Result<Vec<Flushed<K, R>>, StoreError> {
        let Some(mut leaving) = leaving else { return Ok(Vec::new()) };
        let mut flushed = Vec::with_capacity(leaving.rows.len());
        while let Some(row) = self.next_leaving(&mut leaving, out, want_old, always)? {
            flushed.push(row);
        }
        self.left(leaving);
        Ok(flushed)
    }

    /// Counts a row by the bytes in `row_buf`, where its serde could not tell them without writing.
    fn note_size(&mut self, key: &[u8], row: Option<&R>) {
        let Some(cache) = &mut self.cache else { return };
        if cache.budget().always_measures() || row.is_none_or(|row| self.format.len(row).is_some())
        {
            return;
        }
        let found = cache.find(hash(key), key);
        if let Some(ix) = found.filter(|ix| !cache.is_dirty(*ix)) {
            cache.slot_mut(ix).value_bytes = self.row_buf.len();
            cache.account(ix);
        }
    }
}
