//! A running task with its ends: queues of the partitions it reads, numbers of the topics it
//! writes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::batch::{PartitionReader, Scratch, TopicNumber};
use super::errors;
use super::interrupt::Interrupt;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::record::TopicPartition;
use crate::task::{RecordBatch, Task};
use crate::time::Timestamp;

/// A partition that a task reads.
pub(super) struct Input {
    pub(super) place: TopicPartition,
    pub(super) reader: PartitionReader,
    /// The offset behind the last record that was taken, or to begin with.
    pub(super) position: i64,
    /// What was committed beside the position.
    pub(super) metadata: String,
}

/// A topic that a task writes.
#[derive(Clone, Copy)]
pub(super) struct Output {
    pub(super) number: TopicNumber,
    /// True for a changelog of the application.
    pub(super) changelog: bool,
    /// True when something was produced since the last commit.
    pub(super) touched: bool,
}

/// A task that processes.
pub(super) struct Running {
    pub(super) task: Task,
    pub(super) inputs: Vec<Input>,
    /// By the topic's number in the task's outbox.
    pub(super) outputs: Vec<Option<Output>>,
    /// True when there is something to commit.
    pub(super) dirty: bool,
}

impl Running {
    pub(super) fn new(mut task: Task, inputs: Vec<Input>) -> Self {
        for input in &inputs {
            task.restore_metadata(&input.place.topic, input.place.partition, &input.metadata);
        }
        Self { task, inputs, outputs: Vec::new(), dirty: false }
    }

    /// Moves records that are here into the task's queues; returns how many.
    ///
    /// A queue with more than `limit` records is not read: then librdkafka stops fetching, too.
    pub(super) fn fetch(
        &mut self,
        scratch: &mut Scratch,
        limit: usize,
    ) -> Result<usize, Interrupt> {
        let mut taken = 0;
        for input in &mut self.inputs {
            let (topic, partition) = (&input.place.topic, input.place.partition);
            if self.task.buffered(topic, partition) >= limit {
                continue;
            }
            let (arrived, batch) = input.reader.read(scratch, usize::MAX);
            if let Some(code) = arrived.error
                && let Some(error) = errors::of_partition(&input.place, code)
            {
                return Err(Interrupt::Fail(error));
            }
            if let Some(position) = batch.position() {
                input.position = position;
                taken += batch.len();
                self.task.add_records(topic, partition, batch);
            }
        }
        self.tell_lags();
        Ok(taken)
    }

    /// Tells a task that waits for an empty partition what the broker still has of it.
    fn tell_lags(&mut self) {
        if self.inputs.len() < 2 || !self.task.has_records() {
            return;
        }
        for input in &mut self.inputs {
            let (topic, partition) = (&input.place.topic, input.place.partition);
            if self.task.buffered(topic, partition) > 0 {
                continue;
            }
            let end = input.reader.known_end();
            if end.is_some_and(|end| end > input.position)
                && let Some(position) = input.reader.position()
                && position > input.position
            {
                // behind the last record are markers of transactions only
                input.position = position;
                let mut nothing = RecordBatch::default();
                nothing.set_position(position);
                self.task.add_records(topic, partition, nothing);
            }
            let lag = end.map(|end| (end - input.position).max(0));
            self.task.set_lag(topic, partition, lag);
        }
    }

    /// Processes up to `budget` records; a panic of a user's function becomes an error.
    pub(super) fn process(
        &mut self,
        wall_clock: Timestamp,
        budget: usize,
    ) -> Result<usize, Interrupt> {
        let task = &mut self.task;
        let (fired, processed) = guard(task.id(), || {
            let fired = task.punctuate(wall_clock)?;
            Ok((fired, task.process(wall_clock, budget)?))
        })?;
        let done = processed + fired;
        self.dirty |= done > 0;
        Ok(done)
    }

    /// Sends what only the caches know; a panic of a user's function becomes an error.
    pub(super) fn flush_caches(&mut self) -> Result<(), Interrupt> {
        let task = &mut self.task;
        guard(task.id(), || task.flush_caches())
    }
}

/// Runs user code. After a panic the task is closed without a commit, so what it left half done is
/// not seen by anybody.
fn guard<T>(
    task: crate::topology::TaskId,
    run: impl FnOnce() -> Result<T, StreamsError>,
) -> Result<T, Interrupt> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(Interrupt::Fail),
        Err(panic) => Err(Interrupt::Fail(StreamsError::new(
            StreamsErrorKind::Processing,
            format!(
                "task {task}: a function of the topology panicked: {}; the record was not \
                 committed; mend the function, or return an error from a `try_` operator",
                panic_text(&*panic)
            ),
        ))),
    }
}

/// What a panic said.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}
