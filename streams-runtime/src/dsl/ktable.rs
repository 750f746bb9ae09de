//! `KTable`: a table that changes row by row.

use std::marker::PhantomData;

use super::builder::{Keeps, types};
use super::kgrouped_stream::{Group, WithSerdes};
use super::serdes::{SerdePair, SerdeSlot};
use super::{Grouped, KGroupedTable, KStream, Named, StreamsBuilder, TableOpOptions};
use crate::operator::{
    Always, Is, IsNot, OfValues, Perhaps, TableFilter, TableGroupBy, TableMapValues, ToStream,
    ToStreamWithKey, WithKey,
};
use crate::serdes::HasSerde;
use crate::store::{StoreRef, TableStore};
use crate::topology::NodeId;
use crate::topology::graph::{Effect, NewNode, NodeKind, TableRole, TableState};
use crate::topology::naming::prefix;

/// The table and the operator of a function of rows, which sees `A` and gives `G`.
pub(super) type Mapped<K, W, F, A, G> = (KTable<K, W>, TableMapValues<K, W, F, (A, G)>);

/// A table: one row per key, and the changes of its rows.
///
/// Its keys and values are never null; a change carries the row's new value, or none when the row
/// goes. The handle is a number: copies name the same table.
/// Java: `org.apache.kafka.streams.kstream.KTable`.
pub struct KTable<K, V> {
    pub(crate) node: NodeId,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for KTable<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for KTable<K, V> {}

impl<K, V> std::fmt::Debug for KTable<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KTable({})", self.node.0)
    }
}

/// A derived table as recorded.
pub(super) struct Derived<K, W> {
    pub(super) node: NodeId,
    pub(super) store: Option<StoreRef<TableStore<K, W>>>,
}

impl<K, V> KTable<K, V> {
    pub(crate) fn new(node: NodeId) -> Self {
        Self { node, types: PhantomData }
    }

