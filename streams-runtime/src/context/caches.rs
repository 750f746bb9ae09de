//! Full caches: what has to leave one goes downstream at once, as in Kafka Streams.
//!
//! **Invariant:** a cached store is settled behind each read or write that may have put a row into its cache, before
//! anything else is done, so that a row leaves where Java's `ThreadCache.maybeEvict` lets it. Whoever holds such a store
//! holds it through `Context::settled`; `Context::unsettled` is for what puts nothing there.

use std::sync::Arc;

use super::Context;
use crate::error::Stop;
use crate::operator::{Drain, FlushRun};
use crate::outbox::Outbox;
use crate::record::RecordContext;
use crate::store::{CacheBudget, Eviction, StoreRef};
use crate::topology::{NodeId, StoreIx};

/// The way out of a cache whose updates go on downstream.
#[derive(Clone)]
pub(crate) struct CacheDoor {
    pub(crate) flush: FlushRun,
    /// The user's own processors that are behind it.
    pub(crate) enters: Vec<NodeId>,
}

/// The caches of a task.
#[derive(Default)]
pub(super) struct Caches {
    budget: CacheBudget,
    /// By the number of the store.
    doors: Vec<Option<CacheDoor>>,
    /// Stores whose cache is full, and whose rows would come to a processor that is at work.
    late: Vec<StoreIx>,
    /// Transformers at work; a lookup behind any door may need one.
    transforming: usize,
}

impl Context {
    /// Says what is behind the caches, and how many bytes they may hold.
    pub(crate) fn set_caches(&mut self, budget: CacheBudget, doors: Vec<Option<CacheDoor>>) {
        self.caches.doors = doors;
        self.share_caches(budget);
    }

    /// Counts the bytes of all caches there.
    pub(crate) fn share_caches(&mut self, budget: CacheBudget) {
        for (_, store) in self.stores.iter_mut() {
            store.share_cache(&budget);
        }
        self.caches.budget = budget;
    }

    /// The bytes of this task's caches, and those that share a bound with them.
    pub(crate) fn cache_budget(&self) -> &CacheBudget {
        &self.caches.budget
    }

    /// Reads or writes a store that may have a cache, with the outbox for its changelog and the origin of the record,
    /// and then makes room if the caches hold too much.
    ///
    /// What leaves is written, logged and forwarded before this returns; behind work that failed nothing leaves.
    ///
    /// # Errors
    /// What the work says; when the store fails in making room, or what is downstream.
    #[inline]
    pub(crate) fn settled<S: 'static, T, E: From<Stop>>(
        &mut self,
        store: StoreRef<S>,
        work: impl FnOnce(&mut S, &mut Outbox, &RecordContext) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = work(self.stores.typed(store), &mut self.outbox, &self.record)?;
        self.settle(store.ix())?;
        Ok(done)
    }

    /// A store that may have a cache, for what puts no row there: walks, counts, and the flush itself.
    #[inline]
    pub(crate) fn unsettled<S: 'static>(&mut self, store: StoreRef<S>) -> &mut S {
        self.stores.typed(store)
    }

    /// [`unsettled`](Self::unsettled) with the outbox for the store's changelog.
    #[inline]
    pub(crate) fn unsettled_and_outbox<S: 'static>(
        &mut self,
        store: StoreRef<S>,
    ) -> (&mut S, &mut Outbox) {
        (self.stores.typed(store), &mut self.outbox)
    }

    #[inline]
    fn settle(&mut self, store: StoreIx) -> Result<(), Stop> {
        if self.caches.budget.is_over() { self.make_room(store) } else { Ok(()) }
    }

    #[cold]
    fn make_room(&mut self, store: StoreIx) -> Result<(), Stop> {
        if !self.stores.get(store).is_some_and(|store| store.has_put()) {
            return Ok(());
        }
        while self.caches.budget.is_over() && self.evict_one(store)? {}
        Ok(())
    }

    /// Evicts the least recently used row of a cache; false when there is none, or it has to wait.
    pub(crate) fn evict_one(&mut self, store: StoreIx) -> Result<bool, Stop> {
        let Some(rows) = self.stores.get_mut(store) else { return Ok(false) };
        match rows.evict_clean() {
            Eviction::Empty => return Ok(false),
            Eviction::Done => return Ok(true),
            Eviction::Dirty => {}
        }
        let Some(door) = self.caches.doors.get(store.index()).and_then(Option::as_ref) else {
            rows.evict_cache(&mut self.outbox)?;
            return Ok(true);
        };
        if self.caches.transforming > 0 || door.enters.iter().any(|node| self.is_at_work(*node)) {
            if !self.caches.late.contains(&store) {
                self.caches.late.push(store);
            }
            return Ok(false);
        }
        let flush = Arc::clone(&door.flush);
        flush(self, Drain::Eldest)?;
        Ok(true)
    }

    /// Makes room in the caches that had to wait for a processor.
    #[inline]
    pub(crate) fn settle_late(&mut self) -> Result<(), Stop> {
        if self.caches.late.is_empty() {
            return Ok(());
        }
        let late = std::mem::take(&mut self.caches.late);
        for store in late {
            while self.caches.budget.is_over() && self.evict_one(store)? {}
        }
        Ok(())
    }

    /// Notes that a transformer begins (`true`) or ends its work.
    pub(crate) fn transforming(&mut self, begins: bool) {
        match begins {
            true => self.caches.transforming += 1,
            false => self.caches.transforming -= 1,
        }
    }
}
