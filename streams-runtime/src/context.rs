//! What an operator sees of its task: its stores, the way out, and the record's origin.

mod caches;
mod drops;
mod failures;
mod files;
mod observed;
mod origin;
mod partitions;
mod stores;

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Stop;
use crate::handler::{ExceptionHandlers, SerializationOrigin};
use crate::outbox::{Destination, Outbox, Part, TopicIx};
use crate::processor::{ProcessorFailure, Schedules};
use crate::record::{Headers, Record, RecordContext};
use crate::serdes::{Encoded, Serde, SerdeError};
use crate::store::{StateStore, StoreError, StoreRef, Uncached};
use crate::time::{DefaultTimestampExtractor, Timestamp};
use crate::topology::{NodeId, RepartitionRole, StoreIx, TaskId};
use crate::window::WindowClock;

pub(crate) use caches::CacheDoor;
use caches::Caches;
use origin::Raw;
pub use partitions::PartitionCounts;
pub(crate) use stores::Stores;

/// What an operator needs to know of its node, with topics as numbers of this task's outbox.
#[derive(Clone, Debug)]
pub struct NodeFacts {
    /// The node's name, as `Topology::describe` shows it.
    pub name: Arc<str>,
    /// The fixed topic that this node writes to.
    pub topic: Option<TopicIx>,
    /// The name of that topic.
    pub topic_name: Arc<str>,
    /// True when somebody downstream needs the old value of an update.
    pub sends_old: bool,
    /// What a repartition does here.
    pub repartition: RepartitionRole,
    /// False when the plan has merged the node away.
    pub active: bool,
    /// True when null keys end here (repartition).
    pub filters_null_keys: bool,
    /// True when the node keeps its result in its store.
    pub materialized: bool,
    /// True when updates of the past of a versioned table come here.
    pub versioned: bool,
    /// The nodes right behind it, by name.
    pub children: Vec<(Arc<str>, NodeId)>,
}

/// What does not change while a task runs.
#[derive(Debug)]
pub(crate) struct TaskFacts {
    pub(crate) task_id: TaskId,
    pub(crate) handlers: ExceptionHandlers,
    pub(crate) partitions: PartitionCounts,
    pub(crate) application_id: String,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) extractor: DefaultTimestampExtractor,
    #[cfg(feature = "observer")]
    pub(crate) observer: crate::processor::Observer,
}

/// The operators' view of their task.
///
/// It holds the stores, the outbox and the origin of the record in work. Nothing here blocks or
/// reads a clock.
pub struct Context {
    facts: Arc<TaskFacts>,
    nodes: Vec<NodeFacts>,
    stores: Stores,
    outbox: Outbox,
    record: RecordContext,
    raw: Raw,
    stream_time: i64,
    clocks: Vec<WindowClock>,
    emit_interval_ms: i64,
    emitted: bool,
    wall_clock: Timestamp,
    dropped: u64,
    caches: Caches,
    processors: Vec<Option<Box<dyn Any + Send>>>,
    schedules: Schedules,
    failure: Option<ProcessorFailure>,
    commit_requested: bool,
}

impl Context {
    pub(crate) fn new(
        facts: Arc<TaskFacts>,
        nodes: Vec<NodeFacts>,
        stores: Vec<Option<Box<dyn StateStore>>>,
        outbox: Outbox,
    ) -> Self {
        Self {
            facts,
            nodes,
            stores: Stores::new(stores),
            outbox,
            record: RecordContext::none(),
            raw: Raw::default(),
            stream_time: -1,
            clocks: Vec::new(),
            emit_interval_ms: 1000,
            emitted: false,
            wall_clock: Timestamp::ZERO,
            dropped: 0,
            caches: Caches::default(),
            processors: Vec::new(),
            schedules: Schedules::default(),
            failure: None,
            commit_requested: false,
        }
    }

    /// The store behind a reference, of a kind without a cache; for the others see `Context::settled`.
    ///
    /// # Panics
    /// Never for the references of the task's own topology.
    #[inline]
    pub fn store<S: Uncached>(&mut self, store: StoreRef<S>) -> &mut S {
        self.stores.typed(store)
    }

    /// The store behind a reference, of a kind without a cache, the outbox for its changelog, and the origin of the
    /// record.
    #[inline]
    pub fn store_and_outbox<S: Uncached>(
        &mut self,
        store: StoreRef<S>,
    ) -> (&mut S, &mut Outbox, &RecordContext) {
        (self.stores.typed(store), &mut self.outbox, &self.record)
    }

    /// A store by name, whatever its type, and the outbox for its changelog.
    pub(crate) fn store_of(&mut self, name: &str) -> Option<(&mut dyn StateStore, &mut Outbox)> {
        let (_, store) = self.stores.iter_mut().find(|(_, store)| store.name() == name)?;
        Some((store, &mut self.outbox))
    }

    /// Takes a store for as long as a processor works with it.
    pub(crate) fn take_store(&mut self, store: StoreIx) -> Option<Box<dyn StateStore>> {
        self.stores.take_one(store)
    }

