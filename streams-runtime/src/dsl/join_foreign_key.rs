//! Joins of two tables on a foreign key.

use std::sync::Arc;

use super::builder::types;
use super::serdes::{SerdePair, SerdeSlot};
use super::topology::StoreDecl;
use super::{ForeignJoinOptions, KTable, Materialized, StreamsBuilder};
use crate::error::UserError;
use crate::operator::{
    Answers, Extractor, FindsKey, ForeignJoin, ForeignSend, ForeignSubscribe, ForeignTable, Inner,
    Joiner, KeyPartitioner, Left, NoView, OfValues, PseudoTopic, TableSource, Try, WithKey,
    default_partitioner,
};
use crate::serdes::{BytesSerde, HasSerde, SerdeRef};
use crate::store::{StoreRef, SubscriptionStore, subscription_store_maker};
use crate::topology::NodeId;
use crate::topology::graph::{
    NewNode, NodeKind, RepartitionNode, StoreNode, TableRole, TableState,
};
use crate::topology::naming::prefix;

/// A recorded join on a foreign key: its handle, the operators around both topics, and the join itself.
///
/// `Found` is the type of key that the extractor finds, which is `KO`: a foreign key of another type is
/// told at the extractor alone.
pub(super) type ForeignJoined<K, V, KO, O, W, X, J, Found> = (
    KTable<K, W>,
    ForeignSend<K, V, Found, X>,
    ForeignTable<KO, O>,
    ForeignSubscribe<KO, O>,
    ForeignJoin<K, V, O, W, J>,
);

/// The nodes around the two topics.
struct Nodes {
    send: NodeId,
    subscriptions: NodeId,
    subscribe: NodeId,
    table: NodeId,
    answers: NodeId,
    resolver: NodeId,
    store: StoreRef<SubscriptionStore>,
    /// The topic of subscriptions, without prefix.
    registration: String,
    /// The sources of both topics.
    sources: std::collections::BTreeSet<String>,
}

/// The four forms of one kind of join.
macro_rules! forms {
    ($(#[$docs:meta])* $kind:ident($left:ty, $right:ty): $plain:ident $keyed:ident $try:ident $try_keyed:ident) => {
        $(#[$docs])*
        pub fn $plain<KO, O, L, W, X, F>(
            self,
            b: &mut StreamsBuilder,
            other: KTable<KO, O>,
            extractor: X,
            joiner: F,
            options: impl Into<ForeignJoinOptions<K, KO, W>>,
        ) -> ForeignJoined<
 K, V, KO, O, W, Extractor<X, OfValues>, Joiner<F, $kind, OfValues>, L::Key>
        where
            K: HasSerde,
            V: HasSerde,
            KO: HasSerde,
            O: HasSerde,
            W: HasSerde,
            L: FindsKey<KO, Key = KO>,
            X: Fn(&V) -> L + Send + Sync + 'static,
            F: Fn($left, $right) -> W + Send + Sync + 'static,
        {
            let functions = (Extractor::new(extractor), Joiner::new(joiner));
            self.joined_on_foreign_key(b, other, $kind::KEEPS_LEFT, functions, options.into())
        }

        #[doc = concat!(
            "[`", stringify!($plain), "`](KTable::", stringify!($plain), ") with an extractor that also sees \
             the key.\n\nTime, order, nulls and cost are the same. In `topology!` the plain word with an \
             extractor of two parameters is this form."
        )]
        pub fn $keyed<KO, O, L, W, X, F>(
            self,
            b: &mut StreamsBuilder,
            other: KTable<KO, O>,
            extractor: X,
            joiner: F,
            options: impl Into<ForeignJoinOptions<K, KO, W>>,
        ) -> ForeignJoined<
 K, V, KO, O, W, Extractor<X, WithKey>, Joiner<F, $kind, OfValues>, L::Key>
        where
            K: HasSerde,
            V: HasSerde,
            KO: HasSerde,
            O: HasSerde,
            W: HasSerde,
            L: FindsKey<KO, Key = KO>,
            X: Fn(&K, &V) -> L + Send + Sync + 'static,
            F: Fn($left, $right) -> W + Send + Sync + 'static,
        {
            let functions = (Extractor::new(extractor), Joiner::new(joiner));
            self.joined_on_foreign_key(b, other, $kind::KEEPS_LEFT, functions, options.into())
        }

        #[doc = super::join_docs::fallible!($plain, "KTable")]
        pub fn $try<KO, O, L, W, E, X, F>(
            self,
            b: &mut StreamsBuilder,
            other: KTable<KO, O>,
            extractor: X,
            joiner: F,
            options: impl Into<ForeignJoinOptions<K, KO, W>>,
        ) -> ForeignJoined<
 K, V, KO, O, W, Extractor<X, OfValues>, Joiner<F, $kind, Try<OfValues>>, L::Key>
        where
            K: HasSerde,
            V: HasSerde,
            KO: HasSerde,
            O: HasSerde,
            W: HasSerde,
            L: FindsKey<KO, Key = KO>,
            E: Into<UserError>,
            X: Fn(&V) -> L + Send + Sync + 'static,
            F: Fn($left, $right) -> Result<W, E> + Send + Sync + 'static,
        {
            let functions = (Extractor::new(extractor), Joiner::new(joiner));
            self.joined_on_foreign_key(b, other, $kind::KEEPS_LEFT, functions, options.into())
        }

        #[doc = super::join_docs::fallible!($keyed, "KTable")]
        pub fn $try_keyed<KO, O, L, W, E, X, F>(
            self,
            b: &mut StreamsBuilder,
            other: KTable<KO, O>,
            extractor: X,
            joiner: F,
            options: impl Into<ForeignJoinOptions<K, KO, W>>,
        ) -> ForeignJoined<
 K, V, KO, O, W, Extractor<X, WithKey>, Joiner<F, $kind, Try<OfValues>>, L::Key>
        where
            K: HasSerde,
            V: HasSerde,
            KO: HasSerde,
            O: HasSerde,
            W: HasSerde,
            L: FindsKey<KO, Key = KO>,
            E: Into<UserError>,
            X: Fn(&K, &V) -> L + Send + Sync + 'static,
            F: Fn($left, $right) -> Result<W, E> + Send + Sync + 'static,
        {
            let functions = (Extractor::new(extractor), Joiner::new(joiner));
            self.joined_on_foreign_key(b, other, $kind::KEEPS_LEFT, functions, options.into())
        }
    };
}

