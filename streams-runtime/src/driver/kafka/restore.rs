//! Stores catch up with their changelogs, in small steps between the processing of other tasks.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::Offset;

use super::batch::{PartitionReader, Scratch};
use super::clients::Consumer;
use super::offsets::{self, Offsets};
use super::restore_listener::StateRestoreListener;
use super::wake::Waker;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::record::TopicPartition;
use crate::store::{ChangelogRecord, StateStore};
use crate::task::RecordBatch;
use crate::topology::{StoreIx, TaskId};

/// A store that is to be brought up to date.
#[derive(Clone, Debug)]
pub(super) struct Want {
    pub(super) task: TaskId,
    pub(super) store: StoreIx,
    pub(super) name: String,
    pub(super) changelog: TopicPartition,
    /// The last changelog record that the store has.
    pub(super) local: Option<i64>,
    /// For a source topic that serves as changelog: what the group committed; the task itself
    /// processes what follows.
    pub(super) limit: Option<i64>,
}

/// What a store needs before its task can run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Need {
    /// Nothing: it has all records.
    Nothing,
    /// The records from `from` up to `end`, on top of what it has.
    CatchUp { from: i64, end: i64 },
    /// All records anew, because what it has cannot be continued.
    StartOver { from: i64, end: i64 },
}

/// Compares what a store has with what its changelog offers.
///
/// `begin` is the first offset still there, `end` the one that comes next.
pub(super) fn need(local: Option<i64>, begin: i64, end: i64) -> Need {
    let Some(last) = local else {
        return if begin < end { Need::CatchUp { from: begin, end } } else { Need::Nothing };
    };
    let from = last + 1;
    // behind the end: the topic was made anew; before the beginning: records are gone that the
    // store has not seen, among them maybe deletions
    if from > end || from < begin {
        return Need::StartOver { from: begin, end };
    }
    if from == end { Need::Nothing } else { Need::CatchUp { from, end } }
}

/// What each store needs, given where all changelogs begin and end.
pub(super) fn needs(wants: &[Want], begins: &Offsets, ends: &Offsets) -> Vec<Need> {
    let of_one = |want: &Want| {
        let begin = begins.get(&want.changelog).copied().unwrap_or(0);
        let end = ends.get(&want.changelog).copied().unwrap_or(begin);
        match want.limit {
            None => need(want.local, begin, end),
            Some(limit) => need_up_to(want.local, begin, end, limit),
        }
    };
    wants.iter().map(of_one).collect()
}

/// A restore in progress.
struct Restore {
    want: Want,
    reader: PartitionReader,
    next: i64,
    end: i64,
    total: u64,
}

/// What happened to a store in a step.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// It has all records.
    Done(TaskId),
    /// What it has cannot be continued: empty it, then want it again.
    Wipe(TaskId, StoreIx),
}

/// The restores of one thread.
pub(super) struct Restorer {
    consumer: Arc<Consumer>,
    waker: Arc<Waker>,
    listener: Option<Arc<dyn StateRestoreListener>>,
    running: Vec<Restore>,
}

/// Finds the store that a restore is for.
pub(super) trait Stores {
    fn store(&mut self, task: TaskId, store: StoreIx) -> Option<&mut dyn StateStore>;
}

impl Restorer {
    pub(super) fn new(
        consumer: Arc<Consumer>,
        waker: Arc<Waker>,
        listener: Option<Arc<dyn StateRestoreListener>>,
    ) -> Self {
        Self { consumer, waker, listener, running: Vec::new() }
    }