    /// Puts a store in its place.
    pub(crate) fn put_store(&mut self, ix: StoreIx, store: Box<dyn StateStore>) {
        self.stores.put(ix, store);
    }

    /// What is known of a node.
    #[inline]
    pub fn node(&self, node: NodeId) -> &NodeFacts {
        &self.nodes[node.index()]
    }

    /// Where the record in work came from, with its time and headers as they were at the source or
    /// at the last operator that asked by [`Context::at`].
    #[inline]
    pub fn record(&self) -> &RecordContext {
        &self.record
    }

    /// Notes the time and headers with which a record came to the operator that calls this.
    #[inline]
    pub fn at<K, X>(&mut self, record: &Record<K, X>) {
        self.at_parts(record.timestamp, &record.headers);
    }

    /// [`Context::at`] for a record in parts.
    #[inline]
    pub(crate) fn at_parts(&mut self, timestamp: Timestamp, headers: &Headers) {
        self.record.timestamp = timestamp;
        if !(self.record.headers.is_empty() && headers.is_empty()) {
            self.record.headers = headers.clone();
        }
    }

    /// The highest event time that the task has processed, -1 before the first record.
    pub fn stream_time_ms(&self) -> i64 {
        self.stream_time
    }

    /// What a windowed operator remembers of time.
    #[inline]
    pub(crate) fn clock(&mut self, node: NodeId) -> &mut WindowClock {
        if self.clocks.len() <= node.index() {
            self.clocks.resize(self.nodes.len().max(node.index() + 1), WindowClock::default());
        }
        &mut self.clocks[node.index()]
    }

    /// The close time of an operator's last emission, -1 before the first.
    pub(crate) fn last_close(&self, node: NodeId) -> i64 {
        self.clocks.get(node.index()).map_or(-1, |clock| clock.last_close)
    }

    /// Notes up to where an operator has emitted closed windows; the next commit keeps it.
    pub(crate) fn note_close(&mut self, node: NodeId, close: i64) {
        self.clock(node).last_close = close;
        self.emitted = true;
    }

    /// True when an operator has emitted closed windows since the last commit.
    pub(crate) fn emitted(&self) -> bool {
        self.emitted
    }

    /// Forgets that, as it is committed.
    pub(crate) fn committed(&mut self) {
        self.commit_requested = false;
        self.emitted = false;
    }

    /// True when an operator may emit the windows that are closed at `close`.
    pub(crate) fn emits(&mut self, node: NodeId, close: i64) -> bool {
        let (now, interval) = (self.wall_clock.as_millis(), self.emit_interval_ms);
        self.clock(node).emits(now, interval, close)
    }

    /// The least time between two emissions of closed windows, by the wall clock.
    pub(crate) fn set_emit_interval(&mut self, ms: i64) {
        self.emit_interval_ms = ms;
    }

    /// The least time between two emissions, by the wall clock.
    pub(crate) fn emit_interval_ms(&self) -> i64 {
        self.emit_interval_ms
    }

    /// The outside clock, as the driver told it.
    pub fn wall_clock(&self) -> Timestamp {
        self.wall_clock
    }

    /// The task.
    pub fn task_id(&self) -> TaskId {
        self.facts.task_id
    }

    /// The application's id.
    pub fn application_id(&self) -> &str {
        &self.facts.application_id
    }

    /// How many partitions a topic has, when the driver knows.
    pub fn partition_count(&self, topic: &str) -> Option<i32> {
        self.facts.partitions.of(topic)
    }

    /// Encodes a result for the fixed topic of its node into the outbox.
    ///
    /// # Errors
    /// When a part does not encode and the handlers say fail.
    #[inline]
    pub(crate) fn produce<K: 'static, X: 'static>(
        &mut self,
        node: NodeId,
        partition: Option<i32>,
        parts: (&impl Serde<K>, &impl Serde<X>),
        record: &Record<K, X>,
    ) -> Result<(), Stop> {
        let Self { nodes, outbox, .. } = self;
        let facts = &nodes[node.index()];
        let Some(topic) = facts.topic else { return Ok(()) };
        let encoded = encode(outbox, topic, &facts.topic_name, partition, parts, record);
        encoded.or_else(|(origin, error)| {
            let topic = Arc::clone(&self.nodes[node.index()].topic_name);
            self.serialization_failed(node, record, &topic, origin, error)
        })
    }

    /// Encodes a result for a topic that was found by name into the outbox.
    ///
    /// # Errors
    /// When a part does not encode and the handlers say fail.
    pub(crate) fn produce_to<K: 'static, X: 'static>(
        &mut self,
        node: NodeId,
        topic: &str,
        partition: Option<i32>,
        parts: (&impl Serde<K>, &impl Serde<X>),
        record: &Record<K, X>,
    ) -> Result<(), Stop> {
        let ix = self.outbox.topic(topic);
        let encoded = encode(&mut self.outbox, ix, topic, partition, parts, record);
        encoded.or_else(|(origin, error)| {
            self.serialization_failed(node, record, topic, origin, error)
        })
    }

