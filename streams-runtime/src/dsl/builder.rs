//! `StreamsBuilder`: records a topology while its function runs.

use std::sync::Arc;

use super::serdes::SerdePair;
use super::topology::{FlushEntry, ProcessorEntry, SourceEntry, StoreDecl, StoreRows, Topology};
use super::{
    Consumed, GlobalKTable, IntoTopic, IntoTopics, KStream, KTable, Materialized, Named,
    TableOptions, TopicNames,
};
use crate::context::Context;
use crate::error::Stop;
use crate::operator::{FlushedStore, Materializes, Source, TableSource};
use crate::record::{Change, Record};
use crate::serdes::{HasSerde, SerdeRef, UnknownWindowSerde};
use crate::store::{StoreRef, TableStore, table_store_maker, versioned_store_maker};
use crate::task::source_runner;
use crate::topology::graph::{
    Effect, Graph, NewNode, NodeKind, SourceNode, StoreNode, TableRole, TableSourceNode, TableState,
};
use crate::topology::naming::prefix;
use crate::topology::{NodeId, StoreIx};
use crate::window::WindowSpan;

/// Records the graph of a topology, and the runs behind its sources.
///
/// `topology!` makes one, gives it to every operator in the order of the user's calls, and ends with
/// [`StreamsBuilder::finish`]. Mistakes are remembered and reported when the topology is built.
/// Java: `org.apache.kafka.streams.StreamsBuilder`.
#[derive(Default)]
pub struct StreamsBuilder {
    pub(crate) graph: Graph,
    pub(crate) groups: Vec<super::kgrouped_stream::Group>,
    /// The windows that grouped streams are cut into.
    pub(super) spans: Vec<WindowSpan>,
    /// The repartition that joins of a stream share.
    pub(crate) join_cuts: std::collections::BTreeMap<NodeId, NodeId>,
    serdes: Vec<SerdePair>,
    stores: Vec<StoreDecl>,
    sources: Vec<SourceEntry>,
    flushes: Vec<FlushEntry>,
    pub(super) processors: Vec<ProcessorEntry>,
}

/// Which serdes an operator hands on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeps {
    key: bool,
    value: bool,
}

impl Keeps {
    pub(crate) const BOTH: Self = Self { key: true, value: true };
    pub(crate) const KEY: Self = Self { key: true, value: false };
    pub(crate) const VALUE: Self = Self { key: false, value: true };
    pub(crate) const NONE: Self = Self { key: false, value: false };
}

/// The names of two types, for pictures of the topology.
pub(crate) fn types<K, V>() -> (&'static str, &'static str) {
    (std::any::type_name::<K>(), std::any::type_name::<V>())
}

