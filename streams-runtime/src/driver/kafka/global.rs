//! The thread that keeps the global stores: every instance reads all partitions of their topics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::application::Application;
use super::batch::{PartitionReader, Scratch};
use super::clients::{self, Consumer};
use super::errors;
use super::handle::{Supervisor, ThreadHandle};
use super::interrupt::Interrupt;
use super::metadata::ThreadState;
use super::offsets::{self, Which};
use super::restore::{Need, need};
use super::restore_listener::StateRestoreListener;
use super::retry::retry;
use super::running::panic_text;
use super::time::wall_clock;
use super::wake::Waker;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::record::TopicPartition;
use crate::task::{GlobalTask, RecordBatch};
use crate::topology::{StoreIx, TopologyPlan};

/// How long the broker may take to tell offsets.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The body of the global thread. `loaded` is told once when the stores hold what their topics held at
/// the start, or why they cannot; nothing is sent when the thread was stopped before.
pub(crate) fn run(
    app: &Arc<Application>,
    handle: &Arc<ThreadHandle>,
    supervisor: &Arc<dyn Supervisor>,
    loaded: SyncSender<Result<(), StreamsError>>,
) {
    let mut loaded = Some(loaded);
    let life = || live(app, handle, supervisor, &mut loaded);
    let ended = catch_unwind(AssertUnwindSafe(life)).unwrap_or_else(|panic| {
        let text = panic_text(&*panic);
        let message = format!("thread {} panicked: {text}", handle.name());
        Err(StreamsError::new(StreamsErrorKind::Processing, message))
    });
    if let Err(error) = ended {
        tracing::error!("thread {} failed: {error}", handle.name());
        match loaded.take() {
            // the one who starts the instance waits for it
            Some(loaded) => drop(loaded.send(Err(error))),
            None => supervisor.global_thread_failed(error),
        }
    }
    handle.set_state(ThreadState::Dead);
    supervisor.thread_changed();
}

fn live(
    app: &Arc<Application>,
    handle: &Arc<ThreadHandle>,
    supervisor: &Arc<dyn Supervisor>,
    loaded: &mut Option<SyncSender<Result<(), StreamsError>>>,
) -> Result<(), StreamsError> {
    handle.set_state(ThreadState::Starting);
    let mut thread = GlobalThread::open(app, handle)?;
    let listener = supervisor.restore_listener();
    let outcome = thread.load(listener.as_deref()).and_then(|()| {
        if handle.stopping() {
            return Ok(());
        }
        handle.set_state(ThreadState::Running);
        if let Some(loaded) = loaded.take() {
            // an error means that the starter is gone, and stops this thread, too
            let _told = loaded.send(Ok(()));
        }
        supervisor.thread_changed();
        thread.keep_up()
    });
    handle.set_state(ThreadState::PendingShutdown);
    let closed = thread.close();
    outcome.and(closed)
}

/// A partition of a global topic.
struct Input {
    place: TopicPartition,
    reader: PartitionReader,
    /// The offset behind what was taken.
    next: i64,
    /// Where loading ends.
    end: i64,
    /// Records loaded so far.
    total: u64,
    loaded: bool,
}

struct GlobalThread {
    app: Arc<Application>,
    handle: Arc<ThreadHandle>,
    waker: Arc<Waker>,
    consumer: Arc<Consumer>,
    scratch: Scratch,
    task: GlobalTask,
    inputs: Vec<Input>,
}

impl GlobalThread {
    fn open(app: &Arc<Application>, handle: &Arc<ThreadHandle>) -> Result<Self, StreamsError> {
        let waker = Arc::new(Waker::of_this_thread());
        handle.set_waker(Arc::clone(&waker));
        let consumer = clients::global_consumer(&app.config, &handle.name(), &waker)?;
        let places = app.global_partitions();
        let inputs = places.iter().map(|place| (Arc::clone(&place.topic), place.partition));
        let stores = app.room.open_globals()?;
        let task = GlobalTask::new(&app.built, inputs.collect(), stores, &app.task_settings)?;
        let mut thread = Self {
            app: Arc::clone(app),
            handle: Arc::clone(handle),
            waker,
            consumer,
            scratch: Scratch::new(app.config.settings().max_poll_records),
            task,
            inputs: Vec::new(),
        };
        thread.assign(&places)?;
        Ok(thread)
    }

