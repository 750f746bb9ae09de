//! What a processor sees of its task.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::store::{ContextCell, ProcessorStore, StoreHandle};
use super::{Cancellable, Children, ProcessorFailure, PunctuationType, schedule};
use crate::context::Context;
use crate::record::{Headers, Record};
use crate::time::Timestamp;
use crate::topology::{NodeId, TaskId};

/// Where the record in work came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordMetadata {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// The part of a processor's context that does not depend on what it forwards.
///
/// Java: `org.apache.kafka.streams.processor.api.ProcessingContext`.
#[derive(Clone, Copy)]
pub struct ProcessingContext<'a> {
    pub(super) cell: ContextCell<'a>,
    pub(super) node: NodeId,
}

impl<'a> ProcessingContext<'a> {
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Context) -> T) -> T {
        self.cell.with(look)
    }

    /// A store of this processor, by the handle that `store(..)` gave.
    ///
    /// The view reads and writes the task's store directly; what a child writes during a forward shows.
    /// A processor may only use the stores it was connected with, as another task owns any other.
    ///
    /// # Panics
    /// When the store belongs to another part of the topology: pass its handle to `process`, too.
    pub fn store<S: ProcessorStore>(&self, store: StoreHandle<S>) -> S::At<'a> {
        S::at(self.cell, store.ix())
    }

    /// Topic, partition and offset of the record in work; `None` in `init` and in punctuations.
    pub fn record_metadata(&self) -> Option<RecordMetadata> {
        self.with(|cx| {
            let record = cx.record();
            (record.offset >= 0).then(|| RecordMetadata {
                topic: Arc::clone(&record.topic),
                partition: record.partition,
                offset: record.offset,
            })
        })
    }

    /// The topic of the record in work; empty where there is none.
    pub fn topic(&self) -> Arc<str> {
        self.with(|cx| Arc::clone(&cx.record().topic))
    }

    /// The partition of the record in work; -1 where there is none.
    pub fn partition(&self) -> i32 {
        self.with(|cx| cx.record().partition)
    }

    /// The offset of the record in work; -1 where there is none.
    pub fn offset(&self) -> i64 {
        self.with(|cx| cx.record().offset)
    }

    /// The time of the record in work, or of the punctuation.
    pub fn timestamp(&self) -> Timestamp {
        self.with(|cx| cx.record().timestamp)
    }

    /// The headers of the record in work.
    pub fn headers(&self) -> Headers {
        self.with(|cx| cx.record().headers.clone())
    }

    /// The highest event time that the task has processed, in milliseconds; -1 before the first record.
    pub fn current_stream_time_ms(&self) -> i64 {
        self.with(|cx| cx.stream_time_ms())
    }

    /// The wall clock as the driver told it last, in milliseconds.
    pub fn current_system_time_ms(&self) -> i64 {
        self.with(|cx| cx.wall_clock().as_millis())
    }

    /// Asks for a commit as soon as the record in work is done, instead of at the end of
    /// `commit.interval.ms`.
    ///
    /// It is a wish: the thread commits all that it has processed by then, and the call returns at once. A
    /// processor of a global store need not ask: each batch is committed.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn checkpoint(record: Record<String, i64>, ctx: &mut ProcessorContext<'_, String, i64>) {
    ///     if record.key == "end of day" {
    ///         ctx.commit();
    ///     }
    ///     ctx.forward(record);
    /// }
    ///
    /// let topology = topology!({ stream::<String, i64>("in").process(checkpoint).to("out"); });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("in").pipe("end of day", 1, 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn commit(&self) {
        self.with(Context::request_commit);
    }

    /// The task.
    pub fn task_id(&self) -> TaskId {
        self.with(|cx| cx.task_id())
    }

    /// A folder of this task in which its processors may keep files: `<state.dir>/<application.id>/<task>/files`.
    ///
    /// Made at the first call. It stays on this machine: when the task moves, nothing moves with it, and when nobody
    /// has owned the task here for `state.cleanup.delay.ms`, or its state is cleaned up, the files are deleted. What must
    /// last belongs into a store. Processors of global stores have the folder `global/files`. Java's
    /// `ProcessingContext#stateDir` gives the task's folder itself; here the stores' files are out of reach.
    ///
    /// # Errors
    /// When the folder cannot be made, and in a test driver that was given none
    /// ([`with_state_dir`](crate::driver::test::TestDriverConfig::with_state_dir)).
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn note(record: Record<String, String>, ctx: &mut ProcessorContext<'_, String, String>) -> std::io::Result<()> {
    ///     std::fs::write(ctx.state_dir()?.join("last"), &record.value)?;
    ///     ctx.forward(record);
    ///     Ok(())
    /// }
    ///
    /// let topology = topology!({ stream::<String, String>("in").process(note).to("out"); });
    /// # let folder = std::env::temp_dir().join(format!("streams-state-dir-{}", std::process::id()));
    /// let config = TestDriverConfig::default().with_state_dir(&folder);
    /// let mut driver = TopologyTestDriver::new(&topology, config)?;
    /// driver.input::<String, String>("in").pipe("a", "x", 0)?;
    /// assert_eq!(std::fs::read_to_string(folder.join("app/0_0/files/last")).ok().as_deref(), Some("x"));
    /// # std::fs::remove_dir_all(folder).ok();
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn state_dir(&self) -> io::Result<PathBuf> {
        self.with(|cx| cx.files())
    }

    /// The application's id.
    pub fn application_id(&self) -> String {
        self.with(|cx| cx.application_id().to_owned())
    }
}