impl<K, V> KTable<K, V> {
    forms! {
        /// Joins each row with the row of `other` whose key `extractor` finds in its value.
        ///
        /// In `topology!` this is `join` with two functions before the options. An update of either side
        /// updates the result, under the later time of subscription and row. Rows without a foreign key are dropped
        /// and counted; those whose foreign key has no row have no result. An answer to a value that has changed
        /// since is dropped and counted, so the last result of a row is that of its last value; between rows there
        /// is no order. Both tables are kept in stores; subscriptions and answers travel over two internal topics,
        /// whose partitions [`TableJoined`](crate::dsl::TableJoined) may choose.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     let cities = table::<String, i64>("cities");
        ///     let people = table::<String, String>("people");
        ///     people.join(cities, |city| city.clone(), |_, size| size).to_stream().to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("cities").pipe("Rome", 3, 0)?;
        /// driver.input::<String, String>("people").pipe_all([("ann", "Rome"), ("bob", "Oslo")], 0)?;
        /// assert_eq!(driver.output::<String, i64>("out").key_values()?, [("ann".to_owned(), 3)]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        Inner(V, O): join_on_foreign_key join_on_foreign_key_with_key try_join_on_foreign_key try_join_on_foreign_key_with_key
    }

    forms! {
        /// Joins each row with the row of `other` whose key `extractor` finds in its value, or with `None`.
        ///
        /// In `topology!` this is `left_join` with two functions before the options. As
        /// [`join_on_foreign_key`](KTable::join_on_foreign_key), but every row of this table has a result.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     let cities = table::<String, i64>("cities");
        ///     let people = table::<String, String>("people");
        ///     people
        ///         .left_join(cities, |city| city.clone(), |_, size| size.unwrap_or(0))
        ///         .to_stream()
        ///         .to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("cities").pipe("Rome", 3, 0)?;
        /// driver.input::<String, String>("people").pipe_all([("ann", "Rome"), ("bob", "Oslo")], 0)?;
        /// assert_eq!(driver.output::<String, i64>("out").values()?, [3, 0]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        Left(V, Option<O>): left_join_on_foreign_key left_join_on_foreign_key_with_key try_left_join_on_foreign_key try_left_join_on_foreign_key_with_key
    }

