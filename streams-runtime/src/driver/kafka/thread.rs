//! The loop of a stream thread.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::application::Application;
use super::batch::Scratch;
use super::clients;
use super::handle::{Supervisor, ThreadHandle, Verdict};
use super::interrupt::Interrupt;
use super::member::Member;
use super::metadata::{TaskMetadata, ThreadState};
use super::purge::Purge;
use super::restore::{Restorer, Step};
use super::running::{Input, Running, panic_text};
use super::send::Outlet;
use super::stores::Kept;
use super::time::{now, wall_clock};
use super::wake::Waker;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::record::TopicPartition;
use crate::store::CacheBudget;
use crate::topology::TaskId;

/// A round of processing should not last longer, so that the group and the client are served.
const ROUND: Duration = Duration::from_millis(50);
const BUDGET_MAX: usize = 10_000;
/// Uncommitted rows of all tasks of a thread beyond this many bytes are committed early.
const PENDING_BYTES_MAX: usize = 64 << 20;
/// How long a thread that waits for another partition's data sleeps.
const SHORT_WAIT: Duration = Duration::from_millis(5);

/// A thread's clients, its tasks, and what it knows of time.
pub(super) struct StreamThread {
    pub(super) app: Arc<Application>,
    pub(super) handle: Arc<ThreadHandle>,
    pub(super) supervisor: Arc<dyn Supervisor>,
    pub(super) waker: Arc<Waker>,
    pub(super) member: Member,
    pub(super) outlet: Outlet,
    pub(super) restorer: Restorer,
    pub(super) purge: Purge,
    scratch: Scratch,
    pub(super) running: BTreeMap<TaskId, Running>,
    /// The bytes of all their caches.
    pub(super) cache: CacheBudget,
    /// Tasks whose stores are opened or restored.
    pub(super) waiting: BTreeMap<TaskId, Vec<Input>>,
    /// Those of them whose stores another thread still has.
    pub(super) opening: BTreeSet<TaskId>,
    /// Tasks that this thread has claimed, and their stores while they do not run.
    pub(super) owned: BTreeSet<TaskId>,
    pub(super) kept: Kept,
    pub(super) assigned: Vec<TopicPartition>,
    /// The topics that the group was told of.
    pub(super) subscribed: BTreeSet<String>,
    /// The change of the instance's inputs that they stand for.
    pub(super) followed: Option<u64>,
    pub(super) last_commit: Instant,
    last_cleanup: Instant,
    budget: usize,
}

/// The body of a stream thread: runs until the client stops it, or an error does.
pub(crate) fn run(
    app: &Arc<Application>,
    handle: &Arc<ThreadHandle>,
    supervisor: &Arc<dyn Supervisor>,
) {
    let life = || StreamThread::new(app, handle, supervisor)?.live();
    let ended = catch_unwind(AssertUnwindSafe(life)).unwrap_or_else(|panic| {
        let text = panic_text(&*panic);
        let message = format!("stream thread {} panicked: {text}", handle.name());
        Err(StreamsError::new(StreamsErrorKind::Processing, message))
    });
    if let Err(error) = ended {
        tracing::error!("stream thread {} failed: {error}", handle.name());
        if supervisor.thread_failed(error) == Verdict::Replace && !handle.stopping() {
            // before this one is dead, so that the instance is never without a thread
            Arc::clone(supervisor).replace_thread(app);
        }
    }
    handle.set_tasks(Vec::new());
    handle.set_state(ThreadState::Dead);
    supervisor.thread_changed();
}

impl StreamThread {
    fn new(
        app: &Arc<Application>,
        handle: &Arc<ThreadHandle>,
        supervisor: &Arc<dyn Supervisor>,
    ) -> Result<Self, StreamsError> {
        let waker = Arc::new(Waker::of_this_thread());
        handle.set_waker(Arc::clone(&waker));
        let (config, name) = (&app.config, handle.name());
        // first, so that its id is there when the first result is
        let outlet = Outlet::new(app, handle).map_err(not_begun)?;
        let consumer = clients::main_consumer(config, &name, &waker)?;
        let restore_consumer = clients::restore_consumer(config, &name, &waker)?;
        let settings = config.settings();
        let restorer =
            Restorer::new(restore_consumer, Arc::clone(&waker), supervisor.restore_listener());
        Ok(Self {
            app: Arc::clone(app),
            handle: Arc::clone(handle),
            supervisor: Arc::clone(supervisor),
            waker,
            member: Member::new(consumer, config.application_id(), Arc::clone(handle)),
            outlet,
            restorer,
            purge: Purge::new(settings.repartition_purge_interval),
            scratch: Scratch::new(settings.max_poll_records),
            running: BTreeMap::new(),
            cache: CacheBudget::new(app.cache_bytes_of_thread()),
            waiting: BTreeMap::new(),
            opening: BTreeSet::new(),
            owned: BTreeSet::new(),
            kept: Kept::default(),
            assigned: Vec::new(),
            subscribed: BTreeSet::new(),
            followed: None,
            last_commit: now(),
            last_cleanup: now(),
            budget: 100,
        })
    }

    fn live(mut self) -> Result<(), StreamsError> {
        self.enter(ThreadState::Starting);
        while !self.handle.stopping() {
            match self.round() {
                Ok(true) => {}
                Ok(false) => self.wait(),
                Err(Interrupt::Fail(error)) => {
                    self.close_all_tasks();
                    return Err(error);
                }
                Err(Interrupt::Migrated(reason)) => {
                    tracing::warn!("closing all tasks, they have another owner: {reason}");
                    self.close_all_tasks();
                }
                Err(Interrupt::Restart(reason)) if self.handle.stopping() => {
                    self.close_all_tasks();
                    return Err(stopped_without_commit(&reason));
                }
                Err(Interrupt::Restart(reason)) => {
                    tracing::warn!("starting all tasks again from the last commit: {reason}");
                    self.restart_tasks()?;
                }
            }
        }
        self.shut_down()
    }

