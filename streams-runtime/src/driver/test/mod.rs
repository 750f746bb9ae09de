//! `TopologyTestDriver`: a topology in a test, without a broker.

mod config;
mod globals;
mod restart;
mod room;
mod stores;
#[cfg(test)]
mod tests;
mod timed_stores;
mod topics;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use globals::Globals;
use restart::History;
use room::StoreRoom;

pub use config::TestDriverConfig;
pub use stores::{StoreRow, TestKeyValueStore};
pub use timed_stores::{TestSessionStore, TestWindowStore};
pub use topics::{IntoPart, TestInputTopic, TestOutputTopic, TestTopic, TestTopicSerdes};

use crate::dsl::{BuiltTopology, Topology};
use crate::error::{StreamsError, StreamsErrorKind};
use crate::record::Headers;
use crate::serdes::Serde;
use crate::task::{RecordBatch, Task};
use crate::time::Timestamp;
use crate::topology::Pattern;

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
/// There is no broker, and the clock moves only when told. Every topic has one partition, also one
/// that matches a [`Pattern`] and that a test names first; each has offsets of its own. One task
/// runs the whole topology. A record that is piped in runs to its end before the call returns: what it
/// produces for topics that the topology reads is processed, too. After every record the driver commits,
/// which flushes caches, so a cache merges only the updates of one key by one record;
/// [`TestDriverConfig::with_manual_commit`] leaves it to the test when to commit.
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
    /// What lies in topics, and how far commits got.
    history: History,
    room: StoreRoom,
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
        let room = StoreRoom::new(&topology, &config)?;
        let history = History::of(plan, &internal);
        let task = room.start(&topology, &config, &inputs, &history, globals.as_ref())?;
        Ok(Self {
            wall_clock: config.initial_wall_clock,
            topology,
            config,
            task,
            inputs,
            globals,
            internal,
            history,
            room,
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
        if !self.reads(topic)? && !self.is_global(topic) {
            return Err(self.unknown_topic(topic));
        }
        let record = ProducedRecord {
            topic: Arc::from(topic),
            partition: None,
            key: key.map(<[u8]>::to_vec),
            value: value.map(<[u8]>::to_vec),
            timestamp: Some(timestamp),
            headers,
            internal: false,
        };
        self.arrive(&record, true)?;
        self.complete()?;
        Ok(())
    }

    fn unknown_topic(&self, topic: &str) -> StreamsError {
        let known: Vec<&str> = self
            .inputs
            .iter()
            .map(|topic| &**topic)
            .chain(self.globals.iter().flat_map(Globals::topics).map(|topic| &**topic))
            .chain(self.topology.plan.patterns().map(Pattern::as_str))
            .collect();
        StreamsError::new(
            StreamsErrorKind::Topics,
            format!("the topology does not read topic `{topic}`; it reads: {}", known.join(", ")),
        )
    }

    /// True for the topics of the task, which reads one that matches a pattern from now on.
    fn reads(&mut self, topic: &str) -> Result<bool, StreamsError> {
        if self.inputs.contains(topic) {
            return Ok(true);
        }
        if !self.topology.plan.has_patterns() || self.topology.plan.source_of(topic)?.is_none() {
            return Ok(false);
        }
        let topic: Arc<str> = Arc::from(topic);
        self.task.add_input(&topic, PARTITION)?;
        self.inputs.insert(topic);
        Ok(true)
    }

    /// Puts a record on the topic's queue, or into the global store that reads it.
    fn arrive(&mut self, record: &ProducedRecord, piped: bool) -> Result<(), StreamsError> {
        let waits = self.reads(&record.topic)?;
        let offset = self.history.append(record, waits, piped);
        let batch = self.batch(record, offset);
        if waits {
            self.task.add_records(&record.topic, PARTITION, batch);
            return Ok(());
        }
        match &mut self.globals {
            Some(globals) => globals.update(&record.topic, batch, self.wall_clock),
            None => Ok(()),
        }
    }

    fn batch(&self, record: &ProducedRecord, offset: i64) -> RecordBatch {
        let time = record.timestamp.unwrap_or_else(|| self.wall_clock.as_millis());
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        let mut batch = RecordBatch::default();
        batch.push(offset, time, key, value, record.headers.clone());
        batch
    }

    fn is_global(&self, topic: &str) -> bool {
        self.globals.iter().flat_map(Globals::topics).any(|known| **known == *topic)
    }

    /// Processes until nothing more can be, and says how many records it was.
    fn complete(&mut self) -> Result<usize, StreamsError> {
        let mut done = 0;
        self.collect()?;
        self.tell_lags();
        while self.task.process(self.wall_clock, 1)? > 0 {
            done += 1;
            if self.config.manual_commit && !self.task.commit_requested() {
                self.collect()?;
            } else {
                self.commit_once()?;
            }
            self.tell_lags();
        }
        Ok(done)
    }

    /// Everything that was fed back is in the task's queues: no lag is left anywhere.
    fn tell_lags(&mut self) {
        for topic in &self.inputs {
            self.task.set_lag(topic, PARTITION, Some(0));
        }
    }

    /// Commits: caches are flushed, what was written is noted with its changelog, positions move on.
    ///
    /// What the flush sends to topics that the topology reads is processed and committed as well, until
    /// nothing moves any more. Needed only under [`TestDriverConfig::with_manual_commit`]; otherwise each
    /// record is committed by itself.
    ///
    /// # Errors
    /// When processing fails or a store cannot be written.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").group_by_key().count("counts").to_stream().to("out");
    /// });
    /// let config = TestDriverConfig::new("app").with_manual_commit();
    /// let mut driver = TopologyTestDriver::new(&topology, config)?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 1)], 0)?;
    /// assert!(driver.output::<String, i64>("out").is_empty());
    /// driver.commit()?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [2]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn commit(&mut self) -> Result<(), StreamsError> {
        self.commit_once()?;
        while self.complete()? > 0 {
            self.commit_once()?;
        }
        Ok(())
    }

    fn commit_once(&mut self) -> Result<(), StreamsError> {
        self.task.flush_caches()?;
        self.collect()?;
        self.history.commit(&self.task);
        self.task.commit_stores(&self.history.last_offsets())
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
                headers: outbox.headers(send).clone(),
                internal: false,
            })
            .collect();
        outbox.clear();
        for mut record in records {
            record.internal = self.internal.contains(&*record.topic);
            self.history.produced += 1;
            self.produced_topics.insert(Arc::clone(&record.topic));
            self.arrive(&record, false)?;
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
        if !self.config.manual_commit {
            self.commit_once()?;
        }
        self.complete()?;
        Ok(())
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
