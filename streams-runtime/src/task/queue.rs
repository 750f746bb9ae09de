//! The records of one partition that wait for their task.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;

use super::source::{Input, Ran, SourceRunner, Then};
use crate::context::Context;
use crate::error::Stop;
use crate::record::RecordBatch;
use crate::time::Timestamp;

/// A time before that of every record.
const BEFORE_ALL: i64 = -1;

/// What stands at the head of a queue.
#[derive(Clone, Copy, Debug)]
enum Head {
    /// Nothing is decoded.
    None,
    /// A decoded record with its time.
    Record(Timestamp),
    /// Nothing but skipped records up to this offset: only the position moves.
    Skipped(i64),
}

/// The batches of one partition, its decoded head, and how far the task has come.
pub(crate) struct PartitionQueue {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    /// Records behind the position of the consumer that the broker is known to have.
    pub(crate) lag: Option<i64>,
    /// Until when the task waits for this empty partition.
    pub(crate) idle_deadline: Option<i64>,
    /// The highest time taken from a record of this partition, -1 before the first.
    pub(crate) partition_time: i64,
    runners: Vec<Arc<dyn SourceRunner>>,
    heads: Vec<Box<dyn Any + Send>>,
    batches: VecDeque<Arc<RecordBatch>>,
    /// The record of the first batch that is the head, or the next to decode.
    at: usize,
    head: Head,
    buffered: usize,
    consumed: bool,
    next: Option<i64>,
}

impl PartitionQueue {
    pub(crate) fn new(
        topic: Arc<str>,
        partition: i32,
        runners: Vec<Arc<dyn SourceRunner>>,
    ) -> Self {
        let heads = runners.iter().map(|runner| runner.new_head()).collect();
        Self {
            topic,
            partition,
            lag: None,
            idle_deadline: None,
            partition_time: -1,
            runners,
            heads,
            batches: VecDeque::new(),
            at: 0,
            head: Head::None,
            buffered: 0,
            consumed: false,
            next: None,
        }
    }

    /// Adds records at the end.
    pub(crate) fn add(&mut self, batch: RecordBatch) {
        self.buffered += batch.len();
        if batch.is_empty() {
            // only the position moved: transaction markers, or records the broker compacted
            self.next = batch.position().or(self.next);
            return;
        }
        self.idle_deadline = None;
        self.batches.push_back(Arc::new(batch));
    }

    /// How many records wait.
    pub(crate) fn len(&self) -> usize {
        self.buffered
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buffered == 0 && matches!(self.head, Head::None)
    }

    /// The head's time; that of skipped records comes before all others.
    #[inline]
    pub(crate) fn head_time(&self) -> Option<i64> {
        match self.head {
            Head::None => None,
            Head::Record(time) => Some(time.as_millis()),
            Head::Skipped(_) => Some(-1),
        }
    }

    /// Decodes up to the next record that is not skipped.
    #[inline]
    pub(crate) fn update_head(&mut self, cx: &mut Context) -> Result<(), Stop> {
        if !matches!(self.head, Head::None) {
            return Ok(());
        }
        while let Some((ran, _)) = self.run_batch(cx, 1, BEFORE_ALL)? {
            match ran.then {
                Then::Later(time) => {
                    self.head = Head::Record(time);
                    break;
                }
                Then::Skipped => self.skip(cx),
                Then::End => {}
            }
        }
        Ok(())
    }

    /// Leaves a record that is skipped.
    fn skip(&mut self, cx: &mut Context) {
        let Some(offset) = self.batches.front().map(|batch| batch.meta(self.at).offset) else {
            return;
        };
        self.advance(cx);
        if self.batches.is_empty() {
            self.head = Head::Skipped(offset);
        }
    }

    /// Runs the head; false when there was no record but only skipped ones.
    #[inline]
    pub(crate) fn process(&mut self, cx: &mut Context) -> Result<bool, Stop> {
        self.consumed = true;
        let (Head::Record(time), Some(batch)) =
            (std::mem::replace(&mut self.head, Head::None), self.batches.front())
        else {
            return Ok(false);
        };
        self.partition_time = self.partition_time.max(time.as_millis());
        cx.begin_batch((&self.topic, self.partition), batch);
        cx.begin_record(self.at, batch.meta(self.at), time);
        match (&*self.runners, &mut *self.heads) {
            ([runner], [head]) => runner.process(cx, &mut **head)?,
            _ => self.process_several(cx)?,
        }
        self.advance(cx);
        Ok(true)
    }

