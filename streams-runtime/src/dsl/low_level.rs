//! `TopologyBuilder`: a topology from sources, processors, stores and sinks, by name.

use std::sync::Arc;

use super::global_store::GlobalNames;
use super::process::ProcessOptions;
use super::topology::Topology;
use super::{Consumed, IntoSink, IntoTopic, IntoTopics, OffsetReset, Produced, StreamsBuilder};
use crate::operator::{Process, Sink, SinkTopic};
use crate::processor::{
    Children, GlobalStore, ProcessorStore, ReadOnlyStore, StoreBuilder, StoreHandle, Supplies,
};
use crate::record::RecordContext;
use crate::serdes::HasSerde;
use crate::topology::NodeId;
use crate::topology::graph::{NewNode, NodeKind, SinkTarget};

/// Builds a topology node by node, each under a name of its own.
///
/// The low level under the DSL: nothing is added behind your back, no repartition, no store. Nodes are
/// typed, so a processor or a sink that does not fit its parents does not compile.
/// Java: `org.apache.kafka.streams.Topology`.
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
/// let mut builder = TopologyBuilder::new();
/// let orders = builder.add_source::<String, i64>("orders", "in", ());
/// let routed = builder.add_processor("route", route, [&orders], ());
/// builder.add_sink("big", "big-orders", [&routed], ());
/// builder.add_sink("small", "small-orders", [&routed], ());
/// let topology = builder.finish();
///
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 20)], 0)?;
/// assert_eq!(driver.output::<String, i64>("big-orders").values()?, [20]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug, Default)]
pub struct TopologyBuilder {
    inner: StreamsBuilder,
}

/// A node of a [`TopologyBuilder`] that forwards keys of `K` and values of `V`.
pub struct TopologyNode<K, V> {
    node: NodeId,
    children: Children<K, V>,
}

