//! `KGroupedStream`: a stream about to be aggregated by key.

use std::marker::PhantomData;

use super::builder::types;
use super::kstream_keys::RepartitionHow;
use super::serdes::{SerdePair, SerdeSlot};
use super::{AggregateOptions, KTable, StreamsBuilder};
use crate::operator::{Aggregate, Count, Reduce, Repartition, TryAggregate, TryReduce};
use crate::serdes::HasSerde;
use crate::store::{StoreRef, TableStore};
use crate::topology::NodeId;
use crate::topology::graph::{NewNode, NodeKind, TableRole, TableState};
use crate::topology::naming::prefix;

/// A stream grouped by its key.
///
/// Java: `org.apache.kafka.streams.kstream.KGroupedStream`.
pub struct KGroupedStream<K, V> {
    pub(super) group: usize,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for KGroupedStream<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for KGroupedStream<K, V> {}

impl<K, V> std::fmt::Debug for KGroupedStream<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KGroupedStream({})", self.group)
    }
}

/// Gives a type back once another one, the implementor, is known.
///
/// Where a serde is missing its type stays unknown, and so does what depends on it: rustc then
/// reports the missing serde alone.
pub trait Known {
    /// `T` itself.
    type Then<T>;
}

impl<S> Known for S {
    type Then<T> = T;
}

/// `T`, once the serdes `S` of a key and `U` of a value are known.
pub type WithSerdes<S, U, T> = <U as Known>::Then<<S as Known>::Then<T>>;

/// A grouping as the builder remembers it.
pub(crate) struct Group {
    pub(crate) node: NodeId,
    pub(crate) name: Option<String>,
    pub(crate) serdes: SerdePair,
    pub(crate) repartition: Option<NodeId>,
}

impl Group {
    pub(crate) fn new(node: NodeId, name: Option<String>, serdes: SerdePair) -> Self {
        Self { node, name, serdes, repartition: None }
    }
}

impl StreamsBuilder {
    /// Remembers a grouping, whose missing serdes come from its stream.
    pub(crate) fn add_group(&mut self, group: Group) -> usize {
        let upstream = self.serdes(group.node);
        let serdes = SerdePair {
            key: group.serdes.key.or(&upstream.key),
            value: group.serdes.value.or(&upstream.value),
        };
        self.groups.push(Group { serdes, ..group });
        self.groups.len() - 1
    }
}

/// What an aggregation of a grouped stream consists of once it is recorded.
struct Aggregated<K: HasSerde, V, A> {
    node: NodeId,
    store: StoreRef<TableStore<K::NonNull, A>>,
    repartition: Option<Repartition<K, V>>,
}

impl<K, V> KGroupedStream<K, V> {
    pub(crate) fn new(group: usize) -> Self {
        Self { group, types: PhantomData }
    }

