//! `KGroupedTable`: a table about to be aggregated by another key.

use std::marker::PhantomData;

use super::builder::types;
use super::kgrouped_stream::Group;
use super::serdes::{SerdePair, SerdeSlot};
use super::{AggregateOptions, KTable, StreamsBuilder};
use crate::operator::{
    Repartition, TableAggregate, TableCount, TableReduce, TryTableAggregate, TryTableReduce,
};
use crate::record::Change;
use crate::serdes::HasSerde;
use crate::store::{StoreRef, TableStore};
use crate::topology::NodeId;
use crate::topology::graph::{NewNode, NodeKind, RepartitionNode, TableRole, TableState};
use crate::topology::naming::{REPARTITION_SUFFIX, prefix};

/// A table whose rows are grouped by a key made of key and value.
///
/// An update of a row first takes its old value out of its old group, then puts the new one into its
/// new group. The way to the aggregation leads through a repartition topic.
/// Java: `org.apache.kafka.streams.kstream.KGroupedTable`.
pub struct KGroupedTable<K, V> {
    group: usize,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for KGroupedTable<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for KGroupedTable<K, V> {}

impl<K, V> std::fmt::Debug for KGroupedTable<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KGroupedTable({})", self.group)
    }
}

/// What an aggregation of a grouped table consists of once it is recorded.
struct Aggregated<K, V, A> {
    node: NodeId,
    store: StoreRef<TableStore<K, A>>,
    repartition: Repartition<K, Change<V>>,
}

impl<K: HasSerde, V: HasSerde> KGroupedTable<K, V> {
    pub(crate) fn new(group: usize) -> Self {
        Self { group, types: PhantomData }
    }

