//! The engine as the Kafka driver runs it: batches in, outbox out, commits.

use std::collections::BTreeMap;
use std::sync::Arc;

use streams_runtime::dsl::{BuiltTopology, Topology};
use streams_runtime::outbox::Outbox;
use streams_runtime::record::{RecordBatch, TopicPartition};
use streams_runtime::store::{MemoryBytes, StateStore, StoreSetup};
use streams_runtime::task::{PartitionCounts, Task, TaskSettings, TaskSpec};
use streams_runtime::time::Timestamp;
use streams_runtime::topology::{StoreIx, StoreType, TaskId, TopologyConfig};

use crate::{CHANGELOG, Error, Machine, Producer, RESULTS};

/// How many records a task may process before its outbox is drained.
const BUDGET: usize = 1_000;

/// A store with its number.
type OpenStore = (StoreIx, Box<dyn StateStore>);

/// One task of one partition, with stores in memory.
pub struct Engine {
    task: Task,
    inputs: Vec<Arc<str>>,
    /// By the topic's number in the outbox: its number at the producer.
    outputs: Vec<usize>,
    changelogs: Vec<TopicPartition>,
    now: Timestamp,
}

impl Engine {
    /// Opens the only task of a topology; `inputs` are its topics in the order of a poll's batches.
    ///
    /// # Errors
    /// When the topology does not plan.
    pub fn new(
        topology: &Topology,
        inputs: &[&str],
        cache_max_bytes: usize,
    ) -> Result<Self, Error> {
        let mut config = TopologyConfig::new("app");
        config.default_store_type = StoreType::InMemory;
        config.cache_max_bytes = cache_max_bytes;
        let built = Arc::new(topology.build(&config)?);
        let mut outbox = Outbox::default();
        let stores = open(&built, &mut outbox)?;
        let inputs: Vec<Arc<str>> = inputs.iter().map(|topic| Arc::from(*topic)).collect();
        let spec = TaskSpec {
            sub_topologies: built.plan.sub_topologies.iter().map(|part| part.id).collect(),
            inputs: inputs.iter().map(|topic| (Arc::clone(topic), 0)).collect(),
            partition_counts: PartitionCounts::all(1),
        };
        let mut settings = TaskSettings::new("app");
        settings.cache_max_bytes = cache_max_bytes;
        let id = TaskId { sub_topology: 0, partition: 0 };
        let mut task = Task::with_outbox(&built, id, spec, stores, &settings, outbox)?;
        for topic in &inputs {
            task.set_lag(topic, 0, Some(0));
        }
        let changelogs = built.plan.stores.iter().filter_map(|store| store.changelog.as_deref());
        let changelogs = changelogs.map(|topic| TopicPartition::new(topic, 0)).collect();
        let now = Timestamp::ZERO;
        Ok(Self { task, inputs, outputs: Vec::new(), changelogs, now })
    }

    /// Rows in the stores; those of a cache alone are not counted.
    ///
    /// # Errors
    /// When a store cannot be read.
    pub fn rows(&mut self) -> Result<u64, Error> {
        let mut rows = 0;
        for (_, store) in self.task.stores_mut() {
            store.visit_rows(&mut |_, _| rows += 1)?;
        }
        Ok(rows)
    }

    fn drain(&mut self, producer: &mut Producer) {
        let outbox = self.task.outbox();
        for send in outbox.sends() {
            let ix = send.topic.0 as usize;
            while self.outputs.len() <= ix {
                let name =
                    outbox.topic_name(streams_runtime::outbox::TopicIx(self.outputs.len() as u32));
                let changelog = self.changelogs.iter().position(|known| known.topic == *name);
                self.outputs.push(changelog.map_or(RESULTS, |store| CHANGELOG + store));
            }
            let (key, value) = outbox.parts(send);
            producer.send(self.outputs[ix], send.partition, send.timestamp, key, value);
        }
        outbox.clear();
    }
}

impl Machine for Engine {
    fn process(&mut self, poll: Vec<RecordBatch>, producer: &mut Producer) -> Result<(), Error> {
        for (topic, batch) in self.inputs.iter().zip(poll) {
            self.task.add_records(topic, 0, batch);
        }
        while self.task.process(self.now, BUDGET)? > 0 {
            self.drain(producer);
        }
        Ok(())
    }

    fn commit(&mut self, producer: &mut Producer) -> Result<(), Error> {
        self.task.flush_caches()?;
        self.drain(producer);
        std::hint::black_box(self.task.input_offsets());
        let ends = (CHANGELOG..).zip(&self.changelogs);
        let ends: BTreeMap<_, _> =
            ends.map(|(topic, place)| (place.clone(), producer.end(topic) - 1)).collect();
        self.now = Timestamp::from_millis(self.now.as_millis() + 100)?;
        Ok(self.task.commit_stores(&ends)?)
    }

    fn held_bytes(&self) -> usize {
        let stats = self.task.stats();
        stats.cache_bytes + stats.pending_bytes
    }
}

fn open(topology: &BuiltTopology, outbox: &mut Outbox) -> Result<Vec<OpenStore>, Error> {
    let mut stores = Vec::new();
    for (ix, plan) in (0..).zip(&topology.plan.stores).filter(|(_, plan)| plan.used) {
        let changelog = plan.changelog.as_deref();
        let setup = StoreSetup {
            name: &plan.name,
            backend: Box::new(MemoryBytes::new()),
            changelog: changelog.map(|topic| outbox.topic(topic)),
            changelog_topic: changelog.unwrap_or(&plan.name),
            partition: 0,
            caching: plan.caching,
            max_entries: None,
        };
        stores.push((StoreIx(ix), (topology.stores[ix as usize].maker)(setup)?));
    }
    Ok(stores)
}
