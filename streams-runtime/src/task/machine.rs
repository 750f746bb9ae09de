//! `Task`: the next record, its run, and what a commit needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::flush::{Drain, FlushRun, cache_doors, flushes};
use super::inputs::{positions, queue, queues};
use super::order::HeadOrder;
use super::queue::PartitionQueue;
use super::settings::{TaskSettings, TaskSpec, TaskStats};
use crate::context::{Context, NodeFacts, TaskFacts};
use crate::dsl::{BuiltTopology, ProcessorEntry};
use crate::error::{Stop, StreamsError, StreamsErrorKind};
use crate::operator::ProcessorRunner;
use crate::outbox::Outbox;
use crate::processor::{PunctuationType, punctuate};
use crate::record::{RecordBatch, TopicPartition};
use crate::serdes::commit_metadata::CommitMetadata;
use crate::store::{CacheBudget, StateStore};
use crate::time::Timestamp;
use crate::topology::{NodeId, NodePlan, StoreIx, TaskId, TopologyPlan};

/// One sub-topology on one partition: all of its state, none of its I/O.
///
/// The driver's loop: [`add_records`](Self::add_records), [`process`](Self::process), produce what lies
/// in the [`outbox`](Self::outbox) and clear it. A commit: [`flush_caches`](Self::flush_caches),
/// produce, commit [`input_offsets`](Self::input_offsets), then [`commit_stores`](Self::commit_stores).
pub struct Task {
    id: TaskId,
    pub(super) cx: Context,
    plan: Arc<BuiltTopology>,
    queues: Vec<PartitionQueue>,
    order: HeadOrder,
    /// Queues that got their first record and have no decoded head yet, in this order.
    arrived: Vec<usize>,
    /// What a commit does with each store, upstream first: the way out of its cache, if anybody listens.
    flushes: Vec<(StoreIx, Option<FlushRun>)>,
    /// The stores with a cache.
    cached: Vec<StoreIx>,
    max_task_idle_ms: Option<u64>,
    processed: u64,
    enforced: u64,
    /// The user's own processors that run here.
    processors: Vec<Arc<dyn ProcessorRunner>>,
    started: bool,
    punctuated: u64,
}

impl Task {
    /// A task that owns these stores. They must be restored already.
    ///
    /// # Errors
    /// When an input topic is none of the topology's, or a store that it uses is missing.
    pub fn new(
        topology: &Arc<BuiltTopology>,
        id: TaskId,
        spec: TaskSpec,
        stores: Vec<(StoreIx, Box<dyn StateStore>)>,
        settings: &TaskSettings,
    ) -> Result<Self, StreamsError> {
        Self::with_outbox(topology, id, spec, stores, settings, Outbox::default())
    }

    /// A task whose stores already know their changelogs as topics of this outbox.
    ///
    /// # Errors
    /// As [`Task::new`].
    pub fn with_outbox(
        topology: &Arc<BuiltTopology>,
        id: TaskId,
        spec: TaskSpec,
        stores: Vec<(StoreIx, Box<dyn StateStore>)>,
        settings: &TaskSettings,
        mut outbox: Outbox,
    ) -> Result<Self, StreamsError> {
        let plan = &topology.plan;
        let mut slots: Vec<Option<Box<dyn StateStore>>> =
            plan.stores.iter().map(|_| None).collect();
        for (ix, store) in stores {
            slots[ix.index()] = Some(store);
        }
        check_stores(plan, &spec, &slots, id)?;
        let queues = queues(topology, &spec, id)?;
        let facts = TaskFacts {
            task_id: id,
            handlers: settings.handlers.clone(),
            partitions: spec.partition_counts,
            application_id: settings.application_id.clone(),
            state_dir: settings.state_dir.clone(),
            extractor: settings.default_timestamp_extractor,
            #[cfg(feature = "observer")]
            observer: settings.observer.clone(),
        };
        let nodes = plan.nodes.iter().map(|node| node_facts(node, plan, &mut outbox)).collect();
        let mut cx = Context::new(Arc::new(facts), nodes, slots, outbox);
        cx.set_emit_interval(settings.emit_interval_ms);
        cx.set_caches(CacheBudget::new(settings.cache_max_bytes), cache_doors(topology));
        let flushes = flushes(topology, &cx);
        let cached = cached_stores(plan, &cx);
        let processors = processors(topology, &spec.sub_topologies);
        Ok(Self {
            id,
            cx,
            plan: Arc::clone(topology),
            queues,
            order: HeadOrder::default(),
            arrived: Vec::new(),
            flushes,
            cached,
            max_task_idle_ms: settings.max_task_idle_ms,
            processed: 0,
            enforced: 0,
            processors,
            started: false,
            punctuated: 0,
        })
    }