    /// The node that the table leaves.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Keeps the rows for which `predicate` holds; a row that fails it is gone.
    ///
    /// A row that never passed sends a tombstone all the same, unless the table before is
    /// materialized. Keeps a store only when `Materialized` names one.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, i64>("in", "all").filter(|_, n| *n > 1).to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 2), ("a", 1)], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(2), None]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn filter<F>(
        self,
        b: &mut StreamsBuilder,
        predicate: F,
        options: impl Into<TableOpOptions<K, V>>,
    ) -> (Self, TableFilter<K, V, F, Is>)
    where
        K: HasSerde,
        V: HasSerde,
        F: Fn(&K, &V) -> bool + Send + Sync + 'static,
    {
        let made = self.filtered(b, options);
        (Self::new(made.node), TableFilter::new(made.node, predicate, made.store))
    }

    /// Keeps the rows for which `predicate` does not hold; see [`filter`](KTable::filter).
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, i64>("in", "all").filter_not(|_, n| *n > 1).to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(1), None]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn filter_not<F>(
        self,
        b: &mut StreamsBuilder,
        predicate: F,
        options: impl Into<TableOpOptions<K, V>>,
    ) -> (Self, TableFilter<K, V, F, IsNot>)
    where
        K: HasSerde,
        V: HasSerde,
        F: Fn(&K, &V) -> bool + Send + Sync + 'static,
    {
        let made = self.filtered(b, options);
        (Self::new(made.node), TableFilter::new(made.node, predicate, made.store))
    }

    pub(super) fn filtered(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<TableOpOptions<K, V>>,
    ) -> Derived<K, V>
    where
        K: HasSerde,
        V: HasSerde,
    {
        let value = b.serdes(self.node).value;
        let made = self.derived::<V>(b, options.into(), prefix::TABLE_FILTER, &value);
        let sends_old = b.graph.send_old_values(self.node, false);
        b.graph.set_sends_old(made.node, sends_old);
        made
    }

    /// Replaces each row's value by what `mapper` makes of it.
    ///
    /// A row that goes stays gone; `mapper` is not asked. Keeps a store only when `Materialized`
    /// names one.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, i64>("in").map_values(|n| n * 10).to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [10]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn map_values<W, F>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<TableOpOptions<K, W>>,
    ) -> Mapped<K, W, F, OfValues, Always>
    where
        K: HasSerde,
        W: HasSerde,
        F: Fn(V) -> W + Send + Sync + 'static,
    {
        let made = self.values_changed::<W>(b, options);
        (KTable::new(made.node), TableMapValues::new(made.node, mapper, made.store))
    }

    /// Replaces each row's value by what `mapper` makes of key and value.
    ///
    /// As [`map_values`](KTable::map_values).
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, i64>("in")
    ///         .map_values(|key, n| format!("{key}{n}"))
    ///         .to_stream()
    ///         .to("out");
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
        options: impl Into<TableOpOptions<K, W>>,
    ) -> Mapped<K, W, F, WithKey, Always>
    where
        K: HasSerde,
        W: HasSerde,
        F: Fn(&K, V) -> W + Send + Sync + 'static,
    {
        let made = self.values_changed::<W>(b, options);
        (KTable::new(made.node), TableMapValues::new(made.node, mapper, made.store))
    }

    /// Replaces each row's value by what `mapper` makes of it; `None` lets the row go.
    ///
    /// Kafka Streams' `mapValues` whose mapper returns null. As [`map_values`](KTable::map_values).
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, String>("in")
    ///         .filter_map_values(|text| text.parse::<i64>().ok())
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "1"), ("a", "one")], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(1), None]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn filter_map_values<W, F>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<TableOpOptions<K, W>>,
    ) -> Mapped<K, W, F, OfValues, Perhaps>
    where
        K: HasSerde,
        W: HasSerde,
        F: Fn(V) -> Option<W> + Send + Sync + 'static,
    {
        let made = self.values_changed::<W>(b, options);
        (KTable::new(made.node), TableMapValues::new(made.node, mapper, made.store))
    }

    /// [`filter_map_values`](KTable::filter_map_values) with the key beside the value.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, i64>("in")
    ///         .filter_map_values(|key, n| (key != "secret").then_some(n))
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("secret", 2)], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(1), None]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn filter_map_values_with_key<W, F>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<TableOpOptions<K, W>>,
    ) -> Mapped<K, W, F, WithKey, Perhaps>
    where
        K: HasSerde,
        W: HasSerde,
        F: Fn(&K, V) -> Option<W> + Send + Sync + 'static,
    {
        let made = self.values_changed::<W>(b, options);
        (KTable::new(made.node), TableMapValues::new(made.node, mapper, made.store))
    }

    pub(super) fn values_changed<W>(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<TableOpOptions<K, W>>,
    ) -> Derived<K, W>
    where
        K: HasSerde,
        W: HasSerde,
    {
        self.derived::<W>(b, options.into(), prefix::TABLE_MAP_VALUES, &SerdeSlot::default())
    }

    pub(super) fn derived<W>(
        self,
        b: &mut StreamsBuilder,
        options: TableOpOptions<K, W>,
        prefix: &str,
        value: &SerdeSlot,
    ) -> Derived<K, W>
    where
        K: HasSerde,
        W: HasSerde,
    {
        let TableOpOptions { named, materialized } = options;
        if materialized.as_ref().is_some_and(|m| m.store.is_none()) {
            b.graph.burn_store_name();
        }
        let name = b.graph.node_name(named.given(), prefix);
        let given = materialized.as_ref().map(|m| m.serdes.clone()).unwrap_or_default();
        let serdes =
            SerdePair { key: given.key.or(&b.serdes(self.node).key), value: given.value.or(value) };
        let store = materialized.filter(|m| m.store.is_some()).map(|m| {
            let store_name = m.store.clone().unwrap_or_default();
            let store_name = b.graph.checked_name("store", &store_name);
            b.add_store(&m, store_name, &serdes, false)
        });
        let role = TableRole::Derived(self.node);
        let new = NewNode {
            table: Some(TableState { role, materialized: store.is_some(), sends_old: false }),
            types: types::<K, W>(),
            ..NewNode::new(
                name,
                NodeKind::Processor { stores: store.iter().map(|s| s.ix()).collect() },
            )
        };
        let node = b.add(&[self.node], new);
        b.set_serdes(node, serdes);
        Derived { node, store }
    }

    /// The table's changes as a stream: each new value, or `None` where the row goes.
    ///
    /// Costs nothing: no store, no repartition.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({ table::<String, i64>("in").to_stream().to("out"); });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, Option<i64>>("in").pipe_all([("a", Some(1)), ("a", None)], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(1), None]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn to_stream(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<Named>,
    ) -> (KStream<K, Option<V>>, ToStream) {
        let node = self.streamed(b, options);
        (KStream::new(node), ToStream::new(node))
    }

    /// The table's changes as a stream with the keys that `selector` makes.
    ///
    /// The name of `options` goes to the first of the two nodes this makes. An operator behind it
    /// that needs the key's partition goes through a repartition topic.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, i64>("in").to_stream(|key, _| key.len() as i64).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("abc", 1)], 0)?;
    /// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(3, 1)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn to_stream_with_key<L, F>(
        self,
        b: &mut StreamsBuilder,
        selector: F,
        options: impl Into<Named>,
    ) -> (KStream<L, Option<V>>, ToStreamWithKey<F>)
    where
        F: Fn(&K, &Option<V>) -> L + Send + Sync + 'static,
    {
        let node = self.streamed_by_key::<L>(b, options);
        (KStream::new(node), ToStreamWithKey::new(node, selector))
    }

    pub(super) fn streamed_by_key<L>(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<Named>,
    ) -> NodeId {
        let stream: KStream<K, Option<V>> = KStream::new(self.streamed(b, options));
        let prefix = prefix::STREAM_SELECT_KEY;
        stream.rekeyed::<L, Option<V>>(b, Named::default(), prefix, Keeps::VALUE)
    }

    fn streamed(self, b: &mut StreamsBuilder, options: impl Into<Named>) -> NodeId {
        let prefix = prefix::TABLE_TO_STREAM;
        b.stream_node::<K, Option<V>>(self.node, options, prefix, Effect::Keeps, Keeps::BOTH)
    }

    /// Groups the rows by the key, and with the value, that `selector` makes of each.
    ///
    /// A null key or value takes the row out of the grouping. The table before must know the value
    /// before an update, so it is materialized. The aggregation reads through a repartition topic.
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
    /// driver.input::<String, String>("in").pipe_all([("ann", "Rome"), ("ann", "Oslo")], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").key_values()?, [("Rome".into(), 1), ("Rome".into(), 0), ("Oslo".into(), 1)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn group_by<L, W, LN, WN, S, U, F>(
        self,
        b: &mut StreamsBuilder,
        selector: F,
        options: impl Into<Grouped<L, W>>,
    ) -> WithSerdes<S, U, (KGroupedTable<LN, WN>, TableGroupBy<F>)>
    where
        L: HasSerde<Serde = S, NonNull = LN>,
        W: HasSerde<Serde = U, NonNull = WN>,
        LN: HasSerde,
        WN: HasSerde,
        F: Fn(&K, &V) -> (L, W) + Send + Sync + 'static,
    {
        let (group, node) = self.grouped_by(b, options);
        (KGroupedTable::new(group), TableGroupBy::new(node, selector))
    }

    pub(super) fn grouped_by<L, W>(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<Grouped<L, W>>,
    ) -> (usize, NodeId) {
        let grouped: Grouped<L, W> = options.into();
        let name = b.graph.node_name(grouped.name.as_deref(), prefix::TABLE_SELECT);
        let new = NewNode {
            types: types::<L, W>(),
            ..NewNode::new(name, NodeKind::Processor { stores: Vec::new() })
        };
        let node = b.add(&[self.node], new);
        b.graph.send_old_values(self.node, true);
        (b.add_group(Group::new(node, grouped.name, grouped.serdes)), node)
    }
}