impl StreamsBuilder {
    /// An empty topology.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads topics as a stream: declared ones, names, or all topics that a [`Pattern`](super::Pattern) matches.
    ///
    /// Two streams of the same topics share one source. The records' times come from the configured
    /// timestamp extractor, or from that of `options`.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({ stream::<String, i64>(["in", "more"]).to("out"); });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn stream<K, V>(
        &mut self,
        topics: impl IntoTopics<K, V>,
        options: impl Into<Consumed<K, V>>,
    ) -> (KStream<K, V>, Source<K, V>)
    where
        K: HasSerde,
        V: HasSerde,
    {
        let topics = topics.into_topics();
        let consumed: Consumed<K, V> = options.into();
        let name = self.graph.node_name(consumed.name.as_deref(), prefix::STREAM_SOURCE);
        let serdes = SerdePair {
            key: consumed.serdes.key.or(&topics.serdes.key),
            value: consumed.serdes.value.or(&topics.serdes.value),
        };
        let kind = NodeKind::Source(SourceNode {
            topics: self.checked_topics(&topics),
            pattern: topics.pattern.clone(),
            offset_reset: consumed.offset_reset,
        });
        let node = self.add(&[], NewNode { types: types::<K, V>(), ..NewNode::new(name, kind) });
        let (key, value) = (serdes.key.at_topic::<K>(), serdes.value.at_topic::<V>());
        self.needs_windows(&key, topics.names.first());
        let source = Source::new(node, key, value, consumed.extractor);
        self.set_serdes(node, serdes);
        (KStream::new(node), source)
    }

    /// Reads a topic as a table: the last value of each key counts, a null value deletes it.
    ///
    /// Records with a null key are dropped and counted. The table gets a store where it is named or
    /// where an operator needs the value before an update; the store's changelog is the topic itself
    /// when `reuse.ktable.source.topics` is on.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({ table::<String, i64>("in", "latest").to_stream().to("out"); });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, Option<i64>>("in").pipe_all([("a", Some(1)), ("a", None)], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(1), None]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the three apart at once")]
    pub fn table<K, V>(
        &mut self,
        topic: impl IntoTopic<K, V>,
        options: impl Into<TableOptions<K::NonNull, V::NonNull>>,
    ) -> (
        KTable<K::NonNull, V::NonNull>,
        Source<Option<K::NonNull>, Option<V::NonNull>>,
        TableSource<K::NonNull, V::NonNull>,
    )
    where
        K: HasSerde,
        V: HasSerde,
    {
        let topics = topic.into_topics();
        let (node, source, store) = self.table_source(&topics, options.into(), false);
        (KTable::new(node), source, TableSource::new(node, store))
    }

    /// Reads a topic as a table that every instance holds completely.
    ///
    /// All partitions are read before the application starts; the topic itself is the changelog.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     global_table::<String, String>("countries", "countries-store");
    ///     stream::<String, i64>("in").to("out");
    /// });
    /// assert!(topology.describe().contains("for global store (will not generate tasks)"));
    /// ```
    pub fn global_table<K, V>(
        &mut self,
        topic: impl IntoTopic<K, V>,
        options: impl Into<TableOptions<K::NonNull, V::NonNull>>,
    ) -> GlobalKTable<K::NonNull, V::NonNull>
    where
        K: HasSerde,
        V: HasSerde,
    {
        let topics = topic.into_topics();
        let (node, source, store) = self.table_source(&topics, options.into(), true);
        let table = TableSource::new(node, store);
        self.source(source, move |cx, record| table.run(cx, record).map(drop));
        GlobalKTable::new(node, store)
    }

    #[expect(clippy::type_complexity, reason = "a private step of `table` and `global_table`")]
    fn table_source<K: HasSerde, V: HasSerde>(
        &mut self,
        topics: &TopicNames,
        mut options: TableOptions<K, V>,
        global: bool,
    ) -> (NodeId, Source<Option<K>, Option<V>>, StoreRef<TableStore<K, V>>) {
        let topic = self.single_topic(topics);
        if global {
            if options.materialized.versions.take().is_some() {
                self.graph.problem(format!(
                    "the global table of topic {topic:?} is given a versioned store, which a global table \
                     cannot have; give it another kind of store, or read the topic by `table`"
                ));
            }
            options.materialized = options.materialized.with_logging_disabled();
        }
        let materialized = &options.materialized;
        let serdes = SerdePair {
            key: options.serdes.key.or(&materialized.serdes.key).or(&topics.serdes.key),
            value: options.serdes.value.or(&materialized.serdes.value).or(&topics.serdes.value),
        };
        let given = materialized.store.as_deref();
        let store_prefix = format!("{topic}-");
        let store_name = self.graph.store_name(given, &store_prefix, materialized.logged());
        let named = options.name.as_deref();
        let source_name = self.graph.suffixed_name(named, "-source", prefix::STREAM_SOURCE);
        let name = self.graph.node_name(named, prefix::TABLE_SOURCE);
        let store = self.add_store(&options.materialized, store_name, &serdes, global);
        let offset_reset = options.offset_reset;
        let source_node =
            TableSourceNode { source_name, topic, store: store.ix(), global, offset_reset };
        let materialized = global || options.materialized.store.is_some();
        let new = NewNode {
            table: Some(TableState { role: TableRole::Source, materialized, sends_old: false }),
            types: types::<K, V>(),
            ..NewNode::new(name, NodeKind::TableSource(source_node))
        };
        let node = self.add(&[], new);
        let (key, value) = (serdes.key.at_topic(), serdes.value.at_topic());
        let source = Source::new(node, key, value, options.extractor);
        self.set_serdes(node, serdes);
        (node, source, store)
    }

    /// The name of what `IntoTopic` gave.
    pub(super) fn single_topic(&mut self, topics: &TopicNames) -> String {
        self.checked_topics(topics).into_iter().next().unwrap_or_default()
    }

    fn checked_topics(&mut self, topics: &TopicNames) -> Vec<String> {
        if topics.names.is_empty() && topics.pattern.is_none() {
            self.graph.problem("a stream reads no topic; name at least one");
        }
        topics.names.iter().map(|name| self.graph.checked_name("topic", name)).collect()
    }

    /// Puts a run behind a source: what happens to each of its records.
    pub fn source<K, X, F>(&mut self, source: Source<K, X>, run: F)
    where
        K: Clone + Send + 'static,
        X: Clone + Send + 'static,
        F: Fn(&mut Context, Record<K, X>) -> Result<(), Stop> + Send + Sync + 'static,
    {
        self.sources.push(SourceEntry { node: source.node, runner: source_runner(source, run) });
    }

    /// Says what happens to the updates of a table that leave its cache.
    ///
    /// Nothing happens for a table without a store.
    pub fn on_flush<K, V, O, F>(&mut self, operator: &O, table: KTable<K, V>, run: F)
    where
        O: Materializes<K, V>,
        O::Store: FlushedStore<K, V>,
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
        F: Fn(&mut Context, Record<K, Change<V>>) -> Result<(), Stop> + Send + Sync + 'static,
    {
        if let Some((store, flush)) = operator.flush(table.node, run) {
            self.flushes.push(FlushEntry { node: table.node, store, flush, always: false });
        }
    }

    /// Adds what a commit does for a store besides writing it.
    pub(crate) fn on_commit(&mut self, entry: FlushEntry) {
        self.flushes.push(entry);
    }

    /// The finished topology; [`Topology::build`] reports what is wrong with it.
    pub fn finish(self) -> Topology {
        let graph = self.graph;
        let processors = self.processors;
        Topology::new(Arc::new(graph), self.sources, self.flushes, self.stores, processors)
    }

    /// Refuses a key in windows of which nobody said the kind: it has no bytes.
    pub(crate) fn needs_windows<K: 'static>(&mut self, key: &SerdeRef<K>, topic: Option<&String>) {
        if key.name().contains(std::any::type_name::<UnknownWindowSerde>()) {
            let topic = topic.map_or("a topic", String::as_str);
            self.graph.problem(format!(
                "the keys of topic `{topic}` are in windows of a kind that nothing says, so they have no bytes; \
                 name a serde where the topic is read or written, `TimeWindowedSerde` or \
                 `SessionWindowedSerde`, with `with_key_serde(..)`"
            ));
        }
    }

    /// Adds a node of a stream.
    pub(crate) fn stream_node<K, V>(
        &mut self,
        parent: NodeId,
        named: impl Into<Named>,
        prefix: &str,
        effect: Effect,
        keeps: Keeps,
    ) -> NodeId {
        let named: Named = named.into();
        let name = self.graph.node_name(named.given(), prefix);
        self.stream_node_called::<K, V>(parent, name, effect, keeps)
    }

    /// Adds a node of a stream under a name that is ready.
    pub(crate) fn stream_node_called<K, V>(
        &mut self,
        parent: NodeId,
        name: String,
        effect: Effect,
        keeps: Keeps,
    ) -> NodeId {
        let rekeyed = effect == Effect::ChangesKey || self.graph.node(parent).rekeyed;
        let new = NewNode {
            effect,
            rekeyed,
            types: types::<K, V>(),
            ..NewNode::new(name, NodeKind::Processor { stores: Vec::new() })
        };
        let node = self.add(&[parent], new);
        let from = self.serdes(parent);
        let kept = SerdePair {
            key: if keeps.key { from.key } else { Default::default() },
            value: if keeps.value { from.value } else { Default::default() },
        };
        self.set_serdes(node, kept);
        node
    }

    /// Keeps what is wrong with windows.
    pub(super) fn checked(&mut self, windows: WindowSpan) -> WindowSpan {
        if let Some(problem) = windows.problem() {
            self.graph.problem(problem);
        }
        windows
    }

    /// Adds a node to the graph.
    pub(crate) fn add(&mut self, parents: &[NodeId], new: NewNode) -> NodeId {
        let node = self.graph.add(parents, new);
        self.set_serdes(node, SerdePair::default());
        node
    }

    /// The serdes that a node hands on.
    pub(crate) fn serdes(&self, node: NodeId) -> SerdePair {
        self.serdes.get(node.index()).cloned().unwrap_or_default()
    }

    pub(crate) fn set_serdes(&mut self, node: NodeId, serdes: SerdePair) {
        if self.serdes.len() <= node.index() {
            self.serdes.resize_with(node.index() + 1, SerdePair::default);
        }
        self.serdes[node.index()] = serdes;
    }

    /// Lets a node hand on what another does.
    pub(crate) fn inherit(&mut self, from: NodeId, to: NodeId) {
        let serdes = self.serdes(from);
        self.set_serdes(to, serdes);
    }

    /// Declares the store of a table.
    pub(crate) fn add_store<K: HasSerde, V: HasSerde>(
        &mut self,
        options: &Materialized<K, V>,
        name: String,
        serdes: &SerdePair,
        global: bool,
    ) -> StoreRef<TableStore<K, V>> {
        let ix = self.graph.add_store(StoreNode {
            name,
            logging: options.logged() && !global,
            caching: options.caching.unwrap_or(true) && options.versions.is_none(),
            store_type: options.store_type.clone(),
            global,
            topic_config: options.topic_config.clone(),
            retention_ms: None,
        });
        let key: SerdeRef<K> = serdes.key.at_store();
        let value: SerdeRef<V> = serdes.value.at_store();
        let maker = match options.versions {
            None => table_store_maker(key, value),
            Some(layout) => {
                self.graph.keep_history(ix, layout.history_ms);
                versioned_store_maker(key, value, layout)
            }
        };
        self.declare(ix, StoreDecl::of(maker));
        StoreRef::new(ix)
    }

    pub(crate) fn declare(&mut self, ix: StoreIx, store: StoreDecl) {
        debug_assert_eq!(ix.index(), self.stores.len(), "stores are declared in order");
        self.stores.push(store);
    }

    /// What a store keeps.
    pub(super) fn rows_of(&self, ix: StoreIx) -> StoreRows {
        self.stores.get(ix.index()).map_or(StoreRows::Keys, |store| store.rows)
    }
}

impl std::fmt::Debug for StreamsBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamsBuilder").field("graph", &self.graph).finish_non_exhaustive()
    }
}