    /// Sub-topology and partition.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// The topology that the task runs a part of.
    pub fn topology(&self) -> &Arc<BuiltTopology> {
        &self.plan
    }

    /// Reads one partition more, of a topic that matches a pattern of the topology. Nothing happens when it is read
    /// already.
    ///
    /// # Errors
    /// When the topic is none of the topology's.
    pub(crate) fn add_input(
        &mut self,
        topic: &Arc<str>,
        partition: i32,
    ) -> Result<(), StreamsError> {
        if self.queue_ix(topic, partition).is_some() {
            return Ok(());
        }
        let parts: Vec<u32> = self.plan.plan.sub_topologies.iter().map(|part| part.id).collect();
        let queue = queue(&self.plan, &parts, (topic, partition), self.id)?;
        // the records of an only queue were in no order with others
        if let ([only], [], []) = (&*self.queues, &*self.processors, &*self.arrived)
            && !only.is_empty()
        {
            self.arrived.push(0);
        }
        self.queues.push(queue);
        Ok(())
    }

    /// Takes records of an input partition. Records of a partition that is none of the task's are
    /// ignored.
    pub fn add_records(&mut self, topic: &str, partition: i32, batch: RecordBatch) {
        let Some(ix) = self.queue_ix(topic, partition) else { return };
        let queue = &mut self.queues[ix];
        let was_empty = queue.is_empty();
        queue.add(batch);
        if was_empty && !queue.is_empty() {
            self.arrived.push(ix);
        }
    }

    /// How many records of an input partition wait.
    pub fn buffered(&self, topic: &str, partition: i32) -> usize {
        self.queue_ix(topic, partition).map_or(0, |ix| self.queues[ix].len())
    }

    /// True when any record waits.
    pub fn has_records(&self) -> bool {
        self.queues.iter().any(|queue| !queue.is_empty())
    }

    /// Tells how many records the broker has behind what was fetched; `None` when unknown.
    ///
    /// With `max.task.idle.ms` ≥ 0 a task waits for an empty partition until its lag is known to be 0.
    pub fn set_lag(&mut self, topic: &str, partition: i32, lag: Option<i64>) {
        if let Some(ix) = self.queue_ix(topic, partition) {
            self.queues[ix].lag = lag;
        }
    }

    /// Tells what was committed beside an input partition's offset, to go on with its time.
    pub fn restore_metadata(&mut self, topic: &str, partition: i32, metadata: &str) {
        let Some(ix) = self.queue_ix(topic, partition) else { return };
        let CommitMetadata { partition_time: time, processors } = CommitMetadata::decode(metadata);
        self.restore_closes(&processors);
        self.queues[ix].partition_time = time;
        self.cx.set_stream_time(self.cx.stream_time_ms().max(time));
    }

    /// Processes up to `budget` records, each time that of the partition whose head has the lowest time.
    ///
    /// Returns how many it was; fewer than the budget when no record waits or the task waits for an
    /// empty partition. Skipped records count, too: they move the position.
    ///
    /// # Errors
    /// When a record fails and its handler says fail. The task must then be closed without a commit.
    pub fn process(&mut self, wall_clock: Timestamp, budget: usize) -> Result<usize, StreamsError> {
        self.run(wall_clock, budget).map_err(|stop| *stop)
    }

    fn run(&mut self, wall_clock: Timestamp, budget: usize) -> Result<usize, Stop> {
        self.begin(wall_clock)?;
        if self.queues.len() == 1 && self.processors.is_empty() {
            return self.run_only_queue(budget);
        }
        self.admit()?;
        let mut done = 0;
        while done < budget && self.is_ready(wall_clock) {
            let Some(ix) = self.order.pop() else { break };
            let ran = self.run_head(ix, budget - done)?;
            done += ran;
            self.processed += ran as u64;
        }
        Ok(done)
    }

