//! The typed write-back cache: objects by key bytes, in two orders.
//!
//! One order is that of last use (who is evicted next), the other that of last write (in which
//! order dirty rows leave). Both are links between slots, so a hit moves numbers and allocates nothing.
//! Keys are compared by their bytes, as in Java, so a key type needs no `Hash` and no `Eq`.
//!
//! Java: `NamedCache`, with bytes instead of objects.

use std::cell::{Cell, RefCell};

use super::budget::{CacheBudget, Owed};
use super::key_bytes::KeyBytes;
use super::leaving::Leaving;
use super::order::SlotOrder;
use super::slot_index::SlotIndex;
use crate::bytes::same;
use crate::record::RecordContext;

/// Bytes of a row beside its key, its value and its origin: three references, the mark of dirty rows, and
/// the origin's time, offset and partition (Java: `LRUNode`, `LRUCacheEntry`, `ProcessorRecordContext`).
const ROW_BYTES: usize = 3 * 8 + 1 + 8 + 8 + 4;

/// A slot's number; stable while the row is cached.
pub(crate) type SlotIx = u32;

/// What the store under the cache holds for a dirty row.
#[derive(Clone, Debug)]
pub(crate) enum Before<R> {
    /// Not looked up yet.
    Unknown,
    /// No row.
    Absent,
    /// A row, whose value nobody kept.
    Present,
    /// This row.
    Row(R),
}

/// One cached row.
pub(crate) struct Slot<K, R> {
    pub(crate) key_bytes: KeyBytes,
    pub(crate) key: K,
    /// The row now; `None` is a deletion that the store does not know yet.
    pub(crate) row: Option<R>,
    pub(crate) before: Before<R>,
    /// Where the last write came from; `None` on clean rows that were never written.
    pub(crate) context: Option<RecordContext>,
    /// Writes since the last flush; tells when to measure the row's size again.
    pub(crate) writes: u32,
    /// Bytes of the row's value when it was last measured.
    pub(crate) value_bytes: usize,
    dirty: bool,
    accounted: usize,
}

/// The cache of one store.
pub(crate) struct Cache<K, R> {
    slots: Vec<Option<Slot<K, R>>>,
    free: Vec<SlotIx>,
    index: SlotIndex,
    // who walks through the rows uses them, too
    used: RefCell<SlotOrder>,
    written: SlotOrder,
    dirty: usize,
    bytes: usize,
    budget: CacheBudget,
    /// True when the last call of the store put a row here; only that makes a full cache give rows up.
    pub(super) put: Cell<bool>,
    /// What a key counts beyond its bytes here: rows with a time have the number of their segment in Java.
    key_extra: usize,
}