    pub(crate) fn set_wall_clock(&mut self, now: Timestamp) {
        self.wall_clock = now;
    }

    pub(crate) fn set_stream_time(&mut self, ms: i64) {
        self.stream_time = ms;
    }

    pub(crate) fn default_extractor(&self) -> DefaultTimestampExtractor {
        self.facts.extractor
    }

    /// Writes what only the cache of a store knows that nobody listens to.
    pub(crate) fn flush_unheard(&mut self, store: StoreIx) -> Result<(), StoreError> {
        match self.stores.get_mut(store) {
            Some(store) if store.dirty_entries() > 0 => store.flush_cache(&mut self.outbox),
            _ => Ok(()),
        }
    }

    /// Takes the instance of a processor for as long as it works.
    pub(crate) fn take_processor(&mut self, node: NodeId) -> Box<dyn Any + Send> {
        let slot = self.last_processor(node);
        slot.expect("invariant: a task starts its processors first, and none enters itself")
    }

    /// Takes the instance of a processor for good; none is left of one that panicked.
    pub(crate) fn last_processor(&mut self, node: NodeId) -> Option<Box<dyn Any + Send>> {
        self.processors.get_mut(node.index())?.take()
    }

    /// Puts the instance of a processor in its place.
    pub(crate) fn put_processor(&mut self, node: NodeId, processor: Box<dyn Any + Send>) {
        if self.processors.len() <= node.index() {
            self.processors.resize_with(node.index() + 1, || None);
        }
        self.processors[node.index()] = Some(processor);
    }

    /// True while a processor's instance is not in its place.
    pub(super) fn is_at_work(&self, node: NodeId) -> bool {
        self.processors.get(node.index()).is_none_or(Option::is_none)
    }

    pub(crate) fn schedules(&mut self) -> &mut Schedules {
        &mut self.schedules
    }

    /// True when something failed since the processor in work was entered.
    #[inline]
    pub(crate) fn processor_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Keeps the first failure behind a processor's back.
    #[cold]
    pub(crate) fn note_failure(&mut self, failure: ProcessorFailure) {
        self.failure.get_or_insert(failure);
    }

    /// A processor wants what was done so far to be committed soon.
    pub(crate) fn request_commit(&mut self) {
        self.commit_requested = true;
    }

    pub(crate) fn commit_requested(&self) -> bool {
        self.commit_requested
    }

    /// Deals with what failed while a processor worked.
    #[inline]
    pub(crate) fn settle_failure(&mut self, node: NodeId) -> Result<(), Stop> {
        match self.failure.take() {
            None => self.settle_late(),
            Some(ProcessorFailure::Stop(stop)) => Err(stop),
            Some(ProcessorFailure::Store(error)) => {
                crate::operator::store_failed(self, node, error)
            }
            Some(ProcessorFailure::Processor(error)) => {
                self.failed(node, std::any::type_name::<ProcessorFailure>(), error)
            }
        }
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(crate) fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// Lets the view of a global store see which of its rows are there now; a store of its own knows.
    pub(crate) fn refresh_store(&mut self, store: StoreIx) {
        if let Some(store) = self.stores.get_mut(store) {
            store.refresh();
        }
    }

    pub(crate) fn stores_mut(&mut self) -> &mut Stores {
        &mut self.stores
    }

    pub(crate) fn stores(&self) -> &Stores {
        &self.stores
    }
}

/// Encodes one half of a result.
#[inline(always)]
fn part<T: 'static>(
    serde: &impl Serde<T>,
    topic: &str,
    value: &T,
    out: &mut Vec<u8>,
) -> Result<Part, SerdeError> {
    match serde.serialize(topic, value, out) {
        Ok(Encoded::Null) => Ok(Part::Null),
        Ok(Encoded::Bytes) => Ok(Part::Bytes),
        Err(error) => Err(error),
    }
}

// inlined, so that the outgoing record is written field by field where it stays
#[inline(always)]
fn encode<K: 'static, X: 'static>(
    outbox: &mut Outbox,
    topic: TopicIx,
    name: &str,
    partition: Option<i32>,
    (key, value): (&impl Serde<K>, &impl Serde<X>),
    record: &Record<K, X>,
) -> Result<(), (SerializationOrigin, SerdeError)> {
    let (start, arena) = outbox.begin();
    let key = match part(key, name, &record.key, arena) {
        Ok(key) => key,
        Err(error) => return outbox.undo(start, (SerializationOrigin::Key, error)),
    };
    let middle = arena.len();
    let value = match part(value, name, &record.value, arena) {
        Ok(value) => value,
        Err(error) => return outbox.undo(start, (SerializationOrigin::Value, error)),
    };
    let timestamp = Some(record.timestamp.as_millis());
    let to = Destination { topic, partition, timestamp, headers: &record.headers };
    outbox.finish(to, (start, key), (middle, value));
    Ok(())
}
