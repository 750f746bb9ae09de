//! The one trait that every place for state has to offer: bytes in the order of their keys.

use std::collections::VecDeque;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use super::{StoreError, Times};

/// A place that keeps rows of bytes ordered by key, and the changelog offsets they stand for.
///
/// Writes are staged and become visible, and later durable, all together with their offsets in
/// [`apply`](Self::apply); nobody reads a backend between `stage` and `apply`.
///
/// **The guarantees hang on `apply`**: after a crash at any moment a durable place opens with the rows and the
/// offsets of some `apply`, whole, and of all those before it. It need not be the last one: what is missing is
/// restored from the changelog, behind the offset. A place may therefore write when it likes; only rows without their offset,
/// or an offset before its rows, lose or repeat changes. A place that keeps nothing over a close opens empty and
/// without offsets. [`BytesStoreSupplier`](super::BytesStoreSupplier) makes places of your own.
pub trait OrderedBytes: Send + Sync {
    /// Appends the value of `key` to `out`; false when there is none.
    ///
    /// # Errors
    /// When the place cannot be read.
    fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError>;

    /// The rows of a range, in one of the two orders.
    ///
    /// # Errors
    /// When the place cannot be read.
    fn range(&self, range: &KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>, StoreError>;

    /// Adds a write to the next batch: a new value, or `None` to delete the row.
    fn stage(&mut self, key: &[u8], value: Option<&[u8]>);

    /// Adds the deletion of all committed rows of a range to the next batch, before its other writes.
    ///
    /// # Errors
    /// When the place cannot be read.
    fn stage_drop(&mut self, range: &KeyRange) -> Result<(), StoreError> {
        let mut keys = Vec::new();
        let mut rows = self.range(range, Order::Ascending)?;
        while let Some((key, _)) = rows.row() {
            keys.push(key.to_vec());
            rows.advance()?;
        }
        drop(rows);
        keys.iter().for_each(|key| self.stage(key, None));
        Ok(())
    }

    /// Writes the staged rows and these offsets, all or nothing.
    ///
    /// An offset belongs to one partition of the changelog: the last record that the rows include.
    ///
    /// # Errors
    /// When the place cannot be written.
    fn apply(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError>;

    /// The offset last applied for a partition of the changelog.
    ///
    /// # Errors
    /// When the place cannot be read.
    fn offset(&self, partition: i32) -> Result<Option<i64>, StoreError>;

    /// Tells who reads this place through views of their own, with the next batch, what `times` says. A place
    /// that has no such readers does not ask.
    fn tell_times(&mut self, times: &dyn Fn() -> Times) {
        let _ = times;
    }

    /// What the writer of this place told with its last batch; `None` for the writer itself.
    fn told_times(&self) -> Option<Arc<Times>> {
        None
    }

    /// Roughly how many rows there are.
    fn approximate_rows(&self) -> u64;

    /// True when rows survive the end of the process.
    fn persistent(&self) -> bool;

    /// Makes what was applied durable.
    ///
    /// # Errors
    /// When the place cannot be written.
    fn flush(&mut self) -> Result<(), StoreError>;

    /// Makes what was applied durable and lets go of files and locks; nothing may follow.
    ///
    /// # Errors
    /// When the place cannot be written.
    fn close(&mut self) -> Result<(), StoreError>;
}

/// The direction of a range.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Order {
    /// From the lowest key up.
    Ascending,
    /// From the highest key down.
    Descending,
}

/// A walk over rows. It stands on one row at a time, so no row is copied.
pub trait Cursor {
    /// The row it stands on; `None` behind the last one.
    fn row(&self) -> Option<(&[u8], &[u8])>;

    /// Goes to the next row.
    ///
    /// # Errors
    /// When the place cannot be read.
    fn advance(&mut self) -> Result<(), StoreError>;
}

/// Rows that are in order already: the first one is the one it stands on.
impl<K: AsRef<[u8]>, V: AsRef<[u8]>> Cursor for VecDeque<(K, V)> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.front().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        self.pop_front();
        Ok(())
    }
}