    /// Begins to read the changelog of a store that needs records.
    pub(super) fn start(&mut self, want: Want, from: i64, end: i64) -> Result<(), StreamsError> {
        let place = want.changelog.clone();
        let reader =
            PartitionReader::new(&self.consumer, &place.topic, place.partition, &self.waker)
                .ok_or_else(|| failed(&place, "it has no queue"))?;
        let list = offsets::list(std::slice::from_ref(&place), Offset::Offset(from));
        list.and_then(|list| self.consumer.incremental_assign(&list))
            .map_err(|error| failed(&place, &error.to_string()))?;
        tracing::info!(
            task = %want.task, store = %want.name, "restoring {place} from {from} to {end}"
        );
        if let Some(listener) = &self.listener {
            listener.on_restore_start(&place, &want.name, from, end);
        }
        self.running.push(Restore { want, reader, next: from, end, total: 0 });
        Ok(())
    }

    /// True while stores restore.
    pub(super) fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// True while a store of that task restores.
    pub(super) fn restores(&self, task: TaskId) -> bool {
        self.running.iter().any(|restore| restore.want.task == task)
    }

    /// Applies the records that are here, at most one batch a store, and says what came of it.
    ///
    /// `progress` is set when there was anything.
    pub(super) fn step(
        &mut self,
        scratch: &mut Scratch,
        stores: &mut dyn Stores,
        progress: &mut bool,
    ) -> Result<Vec<Step>, StreamsError> {
        // serves the consumer's own events
        let _events = self.consumer.poll(Duration::ZERO);
        let mut steps = Vec::new();
        let mut ix = 0;
        while ix < self.running.len() {
            let restore = &mut self.running[ix];
            let outcome = restore.step(scratch, stores, self.listener.as_deref());
            match outcome? {
                Outcome::Idle => ix += 1,
                Outcome::Progress => {
                    *progress = true;
                    ix += 1;
                }
                Outcome::Finished(step) => {
                    *progress = true;
                    let restore = self.running.swap_remove(ix);
                    self.end(&restore, matches!(step, Step::Done(_)));
                    steps.push(step);
                }
            }
        }
        Ok(steps)
    }

    /// Stops the restores of a task whose partitions were taken away; what was applied stays.
    pub(super) fn suspend(&mut self, task: TaskId) {
        let (gone, stay) =
            std::mem::take(&mut self.running).into_iter().partition(|r| r.want.task == task);
        self.running = stay;
        let gone: Vec<Restore> = gone;
        for restore in &gone {
            self.end(restore, false);
        }
    }

    fn end(&self, restore: &Restore, done: bool) {
        let (place, name) = (&restore.want.changelog, &restore.want.name);
        if let Ok(list) = offsets::list(std::slice::from_ref(place), Offset::Invalid) {
            // an error means that it was not assigned, which is what we want
            let _ignored = self.consumer.incremental_unassign(&list);
        }
        if done {
            tracing::info!(store = %name, "restored {place}: {} records", restore.total);
        }
        if let Some(listener) = &self.listener {
            if done {
                listener.on_restore_end(place, name, restore.total);
            } else {
                listener.on_restore_suspended(place, name, restore.total);
            }
        }
    }
}

fn need_up_to(local: Option<i64>, begin: i64, end: i64, limit: i64) -> Need {
    match need(local, begin, end) {
        Need::StartOver { from, .. } => Need::StartOver { from, end: end.min(limit) },
        Need::CatchUp { from, .. } if from < end.min(limit) => {
            Need::CatchUp { from, end: end.min(limit) }
        }
        Need::CatchUp { .. } | Need::Nothing => Need::Nothing,
    }
}

enum Outcome {
    Idle,
    Progress,
    Finished(Step),
}