    /// Runs the head of a queue; and more of its records, where nothing could come between them.
    fn run_head(&mut self, ix: usize, budget: usize) -> Result<usize, Stop> {
        let ran = if self.processors.is_empty() {
            // with two partitions a record that is earlier than the other's head is next in any case
            let latest = match self.queues.len() {
                2 => self.order.only_time().map_or(-1, |time| time - 1),
                _ => -1,
            };
            self.queues[ix].run_up_to(&mut self.cx, budget, latest)?
        } else {
            let queue = &mut self.queues[ix];
            queue.process(&mut self.cx)?;
            punctuate_stream_time(&mut self.cx, &mut self.punctuated)?;
            queue.update_head(&mut self.cx)?;
            1
        };
        if let Some(time) = self.queues[ix].head_time() {
            self.order.push(time, ix);
        }
        Ok(ran)
    }

    /// Makes and starts the instances of the user's own processors. The stores must be restored.
    ///
    /// [`process`](Self::process) and [`punctuate`](Self::punctuate) do it when nobody did before.
    ///
    /// # Errors
    /// When a processor forwards or writes in its `init` and that fails.
    pub fn start(&mut self, wall_clock: Timestamp) -> Result<(), StreamsError> {
        self.begin(wall_clock).map_err(|stop| *stop)
    }

    fn begin(&mut self, wall_clock: Timestamp) -> Result<(), Stop> {
        self.cx.set_wall_clock(wall_clock);
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        self.processors.iter().try_for_each(|processor| processor.start(&mut self.cx))
    }

    /// Calls the punctuators that are due by the wall clock. Those in stream time are called after each
    /// record.
    ///
    /// Returns how many calls it was; when there was any, a commit has something to commit.
    ///
    /// # Errors
    /// As [`process`](Self::process).
    pub fn punctuate(&mut self, wall_clock: Timestamp) -> Result<usize, StreamsError> {
        self.begin(wall_clock).map_err(|stop| *stop)?;
        let now = wall_clock.as_millis();
        let fired = punctuate(&mut self.cx, PunctuationType::WallClockTime, now);
        let fired = fired.map_err(|stop| *stop)?;
        self.punctuated += fired as u64;
        Ok(fired)
    }

    /// Ends the user's own processors.
    pub fn close_processors(&mut self) {
        if std::mem::take(&mut self.started) {
            self.processors.iter().for_each(|processor| processor.close(&mut self.cx));
        }
    }

    /// The loop of a task with one input partition: there is no choice to make.
    fn run_only_queue(&mut self, budget: usize) -> Result<usize, Stop> {
        self.arrived.clear();
        let mut done = 0;
        while done < budget {
            let now = self.queues[0].run(&mut self.cx, budget - done)?;
            if now == 0 {
                break;
            }
            done += now;
            self.processed += now as u64;
        }
        Ok(done)
    }

    /// Decodes the heads of the queues that were empty.
    fn admit(&mut self) -> Result<(), Stop> {
        for at in 0..self.arrived.len() {
            let ix = self.arrived[at];
            let queue = &mut self.queues[ix];
            queue.update_head(&mut self.cx)?;
            if let Some(time) = queue.head_time() {
                self.order.push(time, ix);
            }
        }
        self.arrived.clear();
        Ok(())
    }

    /// True when the next record may be processed, although others may still come that are older.
    #[inline]
    fn is_ready(&mut self, wall_clock: Timestamp) -> bool {
        match self.max_task_idle_ms {
            None => true,
            Some(_) if self.order.len() == self.queues.len() => true,
            Some(idle) => self.is_ready_despite_gaps(wall_clock, idle),
        }
    }

    fn is_ready_despite_gaps(&mut self, wall_clock: Timestamp, idle_ms: u64) -> bool {
        let idle_ms = i64::try_from(idle_ms).unwrap_or(i64::MAX);
        let now = wall_clock.as_millis();
        for queue in self.queues.iter_mut().filter(|queue| queue.is_empty()) {
            if queue.lag != Some(0) {
                queue.idle_deadline = None;
                return false;
            }
            let deadline = queue.idle_deadline.get_or_insert(now.saturating_add(idle_ms));
            if now < *deadline {
                return false;
            }
        }
        if self.order.len() == 0 {
            return false;
        }
        self.enforced += 1;
        true
    }

