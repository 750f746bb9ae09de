//! The global stores of a test driver: filled by a task of their own, as on a broker.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::room::place;
use super::{PARTITION, TestDriverConfig};
use crate::dsl::BuiltTopology;
use crate::error::StreamsError;
use crate::record::RecordBatch;
use crate::store::{MemoryBytes, OrderedBytes, SharedBytes, StateStore, StoreSetup, open_own};
use crate::task::GlobalTask;
use crate::time::Timestamp;
use crate::topology::{StoreIx, StorePlan, StoreType};

/// A store with its number.
type OpenStore = (StoreIx, Box<dyn StateStore>);

/// The task that fills global stores, and the places that its tasks look at.
pub(super) struct Globals {
    task: GlobalTask,
    topics: Vec<Arc<str>>,
    places: BTreeMap<StoreIx, SharedBytes>,
}

impl Globals {
    /// Opens the global stores of a topology, empty; `None` when it has none.
    pub(super) fn open(
        topology: &Arc<BuiltTopology>,
        config: &TestDriverConfig,
    ) -> Result<Option<Self>, StreamsError> {
        let sources = topology.plan.sources.iter().filter(|source| source.global);
        let topics: Vec<Arc<str>> =
            sources.flat_map(|source| &source.topics).map(|topic| Arc::from(&**topic)).collect();
        if topics.is_empty() {
            return Ok(None);
        }
        let (mut stores, mut places) = (Vec::new(), BTreeMap::new());
        for (ix, plan) in plans(topology) {
            let application_id = &topology.plan.application_id;
            let rows: Box<dyn OrderedBytes> = match &plan.store_type {
                StoreType::RocksDb => Box::new(MemoryBytes::standing_for_disk()),
                StoreType::InMemory | StoreType::LruMap { .. } => Box::new(MemoryBytes::default()),
                StoreType::Own(own) => open_own(own, &place(application_id, None, plan))?,
            };
            let max_entries = plan.store_type.max_entries();
            let writer = SharedBytes::new(&plan.name, rows);
            places.insert(ix, writer.reader());
            stores.push((ix, store(topology, ix, plan, writer, max_entries)?));
        }
        let partitions = topics.iter().map(|topic| (Arc::clone(topic), PARTITION)).collect();
        let task = GlobalTask::new(topology, partitions, stores, &config.tasks)?;
        Ok(Some(Self { task, topics, places }))
    }

    /// The topics that global stores are filled from.
    pub(super) fn topics(&self) -> &[Arc<str>] {
        &self.topics
    }

    /// The stores as other tasks see them.
    pub(super) fn views(&self, topology: &BuiltTopology) -> Result<Vec<OpenStore>, StreamsError> {
        let view = |(ix, plan): (StoreIx, &StorePlan)| {
            let place = self.places.get(&ix)?.reader();
            Some(store(topology, ix, plan, place, None).map(|store| (ix, store)))
        };
        plans(topology).filter_map(view).collect()
    }

    /// Processes a record of a global topic at once.
    pub(super) fn update(
        &mut self,
        topic: &str,
        batch: RecordBatch,
        wall_clock: Timestamp,
    ) -> Result<(), StreamsError> {
        self.task.update(topic, PARTITION, batch, wall_clock)
    }

    /// How many records were dropped on the way into the stores.
    pub(super) fn dropped(&self) -> u64 {
        self.task.dropped_records()
    }
}

fn plans(topology: &BuiltTopology) -> impl Iterator<Item = (StoreIx, &StorePlan)> {
    let plans = (0..).map(StoreIx).zip(&topology.plan.stores);
    plans.filter(|(_, plan)| plan.used && plan.global)
}

fn store(
    topology: &BuiltTopology,
    ix: StoreIx,
    plan: &StorePlan,
    place: SharedBytes,
    max_entries: Option<usize>,
) -> Result<Box<dyn StateStore>, StreamsError> {
    let setup = StoreSetup {
        name: &plan.name,
        backend: Box::new(place),
        changelog: None,
        changelog_topic: plan.changelog.as_deref().unwrap_or(&plan.name),
        partition: PARTITION,
        caching: false,
        max_entries,
    };
    Ok((topology.stores[ix.index()].maker)(setup)?)
}