impl<K, R> Cache<K, R> {
    pub(crate) fn new(key_extra: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            index: SlotIndex::default(),
            used: RefCell::default(),
            written: SlotOrder::default(),
            dirty: 0,
            bytes: 0,
            budget: CacheBudget::default(),
            put: Cell::new(false),
            key_extra,
        }
    }

    /// Bytes it holds.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What it shares with the other caches of its thread.
    #[inline]
    pub(crate) fn budget(&self) -> &CacheBudget {
        &self.budget
    }

    /// Counts its bytes there from now on.
    pub(crate) fn share(&mut self, budget: CacheBudget) {
        self.budget.replace(self.bytes, 0);
        budget.replace(0, self.bytes);
        self.budget = budget;
    }

    /// Rows that the store does not know yet.
    #[inline]
    pub(crate) fn dirty(&self) -> usize {
        self.dirty
    }

    /// The slot of a key.
    #[inline]
    pub(crate) fn find(&self, hash: u64, key: &[u8]) -> Option<SlotIx> {
        self.index.find(hash, |ix| same(&self.slot(ix).key_bytes, key))
    }

    #[inline]
    pub(crate) fn slot(&self, ix: SlotIx) -> &Slot<K, R> {
        self.slots[ix as usize].as_ref().expect("invariant: a linked slot is filled")
    }

    #[inline]
    pub(crate) fn slot_mut(&mut self, ix: SlotIx) -> &mut Slot<K, R> {
        self.slots[ix as usize].as_mut().expect("invariant: a linked slot is filled")
    }

    /// Adds a clean row, as the last used one. The key must not be cached; the row is to be accounted.
    pub(crate) fn insert(&mut self, hash: u64, key_bytes: &[u8], key: K, row: Option<R>) -> SlotIx {
        let slot = Slot {
            key_bytes: key_bytes.into(),
            key,
            row,
            before: Before::Unknown,
            context: None,
            writes: 0,
            value_bytes: 0,
            dirty: false,
            accounted: 0,
        };
        let ix = if let Some(ix) = self.free.pop() {
            self.slots[ix as usize] = Some(slot);
            ix
        } else {
            self.slots.push(Some(slot));
            SlotIx::try_from(self.slots.len() - 1).expect("invariant: fewer than 2^32 rows")
        };
        self.index.insert(ix, hash);
        self.used.get_mut().push(ix);
        ix
    }

    /// Makes a row the last used one.
    #[inline]
    pub(crate) fn touch(&mut self, ix: SlotIx) {
        self.used.get_mut().renew(ix);
    }

    /// [`touch`](Self::touch) for who only looks.
    pub(crate) fn pass(&self, ix: SlotIx) {
        self.used.borrow_mut().renew(ix);
    }

    /// Makes a row the last written one.
    #[inline]
    pub(crate) fn mark_dirty(&mut self, ix: SlotIx) {
        let slot = self.slot_mut(ix);
        if std::mem::replace(&mut slot.dirty, true) {
            self.written.renew(ix);
        } else {
            self.dirty += 1;
            self.written.push(ix);
        }
    }

    /// Counts the row's bytes anew, as its value or where it came from may have changed.
    #[inline]
    pub(crate) fn account(&mut self, ix: SlotIx) {
        let extra = self.key_extra;
        let slot = self.slot_mut(ix);
        let origin = slot.context.as_ref().map_or(0, origin_bytes);
        let bytes = ROW_BYTES + extra + slot.key_bytes.len() + origin + slot.value_bytes;
        if bytes != slot.accounted {
            let before = std::mem::replace(&mut slot.accounted, bytes);
            self.bytes = self.bytes - before + bytes;
            self.budget.replace(before, bytes);
        }
    }

    #[inline]
    pub(crate) fn is_dirty(&self, ix: SlotIx) -> bool {
        self.slot(ix).dirty
    }

    /// The row that was used longest ago.
    pub(crate) fn least_used(&self) -> Option<SlotIx> {
        self.used.borrow().oldest()
    }

    /// Makes all dirty rows clean and hands them out; first the one that is evicted, and gone from the cache.
    ///
    /// Deleted rows stay until [`forget`](Self::forget): who reads while the others are written sees that
    /// they are gone.
    pub(crate) fn leave(&mut self, evicted: Option<SlotIx>) -> Leaving<K, R>
    where
        K: Clone,
        R: Clone,
    {
        let mut leaving = Leaving::with_room_for(self.dirty);
        if let Some(ix) = evicted {
            let (slot, owed) = self.take(ix);
            leaving.push_evicted(slot, owed);
        }
        while let Some(ix) = self.written.oldest() {
            self.mark_clean(ix);
            let slot = self.slot_mut(ix);
            slot.writes = 0;
            leaving.push(slot);
        }
        leaving
    }

    /// Forgets the row of a key.
    pub(crate) fn forget(&mut self, hash: u64, key: &[u8]) {
        if let Some(ix) = self.find(hash, key) {
            self.remove(ix);
        }
    }

    /// All rows, in no order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot<K, R>> {
        self.slots.iter().flatten()
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// The dirty rows, oldest write first.
    pub(crate) fn dirty_slots(&self) -> impl Iterator<Item = &Slot<K, R>> {
        std::iter::successors(self.written.oldest(), |ix| self.written.after(*ix))
            .map(|ix| self.slot(ix))
    }

    /// Takes a row out of the order of writes: the store knows it now.
    pub(crate) fn mark_clean(&mut self, ix: SlotIx) {
        if self.slot(ix).dirty {
            self.written.remove(ix);
            self.slot_mut(ix).dirty = false;
            self.dirty -= 1;
        }
    }

    /// Forgets a row.
    pub(crate) fn remove(&mut self, ix: SlotIx) -> Slot<K, R> {
        self.take(ix).0
    }

    /// Forgets a row whose bytes count on for a while.
    fn take(&mut self, ix: SlotIx) -> (Slot<K, R>, Owed) {
        self.mark_clean(ix);
        self.used.get_mut().remove(ix);
        self.index.remove(ix);
        self.free.push(ix);
        let slot = self.slots[ix as usize].take().expect("invariant: a linked slot is filled");
        self.bytes -= slot.accounted;
        let owed = self.budget.owe(slot.accounted);
        (slot, owed)
    }

    /// Forgets all rows.
    pub(crate) fn clear(&mut self) {
        let mut empty = Self::new(self.key_extra);
        empty.budget = self.budget.clone();
        *self = empty;
    }
}

