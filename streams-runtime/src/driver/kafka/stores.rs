//! Opens, empties and closes the stores of tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::events::lock;
use super::restore::Stores;
#[cfg(feature = "rocksdb")]
use crate::config::RocksDbSettings;
use crate::config::StreamsConfig;
use crate::dsl::BuiltTopology;
use crate::error::StreamsError;
use crate::outbox::Outbox;
use crate::store::{
    MemoryBytes, OrderedBytes, SharedBytes, StateStore, StoreError, StoreErrorKind, StorePlace,
    StoreSetup, delete_own, open_own,
};
#[cfg(feature = "rocksdb")]
use crate::store::{RocksDbBytes, RocksDbMemory, StateDirectory};
use crate::topology::{StoreIx, StorePlan, StoreType, TaskId};

/// A store with its number.
pub(super) type OpenStore = (StoreIx, Box<dyn StateStore>);

/// Where the stores of an instance live, and which of its tasks are open in some thread.
pub(crate) struct StoreRoom {
    pub(super) built: Arc<BuiltTopology>,
    open: Mutex<BTreeSet<TaskId>>,
    /// Where the global stores lie, while they are open.
    pub(super) globals: Mutex<BTreeMap<StoreIx, SharedBytes>>,
    #[cfg(feature = "rocksdb")]
    disk: Option<Disk>,
}

#[cfg(feature = "rocksdb")]
struct Disk {
    directory: StateDirectory,
    memory: RocksDbMemory,
}

impl StoreRoom {
    /// Locks the state directory when a store needs it.
    ///
    /// # Errors
    /// When another process uses the directory, or it cannot be used.
    pub(crate) fn new(
        built: Arc<BuiltTopology>,
        config: &StreamsConfig,
    ) -> Result<Self, StreamsError> {
        let mut stores = built.plan.stores.iter();
        let persistent = stores.any(|store| store.used && store.store_type == StoreType::RocksDb);
        if persistent && cfg!(not(feature = "rocksdb")) {
            tracing::info!(
                "built without the feature `rocksdb`: stores are in memory and restored at each \
                 start"
            );
        }
        let _ = config;
        Ok(Self {
            #[cfg(feature = "rocksdb")]
            disk: if persistent { Some(Disk::open(config)?) } else { None },
            built,
            open: Mutex::default(),
            globals: Mutex::default(),
        })
    }

    /// Deletes the state of tasks that no thread has and that nobody used for that long.
    pub(super) fn remove_unused(&self, age: std::time::Duration) {
        #[cfg(feature = "rocksdb")]
        if let Some(disk) = &self.disk {
            // held, so that no thread opens a task meanwhile
            let open = lock(&self.open);
            match disk.directory.remove_unused(&open, age, super::time::system_time()) {
                Ok(tasks) => {
                    for task in tasks {
                        tracing::info!(%task, "deleted its unused local state");
                    }
                }
                Err(error) => tracing::warn!("unused local state stays: {error}"),
            }
        }
        let _ = age;
    }

    /// The stores that a task uses, by number.
    pub(super) fn of_task(&self, task: TaskId) -> impl Iterator<Item = (StoreIx, &StorePlan)> {
        let plans = self.built.plan.stores.iter().enumerate();
        plans.filter_map(move |(ix, plan)| {
            let ours = plan.used && !plan.global && plan.sub_topology == Some(task.sub_topology);
            let ix = u32::try_from(ix).ok()?;
            ours.then_some((StoreIx(ix), plan))
        })
    }

    /// An outbox in which the changelogs of the task's stores have their numbers, always the same
    /// ones.
    pub(super) fn outbox(&self, task: TaskId) -> Outbox {
        let mut outbox = Outbox::default();
        for (_, plan) in self.of_task(task).filter(|(_, plan)| is_logged(plan)) {
            if let Some(changelog) = &plan.changelog {
                outbox.topic(changelog);
            }
        }
        outbox
    }

    /// Opens all stores of a task for one thread; [`StoreRoom::release`] follows their close.
    ///
    /// # Errors
    /// Of kind `InUse` while another thread of this process has the task.
    pub(super) fn open_all(&self, task: TaskId) -> Result<Vec<OpenStore>, StoreError> {
        if !lock(&self.open).insert(task) {
            let message = format!("task {task} is still open in another thread");
            return Err(StoreError::new(StoreErrorKind::InUse, message));
        }
        let mut outbox = self.outbox(task);
        let mut opened = Vec::new();
        for (ix, plan) in self.of_task(task) {
            match self.open(task, ix, plan, &mut outbox) {
                Ok(store) => opened.push((ix, store)),
                Err(error) => {
                    // the first error is the one to tell
                    let _second = self.close(task, opened);
                    return Err(error);
                }
            }
        }
        Ok(opened)
    }

    /// Closes the stores of a task and lets other threads have it.
    pub(super) fn close(&self, task: TaskId, stores: Vec<OpenStore>) -> Result<(), StreamsError> {
        let mut first = Ok(());
        for (_, mut store) in stores {
            let closed = store.close().map_err(StreamsError::from);
            if first.is_ok() {
                first = closed;
            }
        }
        lock(&self.open).remove(&task);
        first
    }

    fn open(
        &self,
        task: TaskId,
        ix: StoreIx,
        plan: &StorePlan,
        outbox: &mut Outbox,
    ) -> Result<Box<dyn StateStore>, StoreError> {
        let changelog = plan.changelog.as_deref();
        let setup = StoreSetup {
            name: &plan.name,
            backend: self.backend(Some(task), plan)?,
            changelog: changelog.filter(|_| is_logged(plan)).map(|topic| outbox.topic(topic)),
            changelog_topic: changelog.unwrap_or(&plan.name),
            partition: task.partition,
            caching: plan.caching,
            max_entries: plan.store_type.max_entries(),
        };
        (self.built.stores[ix.index()].maker)(setup)
    }