    /// Counts how many records each key has had so far.
    ///
    /// Records with a null key or value are dropped and counted as such. The order of times does not
    /// matter. Needs one store and its changelog; text as option names the store.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in").group_by_key().count("counts").to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "x"), ("a", "y")], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 2]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn count(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<AggregateOptions<K::NonNull, i64>>,
    ) -> (KTable<K::NonNull, i64>, Count<K, V>)
    where
        K: HasSerde,
        V: HasSerde,
    {
        let options: AggregateOptions<K::NonNull, i64> = options.into();
        if options.given && options.materialized.store.is_none() {
            b.graph.burn_store_name();
        }
        let all = self.aggregated(b, &options, prefix::STREAM_AGGREGATE, &SerdeSlot::default());
        (KTable::new(all.node), Count::new(all.node, all.store, all.repartition))
    }

    /// Combines the values of each key, two at a time; the first is taken as it is.
    ///
    /// Records with a null key or value are dropped and counted as such. A reducer may return an
    /// `Option`, where `None` deletes the row. Needs one store and its changelog.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").group_by_key().reduce(|a, b| a + b, "sums").to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 3]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn reduce<R, F>(
        self,
        b: &mut StreamsBuilder,
        reducer: F,
        options: impl Into<AggregateOptions<K::NonNull, V::NonNull>>,
    ) -> (KTable<K::NonNull, V::NonNull>, Reduce<K, V, F>)
    where
        K: HasSerde,
        V: HasSerde,
        F: Fn(V::NonNull, V::NonNull) -> R + Send + Sync + 'static,
    {
        let all = self.reduced(b, options);
        (KTable::new(all.node), Reduce::new(all.node, reducer, all.store, all.repartition))
    }

    /// [`reduce`](KGroupedStream::reduce) with a reducer that can fail.
    ///
    /// An error goes to the processing exception handler and leaves the row as it was.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in")
    ///         .group_by_key()
    ///         .try_reduce(|a, b| i64::checked_add(a, b).ok_or("the sum is too large"), "sums")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 3]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn try_reduce<R, F, E>(
        self,
        b: &mut StreamsBuilder,
        reducer: F,
        options: impl Into<AggregateOptions<K::NonNull, V::NonNull>>,
    ) -> (KTable<K::NonNull, V::NonNull>, TryReduce<K, V, F>)
    where
        K: HasSerde,
        V: HasSerde,
        F: Fn(V::NonNull, V::NonNull) -> Result<R, E> + Send + Sync + 'static,
    {
        let all = self.reduced(b, options);
        (KTable::new(all.node), TryReduce::new(all.node, reducer, all.store, all.repartition))
    }

    fn reduced(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<AggregateOptions<K::NonNull, V::NonNull>>,
    ) -> Aggregated<K, V, V::NonNull>
    where
        K: HasSerde,
        V: HasSerde,
    {
        let value = b.groups[self.group].serdes.value.clone();
        self.aggregated(b, &options.into(), prefix::STREAM_REDUCE, &value)
    }

    /// Folds the values of each key into an aggregate of any type.
    ///
    /// The first value of a key is folded into what `initializer` gives. Records with a null key or
    /// value are dropped and counted as such. An aggregator may return an `Option`, where `None`
    /// deletes the row. Needs one store and its changelog.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .group_by_key()
    ///         .aggregate(|| 0_i64, |_, word, letters| letters + word.len() as i64, "letters")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "to"), ("a", "be")], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [2, 4]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn aggregate<A, R, I, F>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        aggregator: F,
        options: impl Into<AggregateOptions<K::NonNull, A>>,
    ) -> (KTable<K::NonNull, A>, Aggregate<K, V, A, I, F>)
    where
        K: HasSerde,
        V: HasSerde,
        A: HasSerde,
        I: Fn() -> A + Send + Sync + 'static,
        F: Fn(&K::NonNull, V::NonNull, A) -> R + Send + Sync + 'static,
    {
        let none = SerdeSlot::default();
        let all = self.aggregated(b, &options.into(), prefix::STREAM_AGGREGATE, &none);
        let operator =
            Aggregate::new(all.node, initializer, aggregator, all.store, all.repartition);
        (KTable::new(all.node), operator)
    }

    /// [`aggregate`](KGroupedStream::aggregate) with an aggregator that can fail.
    ///
    /// An error goes to the processing exception handler and leaves the row as it was.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .group_by_key()
    ///         .try_aggregate(|| 0_i64, |_, text, sum| Ok::<_, std::num::ParseIntError>(sum + text.parse::<i64>()?), "sums")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "1"), ("a", "2")], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 3]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn try_aggregate<A, R, I, F, E>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        aggregator: F,
        options: impl Into<AggregateOptions<K::NonNull, A>>,
    ) -> (KTable<K::NonNull, A>, TryAggregate<K, V, A, I, F>)
    where
        K: HasSerde,
        V: HasSerde,
        A: HasSerde,
        I: Fn() -> A + Send + Sync + 'static,
        F: Fn(&K::NonNull, V::NonNull, A) -> Result<R, E> + Send + Sync + 'static,
    {
        let none = SerdeSlot::default();
        let all = self.aggregated(b, &options.into(), prefix::STREAM_AGGREGATE, &none);
        let operator =
            TryAggregate::new(all.node, initializer, aggregator, all.store, all.repartition);
        (KTable::new(all.node), operator)
    }

    /// Records an aggregation: its store, its repartition where the key changed, its node.
    fn aggregated<A: HasSerde>(
        self,
        b: &mut StreamsBuilder,
        options: &AggregateOptions<K::NonNull, A>,
        prefix: &str,
        value: &SerdeSlot,
    ) -> Aggregated<K, V, A>
    where
        K: HasSerde,
        V: HasSerde,
    {
        let group = &b.groups[self.group];
        let (parent, group_serdes) = (group.node, group.serdes.clone());
        let materialized = &options.materialized;
        let given = materialized.store.as_deref();
        let store_name = b.graph.store_name(given, prefix, materialized.logged());
        let name = b.graph.node_name(options.named.given(), prefix);
        let repartition = b.graph.node(parent).rekeyed.then(|| {
            let (node, own) = b.group_repartition::<K, V>(self.group, &store_name, given.is_some());
            let key = group_serdes.key.at_topic::<K>();
            let value = group_serdes.value.at_topic::<V>();
            (node, Repartition::new(own, key, value))
        });
        let serdes = SerdePair {
            key: materialized.serdes.key.or(&group_serdes.key),
            value: materialized.serdes.value.or(value),
        };
        let store = b.add_store(materialized, store_name, &serdes, false);
        let new = NewNode {
            table: Some(TableState {
                role: TableRole::Aggregate,
                materialized: true,
                sends_old: false,
            }),
            types: types::<K::NonNull, A>(),
            ..NewNode::new(name, NodeKind::Processor { stores: vec![store.ix()] })
        };
        let parent = repartition.as_ref().map_or(parent, |found| found.0);
        let node = b.add(&[parent], new);
        b.set_serdes(node, serdes);
        Aggregated { node, store, repartition: repartition.map(|found| found.1) }
    }
}

impl StreamsBuilder {
    /// The repartition of a grouping: a new one, or the one that a named grouping already has.
    ///
    /// Returns the graph's node and the node that the operator's own side goes by; they differ where
    /// an earlier aggregation of the grouping already writes the topic.
    pub(super) fn group_repartition<K, V>(
        &mut self,
        group: usize,
        store_name: &str,
        store_named: bool,
    ) -> (NodeId, NodeId) {
        let Group { node: parent, name, repartition, serdes } = &self.groups[group];
        let (parent, repartition, serdes) = (*parent, *repartition, serdes.clone());
        let named = name.clone();
        let stem = named.as_deref().unwrap_or(store_name);
        let names = self.graph.repartition_names(stem, named.is_some() || store_named);
        if let (Some(shared), true) = (repartition, named.is_some()) {
            self.graph.connect(parent, shared);
            return (shared, self.graph.add_alias(shared));
        }
        let how = RepartitionHow { partitions: None, optimizable: true };
        let node = self.repartition_node::<K, V>(parent, names, how);
        self.set_serdes(node, serdes);
        self.groups[group].repartition = Some(node);
        (node, node)
    }
}
