//! Rows that are written but not yet committed, laid over a backend.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::ops::Bound;

use super::StoreError;
use super::backend::{Cursor, KeyRange, Order, OrderedBytes};
use super::slot_index::{SlotIndex, hash};
use crate::bytes::{append, copy, same};

/// Bytes of memory that are kept for the next rows after a commit.
const KEPT_BYTES: usize = 1 << 20;

/// The overlay: rows in one arena, found by hash.
///
/// Their order costs more than all the rest, and most stores never ask for it. So it is made when a range
/// asks first, and kept up from then on.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    arena: Vec<u8>,
    rows: Vec<Row>,
    index: SlotIndex,
    order: OnceCell<BTreeMap<Box<[u8]>, u32>>,
    /// The row that was found last; what is read is often written next.
    last: Cell<u32>,
}

/// Where a row lies in the arena; small, as a lookup in a large overlay waits for it.
#[derive(Debug)]
struct Row {
    key: usize,
    value: usize,
    key_len: u32,
    /// `DELETED` for a row deleted since the last commit.
    value_len: u32,
    /// Bytes that may be used from the value's start on.
    room: u32,
}

const DELETED: u32 = u32::MAX;

impl Pending {
    /// The row's pending value: `None` means that the backend decides.
    #[inline]
    pub(crate) fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        if self.rows.is_empty() {
            return None;
        }
        let ix = self.find(key)?;
        Some(self.value(&self.rows[ix as usize]))
    }

    /// Writes or deletes a row. A new value takes the place of the old one where it fits.
    #[inline]
    pub(crate) fn put(&mut self, key: &[u8], value: Option<&[u8]>) {
        let last = self.last.get();
        let found = if self.is_at(last, key) { Some(last) } else { self.find(key) };
        let ix = match found {
            Some(ix) => ix,
            None => self.insert(key),
        };
        let row = &mut self.rows[ix as usize];
        let Some(value) = value else {
            row.value_len = DELETED;
            return;
        };
        row.value_len = length(value);
        if row.value_len > row.room {
            // a value that grows again and again must not fill the arena with its past
            row.room = if row.room == 0 { row.value_len } else { row.value_len.saturating_mul(2) };
            row.value = self.arena.len();
            self.arena.resize(row.value + row.room as usize, 0);
        }
        copy(&mut self.arena[row.value..row.value + value.len()], value);
    }

    fn insert(&mut self, key: &[u8]) -> u32 {
        let start = self.arena.len();
        append(&mut self.arena, key);
        let ix = u32::try_from(self.rows.len()).expect("invariant: fewer than 2^32 rows");
        let value = self.arena.len();
        self.rows.push(Row { key: start, value, key_len: length(key), value_len: 0, room: 0 });
        self.index.insert(ix, hash(key));
        if let Some(order) = self.order.get_mut() {
            order.insert(key.into(), ix);
        }
        ix
    }

    #[inline]
    fn find(&self, key: &[u8]) -> Option<u32> {
        let found = self.index.find(hash(key), |ix| self.is_at(ix, key))?;
        self.last.set(found);
        Some(found)
    }

    #[inline]
    fn is_at(&self, ix: u32, key: &[u8]) -> bool {
        self.rows.get(ix as usize).is_some_and(|row| same(self.key(row), key))
    }

    #[inline]
    fn key(&self, row: &Row) -> &[u8] {
        &self.arena[row.key..row.key + row.key_len as usize]
    }

    #[inline]
    fn value(&self, row: &Row) -> Option<&[u8]> {
        (row.value_len != DELETED)
            .then(|| &self.arena[row.value..row.value + row.value_len as usize])
    }

    /// Bytes it holds, those of values that outgrew their place included.
    pub(crate) fn bytes(&self) -> usize {
        self.arena.len() + self.rows.len() * size_of::<Row>()
    }

    /// Hands all rows to the backend's next batch, but for those of ranges that it drops, and forgets
    /// them.
    pub(crate) fn drain_into(&mut self, backend: &mut dyn OrderedBytes, dropped: &[KeyRange]) {
        for row in &self.rows {
            let key = self.key(row);
            if !dropped.iter().any(|range| range.contains(key)) {
                backend.stage(key, self.value(row));
            }
        }
        self.clear();
    }

    /// Forgets all rows.
    pub(crate) fn clear(&mut self) {
        if self.bytes() > KEPT_BYTES {
            let ordered = self.order.get().is_some();
            *self = Self::default();
            if ordered {
                self.order = OnceCell::from(BTreeMap::new());
            }
            return;
        }
        self.arena.clear();
        self.rows.clear();
        self.index.clear();
        if let Some(order) = self.order.get_mut() {
            order.clear();
        }
    }

    fn order(&self) -> &BTreeMap<Box<[u8]>, u32> {
        self.order.get_or_init(|| {
            let rows = self.rows.iter().zip(0..);
            rows.map(|(row, ix)| (self.key(row).into(), ix)).collect()
        })
    }

    /// The rows of a range as they would be after a commit.
    pub(crate) fn over<'a>(
        &'a self,
        backend: &'a dyn OrderedBytes,
        range: &KeyRange,
        order: Order,
    ) -> Result<Box<dyn Cursor + 'a>, StoreError> {
        let under = backend.range(range, order)?;
        if self.rows.is_empty() || range.is_empty() {
            return Ok(under);
        }
        let bounds = (
            Bound::Included(range.lower()),
            range.upper().map_or(Bound::Unbounded, Bound::Excluded),
        );
        let rows = self.order().range::<[u8], _>(bounds);
        let rows = rows.map(|(key, ix)| (key.as_ref(), self.value(&self.rows[*ix as usize])));
        let rows: Box<dyn Iterator<Item = PendingRow<'a>> + 'a> = match order {
            Order::Ascending => Box::new(rows),
            Order::Descending => Box::new(rows.rev()),
        };
        let mut merged = Merged { head: None, rows, under, order, on_head: false };
        merged.head = merged.rows.next();
        merged.settle()?;
        Ok(Box::new(merged))
    }
}

