//! Tasks come and go: partitions assigned, given back, and lost.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::assignment;
use super::batch::PartitionReader;
use super::errors;
use super::events::Rebalance;
use super::interrupt::Interrupt;
use super::metadata::ThreadState;
use super::offsets::{self, Committed, Which};
use super::restore::{self, Need, Stores as _, Want};
use super::retry::retry;
use super::running::{Input, Running};
use super::stores::OpenStore;
use super::thread::{StreamThread, stopped_without_commit};
use super::time::{now, wall_clock};
use crate::error::{StreamsError, StreamsErrorKind};
use crate::record::TopicPartition;
use crate::store::StoreErrorKind;
use crate::task::{Task, TaskSpec};
use crate::topology::graph::OffsetReset;
use crate::topology::{StoreIx, TaskId};

/// How long the broker may take to tell committed offsets.
const TIMEOUT: Duration = Duration::from_secs(5);

type Positions = BTreeMap<TopicPartition, (i64, String)>;

impl StreamThread {
    /// Answers a step of the group protocol.
    pub(super) fn rebalance(&mut self, rebalance: Rebalance) -> Result<(), Interrupt> {
        match rebalance {
            Rebalance::Assigned(partitions) => {
                tracing::info!(
                    "stream thread {}: {} partitions",
                    self.handle.name(),
                    partitions.len()
                );
                self.enter(ThreadState::PartitionsAssigned);
                self.start_tasks(partitions)
            }
            Rebalance::Revoked => {
                self.enter(ThreadState::PartitionsRevoked);
                let committed = self.commit(now() + self.app.config.settings().task_timeout);
                match committed {
                    Ok(()) => self.park_tasks(),
                    Err(_) => self.close_all_tasks(),
                }
                self.unassign();
                match committed {
                    Ok(()) | Err(Interrupt::Migrated(_) | Interrupt::Restart(_)) => Ok(()),
                    Err(fail) => Err(fail),
                }
            }
            Rebalance::Lost => {
                tracing::warn!(
                    "stream thread {}: its partitions have another owner",
                    self.handle.name()
                );
                self.enter(ThreadState::PartitionsRevoked);
                self.close_all_tasks();
                self.unassign();
                Ok(())
            }
            Rebalance::Failed(code) => {
                tracing::warn!(
                    "stream thread {}: the rebalance failed: {code}",
                    self.handle.name()
                );
                self.close_all_tasks();
                self.unassign();
                Ok(())
            }
        }
    }

    fn unassign(&mut self) {
        self.assigned.clear();
        if let Err(error) = self.member.consumer.unassign() {
            tracing::warn!("unassign: {error}");
        }
    }

    /// Assigns the partitions and starts their tasks; those whose stores are current run at once.
    fn start_tasks(&mut self, partitions: Vec<TopicPartition>) -> Result<(), Interrupt> {
        let tasks = match self.tasks_of(&partitions) {
            Ok(tasks) => tasks,
            Err(error) => {
                self.unassign();
                return Err(error.into());
            }
        };
        let places: Vec<TopicPartition> = tasks.values().flatten().cloned().collect();
        let positions = self.outlet.renew_if_broken().and_then(|()| self.positions(&places));
        let positions = match positions {
            Ok(positions) => positions,
            Err(interrupt) => {
                // the group protocol wants an answer in any case
                self.unassign();
                return Err(interrupt);
            }
        };
        self.close_parked(|id| !tasks.contains_key(&id))?;
        let mut list = TopicPartitionList::with_capacity(places.len());
        for (id, places) in tasks {
            let mut inputs = Vec::with_capacity(places.len());
            for place in places {
                let (position, metadata) = positions[&place].clone();
                list.add_partition_offset(&place.topic, place.partition, Offset::Offset(position))
                    .map_err(|error| assign_failed(&error))?;
                inputs.push(self.input(place, position, metadata)?);
            }
            self.waiting.insert(id, inputs);
        }
        self.member.consumer.assign(&list).map_err(|error| assign_failed(&error))?;
        self.assigned = partitions;
        self.last_commit = now();
        let (have, open): (Vec<TaskId>, Vec<TaskId>) =
            self.waiting.keys().partition(|id| self.owned.contains(id));
        self.opening.extend(open);
        self.begin_restores(&have)?;
        self.open_waiting()
    }