    /// Where a store of a task, or a global one, keeps its rows.
    pub(super) fn backend(
        &self,
        task: Option<TaskId>,
        plan: &StorePlan,
    ) -> Result<Box<dyn OrderedBytes>, StoreError> {
        #[cfg(feature = "rocksdb")]
        if let (StoreType::RocksDb, Some(disk)) = (&plan.store_type, &self.disk) {
            return disk.backend(task, plan);
        }
        Ok(Box::new(match &plan.store_type {
            StoreType::Own(own) => return open_own(own, &self.place(task, plan)),
            // built without the feature `rocksdb`
            StoreType::RocksDb => MemoryBytes::standing_for_disk(),
            StoreType::InMemory | StoreType::LruMap { .. } => MemoryBytes::new(),
        }))
    }

    /// Deletes what a store has and opens it empty.
    pub(super) fn wipe(
        &self,
        task: TaskId,
        ix: StoreIx,
        mut store: Box<dyn StateStore>,
    ) -> Result<Box<dyn StateStore>, StoreError> {
        store.abort();
        store.wipe()?;
        drop(store);
        let plan = &self.built.plan.stores[ix.index()];
        self.delete(Some(task), plan)?;
        self.open(task, ix, plan, &mut self.outbox(task))
    }

    /// Deletes the files of a store, which must be closed.
    pub(super) fn delete(&self, task: Option<TaskId>, plan: &StorePlan) -> Result<(), StoreError> {
        match &plan.store_type {
            #[cfg(feature = "rocksdb")]
            StoreType::RocksDb => self.disk.as_ref().map_or(Ok(()), |disk| disk.delete(task, plan)),
            StoreType::Own(own) => delete_own(own, &self.place(task, plan)),
            _ => Ok(()),
        }
    }

    /// Where a store of a task, or a global one, is in a place of the user's own.
    fn place<'a>(&'a self, task: Option<TaskId>, plan: &'a StorePlan) -> StorePlace<'a> {
        let application_id = &self.built.plan.application_id;
        StorePlace { application_id, task, store: &plan.name, changelog: plan.changelog.as_deref() }
    }
}

#[cfg(feature = "rocksdb")]
impl Disk {
    fn open(config: &StreamsConfig) -> Result<Self, StreamsError> {
        let directory = StateDirectory::open(config.state_directory(), config.application_id())?;
        Ok(Self { directory, memory: memory(config) })
    }

    fn backend(
        &self,
        task: Option<TaskId>,
        plan: &StorePlan,
    ) -> Result<Box<dyn OrderedBytes>, StoreError> {
        let topic = plan.changelog.as_deref().unwrap_or_default();
        let path = match task {
            Some(task) => self.directory.store_path(task, &plan.name)?,
            None => self.directory.global_store_path(&plan.name)?,
        };
        let opened = match RocksDbBytes::open(&plan.name, &path, topic, &self.memory) {
            Err(error) if error.wipe_mends() => {
                tracing::warn!("{error}; it is emptied and restored from its changelog");
                self.delete(task, plan)?;
                RocksDbBytes::open(&plan.name, &path, topic, &self.memory)?
            }
            opened => opened?,
        };
        Ok(Box::new(opened))
    }

    fn delete(&self, task: Option<TaskId>, plan: &StorePlan) -> Result<(), StoreError> {
        match task {
            Some(task) => self.directory.wipe_store(task, &plan.name),
            None => self.directory.wipe_global_store(&plan.name),
        }
    }
}

/// Memory of the instance's own where it says anything about it.
#[cfg(feature = "rocksdb")]
fn memory(config: &StreamsConfig) -> RocksDbMemory {
    let wanted = config.settings().rocksdb;
    if wanted == RocksDbSettings::default() {
        return RocksDbMemory::of_process(None);
    }
    let bytes = wanted.memory.unwrap_or(RocksDbMemory::DEFAULT_BYTES);
    let write_buffers = wanted.write_buffers.unwrap_or(bytes / 2);
    let store_buffer = wanted.store_buffer.unwrap_or(RocksDbMemory::DEFAULT_STORE_BUFFER);
    RocksDbMemory::with_write_buffers(bytes, write_buffers, store_buffer)
}

/// True when the store writes its own changelog.
pub(super) fn is_logged(plan: &StorePlan) -> bool {
    plan.logging && !plan.source_changelog && plan.changelog.is_some()
}

/// Stores that wait for their task, or are kept for it over a rebalance.
#[derive(Default)]
pub(super) struct Kept(pub(super) BTreeMap<TaskId, Vec<OpenStore>>);

impl Kept {
    pub(super) fn take(&mut self, task: TaskId) -> Option<Vec<OpenStore>> {
        self.0.remove(&task)
    }

    /// Takes one store out, to be replaced by [`Kept::put`].
    pub(super) fn take_store(&mut self, task: TaskId, ix: StoreIx) -> Option<Box<dyn StateStore>> {
        let stores = self.0.get_mut(&task)?;
        let at = stores.iter().position(|(known, _)| *known == ix)?;
        Some(stores.swap_remove(at).1)
    }

    pub(super) fn put(&mut self, task: TaskId, ix: StoreIx, store: Box<dyn StateStore>) {
        self.0.entry(task).or_default().push((ix, store));
    }
}

impl Stores for Kept {
    fn store(&mut self, task: TaskId, store: StoreIx) -> Option<&mut dyn StateStore> {
        let stores = self.0.get_mut(&task)?;
        let found = stores.iter_mut().find(|(ix, _)| *ix == store);
        found.map(|(_, store)| store.as_mut())
    }
}
