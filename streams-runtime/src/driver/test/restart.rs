//! What lies in topics behind a test driver, and the ways in which its task ends and begins again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::room;
use super::{PARTITION, ProducedRecord, TopologyTestDriver};
use crate::error::StreamsError;
use crate::record::TopicPartition;
use crate::store::{ChangelogRecord, StateStore};
use crate::task::Task;
use crate::time::Timestamp;
use crate::topology::{StorePlan, TopologyPlan};

/// The topics of a test driver, as far as a restart needs them.
#[derive(Default)]
pub(super) struct History {
    /// The topics that stores are restored from, complete: a record's place is its offset.
    logs: BTreeMap<Arc<str>, Vec<Logged>>,
    /// How much of each log the last commit found.
    marks: BTreeMap<Arc<str>, usize>,
    /// The next offset of each topic.
    offsets: BTreeMap<Arc<str>, i64>,
    /// Positions and metadata as committed.
    committed: BTreeMap<Arc<str>, (i64, String)>,
    /// Input that no commit has covered, in the order in which it came.
    open: Vec<OpenRecord>,
    /// How many records were produced since the last commit.
    pub(super) produced: usize,
    wall_clock: Option<Timestamp>,
}

/// A record in a topic.
struct Logged {
    record: ProducedRecord,
    /// True when a test piped it, false when the topology produced it.
    piped: bool,
}

/// A record of an input topic that is to be processed again after a crash.
struct OpenRecord {
    record: ProducedRecord,
    offset: i64,
    piped: bool,
}

impl History {
    /// Keeps the topics that stores are restored from.
    pub(super) fn of(plan: &TopologyPlan, internal: &BTreeSet<String>) -> Self {
        let stores = plan.stores.iter().filter(|store| store.used && !store.global);
        let changelogs = stores.filter_map(|store| store.changelog.as_deref());
        let topics = changelogs.chain(internal.iter().map(String::as_str));
        let logs = topics.map(|topic| (Arc::from(topic), Vec::new())).collect();
        Self { logs, ..Self::default() }
    }

    /// Appends a record to its topic and gives its offset; `waits` when a task is to process it.
    pub(super) fn append(&mut self, record: &ProducedRecord, waits: bool, piped: bool) -> i64 {
        let next = self.offsets.entry(Arc::clone(&record.topic)).or_default();
        let offset = std::mem::replace(next, *next + 1);
        if let Some(log) = self.logs.get_mut(&record.topic) {
            log.push(Logged { record: record.clone(), piped });
        }
        if waits {
            self.open.push(OpenRecord { record: record.clone(), offset, piped });
        }
        offset
    }

    /// Notes what the task would commit now.
    pub(super) fn commit(&mut self, task: &Task) {
        for (place, next, metadata) in task.input_offsets() {
            self.committed.insert(place.topic, (next, metadata));
        }
        let committed = &self.committed;
        self.open.retain(|open| {
            committed.get(&open.record.topic).is_none_or(|(next, _)| open.offset >= *next)
        });
        self.marks = self.logs.iter().map(|(topic, log)| (Arc::clone(topic), log.len())).collect();
        self.produced = 0;
    }

    /// The last offset of each log that has any.
    pub(super) fn last_offsets(&self) -> BTreeMap<TopicPartition, i64> {
        let logs = self.logs.iter().filter(|(_, log)| !log.is_empty());
        logs.map(|(topic, log)| (TopicPartition::new(Arc::clone(topic), PARTITION), last(log)))
            .collect()
    }

    /// Gives a store what it has not got of its changelog. Of a source topic that serves as changelog
    /// it gets what was committed: the rest is processed again.
    pub(super) fn restore(
        &self,
        plan: &StorePlan,
        store: &mut dyn StateStore,
    ) -> Result<(), StreamsError> {
        let Some((topic, log)) =
            plan.changelog.as_deref().and_then(|topic| self.logs.get_key_value(topic))
        else {
            return Ok(());
        };
        let from = store.committed_offset_of(PARTITION)?.map_or(0, |last| last + 1);
        let until = match plan.source_changelog {
            true => self.committed.get(topic).map_or(0, |(next, _)| *next),
            false => last(log) + 1,
        };
        let mut rows = (0..until).zip(log).filter(|(offset, _)| *offset >= from).filter_map(
            |(offset, Logged { record, .. })| {
                Some(ChangelogRecord {
                    key: record.key.as_deref()?,
                    value: record.value.as_deref(),
                    timestamp: record.timestamp.unwrap_or(-1),
                    headers: &record.headers,
                    offset,
                })
            },
        );
        Ok(store.restore_partition(PARTITION, &mut rows)?)
    }