impl Restore {
    fn step(
        &mut self,
        scratch: &mut Scratch,
        stores: &mut dyn Stores,
        listener: Option<&dyn StateRestoreListener>,
    ) -> Result<Outcome, StreamsError> {
        let (task, ix) = (self.want.task, self.want.store);
        if self.next >= self.end {
            return Ok(Outcome::Finished(Step::Done(task)));
        }
        let (arrived, batch) = self.reader.read(scratch, usize::MAX);
        match arrived.error {
            Some(RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset) => {
                return Ok(Outcome::Finished(Step::Wipe(task, ix)));
            }
            Some(code) if !super::errors::is_retriable(code) => {
                return Err(failed(&self.want.changelog, &code.to_string()));
            }
            _ => {}
        }
        let applied = self.apply(&batch, stores)?;
        if let (Some(listener), Some(last)) = (listener, self.next.checked_sub(1))
            && applied > 0
        {
            listener.on_batch_restored(&self.want.changelog, &self.want.name, last, applied);
        }
        // the last offsets may be markers of transactions, which are no records
        if self.next >= self.end || arrived.end.is_some_and(|end| end >= self.end) {
            return Ok(Outcome::Finished(Step::Done(task)));
        }
        Ok(if arrived.taken == 0 { Outcome::Idle } else { Outcome::Progress })
    }

    fn apply(&mut self, batch: &RecordBatch, stores: &mut dyn Stores) -> Result<u64, StreamsError> {
        let wanted = (0..batch.len()).take_while(|ix| batch.meta(*ix).offset < self.end).count();
        let Some(store) = stores.store(self.want.task, self.want.store) else { return Ok(0) };
        let mut records = (0..wanted).filter_map(|ix| {
            let meta = batch.meta(ix);
            // a record without a key belongs to no row
            batch.key(ix).map(|key| ChangelogRecord {
                key,
                value: batch.value(ix),
                timestamp: meta.timestamp,
                headers: &meta.headers,
                offset: meta.offset,
            })
        });
        if wanted > 0 {
            store.restore(&mut records).map_err(|error| {
                let message = format!("store `{}` cannot be restored", self.want.name);
                StreamsError::new(StreamsErrorKind::Store, message).caused_by(error)
            })?;
        }
        if wanted < batch.len() {
            self.next = self.end;
        } else if let Some(position) = batch.position() {
            self.next = position;
        }
        let applied = u64::try_from(wanted).unwrap_or(u64::MAX);
        self.total += applied;
        Ok(applied)
    }
}

fn failed(place: &TopicPartition, reason: &str) -> StreamsError {
    StreamsError::new(
        StreamsErrorKind::Broker,
        format!(
            "the changelog {place} cannot be read: {reason}; does the principal have READ on it?"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(local: Option<i64>, begin: i64, end: i64, expected: Need) {
        assert_eq!(need(local, begin, end), expected, "local {local:?} of [{begin}, {end})");
    }

    #[test]
    fn a_new_store_reads_all_that_is_left() {
        check(None, 0, 0, Need::Nothing);
        check(None, 5, 5, Need::Nothing);
        check(None, 5, 9, Need::CatchUp { from: 5, end: 9 });
    }

    #[test]
    fn a_current_store_needs_nothing() {
        check(Some(8), 0, 9, Need::Nothing);
        check(Some(8), 9, 9, Need::Nothing);
    }

    #[test]
    fn a_store_behind_goes_on_where_it_stood() {
        check(Some(3), 0, 9, Need::CatchUp { from: 4, end: 9 });
        check(Some(3), 4, 9, Need::CatchUp { from: 4, end: 9 });
    }

    #[test]
    fn a_truncated_or_remade_changelog_starts_over() {
        check(Some(3), 5, 9, Need::StartOver { from: 5, end: 9 });
        check(Some(8), 0, 4, Need::StartOver { from: 0, end: 4 });
        check(Some(8), 0, 0, Need::StartOver { from: 0, end: 0 });
    }

    #[test]
    fn a_source_topic_is_read_up_to_what_was_committed() {
        assert_eq!(need_up_to(None, 0, 9, 6), Need::CatchUp { from: 0, end: 6 });
        assert_eq!(need_up_to(Some(5), 0, 9, 6), Need::Nothing);
        assert_eq!(need_up_to(None, 0, 9, 0), Need::Nothing);
        assert_eq!(need_up_to(Some(7), 0, 9, 6), Need::Nothing);
    }
}
