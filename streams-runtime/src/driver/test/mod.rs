//! `TopologyTestDriver`: a topology in a test, without a broker.

mod config;
mod globals;
mod stores;
#[cfg(test)]
mod tests;
mod topics;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use globals::Globals;

pub use config::TestDriverConfig;
pub use stores::{StoreRow, TestKeyValueStore};
pub use topics::{IntoPart, TestInputTopic, TestOutputTopic, TestTopic, TestTopicSerdes};

use crate::dsl::{BuiltTopology, Topology};
use crate::error::{StreamsError, StreamsErrorKind};
use crate::outbox::Outbox;
use crate::record::{Headers, TopicPartition};
use crate::serdes::Serde;
use crate::store::{ChangelogRecord, MemoryBytes, StateStore, StoreSetup};
use crate::task::{PartitionCounts, RecordBatch, Task, TaskSpec};
use crate::time::Timestamp;
use crate::topology::{StoreIx, StorePlan, StoreType, TaskId};

/// The one partition that each topic has.
const PARTITION: i32 = 0;

/// A record that the topology produced, as bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducedRecord {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition that a partitioner chose.
    pub partition: Option<i32>,
    /// The key's bytes.
    pub key: Option<Vec<u8>>,
    /// The value's bytes.
    pub value: Option<Vec<u8>>,
    /// Milliseconds since the epoch; `None` leaves it to the producer's clock.
    pub timestamp: Option<i64>,
    /// Headers in order.
    pub headers: Headers,
    /// True for changelog and repartition topics.
    pub internal: bool,
}

/// Runs a topology in a test: records go in, results come out, stores can be looked into.
///
/// There is no broker, and the clock moves only when told. Every topic has one partition, and one task
/// runs the whole topology. A record that is piped in runs to its end before the call returns: what it
/// produces for topics that the topology reads is processed, too. After every record caches are flushed,
/// so a cache merges only the updates of one key by one record.
/// Java: `org.apache.kafka.streams.TopologyTestDriver`.
///
/// # Example
/// ```
/// use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::plumbing::{StreamsBuilder, Unset};
///
/// // what `topology!({ stream::<String, i64>("in").map_values(|n| n + 1).to("out"); })` stands for
/// let mut b = StreamsBuilder::new();
/// let (numbers, source) = b.stream::<String, i64>("in", Unset);
/// let (more, plus_one) = numbers.map_values(&mut b, |n| n + 1, Unset);
/// let to_out = more.to(&mut b, "out", Unset);
/// b.source(source, move |cx, record| {
///     let record = plus_one.run(cx, record);
///     to_out.run(cx, record)
/// });
/// let topology = b.finish();
///
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe("a", 1, 10)?;
/// assert_eq!(driver.output::<String, i64>("out").key_values()?, [("a".to_owned(), 2)]);
/// # Ok::<(), streams_runtime::error::StreamsError>(())
/// ```
pub struct TopologyTestDriver {
    topology: Arc<BuiltTopology>,
    config: TestDriverConfig,
    task: Task,
    inputs: BTreeSet<Arc<str>>,
    globals: Option<Globals>,
    internal: BTreeSet<String>,
    /// The next offset of each topic that records were piped or fed back to.
    offsets: BTreeMap<Arc<str>, i64>,
    /// What each internal topic holds, to restore from.
    changelogs: BTreeMap<Arc<str>, Vec<ProducedRecord>>,
    produced: VecDeque<ProducedRecord>,
    produced_topics: BTreeSet<Arc<str>>,
    wall_clock: Timestamp,
    /// Dropped by tasks that a restart ended.
    dropped_before: u64,
}