    /// Tells a task what was committed beside its positions.
    pub(super) fn restore_metadata(&self, task: &mut Task) {
        for (topic, (_, text)) in &self.committed {
            task.restore_metadata(topic, PARTITION, text);
        }
    }

    /// The wall clock of a restart, or `first`.
    pub(super) fn wall_clock_or(&self, first: Timestamp) -> Timestamp {
        self.wall_clock.unwrap_or(first)
    }

    /// Takes back what the topology produced since the last commit; returns how many records it was.
    fn abort(&mut self) -> usize {
        let (logs, offsets) = (&self.logs, &mut self.offsets);
        for open in self.open.iter().filter(|open| !open.piped) {
            let next = offsets.get_mut(&open.record.topic);
            if let Some(next) = next.filter(|_| !logs.contains_key(&open.record.topic)) {
                *next = open.offset.min(*next);
            }
        }
        self.open.retain(|open| open.piped);
        for (topic, log) in &mut self.logs {
            let kept = self.marks.get(topic).copied().unwrap_or(0);
            while log.len() > kept && log.last().is_some_and(|last| !last.piped) {
                log.pop();
                self.offsets.entry(Arc::clone(topic)).and_modify(|next| *next -= 1);
            }
        }
        std::mem::take(&mut self.produced)
    }
}

/// The offset of a log's last record.
fn last(log: &[Logged]) -> i64 {
    i64::try_from(log.len()).unwrap_or(i64::MAX) - 1
}

impl TopologyTestDriver {
    /// Ends the task and starts it again, as after a crash under at-least-once.
    ///
    /// What was not committed is lost: caches, writes to stores, processors' fields. Stores in memory
    /// begin empty, those in a state directory with the rows of the last commit, and each reads on in
    /// its changelog to the end; stores without a changelog have nothing more, and global ones stay. Then input is processed
    /// again from the last committed positions. What was produced stays, so results may come twice.
    ///
    /// # Errors
    /// When a store cannot be restored, or processing fails.
    pub fn restart(&mut self) -> Result<(), StreamsError> {
        self.end_task(false)?;
        self.begin_again(None)
    }

    /// Ends the task and starts it again, as after a crash under exactly-once.
    ///
    /// As [`restart`](Self::restart), but what the topology produced since the last commit is taken
    /// back, also from its changelogs. Nothing of it comes twice, unless the test has read it already.
    ///
    /// # Errors
    /// As [`restart`](Self::restart).
    pub fn restart_from_last_commit(&mut self) -> Result<(), StreamsError> {
        let aborted = self.history.abort();
        let kept = self.produced.len().saturating_sub(aborted);
        self.produced.truncate(kept);
        self.end_task(false)?;
        self.begin_again(None)
    }

    /// Takes the task away and gives it back, as a rebalance does: its stores stay open, without what
    /// was not committed, and read on in their changelogs.
    ///
    /// Processors are closed and made anew. Otherwise as [`restart`](Self::restart).
    ///
    /// # Errors
    /// As [`restart`](Self::restart).
    pub fn rebalance(&mut self) -> Result<(), StreamsError> {
        let stores = self.end_task(true)?;
        self.begin_again(Some(stores))
    }

    /// Ends the task; its stores are given back open, or closed and left out.
    fn end_task(&mut self, keep: bool) -> Result<Vec<room::OpenStore>, StreamsError> {
        self.dropped_before += self.task.stats().dropped;
        self.task.close_processors();
        let mut stores = Vec::new();
        for (ix, mut store) in self.task.take_stores() {
            if self.topology.plan.stores[ix.index()].global {
                // a view of what another task keeps
                continue;
            }
            store.abort();
            if keep {
                stores.push((ix, store));
            } else {
                store.close()?;
            }
        }
        Ok(stores)
    }

    fn begin_again(&mut self, stores: Option<Vec<room::OpenStore>>) -> Result<(), StreamsError> {
        self.history.wall_clock = Some(self.wall_clock);
        let (topology, config, inputs) = (&self.topology, &self.config, &self.inputs);
        let (history, globals) = (&self.history, self.globals.as_ref());
        self.task = match stores {
            Some(stores) => room::start(topology, config, inputs, (history, globals), stores)?,
            None => self.room.start(topology, config, inputs, history, globals)?,
        };
        let open = std::mem::take(&mut self.history.open);
        let again: Vec<_> = open.iter().map(|open| (open.record.clone(), open.offset)).collect();
        self.history.open = open;
        for (record, offset) in again {
            let batch = self.batch(&record, offset);
            self.task.add_records(&record.topic, PARTITION, batch);
            self.complete()?;
        }
        Ok(())
    }
}