    /// Decides where to go on in each partition, and begins to read there.
    fn assign(&mut self, places: &[TopicPartition]) -> Result<(), StreamsError> {
        let begins = self.ask("tell where global topics begin", places, Which::Beginning)?;
        let ends = self.ask("tell where global topics end", places, Which::End)?;
        let mut needs = Vec::new();
        for place in places {
            let local = self.task.committed_offset(&place.topic, place.partition)?;
            needs.push(need(local, begins[place], ends[place]));
        }
        let mut list = TopicPartitionList::with_capacity(places.len());
        let over = self.wipe_what_starts_over(places, &needs)?;
        for (place, need) in places.iter().zip(needs) {
            let end = ends[place];
            let next = match need {
                _ if over.contains(&place.topic) => begins[place],
                Need::Nothing => end,
                Need::CatchUp { from, .. } | Need::StartOver { from, .. } => from,
            };
            let reader =
                PartitionReader::new(&self.consumer, &place.topic, place.partition, &self.waker)
                    .ok_or_else(|| unreadable(place, "it has no queue"))?;
            let place = place.clone();
            list.add_partition_offset(&place.topic, place.partition, Offset::Offset(next))
                .map_err(|error| unreadable(&place, &error.to_string()))?;
            self.inputs.push(Input { place, reader, next, end, total: 0, loaded: false });
        }
        self.consumer.assign(&list).map_err(|error| {
            let message = "the partitions of the global topics cannot be assigned";
            StreamsError::new(StreamsErrorKind::Broker, message).caused_by(error)
        })
    }

    fn ask(
        &self,
        what: &str,
        places: &[TopicPartition],
        which: Which,
    ) -> Result<offsets::Offsets, StreamsError> {
        let patience = self.app.config.settings().task_timeout;
        let ask = || offsets::ends(&self.app.metadata, places, which, TIMEOUT);
        retry(what, &self.handle, patience, || {}, ask).map_err(|interrupt| match interrupt {
            Interrupt::Fail(error) => error,
            Interrupt::Migrated(reason) | Interrupt::Restart(reason) => {
                StreamsError::new(StreamsErrorKind::Broker, reason)
            }
        })
    }

    /// Empties the stores of topics that do not continue local state; gives those topics.
    fn wipe_what_starts_over(
        &self,
        places: &[TopicPartition],
        needs: &[Need],
    ) -> Result<Vec<Arc<str>>, StreamsError> {
        let mut over: Vec<Arc<str>> = Vec::new();
        let plan = &self.app.built.plan;
        for (place, need) in places.iter().zip(needs) {
            if !matches!(need, Need::StartOver { .. }) || over.contains(&place.topic) {
                continue;
            }
            tracing::warn!(
                "the global topic {place} does not continue local state; its stores are emptied and \
                 loaded from the beginning"
            );
            for ix in GlobalTask::stores_of(plan, &place.topic) {
                self.app.room.wipe_global(ix)?;
            }
            over.push(Arc::clone(&place.topic));
        }
        Ok(over)
    }

    /// Reads up to where the topics ended at the start.
    fn load(&mut self, listener: Option<&dyn StateRestoreListener>) -> Result<(), StreamsError> {
        let plan = &Arc::clone(&self.app.built).plan;
        for input in &self.inputs {
            tracing::info!("loading {} from {} to {}", input.place, input.next, input.end);
            each_store(plan, listener, input, |listener, store| {
                listener.on_restore_start(&input.place, store, input.next, input.end);
            });
        }
        while !self.handle.stopping() && self.inputs.iter().any(|input| !input.loaded) {
            let taken = self.read(|input, ended, records| {
                input.total += records;
                each_store(plan, listener, input, |listener, store| {
                    if records > 0 {
                        listener.on_batch_restored(&input.place, store, input.next - 1, records);
                    }
                });
                if !input.loaded && (ended || input.next >= input.end) {
                    input.loaded = true;
                    each_store(plan, listener, input, |listener, store| {
                        listener.on_restore_end(&input.place, store, input.total);
                    });
                }
            })?;
            if taken == 0 && self.inputs.iter().any(|input| !input.loaded) {
                self.wait();
            }
        }
        Ok(())
    }