impl TopologyTestDriver {
    /// Builds the topology and starts its task with empty stores in memory.
    ///
    /// # Errors
    /// When the topology is wrong.
    pub fn new(
        topology: &Topology,
        config: impl Into<TestDriverConfig>,
    ) -> Result<Self, StreamsError> {
        let config: TestDriverConfig = config.into();
        let topology = Arc::new(topology.build(&config.topology)?);
        let plan = &topology.plan;
        let sources = plan.sources.iter().filter(|source| !source.global);
        let inputs: BTreeSet<Arc<str>> =
            sources.flat_map(|source| &source.topics).map(|topic| Arc::from(&**topic)).collect();
        let globals = Globals::open(&topology, &config)?;
        let parts = plan.sub_topologies.iter();
        let internal = parts
            .flat_map(|part| part.repartition_sources.iter().chain(&part.changelogs))
            .map(|topic| topic.name.clone())
            .collect();
        let changelogs = BTreeMap::new();
        let mut task = start(&topology, &config, &inputs, &changelogs, globals.as_ref())?;
        task.start(config.initial_wall_clock)?;
        Ok(Self {
            wall_clock: config.initial_wall_clock,
            topology,
            config,
            task,
            inputs,
            globals,
            internal,
            offsets: BTreeMap::new(),
            changelogs,
            produced: VecDeque::new(),
            produced_topics: BTreeSet::new(),
            dropped_before: 0,
        })
    }

    /// The built topology.
    pub fn topology(&self) -> &BuiltTopology {
        &self.topology
    }