    /// Decodes and runs up to `budget` records one after the other, and says how many it were; skipped
    /// ones are among them.
    ///
    /// For a task with one input partition, whose head is never waited for.
    pub(crate) fn run(&mut self, cx: &mut Context, budget: usize) -> Result<usize, Stop> {
        if self.runners.len() != 1 {
            return self.run_several(cx, budget);
        }
        let mut done = 0;
        while done < budget {
            let Some((ran, count)) = self.run_batch(cx, budget - done, i64::MAX)? else { break };
            self.consumed = true;
            done += count;
            if matches!(ran.then, Then::Skipped) {
                self.advance(cx);
                done += 1;
            }
        }
        Ok(done)
    }

    /// Runs the head, and the records behind it up to `budget` whose time is at most `latest`; then
    /// decodes the next head. Says how many records it were.
    #[inline]
    pub(crate) fn run_up_to(
        &mut self,
        cx: &mut Context,
        budget: usize,
        latest: i64,
    ) -> Result<usize, Stop> {
        self.process(cx)?;
        let mut done = 1;
        while done < budget && self.runners.len() == 1 && latest > BEFORE_ALL {
            let Some((ran, count)) = self.run_batch(cx, budget - done, latest)? else { break };
            done += count;
            match ran.then {
                Then::End => continue,
                Then::Later(time) => self.head = Head::Record(time),
                Then::Skipped => self.skip(cx),
            }
            break;
        }
        self.update_head(cx)?;
        Ok(done)
    }

    /// Runs records of the first batch, and leaves those that were run; `None` without a batch.
    fn run_batch(
        &mut self,
        cx: &mut Context,
        budget: usize,
        latest: i64,
    ) -> Result<Option<(Ran, usize)>, Stop> {
        let Self { topic, partition, partition_time, runners, heads, batches, at, .. } = self;
        let Some(batch) = batches.front() else { return Ok(None) };
        let records = *at..batch.len().min(at.saturating_add(budget));
        let input = Input { topic, partition: *partition, batch, partition_time };
        let ran = runners[0].run_batch(cx, input, records, latest, &mut *heads[0])?;
        let count = ran.until - self.at;
        self.buffered -= count;
        self.at = ran.until;
        if self.at == batch.len() {
            self.leave_batch(cx);
        }
        Ok(Some((ran, count)))
    }

    /// [`run`](Self::run) where several runs share the source.
    fn run_several(&mut self, cx: &mut Context, budget: usize) -> Result<usize, Stop> {
        for done in 0..budget {
            self.update_head(cx)?;
            if matches!(self.head, Head::None) {
                return Ok(done);
            }
            self.process(cx)?;
        }
        Ok(budget)
    }

    /// Runs the head in each of several runners, in their order.
    fn process_several(&mut self, cx: &mut Context) -> Result<(), Stop> {
        let Self { runners, heads, batches, topic, partition, partition_time, at, .. } = self;
        let Some(batch) = batches.front() else { return Ok(()) };
        let Some((first, others)) = heads.split_first_mut() else { return Ok(()) };
        runners[0].process_copy(cx, &**first)?;
        for (runner, own) in runners[1..].iter().zip(others) {
            if runner.process_copy(cx, &**first)? {
                continue;
            }
            // another type than the first runner's: this one decodes for itself
            let input = Input { topic, partition: *partition, batch, partition_time };
            runner.run_batch(cx, input, *at..*at + 1, i64::MAX, &mut **own)?;
        }
        Ok(())
    }

    /// Leaves the record of the first batch where the queue stands.
    #[inline]
    fn advance(&mut self, cx: &mut Context) {
        let Some(batch) = self.batches.front() else { return };
        self.buffered -= 1;
        self.at += 1;
        if self.at == batch.len() {
            self.leave_batch(cx);
        }
    }

    /// Lets go of the first batch.
    fn leave_batch(&mut self, cx: &mut Context) {
        self.next = self.batches.pop_front().and_then(|batch| batch.position());
        self.at = 0;
        cx.end();
    }

    /// The offset to commit, when a record was consumed since the last commit or `anyhow`.
    pub(crate) fn offset_to_commit(&self, anyhow: bool) -> Option<i64> {
        if !(self.consumed || anyhow) {
            return None;
        }
        match self.head {
            Head::Skipped(offset) => Some(offset),
            Head::Record(_) | Head::None => self.position(),
        }
    }

    /// The offset of the next record that this task has not processed, when known.
    pub(crate) fn position(&self) -> Option<i64> {
        let head = self.batches.front().map(|batch| batch.meta(self.at).offset);
        head.or(self.next)
    }

    pub(crate) fn committed(&mut self) {
        self.consumed = false;
    }
}
