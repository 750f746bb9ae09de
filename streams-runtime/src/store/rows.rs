//! A typed walk over a store's rows.

use super::StoreError;
use super::backend::{Cursor, KeyRange, Order};
use super::cache::{Cache, Slot};
use super::slot_index::hash;
use super::typed::{RowFormat, TypedStore};

/// Rows of a range: those of the store, with what only the cache knows laid over them.
pub(crate) struct Rows<'a, K, R, F> {
    store: &'a TypedStore<K, R, F>,
    under: Box<dyn Cursor + 'a>,
    /// Rows of the range that only the cache knows, the next one last.
    dirty: Vec<&'a Slot<K, R>>,
    order: Order,
    failed: bool,
}

impl<'a, K, R, F> Rows<'a, K, R, F> {
    pub(crate) fn new(
        store: &'a TypedStore<K, R, F>,
        under: Box<dyn Cursor + 'a>,
        range: &KeyRange,
        order: Order,
        cache: Option<&'a Cache<K, R>>,
    ) -> Self {
        let in_range = |slot: &&Slot<K, R>| range.contains(&slot.key_bytes);
        // a clean row is the store's, unless the store has lost it
        let mut dirty: Vec<_> = match cache {
            None => Vec::new(),
            Some(cache) if store.bytes.keeps_all() => {
                cache.dirty_slots().filter(in_range).collect()
            }
            Some(cache) => cache.slots().filter(in_range).collect(),
        };
        dirty.sort_unstable_by(|a, b| match order {
            Order::Ascending => b.key_bytes.cmp(&*a.key_bytes),
            Order::Descending => a.key_bytes.cmp(&*b.key_bytes),
        });
        Self { store, under, dirty, order, failed: false }
    }
}

impl<K, R, F> Rows<'_, K, R, F>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
    F: RowFormat<R>,
{
    fn step(&mut self) -> Result<Option<(K, R)>, StoreError> {
        loop {
            let Some(slot) = self.dirty.last() else { return self.step_under() };
            let ordering = match (self.under.row(), self.order) {
                (None, _) => std::cmp::Ordering::Less,
                (Some((under, _)), Order::Ascending) => (*slot.key_bytes).cmp(under),
                (Some((under, _)), Order::Descending) => under.cmp(&slot.key_bytes),
            };
            if ordering == std::cmp::Ordering::Greater {
                return self.step_under();
            }
            if ordering == std::cmp::Ordering::Equal {
                self.under.advance()?;
            }
            let row = slot.row.as_ref().map(|row| (slot.key.clone(), row.clone()));
            self.touch(&slot.key_bytes);
            self.dirty.pop();
            if row.is_some() {
                return Ok(row);
            }
        }
    }

    /// A walk uses the cached rows that it comes by (Java: `ThreadCache.MemoryLRUCacheBytesIterator`).
    fn touch(&self, key: &[u8]) {
        let Some(cache) = &self.store.cache else { return };
        if let Some(ix) = cache.find(hash(key), key) {
            cache.pass(ix);
        }
    }

    fn step_under(&mut self) -> Result<Option<(K, R)>, StoreError> {
        let Some((key, row)) = self.under.row() else { return Ok(None) };
        self.touch(key);
        let row = (self.store.read_key(key)?, self.store.read_row(row)?);
        self.under.advance()?;
        Ok(Some(row))
    }
}

impl<K, R, F> Iterator for Rows<'_, K, R, F>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
    F: RowFormat<R>,
{
    type Item = Result<(K, R), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let row = self.step().transpose();
        self.failed = matches!(row, Some(Err(_)));
        row
    }
}