    /// Applies what comes, until the instance stops.
    fn keep_up(&mut self) -> Result<(), StreamsError> {
        while !self.handle.stopping() {
            if self.read(|_, _, _| {})? == 0 {
                self.wait();
            }
        }
        Ok(())
    }

    fn wait(&self) {
        let longest = self.app.config.settings().poll.max(Duration::from_millis(1));
        self.waker.wait(longest);
    }

    /// Takes a batch of each partition; returns how many records it was.
    ///
    /// `seen` gets each partition, whether it stands at its end, and how many records were taken.
    fn read(&mut self, mut seen: impl FnMut(&mut Input, bool, u64)) -> Result<u64, StreamsError> {
        self.serve_events()?;
        let mut taken = 0;
        for input in &mut self.inputs {
            let (arrived, batch) = input.reader.read(&mut self.scratch, usize::MAX);
            if let Some(code) = arrived.error {
                check(&input.place, code)?;
            }
            let records = u64::try_from(batch.len()).unwrap_or(u64::MAX);
            if let Some(position) = batch.position().filter(|_| records > 0) {
                apply(&mut self.task, input, batch)?;
                input.next = position;
            }
            // the last offsets may be markers of transactions, which are no records
            let ended = arrived.end.is_some_and(|end| end >= input.end);
            seen(input, ended, records);
            taken += records;
        }
        Ok(taken)
    }

    fn serve_events(&self) -> Result<(), StreamsError> {
        let Some(Err(error)) = self.consumer.poll(Duration::ZERO) else { return Ok(()) };
        match error {
            KafkaError::PartitionEOF(_) => Ok(()),
            error => match errors::of_consumer(&error, self.app.config.application_id()) {
                Some(known) => Err(known),
                None => {
                    tracing::warn!("global consumer: {error}");
                    Ok(())
                }
            },
        }
    }

    fn close(self) -> Result<(), StreamsError> {
        let stores = self.task.into_stores();
        self.app.room.close_globals(stores)
    }
}

fn apply(task: &mut GlobalTask, input: &Input, batch: RecordBatch) -> Result<(), StreamsError> {
    let (topic, partition) = (&*input.place.topic, input.place.partition);
    if input.loaded {
        task.update(topic, partition, batch, wall_clock())
    } else {
        task.load(topic, partition, batch, wall_clock())
    }
}

/// Tells the listener about each store that is made of the partition's topic.
fn each_store(
    plan: &TopologyPlan,
    listener: Option<&dyn StateRestoreListener>,
    input: &Input,
    tell: impl Fn(&dyn StateRestoreListener, &str),
) {
    let Some(listener) = listener else { return };
    for StoreIx(ix) in GlobalTask::stores_of(plan, &input.place.topic) {
        tell(listener, &plan.stores[ix as usize].name);
    }
}

/// What an error of a partition means; others are librdkafka's to mend.
fn check(place: &TopicPartition, code: RDKafkaErrorCode) -> Result<(), StreamsError> {
    match code {
        RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset => {
            Err(StreamsError::new(
                StreamsErrorKind::Topics,
                format!(
                    "the global topic {place} was truncated past what its store has; restart, and \
                     the store is emptied and loaded from the beginning"
                ),
            ))
        }
        code => errors::of_partition(place, code).map_or(Ok(()), Err),
    }
}

fn unreadable(place: &TopicPartition, reason: &str) -> StreamsError {
    StreamsError::new(
        StreamsErrorKind::Broker,
        format!("the global topic {place} cannot be read: {reason}"),
    )
}