    fn joined_on_foreign_key<KO, O, W, X, J>(
        self,
        b: &mut StreamsBuilder,
        other: KTable<KO, O>,
        left: bool,
        (extractor, joiner): (X, J),
        options: ForeignJoinOptions<K, KO, W>,
    ) -> ForeignJoined<K, V, KO, O, W, X, J, KO>
    where
        K: HasSerde,
        V: HasSerde,
        KO: HasSerde,
        O: HasSerde,
        W: HasSerde,
    {
        b.graph.send_old_values(other.node, true);
        b.graph.send_old_values(self.node, true);
        let ForeignJoinOptions { joined, materialized } = options;
        let name = joined.name.as_deref();
        let nodes = b.foreign_join_nodes::<K, V, KO, O>(self.node, other.node, name);
        let (own, others) = (b.serdes(self.node), b.serdes(other.node));
        let (node, result) = b.foreign_join_result::<K, W>(&nodes, &own.key, name, &materialized);
        let bytes: SerdeRef<Vec<u8>> = Arc::new(BytesSerde);
        let pseudo = |suffix| PseudoTopic::new(&nodes.registration, suffix);
        let foreign: SerdeRef<KO> = others.key.at_store();
        let partitioner = joined.partitioner.map(|p| KeyPartitioner::new(own.key.at_store(), p));
        let answers = || Answers { topic: nodes.answers, partitioner: partitioner.clone() };
        let to_foreign = joined.other_partitioner.or_else(|| default_partitioner(&foreign));
        let send = ForeignSend {
            node: nodes.send,
            topic: nodes.subscriptions,
            left,
            extractor,
            primary: own.key.at_store(),
            values: own.value.at_store(),
            foreign: Arc::clone(&foreign),
            pseudo: [pseudo("-pk"), pseudo("-fk"), pseudo("-vh")],
            partitioner: to_foreign.map(|p| KeyPartitioner::new(Arc::clone(&foreign), p)),
        };
        let table = ForeignTable {
            node: nodes.table,
            answers: answers(),
            foreign: Arc::clone(&foreign),
            values: others.value.at_store(),
            store: nodes.store,
            pseudo: pseudo("-fk"),
        };
        let subscribe = ForeignSubscribe {
            node: nodes.subscribe,
            subscriptions: nodes.subscriptions,
            answers: answers(),
            keys: others.key.at_topic(),
            bytes: Arc::clone(&bytes),
            foreign,
            values: others.value.at_store(),
            store: nodes.store,
            pseudo: pseudo("-fk"),
            view: NoView,
        };
        let join = ForeignJoin {
            node: nodes.resolver,
            answers: nodes.answers,
            joiner,
            keys: own.key.at_store(),
            bytes,
            values: (own.value.at_store(), others.value.at_store()),
            pseudo: pseudo("-vh"),
            result,
            view: NoView,
        };
        (KTable::new(node), send, table, subscribe, join)
    }
}

