//! Where the stores of a test driver lie, and the task that is started with them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::globals::Globals;
use super::restart::History;
use super::{PARTITION, TestDriverConfig};
use crate::dsl::BuiltTopology;
use crate::error::StreamsError;
use crate::outbox::Outbox;
use crate::store::{MemoryBytes, OrderedBytes, StateStore, StorePlace, StoreSetup, open_own};
#[cfg(feature = "rocksdb")]
use crate::store::{RocksDbBytes, RocksDbMemory, StateDirectory};
use crate::task::{PartitionCounts, Task, TaskSpec};
use crate::topology::{StoreIx, StorePlan, StoreType, TaskId};

/// A store with its number.
pub(super) type OpenStore = (StoreIx, Box<dyn StateStore>);

const TASK: TaskId = TaskId { sub_topology: 0, partition: PARTITION };

/// Opens stores.
pub(super) struct StoreRoom {
    #[cfg(feature = "rocksdb")]
    disk: Option<(StateDirectory, RocksDbMemory)>,
}

impl StoreRoom {
    /// Locks the state directory, if there is one.
    pub(super) fn new(
        topology: &BuiltTopology,
        config: &TestDriverConfig,
    ) -> Result<Self, StreamsError> {
        #[cfg(feature = "rocksdb")]
        {
            let open = |path: &std::path::PathBuf| {
                let directory = StateDirectory::open(path, &topology.plan.application_id)?;
                Ok::<_, StreamsError>((directory, RocksDbMemory::of_process(None)))
            };
            Ok(Self { disk: config.state_dir.as_ref().map(open).transpose()? })
        }
        #[cfg(not(feature = "rocksdb"))]
        {
            let _ = (topology, config);
            Ok(Self {})
        }
    }

    /// Opens all stores and starts the one task with them.
    pub(super) fn start(
        &self,
        topology: &Arc<BuiltTopology>,
        config: &TestDriverConfig,
        inputs: &BTreeSet<Arc<str>>,
        history: &History,
        globals: Option<&Globals>,
    ) -> Result<Task, StreamsError> {
        let mut outbox = outbox(topology);
        let mut stores = Vec::new();
        for (ix, plan) in own_stores(topology) {
            stores.push((ix, self.open(topology, ix, plan, &mut outbox)?));
        }
        start(topology, config, inputs, (history, globals), stores)
    }

    fn open(
        &self,
        topology: &BuiltTopology,
        ix: StoreIx,
        plan: &StorePlan,
        outbox: &mut Outbox,
    ) -> Result<Box<dyn StateStore>, StreamsError> {
        let fallback = format!("{}-{}-changelog", topology.plan.application_id, plan.name);
        let setup = StoreSetup {
            name: &plan.name,
            backend: self.backend(&topology.plan.application_id, plan)?,
            changelog: logged(plan).map(|topic| outbox.topic(topic)),
            changelog_topic: plan.changelog.as_deref().unwrap_or(&fallback),
            partition: PARTITION,
            caching: plan.caching,
            max_entries: plan.store_type.max_entries(),
        };
        Ok((topology.stores[ix.index()].maker)(setup)?)
    }

    fn backend(
        &self,
        application_id: &str,
        plan: &StorePlan,
    ) -> Result<Box<dyn OrderedBytes>, StreamsError> {
        match &plan.store_type {
            StoreType::Own(own) => Ok(open_own(own, &place(application_id, Some(TASK), plan))?),
            StoreType::InMemory | StoreType::LruMap { .. } => Ok(Box::new(MemoryBytes::default())),
            #[cfg(feature = "rocksdb")]
            StoreType::RocksDb if self.disk.is_some() => {
                let (directory, memory) =
                    self.disk.as_ref().expect("invariant: looked at in the guard");
                let path = directory.store_path(TASK, &plan.name)?;
                let topic = plan.changelog.as_deref().unwrap_or_default();
                Ok(Box::new(RocksDbBytes::open(&plan.name, &path, topic, memory)?))
            }
            StoreType::RocksDb => Ok(Box::new(MemoryBytes::standing_for_disk())),
        }
    }
}

/// Where a store is in a place of the user's own.
pub(super) fn place<'a>(
    application_id: &'a str,
    task: Option<TaskId>,
    plan: &'a StorePlan,
) -> StorePlace<'a> {
    StorePlace { application_id, task, store: &plan.name, changelog: plan.changelog.as_deref() }
}

/// The stores of the task, without the global ones.
fn own_stores(topology: &BuiltTopology) -> impl Iterator<Item = (StoreIx, &StorePlan)> {
    let plans = (0..).map(StoreIx).zip(&topology.plan.stores);
    plans.filter(|(_, plan)| plan.used && !plan.global)
}

/// The changelog that a store writes itself.
fn logged(plan: &StorePlan) -> Option<&str> {
    plan.changelog.as_deref().filter(|_| plan.logging && !plan.source_changelog)
}

/// An outbox in which changelogs always have the same numbers, so that stores can go on with another.
fn outbox(topology: &BuiltTopology) -> Outbox {
    let mut outbox = Outbox::default();
    for topic in own_stores(topology).filter_map(|(_, plan)| logged(plan)) {
        outbox.topic(topic);
    }
    outbox
}

/// Starts the one task with stores that are open: they read on in their changelogs.
pub(super) fn start(
    topology: &Arc<BuiltTopology>,
    config: &TestDriverConfig,
    inputs: &BTreeSet<Arc<str>>,
    (history, globals): (&History, Option<&Globals>),
    mut stores: Vec<OpenStore>,
) -> Result<Task, StreamsError> {
    for (ix, store) in &mut stores {
        history.restore(&topology.plan.stores[ix.index()], &mut **store)?;
    }
    if let Some(globals) = globals {
        stores.extend(globals.views(topology)?);
    }
    let parts = topology.plan.sub_topologies.iter().filter(|part| !part.global);
    let spec = TaskSpec {
        sub_topologies: parts.map(|part| part.id).collect(),
        inputs: inputs.iter().map(|topic| (Arc::clone(topic), PARTITION)).collect(),
        partition_counts: PartitionCounts::all(1),
    };
    let outbox = outbox(topology);
    let mut task = Task::with_outbox(topology, TASK, spec, stores, &config.tasks, outbox)?;
    history.restore_metadata(&mut task);
    task.start(history.wall_clock_or(config.initial_wall_clock))?;
    Ok(task)
}
