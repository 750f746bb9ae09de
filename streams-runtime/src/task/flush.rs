//! The second way out of a table, as tasks run it.

use std::sync::Arc;

use crate::context::{CacheDoor, Context};
use crate::dsl::BuiltTopology;
pub use crate::operator::{Drain, FlushRun, flush_run};
use crate::topology::StoreIx;

/// What a commit has to do with the task's stores, upstream first.
pub(super) fn flushes(topology: &BuiltTopology, cx: &Context) -> Vec<(StoreIx, Option<FlushRun>)> {
    let of_task = |store: StoreIx| cx.stores().get(store);
    let ours = |store: &StoreIx| of_task(*store).is_some();
    let flush = |store: StoreIx| {
        let cached = topology.plan.stores[store.index()].caching
            || of_task(store).is_some_and(|store| store.holds_back());
        let entry = topology.flushes.iter().find(|entry| entry.store == store);
        match entry.filter(|entry| entry.always || cached) {
            Some(entry) => Some((store, Some(Arc::clone(&entry.flush)))),
            None => cached.then_some((store, None)),
        }
    };
    topology.commit_order.iter().copied().filter(ours).filter_map(flush).collect()
}

/// The ways out of full caches, by store.
pub(super) fn cache_doors(topology: &BuiltTopology) -> Vec<Option<CacheDoor>> {
    let mut doors = vec![None; topology.plan.stores.len()];
    for entry in topology.flushes.iter().filter(|entry| !entry.always) {
        let enters = topology.processors_behind(entry.node);
        doors[entry.store.index()] = Some(CacheDoor { flush: Arc::clone(&entry.flush), enters });
    }
    doors
}
