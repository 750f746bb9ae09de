//! `KStream`: a stream of records, each a fact of its own.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::builder::Keeps;
use super::{IntoSink, Named, Printed, Produced, Split, StreamsBuilder};
use crate::operator::{
    Filter, FlatMapValues, FlatMapValuesWithKey, Foreach, Is, IsNot, MapValues, MapValuesWithKey,
    Peek, Print, Sink, SinkTopic, default_partitioner,
};
use crate::record::RecordContext;
use crate::serdes::HasSerde;
use crate::topology::NodeId;
use crate::topology::graph::{Effect, NewNode, NodeKind, SinkTarget};
use crate::topology::naming::prefix;

/// A stream of records with keys of `K` and values of `V`.
///
/// Every record is a fact of its own; time and headers pass through all operators of this type. The
/// handle is a number: copies name the same stream. Java: `org.apache.kafka.streams.kstream.KStream`.
pub struct KStream<K, V> {
    pub(crate) node: NodeId,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for KStream<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for KStream<K, V> {}

impl<K, V> Debug for KStream<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KStream({})", self.node.0)
    }
}

impl<K, V> KStream<K, V> {
    pub(crate) fn new(node: NodeId) -> Self {
        Self { node, types: PhantomData }
    }

    /// The node that the stream leaves.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Keeps the records for which `predicate` holds.
    ///
    /// Costs nothing but the call: no store, no repartition.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({ stream::<String, i64>("in").filter(|_, n| *n > 1).to("out"); });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [2]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn filter<F>(
        self,
        b: &mut StreamsBuilder,
        predicate: F,
        options: impl Into<Named>,
    ) -> (Self, Filter<F, Is>)
    where
        F: Fn(&K, &V) -> bool + Send + Sync + 'static,
    {
        let node = self.filtered(b, options);
        (Self::new(node), Filter::new(node, predicate))
    }

    /// Drops the records for which `predicate` holds.
    ///
    /// Costs nothing but the call: no store, no repartition.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").filter_not(|_, n| *n > 1).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn filter_not<F>(
        self,
        b: &mut StreamsBuilder,
        predicate: F,
        options: impl Into<Named>,
    ) -> (Self, Filter<F, IsNot>)
    where
        F: Fn(&K, &V) -> bool + Send + Sync + 'static,
    {
        let node = self.filtered(b, options);
        (Self::new(node), Filter::new(node, predicate))
    }

    pub(super) fn filtered(self, b: &mut StreamsBuilder, options: impl Into<Named>) -> NodeId {
        let keeps = Keeps::BOTH;
        b.stream_node::<K, V>(self.node, options, prefix::STREAM_FILTER, Effect::Keeps, keeps)
    }

    /// Replaces each value by what `mapper` makes of it.
    ///
    /// The key, and so the partition, stays: no repartition follows.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({ stream::<String, i64>("in").map_values(|n| n * 10).to("out"); });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [10, 20]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn map_values<W, F>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<K, W>, MapValues<F>)
    where
        F: Fn(V) -> W + Send + Sync + 'static,
    {
        let node = self.values_changed::<W>(b, options, prefix::STREAM_MAP_VALUES);
        (KStream::new(node), MapValues::new(node, mapper))
    }

    /// Replaces each value by what `mapper` makes of key and value.
    ///
    /// The key, and so the partition, stays: no repartition follows.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").map_values(|key, n| format!("{key}{n}")).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1)], 0)?;
    /// assert_eq!(driver.output::<String, String>("out").values()?, ["a1"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn map_values_with_key<W, F>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<K, W>, MapValuesWithKey<F>)
    where
        F: Fn(&K, V) -> W + Send + Sync + 'static,
    {
        let node = self.values_changed::<W>(b, options, prefix::STREAM_MAP_VALUES);
        (KStream::new(node), MapValuesWithKey::new(node, mapper))
    }

    /// Replaces each record by one for each value that `mapper` makes of its value; none drops it.
    ///
    /// The key, and so the partition, stays: no repartition follows.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .flat_map_values(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("k", "to be")], 0)?;
    /// assert_eq!(driver.output::<String, String>("out").values()?, ["to", "be"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn flat_map_values<I, F>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<K, I::Item>, FlatMapValues<F>)
    where
        I: IntoIterator,
        F: Fn(V) -> I + Send + Sync + 'static,
    {
        let node = self.values_changed::<I::Item>(b, options, prefix::STREAM_FLAT_MAP_VALUES);
        (KStream::new(node), FlatMapValues::new(node, mapper))
    }

    /// Replaces each record by one for each value that `mapper` makes of its key and value.
    ///
    /// The key, and so the partition, stays: no repartition follows.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").flat_map_values(|key, n| [key.len() as i64, n]).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("abc", 7)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [3, 7]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn flat_map_values_with_key<I, F>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<K, I::Item>, FlatMapValuesWithKey<F>)
    where
        I: IntoIterator,
        F: Fn(&K, V) -> I + Send + Sync + 'static,
    {
        let node = self.values_changed::<I::Item>(b, options, prefix::STREAM_FLAT_MAP_VALUES);
        (KStream::new(node), FlatMapValuesWithKey::new(node, mapper))
    }

    pub(super) fn values_changed<W>(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<Named>,
        prefix: &str,
    ) -> NodeId {
        b.stream_node::<K, W>(self.node, options, prefix, Effect::ChangesValue, Keeps::KEY)
    }

    /// Calls `action` on each record and passes the record on.
    ///
    /// Costs nothing but the call. After a failure records come again, so `action` may see a record
    /// more than once.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").peek(|key, n| println!("{key}: {n}")).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn peek<F>(
        self,
        b: &mut StreamsBuilder,
        action: F,
        options: impl Into<Named>,
    ) -> (Self, Peek<F>)
    where
        F: Fn(&K, &V) + Send + Sync + 'static,
    {
        let node = self.peeked(b, options);
        (Self::new(node), Peek::new(node, action))
    }

    pub(super) fn peeked(self, b: &mut StreamsBuilder, options: impl Into<Named>) -> NodeId {
        let keeps = Keeps::BOTH;
        b.stream_node::<K, V>(self.node, options, prefix::STREAM_PEEK, Effect::Keeps, keeps)
    }

    /// Calls `action` on each record, and the stream ends.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::sync::atomic::{AtomicI64, Ordering};
    /// use std::sync::Arc;
    /// use streams_runtime::prelude::*;
    ///
    /// let total = Arc::new(AtomicI64::new(0));
    /// let seen = Arc::clone(&total);
    /// let topology = topology!({
    ///     stream::<String, i64>("in").foreach(move |_, n| {
    ///         seen.fetch_add(*n, Ordering::Relaxed);
    ///     });
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
    /// assert_eq!(total.load(Ordering::Relaxed), 3);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn foreach<F>(
        self,
        b: &mut StreamsBuilder,
        action: F,
        options: impl Into<Named>,
    ) -> Foreach<F>
    where
        F: Fn(&K, &V) + Send + Sync + 'static,
    {
        Foreach::new(self.each(b, options), action)
    }

    pub(super) fn each(self, b: &mut StreamsBuilder, options: impl Into<Named>) -> NodeId {
        let keeps = Keeps::BOTH;
        b.stream_node::<K, V>(self.node, options, prefix::STREAM_FOREACH, Effect::Keeps, keeps)
    }

    /// Prints each record as `[label]: key, value`, and the stream ends.
    ///
    /// Without options it prints to the standard output, under the name of the operator before.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let path = std::env::temp_dir().join("streams-rs-print-example.txt");
    /// let file = path.clone();
    /// let topology = topology!({
    ///     stream::<String, i64>("in").print(Printed::to_file(file).with_label("orders"));
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe("a", 1, 0)?;
    /// assert_eq!(std::fs::read_to_string(&path).unwrap(), "[orders]: \"a\", 1\n");
    /// # std::fs::remove_file(path).unwrap();
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn print(self, b: &mut StreamsBuilder, options: impl Into<Printed<K, V>>) -> Print<K, V> {
        let printed: Printed<K, V> = options.into();
        let label = printed.label.unwrap_or_else(|| b.graph.node(self.node).name.clone());
        if let Some(problem) = printed.problem {
            b.graph.problem(problem);
        }
        let named = printed.name.map(Named::as_).unwrap_or_default();
        let keeps = Keeps::BOTH;
        let node =
            b.stream_node::<K, V>(self.node, named, prefix::STREAM_PRINT, Effect::Keeps, keeps);
        Print::new(node, label, printed.mapper, printed.target)
    }

    /// Puts the records of both streams into one.
    ///
    /// There is no order between the two inputs. The result needs a repartition where one of the
    /// inputs would.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let left = stream::<String, i64>("left");
    ///     let right = stream::<String, i64>("right");
    ///     left.merge(right).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("right").pipe_all([("a", 1)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn merge(self, b: &mut StreamsBuilder, other: Self, options: impl Into<Named>) -> Self {
        let named: Named = options.into();
        let name = b.graph.node_name(named.given(), prefix::STREAM_MERGE);
        let rekeyed = b.graph.node(self.node).rekeyed || b.graph.node(other.node).rekeyed;
        let new = NewNode {
            effect: Effect::Merges,
            rekeyed,
            types: super::builder::types::<K, V>(),
            ..NewNode::new(name, NodeKind::Processor { stores: Vec::new() })
        };
        let node = b.add(&[self.node, other.node], new);
        Self::new(node)
    }

    /// Splits the stream: the branches that follow take each record once, at the first that fits.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let [small, big] = stream::<String, i64>("in")
    ///         .split()
    ///         .branch(|_, n| *n < 10)
    ///         .default_branch();
    ///     small.to("small");
    ///     big.to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 20)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [20]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn split(self, b: &mut StreamsBuilder, options: impl Into<Named>) -> Split<K, V> {
        let keeps = Keeps::BOTH;
        let node =
            b.stream_node::<K, V>(self.node, options, prefix::STREAM_BRANCH, Effect::Keeps, keeps);
        Split::new(node)
    }

    /// Writes the stream to a topic.
    ///
    /// A record with a null key goes to a partition of the producer's choice, others to that of the
    /// key's hash, unless `options` name a partitioner. A null value is a tombstone.
    ///
    /// # Errors
    /// Fails to compile when a declared topic has other types than the stream.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({ stream::<String, i64>("in").to("out"); });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn to<T>(
        self,
        b: &mut StreamsBuilder,
        topic: T,
        options: impl Into<Produced<K, V>>,
    ) -> Sink<K, V>
    where
        K: HasSerde,
        V: HasSerde,
        T: IntoSink<K, V>,
    {
        let sink = topic.into_sink();
        let mut produced: Produced<K, V> = options.into();
        produced.serdes.key = produced.serdes.key.or(&sink.serdes.key);
        produced.serdes.value = produced.serdes.value.or(&sink.serdes.value);
        let name = b.graph.checked_name("topic", &sink.name);
        self.sink(b, SinkTopic::Fixed, SinkTarget::Topic(name), produced)
    }

    /// Writes each record to the topic that `extractor` names for it.
    ///
    /// The topics must exist; none is created.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in")
    ///         .to(|_: &String, n: &i64, _: &RecordContext| if *n > 9 { "big".into() } else { "out".into() });
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 20)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("big").values()?, [20]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn to_with<F>(
        self,
        b: &mut StreamsBuilder,
        extractor: F,
        options: impl Into<Produced<K, V>>,
    ) -> Sink<K, V>
    where
        K: HasSerde,
        V: HasSerde,
        F: Fn(&K, &V, &RecordContext) -> String + Send + Sync + 'static,
    {
        let topic = SinkTopic::Computed(std::sync::Arc::new(extractor));
        self.sink(b, topic, SinkTarget::Computed, options.into())
    }

    pub(super) fn sink(
        self,
        b: &mut StreamsBuilder,
        topic: SinkTopic<K, V>,
        target: SinkTarget,
        produced: Produced<K, V>,
    ) -> Sink<K, V>
    where
        K: HasSerde,
        V: HasSerde,
    {
        let upstream = b.serdes(self.node);
        let key = produced.serdes.key.or(&upstream.key).at_topic::<K>();
        let value = produced.serdes.value.or(&upstream.value).at_topic::<V>();
        let fixed = if let SinkTarget::Topic(topic) = &target { Some(topic) } else { None };
        b.needs_windows(&key, fixed);
        let name = b.graph.node_name(produced.name.as_deref(), prefix::STREAM_SINK);
        let types = super::builder::types::<K, V>();
        let node =
            b.add(&[self.node], NewNode { types, ..NewNode::new(name, NodeKind::Sink(target)) });
        let partitioner = produced.partitioner.or_else(|| default_partitioner(&key));
        Sink::new(node, key, value, topic, partitioner)
    }
}
