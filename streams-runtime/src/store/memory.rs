//! The backend in memory: fast, and gone with the process.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::StoreError;
use super::backend::{Cursor, KeyRange, Order, OrderedBytes};

/// Rows in a hash map; their order is made when a range asks first, and kept up from then on.
///
/// A store on it is restored from its changelog whenever its task starts.
/// Java: `InMemoryKeyValueStore`.
#[derive(Debug, Default)]
pub struct MemoryBytes {
    rows: FxHashMap<Arc<[u8]>, Vec<u8>>,
    order: OnceLock<BTreeSet<Arc<[u8]>>>,
    offsets: FxHashMap<i32, i64>,
    for_disk: bool,
}

impl MemoryBytes {
    /// An empty place.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty place that stands for one on disk, as in the test driver: rows with a time expire as
    /// they do there.
    pub fn standing_for_disk() -> Self {
        Self { for_disk: true, ..Self::default() }
    }
}

impl OrderedBytes for MemoryBytes {
    fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        let found = self.rows.get(key);
        if let Some(value) = found {
            out.extend_from_slice(value);
        }
        Ok(found.is_some())
    }

    fn range(&self, range: &KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>, StoreError> {
        if range.is_empty() {
            return Ok(Box::new(Rows { row: None, rest: std::iter::empty() }));
        }
        let bounds = (
            Bound::Included(range.lower()),
            range.upper().map_or(Bound::Unbounded, Bound::Excluded),
        );
        let order_of_keys = self.order.get_or_init(|| self.rows.keys().map(Arc::clone).collect());
        let keys = order_of_keys.range::<[u8], _>(bounds);
        let rows = keys.filter_map(|key| Some((key.as_ref(), self.rows.get(key)?.as_slice())));
        Ok(match order {
            Order::Ascending => Box::new(Rows::start(rows)),
            Order::Descending => Box::new(Rows::start(rows.rev())),
        })
    }

    fn stage(&mut self, key: &[u8], value: Option<&[u8]>) {
        match value {
            None => {
                self.rows.remove(key);
                if let Some(order) = self.order.get_mut() {
                    order.remove(key);
                }
            }
            Some(value) => match self.rows.get_mut(key) {
                Some(row) => {
                    row.clear();
                    row.extend_from_slice(value);
                }
                None => {
                    let key: Arc<[u8]> = key.into();
                    if let Some(order) = self.order.get_mut() {
                        order.insert(Arc::clone(&key));
                    }
                    self.rows.insert(key, value.to_vec());
                }
            },
        }
    }

    fn apply(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        self.offsets.extend(offsets.iter().copied());
        Ok(())
    }

    fn offset(&self, partition: i32) -> Result<Option<i64>, StoreError> {
        Ok(self.offsets.get(&partition).copied())
    }

    fn approximate_rows(&self) -> u64 {
        self.rows.len() as u64
    }

    fn persistent(&self) -> bool {
        self.for_disk
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), StoreError> {
        *self = Self::default();
        Ok(())
    }
}

/// A walk over the map.
struct Rows<'a, I> {
    row: Option<(&'a [u8], &'a [u8])>,
    rest: I,
}

impl<'a, I: Iterator<Item = (&'a [u8], &'a [u8])>> Rows<'a, I> {
    fn start(mut rows: I) -> Self {
        Self { row: rows.next(), rest: rows }
    }
}

impl<'a, I: Iterator<Item = (&'a [u8], &'a [u8])>> Cursor for Rows<'a, I> {
    fn row(&self) -> Option<(&[u8], &[u8])> {
        self.row
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        self.row = self.rest.next();
        Ok(())
    }
}
