//! Who wants to see every record at every node.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::record::{Headers, RecordContext};
use crate::time::Timestamp;
use crate::topology::TaskId;

/// Sees each record that enters a node, those of the DSL's operators included; for traces, counts and debugging.
///
/// Needs the feature `observer`: without it no code looks for an observer. With it a node asks once per record whether
/// there is one. All threads of the application call the one observer, inside their work: what it costs, every record at every node
/// pays. A panic is one of the thread.
///
/// It is told before the node does its work. What a node sends on enters the nodes behind it, so leaving one is entering the next;
/// sources, sinks and the processors of global stores are told, too. Nodes that only hand records on are not: merges, splits
/// and default branches. An operator for which `describe` shows several nodes is told once: the side of a stream join as the node that
/// joins, a repartition as the source that reads it, a table with its source as the table, `to_stream` with a selector as the selector.
///
/// Stands for Java's `ProcessorWrapper` (KIP-1112), with these differences: it sees records and cannot replace, hold back or change them,
/// nor add stores; a processor that should do so is written around another one in the topology. It is a value, so what it needs to know is
/// given when it is made, and no `configure` follows.
///
/// # Example
/// ```
/// use std::sync::{Arc, Mutex};
/// use streams_runtime::prelude::*;
///
/// /// Writes down who got what.
/// #[derive(Clone, Default)]
/// struct Trace(Arc<Mutex<Vec<String>>>);
///
/// impl ProcessorObserver for Trace {
///     fn entering(&self, record: &Entering<'_>) {
///         let amount = record.value::<i64>().map(i64::to_string).unwrap_or_default();
///         self.0.lock().unwrap().push(format!("{} {amount}", record.node));
///     }
/// }
///
/// let topology = topology!({
///     stream::<String, i64>("in", "read").filter(|_, n| *n > 1, "large").to("out", Produced::as_("write"));
/// });
/// let trace = Trace::default();
/// let config = StreamsConfig::new("app").processor_observer(trace.clone());
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::from(&config))?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
/// assert_eq!(*trace.0.lock().unwrap(), ["read 1", "large 1", "read 2", "large 2", "write 2"]);
/// # Ok::<(), StreamsError>(())
/// ```
pub trait ProcessorObserver: Send + Sync + 'static {
    /// A record enters a node.
    fn entering(&self, record: &Entering<'_>);
}

/// A record on its way into a node.
#[derive(Clone, Copy)]
pub struct Entering<'a> {
    /// The node's name, as `describe` shows it.
    pub node: &'a str,
    /// The task that it is in; that of the global stores has the partition -1.
    pub task_id: TaskId,
    /// The record's own time.
    pub timestamp: Timestamp,
    /// The record's own headers.
    pub headers: &'a Headers,
    /// Topic, partition and offset of the record that began it; empty, -1 and -1 in punctuations.
    pub origin: &'a RecordContext,
    pub(crate) key: &'a dyn Any,
    pub(crate) value: &'a dyn Any,
}

impl<'a> Entering<'a> {
    /// The key, if it is of that type: as in the topology, so `Option<K>` where it may be null, and `Windowed<K>`
    /// behind a windowed aggregation.
    pub fn key<K: 'static>(&self) -> Option<&'a K> {
        self.key.downcast_ref()
    }

    /// The value, if it is of that type: as in the topology, and `Change<V>` where the node belongs to a table.
    pub fn value<V: 'static>(&self) -> Option<&'a V> {
        self.value.downcast_ref()
    }
}

impl fmt::Debug for Entering<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, task_id, timestamp, origin, .. } = self;
        let mut shown = f.debug_struct("Entering");
        shown.field("node", node).field("task_id", task_id).field("timestamp", timestamp);
        shown.field("origin", origin).finish_non_exhaustive()
    }
}

/// The observer of an application, if it has one.
#[derive(Clone, Default)]
pub struct Observer(pub(crate) Option<Arc<dyn ProcessorObserver>>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer" } else { "none" })
    }
}
