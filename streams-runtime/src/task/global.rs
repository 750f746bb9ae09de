//! `GlobalTask`: what keeps the global stores of an instance.

use std::sync::Arc;

use super::{RecordBatch, Task, TaskSettings, TaskSpec};
use crate::context::PartitionCounts;
use crate::dsl::BuiltTopology;
use crate::error::StreamsError;
use crate::store::{ChangelogRecord, StateStore};
use crate::time::Timestamp;
use crate::topology::{StoreIx, TaskId, TopologyPlan};

/// The global sub-topologies on all partitions of their topics: one task per instance, outside the group.
///
/// Its driver [`load`](Self::load)s what the topics hold before any other task starts, and gives it what
/// comes later by [`update`](Self::update). What either call wrote is committed when it returns, together
/// with the offsets it stands for. Dead letters are not sent from here, as there is no producer.
/// Java: `GlobalStateManagerImpl`, `GlobalStateUpdateTask`.
pub struct GlobalTask {
    task: Task,
    topology: Arc<BuiltTopology>,
}

impl GlobalTask {
    /// A task that writes these stores from these partitions.
    ///
    /// # Errors
    /// When a topic is none of the global ones, or a store is missing.
    pub fn new(
        topology: &Arc<BuiltTopology>,
        partitions: Vec<(Arc<str>, i32)>,
        stores: Vec<(StoreIx, Box<dyn StateStore>)>,
        settings: &TaskSettings,
    ) -> Result<Self, StreamsError> {
        let sub_topologies: Vec<u32> = global_parts(&topology.plan).collect();
        let id =
            TaskId { sub_topology: sub_topologies.first().copied().unwrap_or(0), partition: -1 };
        let spec = TaskSpec {
            sub_topologies,
            inputs: partitions,
            partition_counts: PartitionCounts::default(),
        };
        // a partition without records holds nobody up
        let settings = TaskSettings { max_task_idle_ms: None, ..settings.clone() };
        let task = Task::new(topology, id, spec, stores, &settings)?;
        Ok(Self { task, topology: Arc::clone(topology) })
    }

    /// The stores that are made of a topic, by number.
    pub fn stores_of<'p>(
        plan: &'p TopologyPlan,
        topic: &'p str,
    ) -> impl Iterator<Item = StoreIx> + 'p {
        let stores = (0..).map(StoreIx).zip(&plan.stores);
        let of_topic = stores.filter(move |(_, store)| {
            store.used && store.global && store.changelog.as_deref() == Some(topic)
        });
        of_topic.map(|(ix, _)| ix)
    }

    /// The last offset of a partition that all stores of its topic have, `None` when one has none.
    ///
    /// # Errors
    /// When a store cannot be read.
    pub fn committed_offset(
        &mut self,
        topic: &str,
        partition: i32,
    ) -> Result<Option<i64>, StreamsError> {
        let mut least = Some(i64::MAX);
        for ix in Self::stores_of(&self.topology.plan, topic) {
            let store = self.task.stores_mut().find(|(found, _)| *found == ix);
            let offset = match store {
                Some((_, store)) => store.committed_offset_of(partition)?,
                None => None,
            };
            least = least.min(offset);
        }
        Ok(least.filter(|offset| *offset != i64::MAX))
    }

    /// Takes records that were in the topic before the start.
    ///
    /// A table takes their bytes as they are; a processor of the user's own sees each record.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn load(
        &mut self,
        topic: &str,
        partition: i32,
        batch: RecordBatch,
        wall_clock: Timestamp,
    ) -> Result<(), StreamsError> {
        if self.is_processed(topic) {
            return self.update(topic, partition, batch, wall_clock);
        }
        let stores: Vec<StoreIx> = Self::stores_of(&self.topology.plan, topic).collect();
        for (_, store) in self.task.stores_mut().filter(|(ix, _)| stores.contains(ix)) {
            let mut records = (0..batch.len()).filter_map(|ix| {
                let meta = batch.meta(ix);
                // a record without a key belongs to no row
                batch.key(ix).map(|key| ChangelogRecord {
                    key,
                    value: batch.value(ix),
                    timestamp: meta.timestamp,
                    headers: &meta.headers,
                    offset: meta.offset,
                })
            });
            store.restore_partition(partition, &mut records)?;
        }
        Ok(())
    }

    /// Processes records and commits the stores.
    ///
    /// # Errors
    /// When a record fails and its handler says fail, or a store cannot be written.
    pub fn update(
        &mut self,
        topic: &str,
        partition: i32,
        batch: RecordBatch,
        wall_clock: Timestamp,
    ) -> Result<(), StreamsError> {
        self.task.add_records(topic, partition, batch);
        while self.task.process(wall_clock, usize::MAX)? > 0 {}
        if !self.task.outbox().sends().is_empty() {
            tracing::warn!(topic, partition, "what a global store would produce is not sent");
            self.task.outbox().clear();
        }
        self.task.commit_stores(&std::collections::BTreeMap::new())
    }

    /// How many records were dropped: null keys, unreadable ones, failures with a handler that says go on.
    pub fn dropped_records(&self) -> u64 {
        self.task.stats().dropped
    }

    /// Ends the processors and gives the stores back.
    pub fn into_stores(self) -> Vec<(StoreIx, Box<dyn StateStore>)> {
        self.task.into_stores()
    }

    /// True when a processor of the user's own stands behind the topic.
    fn is_processed(&self, topic: &str) -> bool {
        let plan = &self.topology.plan;
        let mut sources = plan.sources.iter();
        let source = sources.find(|source| source.topics.iter().any(|known| known == topic));
        let mut processors = self.topology.processors.iter();
        source.is_some_and(|source| {
            let part = Some(source.sub_topology);
            processors.any(|entry| plan.nodes[entry.node.index()].sub_topology == part)
        })
    }
}

/// The sub-topologies that feed global stores.
fn global_parts(plan: &TopologyPlan) -> impl Iterator<Item = u32> {
    plan.sub_topologies.iter().filter(|part| part.global).map(|part| part.id)
}