    /// Counts the rows of each group.
    ///
    /// A group that loses its last row stays, with 0. Needs one store, its changelog, and a
    /// repartition topic.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, String>("in")
    ///         .group_by(|user, city| (city.clone(), user.clone()))
    ///         .count("users-per-city")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("ann", "Rome"), ("bob", "Rome")], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 2]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn count(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<AggregateOptions<K, i64>>,
    ) -> (KTable<K, i64>, TableCount<K, V>) {
        let none = SerdeSlot::default();
        let all = self.aggregated(b, &options.into(), prefix::TABLE_AGGREGATE, &none);
        (KTable::new(all.node), TableCount::new(all.node, all.store, all.repartition))
    }

    /// Combines the values of each group, two at a time; `subtractor` takes one out again.
    ///
    /// Needs one store, its changelog, and a repartition topic.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, i64>("in")
    ///         .group_by(|_, n| ("all".to_owned(), *n))
    ///         .reduce(|sum, n| sum + n, |sum, n| sum - n, "total")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 5), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 6, 7]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn reduce<R, S, F, G>(
        self,
        b: &mut StreamsBuilder,
        adder: F,
        subtractor: G,
        options: impl Into<AggregateOptions<K, V>>,
    ) -> (KTable<K, V>, TableReduce<K, V, F, G>)
    where
        F: Fn(V, V) -> R + Send + Sync + 'static,
        G: Fn(V, V) -> S + Send + Sync + 'static,
    {
        let all = self.reduced(b, options);
        let operator = TableReduce::new(all.node, adder, subtractor, all.store, all.repartition);
        (KTable::new(all.node), operator)
    }

    /// [`reduce`](KGroupedTable::reduce) with functions that can fail.
    ///
    /// An error goes to the processing exception handler and leaves the row as it was.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let plus = |a, b| i64::checked_add(a, b).ok_or("the sum is too large");
    ///     let minus = |a, b| i64::checked_sub(a, b).ok_or("the sum is too small");
    ///     table::<String, i64>("in")
    ///         .group_by(|_, n| ("all".to_owned(), *n))
    ///         .try_reduce(plus, minus, "sums")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2), ("a", 5)], 0)?;
    /// let sums = driver.key_value_store::<String, i64>("sums")?.all()?;
    /// assert_eq!(sums, [("all".into(), 7)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_reduce<R, S, F, G, E, D>(
        self,
        b: &mut StreamsBuilder,
        adder: F,
        subtractor: G,
        options: impl Into<AggregateOptions<K, V>>,
    ) -> (KTable<K, V>, TryTableReduce<K, V, F, G>)
    where
        F: Fn(V, V) -> Result<R, E> + Send + Sync + 'static,
        G: Fn(V, V) -> Result<S, D> + Send + Sync + 'static,
    {
        let all = self.reduced(b, options);
        let operator = TryTableReduce::new(all.node, adder, subtractor, all.store, all.repartition);
        (KTable::new(all.node), operator)
    }

    fn reduced(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<AggregateOptions<K, V>>,
    ) -> Aggregated<K, V, V> {
        let value = b.groups[self.group].serdes.value.clone();
        self.aggregated(b, &options.into(), prefix::TABLE_REDUCE, &value)
    }

    /// Folds the values of each group into an aggregate of any type; `subtractor` takes one out.
    ///
    /// Needs one store, its changelog, and a repartition topic.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, i64>("in")
    ///         .group_by(|_, n| ("all".to_owned(), *n))
    ///         .aggregate(|| 100_i64, |_, n, sum| sum + n, |_, n, sum| sum - n, "total")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [101, 102]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn aggregate<A, R, S, I, F, G>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        adder: F,
        subtractor: G,
        options: impl Into<AggregateOptions<K, A>>,
    ) -> (KTable<K, A>, TableAggregate<K, V, A, I, F, G>)
    where
        A: HasSerde,
        I: Fn() -> A + Send + Sync + 'static,
        F: Fn(&K, V, A) -> R + Send + Sync + 'static,
        G: Fn(&K, V, A) -> S + Send + Sync + 'static,
    {
        let none = SerdeSlot::default();
        let all = self.aggregated(b, &options.into(), prefix::TABLE_AGGREGATE, &none);
        let (node, store, repartition) = (all.node, all.store, all.repartition);
        let operator =
            TableAggregate::new(node, initializer, adder, subtractor, store, repartition);
        (KTable::new(node), operator)
    }

    /// [`aggregate`](KGroupedTable::aggregate) with functions that can fail.
    ///
    /// An error goes to the processing exception handler and leaves the row as it was.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let plus = |_: &String, n: i64, sum: i64| sum.checked_add(n).ok_or("the sum is too large");
    ///     let minus = |_: &String, n: i64, sum: i64| sum.checked_sub(n).ok_or("the sum is too small");
    ///     table::<String, i64>("in")
    ///         .group_by(|_, n| ("all".to_owned(), *n))
    ///         .try_aggregate(|| 0, plus, minus, "sums")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2), ("a", 5)], 0)?;
    /// let sums = driver.key_value_store::<String, i64>("sums")?.all()?;
    /// assert_eq!(sums, [("all".into(), 7)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn try_aggregate<A, R, S, I, F, G, E, D>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        adder: F,
        subtractor: G,
        options: impl Into<AggregateOptions<K, A>>,
    ) -> (KTable<K, A>, TryTableAggregate<K, V, A, I, F, G>)
    where
        A: HasSerde,
        I: Fn() -> A + Send + Sync + 'static,
        F: Fn(&K, V, A) -> Result<R, E> + Send + Sync + 'static,
        G: Fn(&K, V, A) -> Result<S, D> + Send + Sync + 'static,
    {
        let none = SerdeSlot::default();
        let all = self.aggregated(b, &options.into(), prefix::TABLE_AGGREGATE, &none);
        let (node, store, repartition) = (all.node, all.store, all.repartition);
        let operator =
            TryTableAggregate::new(node, initializer, adder, subtractor, store, repartition);
        (KTable::new(node), operator)
    }

    fn aggregated<A: HasSerde>(
        self,
        b: &mut StreamsBuilder,
        options: &AggregateOptions<K, A>,
        prefix: &str,
        value: &SerdeSlot,
    ) -> Aggregated<K, V, A> {
        let group_serdes = b.groups[self.group].serdes.clone();
        let materialized = &options.materialized;
        let given = materialized.store.as_deref();
        let logged = materialized.logged();
        let store_name = b.graph.store_name(given, prefix::TABLE_AGGREGATE, logged);
        let named = options.named.given();
        let sink = b.graph.suffixed_name(named, "-sink", prefix::STREAM_SINK);
        let source = b.graph.suffixed_name(named, "-source", prefix::STREAM_SOURCE);
        let name = b.graph.node_name(named, prefix);
        let sides = Sides { sink, source, store: store_name.clone() };
        let (cut, own) = b.table_repartition::<K, V>(self.group, sides);
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
            types: types::<K, A>(),
            ..NewNode::new(name, NodeKind::Processor { stores: vec![store.ix()] })
        };
        let node = b.add(&[cut], new);
        b.set_serdes(node, serdes);
        let key = group_serdes.key.at_topic::<K>();
        let repartition = Repartition::new(own, key, group_serdes.value.of_changes::<V>());
        Aggregated { node, store, repartition }
    }
}

/// The names around the repartition topic of a grouped table.
struct Sides {
    sink: String,
    source: String,
    store: String,
}

impl StreamsBuilder {
    /// The repartition of a grouped table, new or shared; see [`Group`].
    fn table_repartition<K, V>(&mut self, group: usize, sides: Sides) -> (NodeId, NodeId) {
        let Group { node: parent, name, repartition, .. } = &self.groups[group];
        let (parent, repartition, named) = (*parent, *repartition, name.is_some());
        let stem = name.as_deref().unwrap_or(&sides.store);
        let topic = format!("{stem}{REPARTITION_SUFFIX}");
        if let (Some(shared), true) = (repartition, named) {
            self.graph.connect(parent, shared);
            return (shared, self.graph.add_alias(shared));
        }
        let kind = NodeKind::Repartition(RepartitionNode {
            topic,
            sink: sides.sink,
            filter: None,
            partitions: None,
            optimizable: false,
        });
        let new = NewNode { types: types::<K, Change<V>>(), ..NewNode::new(sides.source, kind) };
        let node = self.add(&[parent], new);
        self.groups[group].repartition = Some(node);
        (node, node)
    }
}