/// A range of keys: from a lowest key, which belongs to it, up to a key that does not.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeyRange {
    lower: Vec<u8>,
    upper: Option<Vec<u8>>,
}

impl KeyRange {
    /// All keys.
    pub fn all() -> Self {
        Self::default()
    }

    /// The keys from `from` to `to`, both included; `None` leaves that side open.
    pub fn closed(from: Option<&[u8]>, to: Option<&[u8]>) -> Self {
        let upper = to.map(|to| {
            // the lowest key above `to`
            let mut upper = Vec::with_capacity(to.len() + 1);
            upper.extend_from_slice(to);
            upper.push(0);
            upper
        });
        Self { lower: from.unwrap_or_default().to_vec(), upper }
    }

    /// The keys from `from`, included, up to `to`, excluded.
    pub fn half_open(from: &[u8], to: &[u8]) -> Self {
        Self { lower: from.to_vec(), upper: Some(to.to_vec()) }
    }

    /// A range of typed keys, whose bytes `bytes` makes.
    pub(crate) fn of<K, E>(
        keys: &impl RangeBounds<K>,
        bytes: impl Fn(&K) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        // the lowest key above another has one more byte, a zero
        let above = |key: &K| bytes(key).map(|key| [key, vec![0]].concat());
        let lower = match keys.start_bound() {
            Bound::Included(key) => bytes(key)?,
            Bound::Excluded(key) => above(key)?,
            Bound::Unbounded => Vec::new(),
        };
        let upper = match keys.end_bound() {
            Bound::Included(key) => Some(above(key)?),
            Bound::Excluded(key) => Some(bytes(key)?),
            Bound::Unbounded => None,
        };
        Ok(Self { lower, upper })
    }

    /// The keys that begin with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Self {
        let mut upper = prefix.to_vec();
        while upper.last() == Some(&u8::MAX) {
            upper.pop();
        }
        let upper = match upper.last_mut() {
            Some(last) => {
                *last += 1;
                Some(upper)
            }
            None => None,
        };
        Self { lower: prefix.to_vec(), upper }
    }

    /// The lowest key that belongs to the range.
    pub fn lower(&self) -> &[u8] {
        &self.lower
    }

    /// The lowest key above the range; `None` when it has no end.
    pub fn upper(&self) -> Option<&[u8]> {
        self.upper.as_deref()
    }

    /// True when no key can be in it.
    pub fn is_empty(&self) -> bool {
        self.upper.as_ref().is_some_and(|upper| *upper <= self.lower)
    }

    /// True when `key` is in it.
    pub fn contains(&self, key: &[u8]) -> bool {
        key >= self.lower.as_slice()
            && self.upper.as_ref().is_none_or(|upper| key < upper.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: &KeyRange, inside: &[&[u8]], outside: &[&[u8]]) {
        for key in inside {
            assert!(range.contains(key), "{key:?} should be in {range:?}");
        }
        for key in outside {
            assert!(!range.contains(key), "{key:?} should not be in {range:?}");
        }
    }

    #[test]
    fn closed_ranges_include_both_ends() {
        let range = KeyRange::closed(Some(b"b"), Some(b"d"));
        check(&range, &[b"b", b"ca", b"d"], &[b"a", b"d\0", b"e"]);
        check(&KeyRange::closed(None, Some(b"d")), &[b"", b"d"], &[b"da"]);
        check(&KeyRange::closed(Some(b"d"), None), &[b"d", b"\xff\xff"], &[b"c"]);
    }

    #[test]
    fn prefixes_end_before_the_next_prefix() {
        check(&KeyRange::prefix(b"ab"), &[b"ab", b"ab\xff\xff"], &[b"aa", b"ac"]);
        check(&KeyRange::prefix(b"a\xff"), &[b"a\xff", b"a\xff\x00"], &[b"a", b"b"]);
        check(&KeyRange::prefix(b"\xff"), &[b"\xff", b"\xff\xff\xff"], &[b"\xfe"]);
        check(&KeyRange::prefix(b""), &[b"", b"\xff"], &[]);
    }
}