impl TopologyBuilder {
    /// An empty topology.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads topics, or all that a [`Pattern`](super::Pattern) matches. `options` are those of a stream, or `()`.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// let mut builder = TopologyBuilder::new();
    /// let options = Consumed::default().with_offset_reset_policy(OffsetReset::Earliest);
    /// let orders = builder.add_source::<String, i64>("orders", Pattern::new("orders-.*"), options);
    /// builder.add_sink("sink", "all", [&orders], ());
    /// let topology = builder.finish();
    /// assert!(topology.describe().contains("Source: orders (topics: orders-.*)"));
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("orders-eu").pipe("a", 1, 0)?;
    /// assert_eq!(driver.output::<String, i64>("all").values()?, [1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn add_source<K, V>(
        &mut self,
        name: &str,
        topics: impl IntoTopics<K, V>,
        options: impl IntoNodeOptions<Consumed<K, V>>,
    ) -> TopologyNode<K, V>
    where
        K: HasSerde,
        V: HasSerde,
    {
        let mut consumed = options.into_node_options();
        consumed.name = Some(name.to_owned());
        let (stream, source) = self.inner.stream(topics, consumed);
        let node = TopologyNode { node: stream.node, children: Children::default() };
        let children = node.children.clone();
        self.inner.source(source, move |cx, record| children.run(cx, record));
        node
    }

    /// Adds a processor behind its parents, connected with stores: their handles, or `()`.
    pub fn add_processor<const N: usize, K, V, L, W, X, S, O, By>(
        &mut self,
        name: &str,
        supplier: X,
        parents: [&TopologyNode<K, V>; N],
        stores: O,
    ) -> TopologyNode<L, W>
    where
        K: Clone + 'static,
        V: Clone + 'static,
        L: Clone + 'static,
        W: Clone + 'static,
        S: Copy + Send + Sync + 'static,
        X: Supplies<K, V, L, W, S, By>,
        O: ProcessOptions<S>,
    {
        let (stores, connected, _) = stores.parts();
        let kind = NodeKind::Processor { stores: Vec::new() };
        let node = self.node::<K, V, L, W>(name, &parents, kind);
        self.inner.graph.use_stores(node, &connected);
        let process = Process::new(node, move || supplier.supply(stores));
        for parent in parents {
            let process = process.clone();
            parent.children.add_child(node, move |cx, record| process.run(cx, record));
        }
        self.inner.processor(&process);
        TopologyNode { node, children: process.children }
    }

    /// Writes what its parents forward to a topic. `options` are those of `to`, or `()`.
    pub fn add_sink<const N: usize, K, V>(
        &mut self,
        name: &str,
        topic: impl IntoSink<K, V>,
        parents: [&TopologyNode<K, V>; N],
        options: impl IntoNodeOptions<Produced<K, V>>,
    ) where
        K: HasSerde,
        V: HasSerde,
    {
        let sink = topic.into_sink();
        let mut produced = options.into_node_options();
        produced.serdes.key = produced.serdes.key.or(&sink.serdes.key);
        produced.serdes.value = produced.serdes.value.or(&sink.serdes.value);
        let topic = self.inner.graph.checked_name("topic", &sink.name);
        self.sink(name, (SinkTopic::Fixed, SinkTarget::Topic(topic)), &parents, produced);
    }

    /// Writes what its parents forward to the topic that `extractor` names for each record.
    pub fn add_sink_with<const N: usize, K, V, F>(
        &mut self,
        name: &str,
        extractor: F,
        parents: [&TopologyNode<K, V>; N],
        options: impl IntoNodeOptions<Produced<K, V>>,
    ) where
        K: HasSerde,
        V: HasSerde,
        F: Fn(&K, &V, &RecordContext) -> String + Send + Sync + 'static,
    {
        let topic = (SinkTopic::Computed(Arc::new(extractor)), SinkTarget::Computed);
        self.sink(name, topic, &parents, options.into_node_options());
    }

    /// Declares a store, and gives the handle that connects it with processors.
    pub fn add_state_store<S>(&mut self, store: StoreBuilder<S>) -> StoreHandle<S> {
        self.inner.store(store)
    }

    /// Declares a store that a processor fills from a topic, which also is its changelog; `source` and
    /// `processor` name the two nodes before it. `options` are those of a stream, or `()`.
    ///
    /// Each task has the store of its own partition, so the topic must have as many partitions as those that
    /// its readers read. There is no changelog topic: a lost store is filled with the topic's records **as they are**,
    /// without the processor, so its rows must be the records themselves: the processor may leave none out and
    /// change none, or they come back with a restart. Reading begins at the topic's beginning.
    /// Java: `Topology#addReadOnlyStateStore`, KIP-813.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn keep(record: Record<String, i64>, limits: &mut KeyValueStore<String, i64>) {
    ///     limits.put(record.key, record.value);
    /// }
    ///
    /// #[processor]
    /// fn limited(
    ///     record: Record<String, i64>,
    ///     ctx: &mut ProcessorContext<'_, String, i64>,
    ///     limits: &ReadOnlyStore<KeyValueStore<String, i64>>,
    /// ) {
    ///     if limits.get(&record.key).is_none_or(|limit| record.value <= limit) {
    ///         ctx.forward(record);
    ///     }
    /// }
    ///
    /// let mut builder = TopologyBuilder::new();
    /// let limits = KeyValueStore::<String, i64>::persistent("limits");
    /// let limits = builder.add_read_only_state_store(limits, "read", "limits", "keep", keep, ());
    /// let orders = builder.add_source::<String, i64>("orders", "in", ());
    /// let passed = builder.add_processor("limited", limited, [&orders], limits);
    /// builder.add_sink("sink", "out", [&passed], ());
    /// let topology = builder.finish();
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("limits").pipe("a", 5, 0)?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 3), ("a", 7), ("b", 9)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [3, 9]);
    /// assert_eq!(driver.produced_topic_names(), ["out"], "the topic is the changelog");
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn add_read_only_state_store<K, V, S, X, By>(
        &mut self,
        store: StoreBuilder<S>,
        source: &str,
        topic: impl IntoTopic<K, V>,
        processor: &str,
        supplier: X,
        options: impl IntoNodeOptions<Consumed<K, V>>,
    ) -> StoreHandle<ReadOnlyStore<S>>
    where
        K: HasSerde + Clone,
        V: HasSerde + Clone,
        S: ProcessorStore,
        X: Supplies<K, V, (), (), (StoreHandle<S>,), By>,
    {
        let mut consumed = options.into_node_options();
        consumed.offset_reset = Some(OffsetReset::Earliest);
        let topics = topic.into_topics();
        let name = self.inner.single_topic(&topics);
        let records = self.add_source(source, topics, consumed);
        let own = self.inner.store(store.with_logging_disabled());
        self.inner.graph.fill_from(own.ix(), name);
        self.add_processor::<1, K, V, (), (), _, _, _, _>(processor, supplier, [&records], own);
        StoreHandle::new(own.ix())
    }

    /// Declares a store that every instance fills completely from a topic, by a processor; `source` and
    /// `processor` name the two nodes before it. `options` are those of a stream, or `()`.
    ///
    /// See [`StreamsBuilder::global_store`]. Java: `Topology#addGlobalStore`.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn keep(record: Record<String, i64>, limits: &mut KeyValueStore<String, i64>) {
    ///     limits.put(record.key, record.value);
    /// }
    ///
    /// #[processor]
    /// fn limited(
    ///     record: Record<String, i64>,
    ///     ctx: &mut ProcessorContext<'_, String, i64>,
    ///     limits: &GlobalStore<KeyValueStore<String, i64>>,
    /// ) {
    ///     if limits.get(&record.key).is_none_or(|limit| record.value <= limit) {
    ///         ctx.forward(record);
    ///     }
    /// }
    ///
    /// let mut builder = TopologyBuilder::new();
    /// let limits = KeyValueStore::<String, i64>::persistent("limits");
    /// let limits = builder.add_global_store(limits, "read-limits", "limits", "keep-limits", keep, ());
    /// let orders = builder.add_source::<String, i64>("orders", "in", ());
    /// let passed = builder.add_processor("limited", limited, [&orders], limits);
    /// builder.add_sink("sink", "out", [&passed], ());
    /// let mut driver = TopologyTestDriver::new(&builder.finish(), TestDriverConfig::default())?;
    /// driver.input::<String, i64>("limits").pipe("a", 5, 0)?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 3), ("a", 7), ("b", 9)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [3, 9]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn add_global_store<K, V, S, X, By>(
        &mut self,
        store: StoreBuilder<S>,
        source: &str,
        topic: impl IntoTopic<K, V>,
        processor: &str,
        supplier: X,
        options: impl IntoNodeOptions<Consumed<K, V>>,
    ) -> StoreHandle<GlobalStore<S>>
    where
        K: HasSerde,
        V: HasSerde,
        S: ProcessorStore,
        X: Supplies<K, V, (), (), (StoreHandle<S>,), By>,
    {
        let names = GlobalNames {
            source: self.inner.graph.checked_name("processor", source),
            processor: self.inner.graph.checked_name("processor", processor),
        };
        let consumed = options.into_node_options();
        self.inner.add_global(store, &topic.into_topics(), names, consumed, supplier)
    }

    /// The finished topology; [`Topology::build`] reports what is wrong with it.
    pub fn finish(self) -> Topology {
        self.inner.finish()
    }

    fn sink<K: HasSerde, V: HasSerde>(
        &mut self,
        name: &str,
        (topic, target): (SinkTopic<K, V>, SinkTarget),
        parents: &[&TopologyNode<K, V>],
        produced: Produced<K, V>,
    ) {
        let node = self.node::<K, V, K, V>(name, parents, NodeKind::Sink(target));
        let (key, value) = (produced.serdes.key.at_topic(), produced.serdes.value.at_topic());
        let sink = Arc::new(Sink::new(node, key, value, topic, produced.partitioner));
        for parent in parents {
            let sink = Arc::clone(&sink);
            parent.children.add_child(node, move |cx, record| sink.run(cx, record));
        }
    }

    fn node<K, V, L, W>(
        &mut self,
        name: &str,
        parents: &[&TopologyNode<K, V>],
        kind: NodeKind,
    ) -> NodeId {
        let name = self.inner.graph.checked_name("processor", name);
        if parents.is_empty() {
            self.inner.graph.problem(format!("node `{name}` has no parent; give it one"));
        }
        let parents: Vec<NodeId> = parents.iter().map(|parent| parent.node).collect();
        let types = super::builder::types::<L, W>();
        self.inner.add(&parents, NewNode { types, ..NewNode::new(name, kind) })
    }
}

/// The options of a node, or `()` for none.
pub trait IntoNodeOptions<O> {
    /// As the options' own type.
    fn into_node_options(self) -> O;
}

impl<O: Default> IntoNodeOptions<O> for () {
    fn into_node_options(self) -> O {
        O::default()
    }
}

impl<K, V> IntoNodeOptions<Consumed<K, V>> for Consumed<K, V> {
    fn into_node_options(self) -> Self {
        self
    }
}

impl<K, V> IntoNodeOptions<Produced<K, V>> for Produced<K, V> {
    fn into_node_options(self) -> Self {
        self
    }
}