    /// Everything once; true when there was something to do.
    fn round(&mut self) -> Result<bool, Interrupt> {
        self.member.poll();
        self.member.check()?;
        if self.member.suspects_missing_topic() {
            self.app.check_sources()?;
        }
        let mut busy = false;
        while let Some(rebalance) = self.member.next_rebalance() {
            busy = true;
            self.rebalance(rebalance)?;
        }
        self.follow_topics()?;
        busy |= self.restore()?;
        busy |= self.work()?;
        self.outlet.check()?;
        self.commit_if_due()?;
        self.purge.serve(&self.app.admin);
        self.clean_up_if_due();
        Ok(busy)
    }

    /// Fetches and processes for one round, task by task.
    fn work(&mut self) -> Result<bool, Interrupt> {
        let limit = self.app.config.settings().buffered_records_per_partition;
        let (start, clock) = (now(), wall_clock());
        let mut done = 0;
        for running in self.running.values_mut() {
            done += running.fetch(&mut self.scratch, limit)?;
            let processed = running.process(clock, self.budget)?;
            if processed > 0 {
                done += processed;
                self.outlet.send_all(running, &self.member)?;
            }
        }
        if done > 0 {
            self.adapt(start.elapsed());
        }
        Ok(done > 0)
    }

    /// More records a round while rounds are short, fewer when user functions are slow.
    fn adapt(&mut self, elapsed: Duration) {
        if elapsed > ROUND {
            self.budget = (self.budget / 2).max(1);
        } else if elapsed < ROUND / 2 {
            self.budget = (self.budget * 2).min(BUDGET_MAX);
        }
    }

    fn restore(&mut self) -> Result<bool, Interrupt> {
        if !self.opening.is_empty() {
            self.open_waiting()?;
        }
        if !self.restorer.is_busy() {
            return Ok(false);
        }
        let mut progress = false;
        let steps = self.restorer.step(&mut self.scratch, &mut self.kept, &mut progress)?;
        for step in steps {
            match step {
                Step::Done(_) => {}
                Step::Wipe(task, store) => self.wipe_and_restore(task, store)?,
            }
        }
        self.run_ready_tasks()?;
        Ok(progress)
    }

    /// Sleeps until records, a rebalance or the client wake the thread, or a duty is due.
    fn wait(&self) {
        let settings = self.app.config.settings();
        let mut longest = settings.poll.max(Duration::from_millis(1));
        let dirty = self.running.values().any(|running| running.dirty);
        if dirty {
            longest =
                longest.min(settings.commit_interval().saturating_sub(self.last_commit.elapsed()));
        }
        let held_back = self.running.values().any(|running| running.task.has_records());
        if held_back || !self.opening.is_empty() {
            longest = longest.min(SHORT_WAIT);
        }
        self.waker.wait(longest.max(Duration::from_millis(1)));
    }

    fn commit_if_due(&mut self) -> Result<(), Interrupt> {
        let settings = self.app.config.settings();
        let due = self.last_commit.elapsed() >= settings.commit_interval();
        let requested = self.running.values().any(|running| running.task.commit_requested());
        if due || requested || self.pending_bytes() > PENDING_BYTES_MAX {
            let timeout = settings.task_timeout;
            self.last_commit = now();
            self.commit(now() + timeout)?;
        }
        Ok(())
    }

    fn pending_bytes(&self) -> usize {
        let dirty = self.running.values().filter(|running| running.dirty);
        dirty.map(|running| running.task.stats().pending_bytes).sum()
    }

    fn clean_up_if_due(&mut self) {
        let delay = self.app.config.settings().state_cleanup_delay;
        // its log lines and errors would pile up
        self.app.metadata.poll(Duration::ZERO);
        if self.last_cleanup.elapsed() >= delay {
            self.last_cleanup = now();
            self.app.room.remove_unused(delay);
        }
    }

    /// Notes and tells the thread's state.
    pub(super) fn enter(&self, state: ThreadState) {
        if self.handle.set_state(state) {
            tracing::debug!("stream thread {}: {state}", self.handle.name());
            self.supervisor.thread_changed();
        }
    }

    /// Tells which tasks the thread has now.
    pub(super) fn publish_tasks(&self) {
        let one = |id: &TaskId, inputs: &[Input], restoring| TaskMetadata {
            id: *id,
            partitions: inputs.iter().map(|input| input.place.clone()).collect(),
            restoring,
        };
        let running = self.running.iter().map(|(id, running)| one(id, &running.inputs, false));
        let waiting = self.waiting.iter().map(|(id, inputs)| one(id, inputs, true));
        let mut tasks: Vec<TaskMetadata> = running.chain(waiting).collect();
        tasks.sort_by_key(|task| task.id);
        self.handle.set_tasks(tasks);
    }
}

/// The producer did not get ready.
fn not_begun(interrupt: Interrupt) -> StreamsError {
    match interrupt {
        Interrupt::Fail(error) => error,
        Interrupt::Migrated(reason) | Interrupt::Restart(reason) => {
            StreamsError::new(StreamsErrorKind::Broker, reason)
        }
    }
}

/// The broker did not take the last results or positions before the end.
pub(super) fn stopped_without_commit(reason: &str) -> StreamsError {
    StreamsError::new(
        StreamsErrorKind::Broker,
        format!(
            "stopped without a last commit, what came after the one before is processed again at \
             the next start: {reason}"
        ),
    )
}
