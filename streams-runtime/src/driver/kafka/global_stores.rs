//! Global stores: opened once for their writer, looked at by all tasks.

use super::events::lock;
use super::stores::{OpenStore, StoreRoom};
use crate::error::StreamsError;
use crate::store::{OrderedBytes, SharedBytes, StateStore, StoreError, StoreSetup};
use crate::topology::{StoreIx, StorePlan};

impl StoreRoom {
    /// Opens the global stores for their writer; [`close_globals`](Self::close_globals) follows.
    pub(super) fn open_globals(&self) -> Result<Vec<OpenStore>, StoreError> {
        let mut stores = Vec::new();
        for (ix, plan) in self.global_plans() {
            let writer = SharedBytes::new(&plan.name, self.backend(None, plan)?);
            lock(&self.globals).insert(ix, writer.reader());
            stores.push((ix, self.global_store(ix, plan, writer, plan.store_type.max_entries())?));
        }
        Ok(stores)
    }

    /// The global stores as a task sees them.
    pub(super) fn global_views(&self) -> Result<Vec<OpenStore>, StoreError> {
        let globals = lock(&self.globals);
        let views = self.global_plans().filter_map(|(ix, plan)| {
            let view = globals.get(&ix)?.reader();
            Some(self.global_store(ix, plan, view, None).map(|store| (ix, store)))
        });
        views.collect()
    }

    /// Empties a global store under those who look at it.
    pub(super) fn wipe_global(&self, ix: StoreIx) -> Result<(), StoreError> {
        let plan = &self.built.plan.stores[ix.index()];
        let Some(bytes) = lock(&self.globals).get(&ix).map(SharedBytes::reader) else {
            return Ok(());
        };
        bytes.replace(|mut old| {
            old.close()?;
            drop(old);
            self.delete(None, plan)?;
            self.backend(None, plan)
        })
    }

    /// Closes the global stores. Tasks that still look at them find nothing.
    pub(super) fn close_globals(&self, stores: Vec<OpenStore>) -> Result<(), StreamsError> {
        lock(&self.globals).clear();
        let mut first = Ok(());
        for (_, mut store) in stores {
            let closed = store.close().map_err(StreamsError::from);
            first = first.and(closed);
        }
        first
    }

    fn global_plans(&self) -> impl Iterator<Item = (StoreIx, &StorePlan)> {
        let plans = (0..).map(StoreIx).zip(&self.built.plan.stores);
        plans.filter(|(_, plan)| plan.used && plan.global)
    }

    /// Only the writer decides which rows are too many.
    fn global_store(
        &self,
        ix: StoreIx,
        plan: &StorePlan,
        bytes: SharedBytes,
        max_entries: Option<usize>,
    ) -> Result<Box<dyn StateStore>, StoreError> {
        let setup = StoreSetup {
            name: &plan.name,
            backend: Box::new(bytes) as Box<dyn OrderedBytes>,
            changelog: None,
            changelog_topic: plan.changelog.as_deref().unwrap_or(&plan.name),
            partition: 0,
            caching: false,
            max_entries,
        };
        (self.built.stores[ix.index()].maker)(setup)
    }
}