    /// A typed way in: a declared topic, a name as text, or a name with two serdes.
    ///
    /// ```no_run
    /// # fn pipe(driver: &mut streams_runtime::driver::test::TopologyTestDriver)
    /// # -> Result<(), streams_runtime::error::StreamsError> {
    /// driver.input::<String, i64>("orders").pipe("a", 7, 1_000)?;
    /// # Ok(()) }
    /// ```
    pub fn input<K: 'static, V: 'static>(
        &mut self,
        topic: impl TestTopic<K, V>,
    ) -> TestInputTopic<'_, K, V> {
        TestInputTopic::new(self, topic.serdes())
    }

    /// A typed way out: a declared topic, a name as text, or a name with two serdes.
    ///
    /// Every record is read once, in the order it was produced. Internal topics can be read, too.
    pub fn output<K: 'static, V: 'static>(
        &mut self,
        topic: impl TestTopic<K, V>,
    ) -> TestOutputTopic<'_, K, V> {
        TestOutputTopic::new(self, topic.serdes())
    }

    /// Pipes a record of bytes in and runs it to its end. The time may be negative here.
    ///
    /// # Errors
    /// When the topology does not read the topic, and when processing fails.
    pub fn pipe_raw(
        &mut self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: i64,
        headers: Headers,
    ) -> Result<(), StreamsError> {
        let is_input = self.inputs.contains(topic);
        if !is_input && !self.is_global(topic) {
            return Err(self.unknown_topic(topic));
        }
        self.arrive(topic, key, value, timestamp, headers)?;
        self.complete()
    }

    fn unknown_topic(&self, topic: &str) -> StreamsError {
        let known: Vec<&str> = self
            .inputs
            .iter()
            .chain(self.globals.iter().flat_map(Globals::topics))
            .map(|topic| &**topic)
            .collect();
        StreamsError::new(
            StreamsErrorKind::Topics,
            format!("the topology does not read topic `{topic}`; it reads: {}", known.join(", ")),
        )
    }

    /// Puts a record on the topic's queue, or into the global store that reads it.
    fn arrive(
        &mut self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: i64,
        headers: Headers,
    ) -> Result<(), StreamsError> {
        let offset = match self.offsets.get_mut(topic) {
            Some(next) => std::mem::replace(next, *next + 1),
            None => {
                self.offsets.insert(Arc::from(topic), 1);
                0
            }
        };
        let mut batch = RecordBatch::default();
        batch.push(offset, timestamp, key, value, headers);
        if self.inputs.contains(topic) {
            self.task.add_records(topic, PARTITION, batch);
            return Ok(());
        }
        match &mut self.globals {
            Some(globals) => globals.update(topic, batch, self.wall_clock),
            None => Ok(()),
        }
    }

    fn is_global(&self, topic: &str) -> bool {
        self.globals.iter().flat_map(Globals::topics).any(|known| **known == *topic)
    }

    /// Processes until nothing more can be.
    fn complete(&mut self) -> Result<(), StreamsError> {
        self.collect()?;
        self.tell_lags();
        while self.task.process(self.wall_clock, 1)? > 0 {
            self.commit()?;
            self.tell_lags();
        }
        Ok(())
    }

    /// Everything that was fed back is in the task's queues: no lag is left anywhere.
    fn tell_lags(&mut self) {
        for topic in &self.inputs {
            self.task.set_lag(topic, PARTITION, Some(0));
        }
    }

    fn commit(&mut self) -> Result<(), StreamsError> {
        self.task.flush_caches()?;
        self.collect()?;
        let offsets = self.changelogs.iter().map(|(topic, records)| {
            let last = i64::try_from(records.len()).unwrap_or(i64::MAX) - 1;
            (TopicPartition::new(Arc::clone(topic), PARTITION), last)
        });
        let offsets = offsets.collect();
        self.task.commit_stores(&offsets)
    }

    /// Takes what the task wants to produce, and feeds back what the topology reads.
    fn collect(&mut self) -> Result<(), StreamsError> {
        let outbox = self.task.outbox();
        let records: Vec<ProducedRecord> = outbox
            .sends()
            .iter()
            .map(|send| ProducedRecord {
                topic: Arc::clone(outbox.topic_name(send.topic)),
                partition: send.partition,
                key: outbox.key(send).map(<[u8]>::to_vec),
                value: outbox.value(send).map(<[u8]>::to_vec),
                timestamp: send.timestamp,
                headers: send.headers.clone(),
                internal: false,
            })
            .collect();
        outbox.clear();
        for mut record in records {
            record.internal = self.internal.contains(&*record.topic);
            let topic = Arc::clone(&record.topic);
            if self.inputs.contains(&topic) || self.is_global(&topic) {
                let time = record.timestamp.unwrap_or_else(|| self.wall_clock.as_millis());
                let (key, value) = (record.key.as_deref(), record.value.as_deref());
                self.arrive(&topic, key, value, time, record.headers.clone())?;
            }
            if record.internal {
                self.changelogs.entry(Arc::clone(&topic)).or_default().push(record.clone());
            }
            self.produced_topics.insert(topic);
            self.produced.push_back(record);
        }
        Ok(())
    }

    /// Moves the wall clock on and does what becomes due: punctuates, commits, and processes what waited.
    ///
    /// # Errors
    /// When processing fails.
    pub fn advance_wall_clock(&mut self, ms: u64) -> Result<(), StreamsError> {
        let ms = i64::try_from(ms).unwrap_or(i64::MAX);
        self.wall_clock = self.wall_clock.saturating_add_millis(ms);
        self.task.punctuate(self.wall_clock)?;
        self.commit()?;
        self.complete()
    }

    /// The wall clock.
    pub fn wall_clock(&self) -> Timestamp {
        self.wall_clock
    }

    /// All records that nobody has read yet, of all topics, in the order they were produced.
    pub fn take_output(&mut self) -> Vec<ProducedRecord> {
        self.produced.drain(..).collect()
    }

    /// The next record of one topic that nobody has read yet.
    pub(super) fn next_output(&mut self, topic: &str) -> Option<ProducedRecord> {
        let at = self.produced.iter().position(|record| *record.topic == *topic)?;
        self.produced.remove(at)
    }

    /// How many records of one topic nobody has read yet.
    pub(super) fn waiting_output(&self, topic: &str) -> usize {
        self.produced.iter().filter(|record| *record.topic == *topic).count()
    }

    /// The topics that the topology has produced to so far, internal ones included.
    pub fn produced_topic_names(&self) -> Vec<String> {
        self.produced_topics.iter().map(ToString::to_string).collect()
    }

    /// How many records were dropped: null keys, unreadable ones, failures with a handler that says go
    /// on.
    pub fn dropped_records(&self) -> u64 {
        let global = self.globals.as_ref().map_or(0, Globals::dropped);
        self.dropped_before + global + self.task.stats().dropped
    }

    /// The highest time processed, -1 before the first record.
    pub fn stream_time_ms(&self) -> i64 {
        self.task.stats().stream_time_ms
    }

    /// Ends the task and starts it again, as after a crash: its stores are restored from their
    /// changelogs, and the partitions' times from the committed metadata.
    ///
    /// Stores without a changelog are empty again; global stores stay as they are. Records that were produced stay.
    ///
    /// # Errors
    /// When a store cannot be restored.
    pub fn restart(&mut self) -> Result<(), StreamsError> {
        self.dropped_before += self.task.stats().dropped;
        let metadata = self.task.all_metadata();
        let globals = self.globals.as_ref();
        self.task = start(&self.topology, &self.config, &self.inputs, &self.changelogs, globals)?;
        for (partition, text) in metadata {
            self.task.restore_metadata(&partition.topic, partition.partition, &text);
        }
        Ok(())
    }
}

