//! Stores of the user's own: any data structure, with a changelog and its task's commits.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::{
    ChangelogRecord, StateStore, StoreError, StoreErrorKind, StoreKind, StoreMaker, StoreSetup,
};
use crate::outbox::{Destination, Outbox, TopicIx};
use crate::record::Headers;
use crate::time::Timestamp;

/// A store of your own: whatever a processor has to remember, in the shape that suits it.
///
/// [`Own`](crate::processor::Own) declares one, and processors reach it through that. A task has one instance, of its
/// partition, and nobody else calls it. Before the first record it is fed its changelog from behind
/// [`committed_offset`](Self::committed_offset); with each commit comes [`flush`](Self::flush) and then
/// [`commit`](Self::commit). When changes must be taken back (a failed task, an aborted transaction), the store is
/// closed, opened again and restored; one that was not touched since its commit stays open.
///
/// At-least-once and exactly-once hold, without a wipe after a crash, when
/// - each change is told to the [`Changelog`], at once or in `flush`, and `restore` makes the same change of it;
/// - a store that keeps its content over a close writes content and offsets in `commit` all or nothing, never
///   before, and opens with what some `commit` wrote. One that keeps nothing needs none of these methods: it is
///   restored as a whole at each start, so its content must fit its changelog topic, which is compacted by key.
///
/// Without logging (`with_logging_disabled`) the content is what survives by itself: a store in memory is empty
/// after a move or a failure. Java: `StateStore`, `StateRestoreCallback`.
///
/// # Example
/// ```
/// use std::collections::BTreeMap;
/// use streams_runtime::prelude::*;
/// use streams_runtime::store::{Changelog, ChangelogRecord, OwnStore, StoreError};
///
/// /// How often each number was seen, in order.
/// #[derive(Default)]
/// struct Numbers(BTreeMap<i64, i64>);
///
/// impl Numbers {
///     fn add(&mut self, number: i64, now: Timestamp, log: &mut Changelog) {
///         let times = self.0.entry(number).or_insert(0);
///         *times += 1;
///         log.log(&number.to_be_bytes(), Some(&times.to_be_bytes()), now);
///     }
///
///     fn median(&self) -> Option<i64> {
///         let mut before = self.0.values().sum::<i64>() / 2;
///         let found = self.0.iter().find(|(_, times)| {
///             before -= **times;
///             before < 0
///         });
///         found.map(|(number, _)| *number)
///     }
/// }
///
/// impl OwnStore for Numbers {
///     fn restore(&mut self, record: &ChangelogRecord<'_>) -> Result<(), StoreError> {
///         let number = |bytes: &[u8]| bytes.try_into().map_or(0, i64::from_be_bytes);
///         self.0.insert(number(record.key), number(record.value.unwrap_or_default()));
///         Ok(())
///     }
/// }
///
/// #[processor]
/// fn median(
///     record: Record<String, i64>,
///     ctx: &mut ProcessorContext<'_, String, i64>,
///     numbers: &mut Own<Numbers>,
/// ) {
///     let median = numbers.with(|numbers, log| {
///         numbers.add(record.value, record.timestamp, log);
///         numbers.median()
///     });
///     if let Some(median) = median.flatten() {
///         ctx.forward(record.with_value(median));
///     }
/// }
///
/// let topology = topology!({
///     let numbers = store(Own::<Numbers>::builder("numbers", |_| Ok(Numbers::default())));
///     stream::<String, i64>("in").process(median, numbers).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 9), ("a", 9)], 0)?;
/// driver.restart()?;
/// driver.input::<String, i64>("in").pipe("a", 1, 0)?;
/// driver.input::<String, i64>("in").pipe("a", 1, 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 9, 9, 9, 1]);
/// # Ok::<(), StreamsError>(())
/// ```
pub trait OwnStore: Send + 'static {
    /// Makes the change that a record of the changelog tells. Records come in the order in which they were logged.
    ///
    /// The same records may come once more behind a failure, so a record should say what a row is, not by how much it
    /// changed. Java: `StateRestoreCallback#restore`.
    ///
    /// # Errors
    /// When the record cannot be understood; the instance stops.
    fn restore(&mut self, record: &ChangelogRecord<'_>) -> Result<(), StoreError>;

    /// Logs the changes that are not logged yet; before each commit of a store that was touched.
    ///
    /// # Errors
    /// When it cannot; the commit is not made.
    fn flush(&mut self, log: &mut Changelog) -> Result<(), StoreError> {
        let _ = log;
        Ok(())
    }

    /// Makes all content durable, with the offset that it stands for in each partition of the changelog, all or
    /// nothing. Without a changelog there are no offsets.
    ///
    /// # Errors
    /// When it cannot; the task is closed, and the store opened again.
    fn commit(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        let _ = offsets;
        Ok(())
    }

    /// The offset that the durable content stands for; `None` for a store that keeps nothing over a close.
    ///
    /// # Errors
    /// When it cannot be read.
    fn committed_offset(&self, partition: i32) -> Result<Option<i64>, StoreError> {
        let _ = partition;
        Ok(None)
    }

    /// Lets go of files and locks, and of what was not committed; nothing follows.
    ///
    /// # Errors
    /// When it cannot.
    fn close(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Closes and deletes all content, as the changelog does not continue it; nothing follows.
    ///
    /// # Errors
    /// When it cannot.
    fn wipe(&mut self) -> Result<(), StoreError> {
        self.close()
    }
}

/// Where a store of the user's own tells its changes.
///
/// They leave with the results of the record in work, and under exactly-once in its transaction. A store without
/// logging may tell them as well: nothing happens.
#[derive(Debug, Default)]
pub struct Changelog {
    topic: Option<TopicIx>,
    arena: Vec<u8>,
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Change {
    key: Range<usize>,
    value: Option<Range<usize>>,
    timestamp: Timestamp,
    headers: Headers,
}

impl Changelog {
    /// Logs a row's value at a time; `None` deletes the row from the compacted topic.
    pub fn log(&mut self, key: &[u8], value: Option<&[u8]>, timestamp: Timestamp) {
        self.log_with_headers(key, value, timestamp, Headers::none());
    }

    /// [`log`](Self::log) with headers.
    pub fn log_with_headers(
        &mut self,
        key: &[u8],
        value: Option<&[u8]>,
        timestamp: Timestamp,
        headers: &Headers,
    ) {
        if self.is_enabled() {
            let (key, value) = (self.add(key), value.map(|value| self.add(value)));
            self.changes.push(Change { key, value, timestamp, headers: headers.clone() });
        }
    }

    /// True when the store has a changelog.
    pub fn is_enabled(&self) -> bool {
        self.topic.is_some()
    }

    fn add(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        start..self.arena.len()
    }

    fn drain_into(&mut self, out: &mut Outbox, partition: i32) {
        let Some(topic) = self.topic else { return };
        for Change { key, value, timestamp, headers } in self.changes.drain(..) {
            let to = Destination {
                topic,
                partition: Some(partition),
                timestamp: Some(timestamp.as_millis()),
                headers: &headers,
            };
            let value = value.map(|value| &self.arena[value]);
            out.push_bytes(to, Some(&self.arena[key]), value);
        }
        self.arena.clear();
    }
}

/// Which store of the user's own is opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OwnSetup<'a> {
    /// The store's name.
    pub name: &'a str,
    /// The partition of its task, and of its changelog; with the name it is unique within an application.
    pub partition: i32,
    /// The topic of its changelog, to tell serdes.
    pub changelog_topic: &'a str,
}

type Open<S> = Arc<dyn Fn(&OwnSetup<'_>) -> Result<S, StoreError> + Send + Sync>;

/// A store of the user's own as its task has it.
pub struct OwnState<S> {
    name: Arc<str>,
    topic: Arc<str>,
    partition: i32,
    open: Open<S>,
    /// Nothing when it could not be opened again.
    store: Option<S>,
    log: Changelog,
    /// What the open content stands for, for stores that do not know it themselves.
    offsets: BTreeMap<i32, i64>,
    /// True when it was touched since the last flush, and since the last commit.
    touched: (bool, bool),
}

impl<S: OwnStore> OwnState<S> {
    fn new(setup: &StoreSetup<'_>, open: Open<S>) -> Result<Self, StoreError> {
        let log = Changelog { topic: setup.changelog, ..Changelog::default() };
        let mut state = Self {
            name: setup.name.into(),
            topic: setup.changelog_topic.into(),
            partition: setup.partition,
            open,
            store: None,
            log,
            offsets: BTreeMap::new(),
            touched: (false, false),
        };
        state.store = Some(state.opened()?);
        Ok(state)
    }

    fn opened(&self) -> Result<S, StoreError> {
        let (name, changelog_topic) = (&self.name, &self.topic);
        (self.open)(&OwnSetup { name, partition: self.partition, changelog_topic })
    }

    /// The store itself.
    ///
    /// # Errors
    /// When it could not be opened again after a failure.
    pub fn store(&mut self) -> Result<&mut S, StoreError> {
        self.parts().map(|(store, _)| store)
    }

    /// Lets a processor work with the store.
    ///
    /// # Errors
    /// Those of [`store`](Self::store) and of the work.
    pub(crate) fn touch<T>(
        &mut self,
        work: impl FnOnce(&mut S, &mut Changelog) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.touched = (true, true);
        let (store, log) = self.parts()?;
        work(store, log)
    }

    /// Sends what was logged to the changelog.
    pub(crate) fn send_log(&mut self, out: &mut Outbox) {
        self.log.drain_into(out, self.partition);
    }

    fn parts(&mut self) -> Result<(&mut S, &mut Changelog), StoreError> {
        match &mut self.store {
            Some(store) => Ok((store, &mut self.log)),
            None => Err(closed(&self.name)),
        }
    }

    fn commit_content(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        self.store()?.commit(offsets)?;
        self.offsets.extend(offsets.iter().copied());
        Ok(())
    }
}

#[cold]
fn closed(name: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Io,
        format!("the store `{name}` could not be opened again after a failure; the log says why"),
    )
}

impl<S: OwnStore> StateStore for OwnState<S> {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> StoreKind {
        StoreKind::Internal
    }

    fn partition(&self) -> i32 {
        self.partition
    }

    fn flush_cache(&mut self, out: &mut Outbox) -> Result<(), StoreError> {
        let (store, log) = self.parts()?;
        store.flush(log)?;
        self.touched.0 = false;
        self.send_log(out);
        Ok(())
    }

    fn holds_back(&self) -> bool {
        true
    }

    fn commit_partitions(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        self.commit_content(offsets)?;
        self.touched.1 = false;
        Ok(())
    }

    fn committed_offset_of(&self, partition: i32) -> Result<Option<i64>, StoreError> {
        let store = self.store.as_ref().ok_or_else(|| closed(&self.name))?;
        let known = self.offsets.get(&partition).copied();
        Ok(store.committed_offset(partition)?.or(known))
    }

    fn restore_partition(
        &mut self,
        partition: i32,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
    ) -> Result<(), StoreError> {
        let store = self.store()?;
        let mut last = None;
        for record in records {
            store.restore(&record)?;
            last = Some(record.offset);
        }
        last.map_or(Ok(()), |last| self.commit_content(&[(partition, last)]))
    }

    fn abort(&mut self) {
        if !self.touched.1 {
            return;
        }
        self.touched = (false, false);
        self.offsets.clear();
        self.log = Changelog { topic: self.log.topic, ..Changelog::default() };
        if let Some(mut store) = self.store.take()
            && let Err(error) = store.close()
        {
            tracing::warn!(store = %self.name, "a store of your own did not close: {error}");
        }
        match self.opened() {
            Ok(store) => self.store = Some(store),
            Err(error) => tracing::warn!(store = %self.name, "it does not open again: {error}"),
        }
    }

    fn pending_bytes(&self) -> usize {
        0
    }

    fn cache_bytes(&self) -> usize {
        0
    }

    fn dirty_entries(&self) -> usize {
        usize::from(self.touched.0)
    }

    fn visit_rows(&self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), StoreError> {
        self.store.take().map_or(Ok(()), |mut store| store.close())
    }

    fn wipe(&mut self) -> Result<(), StoreError> {
        self.store.take().map_or(Ok(()), |mut store| store.wipe())
    }
}

/// Makes a store of the user's own for each task.
pub(crate) fn own_store_maker<S: OwnStore>(
    open: impl Fn(&OwnSetup<'_>) -> Result<S, StoreError> + Send + Sync + 'static,
) -> StoreMaker {
    let open: Open<S> = Arc::new(open);
    Arc::new(move |setup| Ok(Box::new(OwnState::new(&setup, Arc::clone(&open))?)))
}
