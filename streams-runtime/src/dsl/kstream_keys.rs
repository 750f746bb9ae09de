//! What changes a stream's key, and what needs its partition to fit the key.

use super::builder::{Keeps, types};
use super::kgrouped_stream::{Group, WithSerdes};
use super::serdes::SerdePair;
use super::{
    AggregateOptions, Grouped, KGroupedStream, KStream, KTable, Named, Repartitioned,
    StreamsBuilder,
};
use crate::operator::{FlatMap, GroupBy, Map, Repartition, SelectKey, ToTable};
use crate::serdes::HasSerde;
use crate::topology::NodeId;
use crate::topology::graph::{
    Effect, NewNode, NodeKind, RepartitionNames, RepartitionNode, TableRole, TableState,
};
use crate::topology::naming::prefix;

impl<K, V> KStream<K, V> {
    /// Replaces each record by what `mapper` makes of its key and value.
    ///
    /// An operator behind it that needs the key's partition goes through a repartition topic; prefer
    /// [`map_values`](KStream::map_values) where the key stays.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({ stream::<String, i64>("in").map(|key, n| (n, key)).to("out"); });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1)], 0)?;
    /// assert_eq!(driver.output::<i64, String>("out").key_values()?, [(1, "a".to_owned())]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn map<L, W, F>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<L, W>, Map<F>)
    where
        F: Fn(K, V) -> (L, W) + Send + Sync + 'static,
    {
        let node = self.rekeyed::<L, W>(b, options, prefix::STREAM_MAP, Keeps::NONE);
        (KStream::new(node), Map::new(node, mapper))
    }

    /// Replaces each record by the records that `mapper` makes of its key and value; none drops it.
    ///
    /// An operator behind it that needs the key's partition goes through a repartition topic.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").flat_map(|_, n| [(n, 1_i64), (n, 2)]).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 7)], 0)?;
    /// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(7, 1), (7, 2)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn flat_map<L, W, I, F>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<L, W>, FlatMap<F>)
    where
        I: IntoIterator<Item = (L, W)>,
        F: Fn(K, V) -> I + Send + Sync + 'static,
    {
        let node = self.rekeyed::<L, W>(b, options, prefix::STREAM_FLAT_MAP, Keeps::NONE);
        (KStream::new(node), FlatMap::new(node, mapper))
    }

