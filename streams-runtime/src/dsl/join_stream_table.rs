//! Joins of a stream with a table, and the repartition that joins of streams need.

use super::builder::types;
use super::kstream_keys::RepartitionHow;
use super::serdes::{SerdePair, SerdeSlot};
use super::topology::StoreDecl;
use super::{Joined, KStream, KTable, StreamsBuilder};
use crate::error::UserError;
use crate::operator::{
    GraceBuffer, Inner, Joiner, Left, OfValues, Repartition, StreamTableJoin, Try, WithKey,
};
use crate::serdes::HasSerde;
use crate::store::{StoreRef, join_buffer_maker};
use crate::topology::graph::{NewNode, NodeKind, StoreNode};
use crate::topology::naming::prefix;
use crate::topology::{NodeId, StoreType};

/// The joined stream and its operator.
pub(super) type StreamTableJoined<K, V, W, J> = (KStream<K, W>, StreamTableJoin<K, V, J>);

/// The four forms of one kind of join.
macro_rules! forms {
    ($(#[$docs:meta])* $kind:ident($left:ty, $right:ty): $plain:ident $keyed:ident $try:ident $try_keyed:ident) => {
        $(#[$docs])*
        pub fn $plain<T, W, F>(
            self,
            b: &mut StreamsBuilder,
            table: KTable<K::NonNull, T>,
            joiner: F,
            options: impl Into<Joined<K, V>>,
        ) -> StreamTableJoined<K, V, W, Joiner<F, $kind, OfValues>>
        where
            K: HasSerde,
            V: HasSerde,
            F: Fn($left, $right) -> W + Send + Sync + 'static,
        {
            self.with_table(b, table.node(), $kind::KEEPS_LEFT, Joiner::new(joiner), options.into())
        }

        #[doc = super::join_docs::keyed!($plain, "KStream")]
        pub fn $keyed<T, W, F>(
            self,
            b: &mut StreamsBuilder,
            table: KTable<K::NonNull, T>,
            joiner: F,
            options: impl Into<Joined<K, V>>,
        ) -> StreamTableJoined<K, V, W, Joiner<F, $kind, WithKey>>
        where
            K: HasSerde,
            V: HasSerde,
            F: Fn(&K, $left, $right) -> W + Send + Sync + 'static,
        {
            self.with_table(b, table.node(), $kind::KEEPS_LEFT, Joiner::new(joiner), options.into())
        }

        #[doc = super::join_docs::fallible!($plain, "KStream")]
        pub fn $try<T, W, E, F>(
            self,
            b: &mut StreamsBuilder,
            table: KTable<K::NonNull, T>,
            joiner: F,
            options: impl Into<Joined<K, V>>,
        ) -> StreamTableJoined<K, V, W, Joiner<F, $kind, Try<OfValues>>>
        where
            K: HasSerde,
            V: HasSerde,
            E: Into<UserError>,
            F: Fn($left, $right) -> Result<W, E> + Send + Sync + 'static,
        {
            self.with_table(b, table.node(), $kind::KEEPS_LEFT, Joiner::new(joiner), options.into())
        }

        #[doc = super::join_docs::fallible!($keyed, "KStream")]
        pub fn $try_keyed<T, W, E, F>(
            self,
            b: &mut StreamsBuilder,
            table: KTable<K::NonNull, T>,
            joiner: F,
            options: impl Into<Joined<K, V>>,
        ) -> StreamTableJoined<K, V, W, Joiner<F, $kind, Try<WithKey>>>
        where
            K: HasSerde,
            V: HasSerde,
            E: Into<UserError>,
            F: Fn(&K, $left, $right) -> Result<W, E> + Send + Sync + 'static,
        {
            self.with_table(b, table.node(), $kind::KEEPS_LEFT, Joiner::new(joiner), options.into())
        }
    };
}

impl<K, V> KStream<K, V> {
    forms! {
        /// Joins each record with the row that `table` has for its key at that moment; without a row it is
        /// dropped.
        ///
        /// In `topology!` this is `join`. Only the stream's records bring results, with their time and
        /// headers; records with a null key or value are dropped and counted. Costs one lookup in the table,
        /// which is kept in a store for it. A stream whose key was changed goes through a repartition topic.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     let prices = table::<String, i64>("prices");
        ///     stream::<String, i64>("orders").join(prices, |count, price| count * price).to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("prices").pipe("tea", 3, 0)?;
        /// driver.input::<String, i64>("orders").pipe_all([("tea", 2), ("rum", 9)], 0)?;
        /// assert_eq!(driver.output::<String, i64>("out").key_values()?, [("tea".to_owned(), 6)]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        Inner(V::NonNull, T): join_table join_table_with_key try_join_table try_join_table_with_key
    }

    forms! {
        /// Joins each record with the row that `table` has for its key at that moment, or with `None`.
        ///
        /// In `topology!` this is `left_join`. As [`join_table`](KStream::join_table), but a record with a
        /// null key is one without a row, and passes through a repartition topic, too.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     let prices = table::<String, i64>("prices");
        ///     stream::<String, i64>("orders")
        ///         .left_join(prices, |count, price| count * price.unwrap_or(1))
        ///         .to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("prices").pipe("tea", 3, 0)?;
        /// driver.input::<String, i64>("orders").pipe_all([("tea", 2), ("rum", 9)], 0)?;
        /// assert_eq!(driver.output::<String, i64>("out").values()?, [6, 9]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        Left(V::NonNull, Option<T>): left_join_table left_join_table_with_key try_left_join_table try_left_join_table_with_key
    }

    fn with_table<W, J>(
        self,
        b: &mut StreamsBuilder,
        table: NodeId,
        left: bool,
        joiner: J,
        options: Joined<K, V>,
    ) -> StreamTableJoined<K, V, W, J>
    where
        K: HasSerde,
        V: HasSerde,
    {
        let name = options.name.as_deref();
        let repartition = b.repartition_for_join(self, name, &options.serdes);
        let stream = repartition.as_ref().map_or(self.node, Repartition::node);
        let sources = b.graph.copartition_nodes(stream, table);
        let prefix = if left { prefix::STREAM_LEFT_JOIN } else { prefix::STREAM_JOIN };
        let name = b.graph.node_name(name, prefix);
        let views = b.graph.view_stores(table);
        let grace = b.grace_buffer(self, &name, table, &options);
        let stores = grace.iter().map(|grace| grace.store.ix()).chain(views).collect();
        let new = NewNode {
            types: types::<K, W>(),
            ..NewNode::new(name, NodeKind::Processor { stores })
        };
        let node = b.add(&[b.graph.shared_node(stream)], new);
        b.graph.set_source_names(node, sources);
        if left {
            b.graph.relax_null_keys(node);
        }
        let key = options.serdes.key.or(&b.serdes(self.node).key);
        b.set_serdes(node, SerdePair { key, value: SerdeSlot::default() });
        (KStream::new(node), StreamTableJoin::new(node, left, joiner, repartition, grace))
    }
}

impl StreamsBuilder {
    /// The buffer of a join with a grace period, which a versioned table alone may have.
    fn grace_buffer<K: HasSerde, V: HasSerde>(
        &mut self,
        stream: KStream<K, V>,
        join: &str,
        table: NodeId,
        options: &Joined<K, V>,
    ) -> Option<GraceBuffer<K, V>> {
        let grace_ms = i64::try_from(options.grace?.as_millis()).unwrap_or(i64::MAX);
        self.check_history(join, table, grace_ms);
        let name = format!("{join}-Buffer");
        if options.name.is_none() {
            self.graph.unnamed_store(&name, true);
        }
        let ix = self.graph.add_store(StoreNode {
            name,
            logging: true,
            caching: false,
            store_type: Some(StoreType::RocksDb),
            global: false,
            topic_config: Default::default(),
            retention_ms: None,
        });
        let upstream = self.serdes(stream.node);
        let key = options.serdes.key.or(&upstream.key).at_topic::<K>();
        let value = options.serdes.value.or(&upstream.value).at_topic::<V>();
        self.declare(ix, StoreDecl::of(join_buffer_maker(join.to_owned(), key, value)));
        Some(GraceBuffer { store: StoreRef::new(ix), grace_ms })
    }

    /// Says so when a table does not keep the past that a join asks for.
    fn check_history(&mut self, join: &str, table: NodeId, grace_ms: i64) {
        if !self.graph.is_versioned(table) {
            let table = self.graph.node(table).name.clone();
            self.graph.problem(format!(
                "the join `{join}` has a grace period, which needs a versioned table, but `{table}` is none; \
                 keep it in `Stores::persistent_versioned_key_value_store(..)`, or leave the grace period out"
            ));
            return;
        }
        for store in self.graph.view_stores(table) {
            let history = self.graph.history_of(store).unwrap_or(0);
            if history < grace_ms {
                let store = self.graph.stores()[store.index()].name.clone();
                self.graph.problem(format!(
                    "the join `{join}` has a grace period of {grace_ms} ms, but the store `{store}` keeps the \
                     past for {history} ms only; raise the history retention, or lower the grace period"
                ));
            }
        }
    }

    /// The repartition before a join, where the stream's key was changed.
    ///
    /// Several joins of one stream share it, unless they are named. Java: `KStreamImpl.repartitionForJoin`.
    pub(super) fn repartition_for_join<K: HasSerde, V: HasSerde>(
        &mut self,
        stream: KStream<K, V>,
        name: Option<&str>,
        given: &SerdePair,
    ) -> Option<Repartition<K, V>> {
        let node = stream.node;
        if !self.graph.node(node).rekeyed {
            return None;
        }
        let stem = name.map_or_else(|| self.graph.node(node).name.clone(), str::to_owned);
        let names = self.graph.repartition_names(&stem, name.is_some());
        let upstream = self.serdes(node);
        let serdes =
            SerdePair { key: given.key.or(&upstream.key), value: given.value.or(&upstream.value) };
        let (key, value) = (serdes.key.at_topic::<K>(), serdes.value.at_topic::<V>());
        let shared = self.join_cuts.get(&node).copied().filter(|_| name.is_none());
        let cut = match shared {
            Some(shared) => self.graph.add_alias(shared),
            None => {
                let how = RepartitionHow { partitions: None, optimizable: true };
                let cut = self.repartition_node::<K, V>(node, names, how);
                self.set_serdes(cut, serdes);
                self.join_cuts.insert(node, cut);
                cut
            }
        };
        Some(Repartition::new(cut, key, value))
    }
}
