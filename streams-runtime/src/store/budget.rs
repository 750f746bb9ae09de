//! How many bytes the caches of a thread may hold together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Up to this budget every write of a cached row is measured.
const ALWAYS_MEASURED: usize = 1024 * 1024;

/// The largest budget under which a walk touches all that Kafka Streams' walk comes by. In memory that is every
/// row between two keys, however many: a cost of the whole cache for each record.
const ALL_TOUCHED: usize = 16 * 1024;

/// The bytes that all caches of a thread hold and may hold; clones share the count.
///
/// A write that brings the caches over the budget makes room in the cache that it went to, and in no other:
/// the least recently used rows go first. Rows count as in Kafka Streams: 45 bytes, the key, the value, and
/// of the record that wrote it the topic's name and the headers.
///
/// Java: `ThreadCache`, `NamedCache.LRUNode#size`, `ProcessorRecordContext#residentMemorySizeEstimate`.
///
/// # Example
/// ```
/// use streams_runtime::store::CacheBudget;
///
/// let budget = CacheBudget::new(10 * 1024 * 1024);
/// assert_eq!((budget.used(), budget.max()), (0, 10_485_760));
/// ```
#[derive(Clone, Debug)]
pub struct CacheBudget(Arc<Bytes>);

#[derive(Debug)]
struct Bytes {
    used: AtomicUsize,
    max: AtomicUsize,
}

impl Default for CacheBudget {
    /// No bound.
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

impl CacheBudget {
    /// A budget of so many bytes.
    pub fn new(max: usize) -> Self {
        Self(Arc::new(Bytes { used: AtomicUsize::new(0), max: AtomicUsize::new(max) }))
    }

    /// Bytes that the caches hold.
    #[inline]
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Bytes that they may hold.
    #[inline]
    pub fn max(&self) -> usize {
        self.0.max.load(Ordering::Relaxed)
    }

    /// Changes the budget; who lowers it makes the caches fit.
    pub fn set_max(&self, bytes: usize) {
        self.0.max.store(bytes, Ordering::Relaxed);
    }

    /// True when a cache has to give rows up.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.used() > self.max()
    }

    /// True when each write is measured, whatever its serde costs.
    #[inline]
    pub(crate) fn always_measures(&self) -> bool {
        self.max() <= ALWAYS_MEASURED
    }

    /// True when a walk touches the rows it comes by, and not only those it is after.
    #[inline]
    pub(super) fn touches_all(&self) -> bool {
        self.max() <= ALL_TOUCHED
    }

    /// Goes on counting bytes that a cache has given up, until the result is dropped.
    pub(super) fn owe(&self, bytes: usize) -> Owed {
        Owed { budget: self.clone(), bytes }
    }

    /// Counts bytes that take the place of others.
    pub(crate) fn replace(&self, before: usize, now: usize) {
        // wraps for what shrinks
        self.0.used.fetch_add(now.wrapping_sub(before), Ordering::Relaxed);
    }
}

/// Bytes of a row that has left its cache and is on its way downstream.
///
/// What it sets off there finds the caches as full as before (Java: `ThreadCache#maybeEvict` subtracts after
/// `NamedCache#evict` has flushed).
pub(crate) struct Owed {
    budget: CacheBudget,
    bytes: usize,
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.budget.replace(self.bytes, 0);
    }
}