fn length(bytes: &[u8]) -> u32 {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length != DELETED);
    length.expect("invariant: a Kafka key or value is under 2 GiB")
}

type PendingRow<'a> = (&'a [u8], Option<&'a [u8]>);

/// Two ordered walks as one; a pending row hides the backend's row of the same key.
struct Merged<'a> {
    head: Option<PendingRow<'a>>,
    rows: Box<dyn Iterator<Item = PendingRow<'a>> + 'a>,
    under: Box<dyn Cursor + 'a>,
    order: Order,
    /// True when the current row is the pending one.
    on_head: bool,
}

impl Merged<'_> {
    /// Finds the next row to stand on, skipping deleted ones.
    fn settle(&mut self) -> Result<(), StoreError> {
        loop {
            let Some((key, value)) = self.head else {
                self.on_head = false;
                return Ok(());
            };
            let ordering = match (self.under.row(), self.order) {
                (None, _) => std::cmp::Ordering::Less,
                (Some((under, _)), Order::Ascending) => key.cmp(under),
                (Some((under, _)), Order::Descending) => under.cmp(key),
            };
            if ordering == std::cmp::Ordering::Greater {
                self.on_head = false;
                return Ok(());
            }
            if ordering == std::cmp::Ordering::Equal {
                self.under.advance()?;
            }
            if value.is_some() {
                self.on_head = true;
                return Ok(());
            }
            self.head = self.rows.next();
        }
    }
}

impl Cursor for Merged<'_> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        if !self.on_head {
            return self.under.row();
        }
        self.head.and_then(|(key, value)| value.map(|value| (key, value)))
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        if self.on_head {
            self.head = self.rows.next();
        } else {
            self.under.advance()?;
        }
        self.settle()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::memory::MemoryBytes;
    use super::*;

    #[test]
    fn values_that_are_written_again_do_not_pile_up() {
        let mut pending = Pending::default();
        for round in 0..1000usize {
            pending.put(b"same", Some(&round.to_be_bytes()));
            pending.put(b"grows", Some(&vec![0; round]));
            pending.put(b"shrinks", Some(&vec![0; 1000 - round]));
            pending.put(b"comes and goes", (round % 2 == 0).then_some(b"here"));
        }
        // each at its largest, and what the growing one left behind: half of its room, a quarter..
        assert!(pending.bytes() < 1000 + 2 * 2000 + 500, "{}", pending.bytes());
        assert_eq!(pending.get(b"same"), Some(Some(&999usize.to_be_bytes()[..])));
        assert_eq!(pending.get(b"grows").flatten().map(<[u8]>::len), Some(999));
        assert_eq!(pending.get(b"shrinks").flatten().map(<[u8]>::len), Some(1));
        assert_eq!(pending.get(b"comes and goes"), Some(None));
        assert_eq!(pending.get(b"other"), None);
        pending.clear();
        assert_eq!((pending.get(b"same"), pending.bytes()), (None, 0));
    }

    /// Keys and values of any length, over committed rows, with commits, aborts and ranges in between.
    fn steps() -> impl Strategy<Value = Vec<(u8, usize, Option<usize>)>> {
        let lengths = prop_oneof![0..40usize, 0..300usize];
        let one = (0..30u8, 0..34usize, proptest::option::of(lengths));
        proptest::collection::vec(one, 0..300)
    }

    fn rows(
        pending: &Pending,
        backend: &dyn OrderedBytes,
        order: Order,
    ) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut cursor = pending.over(backend, &KeyRange::all(), order).expect("a walk");
        let mut rows = Vec::new();
        while let Some((key, value)) = cursor.row() {
            rows.push((key.to_vec(), value.to_vec()));
            cursor.advance().expect("the next row");
        }
        rows
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn rows_over_a_backend_are_those_of_a_map(steps in steps()) {
            let (mut pending, mut backend) = (Pending::default(), MemoryBytes::default());
            let (mut model, mut committed) = (BTreeMap::new(), BTreeMap::new());
            for (number, (kind, key, value)) in steps.into_iter().enumerate() {
                let key = vec![kind % 3; key];
                match kind {
                    28 => {
                        pending.drain_into(&mut backend, &[]);
                        backend.apply(&[]).expect("applied");
                        committed = model.clone();
                    }
                    29 => {
                        pending.clear();
                        model = committed.clone();
                    }
                    _ => {
                        let value = value.map(|length| vec![number as u8; length]);
                        pending.put(&key, value.as_deref());
                        match value {
                            Some(value) => drop(model.insert(key.clone(), value)),
                            None => drop(model.remove(&key)),
                        }
                        prop_assert_eq!(pending.get(&key), Some(model.get(&key).map(Vec::as_slice)));
                    }
                }
                if number % 7 == 0 {
                    let expected: Vec<_> = model.clone().into_iter().collect();
                    prop_assert_eq!(rows(&pending, &backend, Order::Ascending), expected.clone());
                    let back: Vec<_> = expected.into_iter().rev().collect();
                    prop_assert_eq!(rows(&pending, &backend, Order::Descending), back);
                }
            }
        }
    }
}