impl<K, R> Drop for Cache<K, R> {
    fn drop(&mut self) {
        self.budget.replace(self.bytes, 0);
    }
}

/// Bytes of where a row's last write came from, beside its numbers.
#[inline]
fn origin_bytes(context: &RecordContext) -> usize {
    let topic = context.topic.len();
    if context.headers.is_empty() {
        return topic;
    }
    // Java counts the characters of names
    let header = |header: &crate::record::Header| {
        header.key.encode_utf16().count() + header.value.as_ref().map_or(0, Vec::len)
    };
    topic + context.headers.iter().map(header).sum::<usize>()
}

impl<K, R> Slot<K, R> {
    /// Notes where a write came from. A context of the same topic without headers costs no clone.
    #[inline]
    pub(crate) fn set_context(&mut self, context: &RecordContext) {
        match &mut self.context {
            Some(known)
                if std::sync::Arc::ptr_eq(&known.topic, &context.topic)
                    && known.headers.is_empty()
                    && context.headers.is_empty() =>
            {
                known.partition = context.partition;
                known.offset = context.offset;
                known.timestamp = context.timestamp;
            }
            known => *known = Some(context.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::slot_index::hash;
    use super::*;

    fn insert(cache: &mut Cache<u32, u32>, key: u32) -> SlotIx {
        let bytes = key.to_be_bytes();
        cache.insert(hash(&bytes), &bytes, key, Some(key))
    }

    fn find(cache: &Cache<u32, u32>, key: u32) -> Option<SlotIx> {
        let bytes = key.to_be_bytes();
        cache.find(hash(&bytes), &bytes)
    }

    fn dirty(cache: &Cache<u32, u32>) -> Vec<u32> {
        cache.dirty_slots().map(|slot| slot.key).collect()
    }

    #[test]
    fn dirty_rows_keep_the_order_of_the_last_write() {
        let mut cache = Cache::new(0);
        let slots: Vec<_> = (0..4).map(|key| insert(&mut cache, key)).collect();
        for ix in [slots[2], slots[0], slots[3], slots[2], slots[2]] {
            cache.mark_dirty(ix);
        }
        assert_eq!(dirty(&cache), [0, 3, 2]);
        cache.mark_clean(slots[3]);
        assert_eq!(dirty(&cache), [0, 2]);
        cache.remove(slots[2]);
        assert_eq!((dirty(&cache), cache.dirty()), (vec![0], 1));
    }

    #[test]
    fn use_decides_who_goes_first() {
        let mut cache = Cache::new(0);
        let slots: Vec<_> = (0..3).map(|key| insert(&mut cache, key)).collect();
        cache.touch(slots[0]);
        let mut gone = Vec::new();
        while let Some(ix) = cache.least_used() {
            gone.push(cache.remove(ix).key);
        }
        assert_eq!(gone, [1, 2, 0]);
        assert_eq!(cache.bytes(), 0);
    }

    #[test]
    fn growth_and_removal_lose_no_row() {
        let mut cache = Cache::new(0);
        for key in 0..1000 {
            insert(&mut cache, key);
        }
        for key in (0..1000).step_by(3) {
            let ix = find(&cache, key).expect("cached");
            cache.remove(ix);
        }
        for key in 0..1000 {
            assert_eq!(find(&cache, key).is_none(), key % 3 == 0, "{key}");
        }
        for key in (0..1000).step_by(3) {
            insert(&mut cache, key);
        }
        assert!((0..1000).all(|key| find(&cache, key).is_some_and(|ix| cache.slot(ix).key == key)));
    }
}