    /// Gives each record the key that `selector` makes of its key and value.
    ///
    /// An operator behind it that needs the key's partition goes through a repartition topic.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").select_key(|key, _| key.len() as i64).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("abc", 1)], 0)?;
    /// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(3, 1)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn select_key<L, F>(
        self,
        b: &mut StreamsBuilder,
        selector: F,
        options: impl Into<Named>,
    ) -> (KStream<L, V>, SelectKey<F>)
    where
        F: Fn(&K, &V) -> L + Send + Sync + 'static,
    {
        let node = self.rekeyed::<L, V>(b, options, prefix::STREAM_SELECT_KEY, Keeps::VALUE);
        (KStream::new(node), SelectKey::new(node, selector))
    }

    pub(super) fn rekeyed<L, W>(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<Named>,
        prefix: &str,
        keeps: Keeps,
    ) -> NodeId {
        b.stream_node::<L, W>(self.node, options, prefix, Effect::ChangesKey, keeps)
    }

    /// Groups the records by the key that `selector` makes, for an aggregation.
    ///
    /// The aggregation reads through a repartition topic, where records with a null key end silently.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").group_by(|_, n| n % 2).count("parities").to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2), ("c", 3)], 0)?;
    /// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(1, 1), (0, 1), (1, 2)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn group_by<L, S, U, F>(
        self,
        b: &mut StreamsBuilder,
        selector: F,
        options: impl Into<Grouped<L, V>>,
    ) -> (WithSerdes<S, U, KGroupedStream<L, V>>, GroupBy<F>)
    where
        L: HasSerde<Serde = S>,
        V: HasSerde<Serde = U>,
        F: Fn(&K, &V) -> L + Send + Sync + 'static,
    {
        let (grouped, node) = self.grouped_by::<L>(b, options);
        (grouped, GroupBy::new(node, selector))
    }

    pub(super) fn grouped_by<L>(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<Grouped<L, V>>,
    ) -> (KGroupedStream<L, V>, NodeId) {
        let grouped: Grouped<L, V> = options.into();
        let named = grouped.name.clone().map(Named::as_).unwrap_or_default();
        let node = self.rekeyed::<L, V>(b, named, prefix::STREAM_SELECT_KEY, Keeps::VALUE);
        let group = b.add_group(Group::new(node, grouped.name, grouped.serdes));
        (KGroupedStream::new(group), node)
    }

    /// Groups the records by their key, for an aggregation.
    ///
    /// Only where the key was changed before, the aggregation reads through a repartition topic.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").group_by_key().count("counts").to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 2]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn group_by_key<S, U>(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<Grouped<K, V>>,
    ) -> WithSerdes<S, U, KGroupedStream<K, V>>
    where
        K: HasSerde<Serde = S>,
        V: HasSerde<Serde = U>,
    {
        let grouped: Grouped<K, V> = options.into();
        if let Some(name) = &grouped.name {
            b.graph.checked_name("grouping", name);
        }
        KGroupedStream::new(b.add_group(Group::new(self.node, grouped.name, grouped.serdes)))
    }

    /// Sends the stream through an internal topic, so that each key has its partition.
    ///
    /// Records with a null key end there silently. `options` may name the topic and say how many
    /// partitions it has.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in")
    ///         .select_key(|_, n| n % 3)
    ///         .repartition(Repartitioned::as_("by-rest").with_number_of_partitions(3))
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 4)], 0)?;
    /// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(1, 4)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn repartition(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<Repartitioned<K, V>>,
    ) -> (Self, Repartition<K, V>)
    where
        K: HasSerde,
        V: HasSerde,
    {
        let options: Repartitioned<K, V> = options.into();
        if options.partitions == Some(0) {
            b.graph.problem("a repartition topic cannot have 0 partitions; ask for at least 1");
        }
        let stem = match &options.name {
            Some(name) => b.graph.checked_name("repartition", name),
            None => b.graph.generated_name(prefix::STREAM_REPARTITION),
        };
        let names = b.graph.repartition_names(&stem, options.name.is_some());
        let serdes = upstream_under(b, self.node, &options.serdes);
        let how = RepartitionHow { partitions: options.partitions, optimizable: false };
        let node = b.repartition_node::<K, V>(self.node, names, how);
        let (key, value) = (serdes.key.at_topic::<K>(), serdes.value.at_topic::<V>());
        b.set_serdes(node, serdes);
        let cut = Repartition::new(node, key, value).with_partitioner(options.partitioner);
        (Self::new(node), cut)
    }

    /// Reads the stream as a table: the last value of each key counts, a null value deletes it.
    ///
    /// Records with a null key are dropped and counted. Goes through a repartition topic where the
    /// key was changed. Keeps a store where it is named or where an operator needs one.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").to_table("latest").to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 2]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn to_table<KN, VN, S, U>(
        self,
        b: &mut StreamsBuilder,
        options: impl Into<AggregateOptions<KN, VN>>,
    ) -> WithSerdes<S, U, (KTable<KN, VN>, ToTable<K, V>)>
    where
        K: HasSerde<Serde = S, NonNull = KN>,
        V: HasSerde<Serde = U, NonNull = VN>,
        KN: HasSerde,
        VN: HasSerde,
    {
        let options: AggregateOptions<KN, VN> = options.into();
        let named = options.named.given();
        let name = b.graph.node_name(named, prefix::STREAM_TO_TABLE);
        let materialized = &options.materialized;
        let given = materialized.store.as_deref();
        let logged = materialized.logged();
        let store_name = b.graph.store_name(given, prefix::STREAM_TO_TABLE, logged);
        let serdes = upstream_under(b, self.node, &materialized.serdes);
        let repartition = b.graph.node(self.node).rekeyed.then(|| {
            let names = b.graph.repartition_names(&name, named.is_some());
            let how = RepartitionHow { partitions: None, optimizable: true };
            let node = b.repartition_node::<K, V>(self.node, names, how);
            Repartition::new(node, serdes.key.at_topic::<K>(), serdes.value.at_topic::<V>())
        });
        let store = b.add_store(materialized, store_name, &serdes, false);
        let parent = repartition.as_ref().map_or(self.node, Repartition::node);
        let materialized = materialized.store.is_some();
        let new = NewNode {
            table: Some(TableState { role: TableRole::Source, materialized, sends_old: false }),
            types: types::<KN, VN>(),
            ..NewNode::new(name, NodeKind::Processor { stores: vec![store.ix()] })
        };
        let node = b.add(&[parent], new);
        b.set_serdes(node, serdes);
        (KTable::new(node), ToTable::new(node, store, repartition))
    }

    /// The place behind this stream where merged repartition topics cut it.
    ///
    /// Generated code declares one behind each change of the key, and each merge, below which an
    /// optimisable repartition lies deeper than one step. It writes where
    /// `merge.repartition.topics` puts the common topic, and does nothing otherwise.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let by_parity = stream::<String, i64>("in").select_key(|_, n| n % 2);
    ///     by_parity.group_by_key().count("all").to_stream().to("counts");
    ///     by_parity.filter(|_, n| *n > 9).group_by_key().count("big").to_stream().to("bigs");
    /// });
    /// let config = TestDriverConfig::from_map([
    ///     ("application.id", "app"),
    ///     ("topology.optimization", "merge.repartition.topics"),
    /// ])?;
    /// let mut driver = TopologyTestDriver::new(&topology, config)?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 21), ("c", 3)], 0)?;
    /// assert_eq!(driver.output::<i64, i64>("counts").values()?, [1, 2, 3]);
    /// assert_eq!(driver.output::<i64, i64>("bigs").values()?, [1]);
    /// assert!(!driver.produced_topic_names().contains(&"app-big-repartition".to_owned()));
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn cut(self, b: &mut StreamsBuilder) -> Repartition<K, V>
    where
        K: HasSerde,
        V: HasSerde,
    {
        let node = b.graph.add_cut(self.node);
        let serdes = b.serdes_at_cut(self.node);
        Repartition::new(node, serdes.key.at_topic::<K>(), serdes.value.at_topic::<V>())
    }
}