impl StreamsBuilder {
    /// Records all but the result, with the names in Kafka Streams' order.
    fn foreign_join_nodes<K, V, KO, O>(
        &mut self,
        left: NodeId,
        right: NodeId,
        name: Option<&str>,
    ) -> Nodes {
        let registration =
            self.fk_name(name, "-subscription-registration", prefix::FK_REGISTRATION);
        let registration = format!("{registration}-topic");
        let send =
            self.fk_name(name, "-subscription-registration-processor", prefix::FK_REGISTRATION);
        let send = self.fk_node::<KO, V>(&[left], send, Vec::new());
        let subscriptions = self.fk_topic::<KO>(&[send], name, REGISTRATION, registration.clone());
        let mut sources = self.graph.source_names(right);
        sources.extend(self.graph.source_names(subscriptions));
        self.graph.copartition(sources);
        let store_name = self.fk_name(name, "-subscription-store", prefix::FK_STORE);
        let store = self.subscription_store(store_name);
        let receive = self.fk_name(name, "-subscription-receive", prefix::FK_PROCESSOR);
        let receive = self.fk_node::<KO, V>(&[subscriptions], receive, vec![store.ix()]);
        let stores = self.graph.view_stores(right);
        let subscribe = self.fk_name(name, "-subscription-join-foreign", prefix::FK_PROCESSOR);
        let subscribe = self.fk_node::<K, O>(&[receive], subscribe, stores);
        let table = self.fk_name(name, "-foreign-join-subscription", prefix::FK_PROCESSOR);
        let table = self.fk_node::<K, O>(&[right], table, vec![store.ix()]);
        let topic = self.fk_name(name, "-subscription-response", prefix::FK_RESPONSE);
        let topic = format!("{topic}-topic");
        let answers = self.fk_topic::<K>(&[subscribe, table], name, RESPONSE, topic);
        let mut sources = self.graph.source_names(left);
        sources.extend(self.graph.source_names(answers));
        self.graph.copartition(sources.iter().cloned());
        let stores = self.graph.view_stores(left);
        let resolver = self.fk_name(name, "-subscription-response-resolver", prefix::FK_RESOLVER);
        let resolver = self.fk_node::<K, O>(&[answers], resolver, stores);
        Nodes {
            send,
            subscriptions,
            subscribe,
            table,
            answers,
            resolver,
            store,
            registration,
            sources,
        }
    }

    fn foreign_join_result<K: HasSerde, W: HasSerde>(
        &mut self,
        nodes: &Nodes,
        key: &SerdeSlot,
        name: Option<&str>,
        materialized: &Materialized<K, W>,
    ) -> (NodeId, TableSource<K, W>) {
        let name = self.fk_name(name, "-result", prefix::FK_OUTPUT);
        let given = materialized.store.as_deref();
        let store_name = self.graph.store_name(given, prefix::FK_OUTPUT, materialized.logged());
        let serdes = SerdePair {
            key: materialized.serdes.key.or(key),
            value: materialized.serdes.value.clone(),
        };
        let store = self.add_store(materialized, store_name, &serdes, false);
        let materialized = given.is_some();
        let new = NewNode {
            table: Some(TableState { role: TableRole::Source, materialized, sends_old: false }),
            types: types::<K, W>(),
            ..NewNode::new(name, NodeKind::Processor { stores: vec![store.ix()] })
        };
        let node = self.add(&[nodes.resolver], new);
        self.graph.set_source_names(node, nodes.sources.clone());
        self.set_serdes(node, serdes);
        (node, TableSource::new(node, store))
    }

    fn fk_name(&mut self, name: Option<&str>, suffix: &str, prefix: &str) -> String {
        self.graph.suffixed_name(name, suffix, prefix)
    }

    fn fk_node<A, C>(
        &mut self,
        parents: &[NodeId],
        name: String,
        stores: Vec<crate::topology::StoreIx>,
    ) -> NodeId {
        let kind = NodeKind::Processor { stores };
        self.add(parents, NewNode { types: types::<A, C>(), ..NewNode::new(name, kind) })
    }

    /// One of the two internal topics: its sink and its source.
    fn fk_topic<A>(
        &mut self,
        parents: &[NodeId],
        name: Option<&str>,
        [sink, source]: [&str; 2],
        topic: String,
    ) -> NodeId {
        let sink = self.fk_name(name, sink, prefix::TABLE_SINK);
        let source = self.fk_name(name, source, prefix::TABLE_SOURCE);
        let kind = NodeKind::Repartition(RepartitionNode {
            topic,
            sink,
            filter: None,
            partitions: None,
            optimizable: false,
        });
        let types = types::<A, Vec<u8>>();
        self.add(parents, NewNode { types, ..NewNode::new(source, kind) })
    }

    fn subscription_store(&mut self, name: String) -> StoreRef<SubscriptionStore> {
        let ix = self.graph.add_store(StoreNode {
            name,
            logging: true,
            caching: false,
            store_type: None,
            global: false,
            topic_config: Default::default(),
            retention_ms: None,
        });
        self.declare(ix, StoreDecl::of(subscription_store_maker()));
        StoreRef::new(ix)
    }
}

/// What the names of the first topic's nodes end in.
const REGISTRATION: [&str; 2] =
    ["-subscription-registration-sink", "-subscription-registration-source"];
/// What the names of the second topic's nodes end in.
const RESPONSE: [&str; 2] = ["-subscription-response-sink", "-subscription-response-source"];