    /// Sends what only the caches know to the stores, the changelogs and downstream.
    ///
    /// # Errors
    /// As [`Task::process`].
    pub fn flush_caches(&mut self) -> Result<(), StreamsError> {
        self.flush_all().map_err(|stop| *stop)
    }

    fn flush_all(&mut self) -> Result<(), Stop> {
        for (store, flush) in &self.flushes {
            match flush {
                Some(flush) => flush(&mut self.cx, Drain::Dirty)?,
                None => self.cx.flush_unheard(*store)?,
            }
        }
        // a processor behind a table may have written to a store before it
        for (store, _) in self.flushes.iter().filter(|(_, flush)| flush.is_none()) {
            self.cx.flush_unheard(*store)?;
        }
        Ok(())
    }

    /// Counts the caches' bytes together with those of other tasks of the thread.
    pub fn share_cache(&mut self, budget: &CacheBudget) {
        self.cx.share_caches(budget.clone());
    }

    /// Evicts one row of each cache, while the caches that share a budget hold too much.
    ///
    /// Returns false when there was none. Java: `ThreadCache#resize`.
    ///
    /// # Errors
    /// As [`Task::process`].
    pub fn shrink_caches(&mut self) -> Result<bool, StreamsError> {
        let mut evicted = false;
        for store in &self.cached {
            if self.cx.cache_budget().is_over() {
                evicted |= self.cx.evict_one(*store).map_err(|stop| *stop)?;
            }
        }
        Ok(evicted)
    }

    /// Bytes that all caches hold together.
    fn cache_bytes(&self) -> usize {
        let cached = self.cached.iter().filter_map(|ix| self.cx.stores().get(*ix));
        cached.map(|store| store.cache_bytes()).sum()
    }

    /// What is to be produced; clear it when that is done.
    pub fn outbox(&mut self) -> &mut Outbox {
        self.cx.outbox()
    }

    /// The offsets that a commit commits, each with its metadata: partitions that moved since the last
    /// commit, and all when closed windows were emitted since, as the metadata of each tell of it.
    pub fn input_offsets(&self) -> Vec<(TopicPartition, i64, String)> {
        let all = self.cx.emitted();
        let offset = |queue: &PartitionQueue| {
            let next = queue.offset_to_commit(all)?;
            let partition = TopicPartition::new(Arc::clone(&queue.topic), queue.partition);
            Some((partition, next, self.metadata(queue)))
        };
        self.queues.iter().filter_map(offset).collect()
    }

    /// Writes the stores to their backends, each with the offset of its changelog that it stands for.
    ///
    /// `changelog_offsets` has the offset of the last record of each changelog partition; a store that
    /// restores from its source topic takes the position of that input.
    ///
    /// # Errors
    /// When a backend cannot be written; the task must then be closed.
    pub fn commit_stores(
        &mut self,
        changelog_offsets: &BTreeMap<TopicPartition, i64>,
    ) -> Result<(), StreamsError> {
        for queue in &mut self.queues {
            queue.committed();
        }
        self.cx.committed();
        let plans = &self.plan.plan.stores;
        let queues = &self.queues;
        for (ix, store) in self.cx.stores_mut().iter_mut() {
            let plan = &plans[ix.index()];
            let offset = match &plan.changelog {
                None => None,
                Some(topic) if plan.source_changelog => {
                    store.commit_partitions(&positions(queues, topic))?;
                    continue;
                }
                Some(topic) => {
                    let partition = TopicPartition::new(topic.as_str(), store.partition());
                    changelog_offsets.get(&partition).copied()
                }
            };
            store.commit(offset)?;
        }
        Ok(())
    }

    /// What the task has done so far.
    pub fn stats(&self) -> TaskStats {
        let stores = self.cx.stores().iter();
        TaskStats {
            processed: self.processed,
            dropped: self.cx.dropped(),
            enforced: self.enforced,
            buffered: self.queues.iter().map(PartitionQueue::len).sum(),
            cache_bytes: self.cache_bytes(),
            pending_bytes: stores.map(|(_, store)| store.pending_bytes()).sum(),
            stream_time_ms: self.cx.stream_time_ms(),
        }
    }

    /// The stores, with their numbers.
    pub fn stores_mut(&mut self) -> impl Iterator<Item = (StoreIx, &mut dyn StateStore)> {
        self.cx.stores_mut().iter_mut()
    }