/// What a processor sees of its task, and its way out.
///
/// Failures of children and stores do not come back to the caller: the first one is kept, further
/// forwards and writes do nothing, and the task deals with it when the processor returns.
/// Java: `org.apache.kafka.streams.processor.api.ProcessorContext`.
pub struct ProcessorContext<'a, KOut, VOut> {
    processing: ProcessingContext<'a>,
    children: &'a Children<KOut, VOut>,
}

impl<'a, KOut, VOut> std::ops::Deref for ProcessorContext<'a, KOut, VOut> {
    type Target = ProcessingContext<'a>;

    fn deref(&self) -> &ProcessingContext<'a> {
        &self.processing
    }
}

impl<KOut, VOut> ProcessorContext<'_, KOut, VOut> {
    /// The same context once more.
    pub(super) fn again(&self) -> Self {
        Self { processing: self.processing, children: self.children }
    }
}

impl<KOut, VOut> ProcessorContext<'_, KOut, VOut>
where
    KOut: Clone + 'static,
    VOut: Clone + 'static,
{
    /// Sends a record to all children, in the order they were added, each to its end.
    ///
    /// Children see the record's time and headers; topic, partition and offset stay.
    pub fn forward(&mut self, record: Record<KOut, VOut>) {
        let children = self.children;
        self.sent(record, |cx, record| Ok(children.run(cx, record)?));
    }

    /// Sends a record to the child of that name, to its end.
    ///
    /// In the DSL a child has the name that its operator was given, or else the generated one, as `describe` shows
    /// them; what stands inside a part, or behind a merged repartition topic, has none that can be told apart.
    /// A name that no child has is a failure of this processor, as is what Java throws: further forwards do
    /// nothing, and the processing exception handler decides. Java: `ProcessorContext#forward(record, childName)`.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn route(record: Record<String, i64>, ctx: &mut ProcessorContext<'_, String, i64>) {
    ///     let child = if record.value > 9 { "big" } else { "small" };
    ///     ctx.forward_to(child, record);
    /// }
    ///
    /// let topology = topology!({
    ///     let routed = stream::<String, i64>("in").process(route);
    ///     routed.map_values(|amount| format!("big: {amount}"), "big").to("big-orders");
    ///     routed.to("small-orders", Produced::as_("small"));
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 20)], 0)?;
    /// assert_eq!(driver.output::<String, String>("big-orders").values()?, ["big: 20"]);
    /// assert_eq!(driver.output::<String, i64>("small-orders").values()?, [1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn forward_to(&mut self, child: &str, record: Record<KOut, VOut>) {
        let (children, node) = (self.children, self.node);
        self.sent(record, |cx, record| children.run_one(cx, (node, child), record));
    }

    fn sent(
        &mut self,
        record: Record<KOut, VOut>,
        send: impl FnOnce(&mut Context, Record<KOut, VOut>) -> Result<(), ProcessorFailure>,
    ) {
        self.with(|cx| {
            if cx.processor_failed() {
                return;
            }
            let before = (cx.record().timestamp, cx.record().headers.clone());
            cx.at(&record);
            if let Err(failure) = send(cx, record) {
                cx.note_failure(failure);
            }
            cx.at_parts(before.0, &before.1);
        });
    }

    /// Calls `punctuator` again and again, whenever `interval` has passed.
    ///
    /// In stream time it fires first as soon as any time is known, then on multiples of the interval from
    /// 0; by the wall clock first one interval from now. Intervals that passed unseen are one call, and
    /// the next ones keep the grid. The punctuator gets the processor itself (of type `P`, so name it),
    /// a context without metadata, and the current time of that clock.
    /// Intervals below one millisecond count as one.
    pub fn schedule<P: 'static>(
        &mut self,
        interval: Duration,
        by: PunctuationType,
        punctuator: impl FnMut(&mut P, &mut ProcessorContext<'_, KOut, VOut>, Timestamp)
        + Send
        + 'static,
    ) -> Cancellable {
        let callback = schedule::callback(self.node, self.children.clone(), punctuator);
        self.with(|cx| schedule::every(cx, self.node, (interval, by), callback))
    }

    /// [`schedule`](Self::schedule) on the grid `start` + n · `interval`; it fires first at the first
    /// point of the grid that is not before now.
    pub fn schedule_from<P: 'static>(
        &mut self,
        start: Timestamp,
        interval: Duration,
        by: PunctuationType,
        punctuator: impl FnMut(&mut P, &mut ProcessorContext<'_, KOut, VOut>, Timestamp)
        + Send
        + 'static,
    ) -> Cancellable {
        let callback = schedule::callback(self.node, self.children.clone(), punctuator);
        self.with(|cx| schedule::anchored(cx, self.node, start, (interval, by), callback))
    }
}

/// Runs user code with a context over `cx`.
pub(crate) fn enter<K, V, T>(
    cx: &mut Context,
    node: NodeId,
    children: &Children<K, V>,
    run: impl FnOnce(&mut ProcessorContext<'_, K, V>) -> T,
) -> T {
    let cell = RefCell::new(&mut *cx);
    entered(&cell, node, children, run)
}

fn entered<'a, K, V, T>(
    cell: &'a RefCell<&'a mut Context>,
    node: NodeId,
    children: &'a Children<K, V>,
    run: impl FnOnce(&mut ProcessorContext<'_, K, V>) -> T,
) -> T {
    let processing = ProcessingContext { cell: ContextCell::new(cell), node };
    run(&mut ProcessorContext { processing, children })
}