/// How a repartition node may be treated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RepartitionHow {
    pub(crate) partitions: Option<u32>,
    pub(crate) optimizable: bool,
}

impl StreamsBuilder {
    pub(crate) fn repartition_node<K, V>(
        &mut self,
        parent: NodeId,
        names: RepartitionNames,
        how: RepartitionHow,
    ) -> NodeId {
        let kind = NodeKind::Repartition(RepartitionNode {
            topic: names.topic,
            sink: names.sink,
            filter: Some(names.filter),
            partitions: how.partitions,
            optimizable: how.optimizable,
        });
        self.add(&[parent], NewNode { types: types::<K, V>(), ..NewNode::new(names.source, kind) })
    }

    /// The serdes of the first repartition below, which a cut writes with, else those at the cut.
    fn serdes_at_cut(&self, node: NodeId) -> SerdePair {
        let below = self.graph.repartitions_below(node);
        below.iter().fold(SerdePair::default(), |found, id| {
            let own = self.serdes(*id);
            SerdePair { key: found.key.or(&own.key), value: found.value.or(&own.value) }
        })
    }
}

/// The given serdes, and upstream's where there are none.
fn upstream_under(b: &StreamsBuilder, node: NodeId, given: &SerdePair) -> SerdePair {
    let upstream = b.serdes(node);
    SerdePair { key: given.key.or(&upstream.key), value: given.value.or(&upstream.value) }
}