/// Starts the one task, with its stores restored.
fn start(
    topology: &Arc<BuiltTopology>,
    config: &TestDriverConfig,
    inputs: &BTreeSet<Arc<str>>,
    changelogs: &BTreeMap<Arc<str>, Vec<ProducedRecord>>,
    globals: Option<&Globals>,
) -> Result<Task, StreamsError> {
    let mut outbox = Outbox::default();
    let mut stores = globals.map_or_else(|| Ok(Vec::new()), |globals| globals.views(topology))?;
    for (ix, plan) in (0..).zip(&topology.plan.stores) {
        if !plan.used || plan.global {
            continue;
        }
        let mut store = open(topology, StoreIx(ix), plan, &mut outbox)?;
        if let Some(records) = plan.changelog.as_deref().and_then(|topic| changelogs.get(topic)) {
            restore(&mut *store, records)?;
        }
        stores.push((StoreIx(ix), store));
    }
    let parts = topology.plan.sub_topologies.iter().filter(|part| !part.global);
    let spec = TaskSpec {
        sub_topologies: parts.map(|part| part.id).collect(),
        inputs: inputs.iter().map(|topic| (Arc::clone(topic), PARTITION)).collect(),
        partition_counts: PartitionCounts::all(1),
    };
    let id = TaskId { sub_topology: 0, partition: PARTITION };
    Task::with_outbox(topology, id, spec, stores, &config.tasks, outbox)
}

fn open(
    topology: &BuiltTopology,
    ix: StoreIx,
    plan: &StorePlan,
    outbox: &mut Outbox,
) -> Result<Box<dyn StateStore>, StreamsError> {
    let changelog = plan.changelog.as_deref();
    let logged = changelog.filter(|_| plan.logging && !plan.source_changelog);
    let fallback = format!("{}-{}-changelog", topology.plan.application_id, plan.name);
    let setup = StoreSetup {
        name: &plan.name,
        backend: match plan.store_type {
            StoreType::RocksDb => Box::new(MemoryBytes::standing_for_disk()),
            StoreType::InMemory | StoreType::LruMap { .. } => Box::new(MemoryBytes::default()),
        },
        changelog: logged.map(|topic| outbox.topic(topic)),
        changelog_topic: changelog.unwrap_or(&fallback),
        partition: PARTITION,
        caching: plan.caching,
        max_entries: match plan.store_type {
            StoreType::LruMap { max_entries } => Some(max_entries),
            StoreType::RocksDb | StoreType::InMemory => None,
        },
    };
    Ok((topology.stores[ix.index()].maker)(setup)?)
}

fn restore(store: &mut dyn StateStore, records: &[ProducedRecord]) -> Result<(), StreamsError> {
    let mut rows = records.iter().zip(0..).filter_map(|(record, offset)| {
        Some(ChangelogRecord {
            key: record.key.as_deref()?,
            value: record.value.as_deref(),
            timestamp: record.timestamp.unwrap_or(-1),
            headers: &record.headers,
            offset,
        })
    });
    Ok(store.restore(&mut rows)?)
}

/// Encodes one part of a record for a test topic.
fn encode<T: 'static>(
    topic: &str,
    part: &str,
    serde: &dyn Serde<T>,
    value: &T,
) -> Result<Option<Vec<u8>>, StreamsError> {
    let mut bytes = Vec::new();
    match serde.serialize(topic, value, &mut bytes) {
        Ok(crate::serdes::Encoded::Null) => Ok(None),
        Ok(crate::serdes::Encoded::Bytes) => Ok(Some(bytes)),
        Err(error) => Err(StreamsError::new(
            StreamsErrorKind::Serialization,
            format!("the {part} for topic `{topic}` does not encode"),
        )
        .caused_by(error)),
    }
}