    /// The tasks that partitions make, with what each reads.
    ///
    /// Where patterns are read, another member may have seen a topic that this one has not looked for yet.
    fn tasks_of(
        &self,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TaskId, Vec<TopicPartition>>, StreamsError> {
        let mut assigned = assignment::tasks(&self.app.inputs(), partitions);
        let is_odd = assigned.outdated || !assigned.incomplete.is_empty();
        if is_odd || self.app.built.plan.has_patterns() {
            self.app.look()?;
            self.app.look_soon();
            assigned = assignment::tasks(&self.app.inputs(), partitions);
        }
        for task in assigned.incomplete {
            tracing::warn!(
                "task {task} waits until all members of the group know the same topics: this one was given only \
                 some of its partitions"
            );
        }
        Ok(assigned.tasks)
    }

    fn input(
        &self,
        place: TopicPartition,
        position: i64,
        metadata: String,
    ) -> Result<Input, StreamsError> {
        let consumer = &self.member.consumer;
        // before the assignment, so that no record goes to the consumer's own queue
        let reader = PartitionReader::new(consumer, &place.topic, place.partition, &self.waker);
        let reader = reader.ok_or_else(|| {
            StreamsError::new(StreamsErrorKind::Topics, format!("partition {place} has no queue"))
        })?;
        Ok(Input { place, reader, position, metadata })
    }

    /// Where to begin: what was committed, else what the source's reset policy says.
    fn positions(&self, partitions: &[TopicPartition]) -> Result<Positions, Interrupt> {
        let committed = self.retry("tell committed offsets", |member| {
            offsets::committed(&member.member.consumer, partitions, TIMEOUT)
        })?;
        let mut fresh: Vec<(Which, Vec<TopicPartition>)> = Vec::new();
        for place in partitions.iter().filter(|place| is_fresh(&committed, place)) {
            let which = self.reset_of(place)?;
            match fresh.iter_mut().find(|(known, _)| *known == which) {
                Some((_, places)) => places.push(place.clone()),
                None => fresh.push((which, vec![place.clone()])),
            }
        }
        let mut starts = offsets::Offsets::new();
        for (which, places) in fresh {
            starts.extend(self.retry("tell where topics begin and end", |thread| {
                offsets::ends(&thread.app.metadata, &places, which, TIMEOUT)
            })?);
        }
        let one = |place: &TopicPartition| {
            let known = committed.get(place);
            let metadata = known.map(|known| known.metadata.clone()).unwrap_or_default();
            let next = known.and_then(|known| known.next).or_else(|| starts.get(place).copied());
            (place.clone(), (next.unwrap_or(0), metadata))
        };
        Ok(partitions.iter().map(one).collect())
    }

    /// The reset policy of a partition without a committed offset.
    fn reset_of(&self, place: &TopicPartition) -> Result<Which, StreamsError> {
        let plan = &self.app.built.plan;
        let source = plan.source_of(&place.topic)?.map(|at| &plan.sources[at]);
        if source.is_some_and(|source| source.internal) {
            return Ok(Which::Beginning);
        }
        match source.and_then(|source| source.offset_reset) {
            Some(OffsetReset::Earliest) => Ok(Which::Beginning),
            Some(OffsetReset::Latest) => Ok(Which::End),
            Some(OffsetReset::ByDuration(back)) => {
                let back = i64::try_from(back.as_millis()).unwrap_or(i64::MAX);
                Ok(Which::At(wall_clock().as_millis().saturating_sub(back)))
            }
            Some(OffsetReset::None) => Err(errors::no_offset(&place.to_string())),
            None => self.default_reset(place),
        }
    }

    fn default_reset(&self, place: &TopicPartition) -> Result<Which, StreamsError> {
        let settings = self.app.config.client_properties(crate::config::ClientKind::MainConsumer);
        match settings.get("auto.offset.reset").map(String::as_str) {
            Some("latest" | "largest" | "end") => Ok(Which::End),
            Some("error") => Err(errors::no_offset(&place.to_string())),
            _ => Ok(Which::Beginning),
        }
    }

    /// Tries a question to the broker until `task.timeout.ms` is over.
    pub(super) fn retry<T>(
        &self,
        what: &str,
        ask: impl Fn(&Self) -> Result<T, KafkaError>,
    ) -> Result<T, Interrupt> {
        let patience = self.app.config.settings().task_timeout;
        retry(what, &self.handle, patience, || self.member.poll(), || ask(self))
    }

    /// Opens the stores of tasks that no other thread has any more.
    pub(super) fn open_waiting(&mut self) -> Result<(), Interrupt> {
        let mut opened = Vec::new();
        for id in self.opening.clone() {
            match self.app.room.open_all(id) {
                Ok(stores) => {
                    self.kept.0.insert(id, stores);
                    self.owned.insert(id);
                    self.opening.remove(&id);
                    opened.push(id);
                }
                Err(error) if error.kind() == StoreErrorKind::InUse => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.begin_restores(&opened)
    }

    /// Compares the stores of these tasks with their changelogs and starts what is needed.
    fn begin_restores(&mut self, tasks: &[TaskId]) -> Result<(), Interrupt> {
        let mut wants = Vec::new();
        for task in tasks {
            let stores: Vec<StoreIx> = self.app.room.of_task(*task).map(|(ix, _)| ix).collect();
            for ix in stores {
                wants.extend(self.want(*task, ix)?);
            }
        }
        for (need, want) in self.needs(&wants)?.into_iter().zip(wants) {
            self.meet(need, want)?;
        }
        self.run_ready_tasks()
    }

    /// Asks where the changelogs begin and end: two requests per broker, however many there are.
    fn needs(&self, wants: &[Want]) -> Result<Vec<Need>, Interrupt> {
        let places: Vec<TopicPartition> = wants.iter().map(|want| want.changelog.clone()).collect();
        let begins = self.retry("tell where the changelogs begin", |thread| {
            offsets::ends(&thread.app.log_ends, &places, Which::Beginning, TIMEOUT)
        })?;
        let ends = self.retry("tell where the changelogs end", |thread| {
            offsets::ends(&thread.app.log_ends, &places, Which::End, TIMEOUT)
        })?;
        Ok(restore::needs(wants, &begins, &ends))
    }

    /// What a store is to be compared with; `None` when it has no changelog.
    fn want(&mut self, task: TaskId, ix: StoreIx) -> Result<Option<Want>, Interrupt> {
        let plan = &self.app.built.plan.stores[ix.index()];
        let Some(topic) = &plan.changelog else { return Ok(None) };
        let changelog = TopicPartition::new(topic.as_str(), task.partition);
        let Some(store) = self.kept.store(task, ix) else { return Ok(None) };
        let local = store.committed_offset()?;
        let position = || {
            let inputs = self.waiting.get(&task)?;
            Some(inputs.iter().find(|input| input.place == changelog)?.position)
        };
        let limit = if plan.source_changelog { position() } else { None };
        Ok(Some(Want { task, store: ix, name: plan.name.clone(), changelog, local, limit }))
    }

    fn meet(&mut self, need: Need, want: Want) -> Result<(), Interrupt> {
        let (from, end) = match need {
            Need::Nothing => return Ok(()),
            Need::CatchUp { from, end } => {
                if let Some(store) = self.kept.store(want.task, want.store) {
                    // cached rows of an earlier life would hide what is restored
                    store.abort();
                }
                (from, end)
            }
            Need::StartOver { from, end } => {
                tracing::warn!(
                    task = %want.task, store = %want.name,
                    "the changelog {} does not continue local state at {:?}; the store is emptied \
                     and restored from the beginning", want.changelog, want.local
                );
                self.wipe(want.task, want.store)?;
                (from, end)
            }
        };
        if from < end {
            self.restorer.start(want, from, end)?;
        }
        Ok(())
    }

    fn wipe(&mut self, task: TaskId, ix: StoreIx) -> Result<(), Interrupt> {
        if let Some(store) = self.kept.take_store(task, ix) {
            let empty = self.app.room.wipe(task, ix, store)?;
            self.kept.put(task, ix, empty);
        }
        Ok(())
    }

    /// A store's changelog ran away while it was read: begin again.
    pub(super) fn wipe_and_restore(&mut self, task: TaskId, ix: StoreIx) -> Result<(), Interrupt> {
        self.wipe(task, ix)?;
        if let Some(want) = self.want(task, ix)? {
            let needs = self.needs(std::slice::from_ref(&want))?;
            for need in needs {
                self.meet(need, want.clone())?;
            }
        }
        Ok(())
    }

    /// Starts the tasks whose stores are current.
    pub(super) fn run_ready_tasks(&mut self) -> Result<(), Interrupt> {
        let ready: Vec<TaskId> = self
            .waiting
            .keys()
            .filter(|id| self.owned.contains(id) && !self.restorer.restores(**id))
            .copied()
            .collect();
        for id in ready {
            let inputs = self.waiting.remove(&id).unwrap_or_default();
            let stores = self.kept.take(id).unwrap_or_default();
            let running = self.run_task(id, inputs, stores)?;
            self.running.insert(id, running);
        }
        self.share_cache()?;
        self.publish_tasks();
        if self.waiting.is_empty() && self.handle.state() == ThreadState::PartitionsAssigned {
            self.enter(ThreadState::Running);
        }
        Ok(())
    }

    /// Fits the caches into what the instance's threads share, after their number has changed.
    fn share_cache(&mut self) -> Result<(), StreamsError> {
        self.cache.set_max(self.app.cache_bytes_of_thread());
        let mut evicted = true;
        while std::mem::take(&mut evicted) {
            for running in self.running.values_mut() {
                evicted |= running.task.shrink_caches()?;
            }
        }
        Ok(())
    }

    fn run_task(
        &self,
        id: TaskId,
        inputs: Vec<Input>,
        mut stores: Vec<OpenStore>,
    ) -> Result<Running, StreamsError> {
        stores.extend(self.app.room.global_views()?);
        let spec = TaskSpec {
            sub_topologies: vec![id.sub_topology],
            inputs: inputs
                .iter()
                .map(|input| (std::sync::Arc::clone(&input.place.topic), input.place.partition))
                .collect(),
            partition_counts: self.app.partition_counts(),
        };
        let outbox = self.app.room.outbox(id);
        let settings = &self.app.task_settings;
        let mut task = Task::with_outbox(&self.app.built, id, spec, stores, settings, outbox)?;
        task.share_cache(&self.cache);
        Ok(Running::new(task, inputs))
    }

    /// Keeps the committed stores of all tasks open until the next assignment says whose they are.
    fn park_tasks(&mut self) {
        for (id, running) in std::mem::take(&mut self.running) {
            let mut stores = running.task.into_stores();
            stores.retain(|(ix, _)| !self.app.built.plan.stores[ix.index()].global);
            for (_, store) in &mut stores {
                store.abort();
            }
            self.kept.0.insert(id, stores);
        }
        self.drop_waiting();
        self.publish_tasks();
    }

    fn drop_waiting(&mut self) {
        for id in std::mem::take(&mut self.waiting).into_keys() {
            self.restorer.suspend(id);
        }
        self.opening.clear();
    }

    /// Closes kept stores of tasks that did not come back.
    fn close_parked(&mut self, gone: impl Fn(TaskId) -> bool) -> Result<(), StreamsError> {
        let ids: Vec<TaskId> = self.owned.iter().copied().filter(|id| gone(*id)).collect();
        for id in ids {
            self.owned.remove(&id);
            let stores = self.kept.take(id).unwrap_or_default();
            self.app.room.close(id, stores)?;
        }
        Ok(())
    }

    /// Closes all tasks without a commit.
    pub(super) fn close_all_tasks(&mut self) {
        self.outlet.abort();
        self.park_tasks();
        if let Err(error) = self.close_parked(|_| true) {
            tracing::warn!("a store did not close: {error}");
        }
    }

    /// Starts all tasks again where the last commit left them, with the same partitions.
    pub(super) fn restart_tasks(&mut self) -> Result<(), StreamsError> {
        self.close_all_tasks();
        let partitions = std::mem::take(&mut self.assigned);
        let _ignored = self.member.consumer.unassign();
        self.enter(ThreadState::PartitionsAssigned);
        match self.start_tasks(partitions) {
            Ok(()) | Err(Interrupt::Migrated(_)) => Ok(()),
            Err(Interrupt::Fail(error)) => Err(error),
            Err(Interrupt::Restart(reason)) => {
                Err(StreamsError::new(StreamsErrorKind::Production, reason))
            }
        }
    }

    /// Commits, closes all tasks and leaves the group.
    pub(super) fn shut_down(mut self) -> Result<(), StreamsError> {
        self.enter(ThreadState::PendingShutdown);
        let committed = self.commit(now() + self.app.config.settings().task_timeout);
        self.close_all_tasks();
        self.unassign();
        match committed {
            Ok(()) => Ok(()),
            Err(Interrupt::Fail(error)) => Err(error),
            Err(Interrupt::Migrated(reason)) => {
                tracing::warn!("somebody else goes on from the commit before the last: {reason}");
                Ok(())
            }
            Err(Interrupt::Restart(reason)) => Err(stopped_without_commit(&reason)),
        }
    }
}

impl Drop for StreamThread {
    fn drop(&mut self) {
        // after a panic: nothing is committed, but other threads get the tasks
        self.close_all_tasks();
        self.member.consumer.client().context().close();
    }
}

fn is_fresh(committed: &BTreeMap<TopicPartition, Committed>, place: &TopicPartition) -> bool {
    committed.get(place).is_none_or(|known| known.next.is_none())
}

fn assign_failed(error: &KafkaError) -> Interrupt {
    let message = format!("the partitions cannot be assigned: {error}");
    Interrupt::Fail(StreamsError::new(StreamsErrorKind::Broker, message))
}