    /// Ends the task and gives its stores back, as they are.
    pub fn into_stores(mut self) -> Vec<(StoreIx, Box<dyn StateStore>)> {
        self.take_stores()
    }

    /// Ends the task as [`into_stores`](Self::into_stores) does; it can do nothing any more.
    pub(crate) fn take_stores(&mut self) -> Vec<(StoreIx, Box<dyn StateStore>)> {
        self.close_processors();
        self.cx.stores_mut().take()
    }

    /// What is noted beside a partition's offset: its time, and which windows were emitted.
    fn metadata(&self, queue: &PartitionQueue) -> String {
        let plan = &self.plan.plan;
        let emitted = (0..).zip(&plan.nodes).filter_map(|(ix, node)| {
            let close = Some(self.cx.last_close(NodeId(ix))).filter(|close| *close >= 0)?;
            Some((plan.stores[node.store?.index()].name.clone(), close))
        });
        let partition_time = queue.partition_time;
        CommitMetadata { partition_time, processors: emitted.collect() }.encode()
    }

    /// Goes on behind the windows that were emitted already.
    fn restore_closes(&mut self, processors: &BTreeMap<String, i64>) {
        let topology = Arc::clone(&self.plan);
        let plan = &topology.plan;
        for (ix, node) in (0..).zip(&plan.nodes) {
            let store = node.store.map(|store| &plan.stores[store.index()].name);
            if let Some(close) = store.and_then(|store| processors.get(store)) {
                let clock = self.cx.clock(NodeId(ix));
                clock.last_close = clock.last_close.max(*close);
            }
        }
    }

    fn queue_ix(&self, topic: &str, partition: i32) -> Option<usize> {
        self.queues.iter().position(|queue| queue.partition == partition && *queue.topic == *topic)
    }
}

/// The task's stores with a cache.
fn cached_stores(plan: &TopologyPlan, cx: &Context) -> Vec<StoreIx> {
    let open = cx.stores().iter().map(|(ix, _)| ix);
    open.filter(|ix| plan.stores[ix.index()].caching).collect()
}

fn node_facts(node: &NodePlan, plan: &TopologyPlan, outbox: &mut Outbox) -> NodeFacts {
    let topic_name = node.topic.as_deref().unwrap_or_default();
    NodeFacts {
        name: Arc::clone(&node.name),
        topic: node.topic.as_deref().map(|topic| outbox.topic(topic)),
        topic_name: Arc::from(topic_name),
        sends_old: node.sends_old,
        repartition: node.repartition,
        active: node.active,
        filters_null_keys: node.filters_null_keys,
        materialized: node.store.is_some_and(|store| plan.stores[store.index()].used),
        versioned: node.versioned,
        children: node.children.clone(),
    }
}

fn check_stores(
    plan: &TopologyPlan,
    spec: &TaskSpec,
    slots: &[Option<Box<dyn StateStore>>],
    id: TaskId,
) -> Result<(), StreamsError> {
    let missing = plan.stores.iter().zip(slots).find(|(store, slot)| {
        let ours = store.sub_topology.is_some_and(|id| spec.sub_topologies.contains(&id));
        store.used && ours && slot.is_none()
    });
    match missing {
        None => Ok(()),
        Some((store, _)) => Err(StreamsError::new(
            StreamsErrorKind::Store,
            format!("task {id}: its store `{}` was not opened", store.name),
        )),
    }
}

/// The user's own processors of these sub-topologies.
fn processors(topology: &BuiltTopology, parts: &[u32]) -> Vec<Arc<dyn ProcessorRunner>> {
    let ours = |entry: &&ProcessorEntry| {
        let part = topology.plan.nodes[entry.node.index()].sub_topology;
        part.is_some_and(|part| parts.contains(&part))
    };
    topology.processors.iter().filter(ours).map(|entry| Arc::clone(&entry.runner)).collect()
}

/// Calls the punctuators that are due in stream time.
fn punctuate_stream_time(cx: &mut Context, punctuated: &mut u64) -> Result<(), Stop> {
    let now = cx.stream_time_ms();
    if now >= 0 {
        *punctuated += punctuate(cx, PunctuationType::StreamTime, now)? as u64;
    }
    Ok(())
}
