//! `global_store`: a store that every instance fills from a topic by a processor of the user's own.

use super::topology::StoreDecl;
use super::{Consumed, IntoTopic, StreamsBuilder, TopicNames};
use crate::operator::{Process, Source};
use crate::processor::{GlobalStore, ProcessorStore, StoreBuilder, StoreHandle, Supplies};
use crate::serdes::HasSerde;
use crate::topology::graph::{
    NewNode, NodeKind, StoreNode, TableRole, TableSourceNode, TableState,
};
use crate::topology::naming::prefix;

/// The names of the two nodes before a global store.
pub(super) struct GlobalNames {
    pub(super) source: String,
    pub(super) processor: String,
}

impl StreamsBuilder {
    /// Declares a store that every instance fills completely from a topic, by a processor.
    ///
    /// All partitions are read before the application starts, each record through the processor, and again
    /// whenever the store's files are lost: what it keeps must follow from the topic alone. It forwards
    /// nothing, and no transaction or changelog covers it: the topic is the changelog. The store may be of any
    /// kind; it is not cached. Records come with the time of the topic's extractor, in the order of each
    /// partition. Rows of windows, sessions and versions age by the times that are written to the store,
    /// whatever other tasks have seen. The handle lets other processors read the store: what one call of
    /// a processor reads is as old as its beginning, or newer. `options` are those of a stream.
    /// Java: `StreamsBuilder#addGlobalStore`.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// /// Keeps the longest name that a key ever had.
    /// #[processor]
    /// fn longest(
    ///     record: Record<String, String>,
    ///     _: &mut ProcessorContext<'_, (), ()>,
    ///     names: &mut KeyValueStore<String, String>,
    /// ) {
    ///     if names.get(&record.key).is_none_or(|known| known.len() < record.value.len()) {
    ///         names.put(record.key, record.value);
    ///     }
    /// }
    ///
    /// #[processor]
    /// fn look_up(
    ///     record: Record<String, i64>,
    ///     ctx: &mut ProcessorContext<'_, String, String>,
    ///     names: &mut GlobalStore<KeyValueStore<String, String>>,
    /// ) {
    ///     let name = names.get(&record.key).unwrap_or_default();
    ///     ctx.forward(record.with_value(name));
    /// }
    ///
    /// let topology = topology!({
    ///     let names = global_store(KeyValueStore::<String, String>::persistent("names"), "names", longest);
    ///     stream::<String, i64>("in").process(look_up, names).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("names").pipe_all([("a", "Ann"), ("a", "A")], 0)?;
    /// driver.input::<String, i64>("in").pipe("a", 1, 0)?;
    /// assert_eq!(driver.output::<String, String>("out").values()?, ["Ann"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn global_store<K, V, S, X, By>(
        &mut self,
        store: StoreBuilder<S>,
        topic: impl IntoTopic<K, V>,
        supplier: X,
        options: impl Into<Consumed<K, V>>,
    ) -> StoreHandle<GlobalStore<S>>
    where
        K: HasSerde,
        V: HasSerde,
        S: ProcessorStore,
        X: Supplies<K, V, (), (), (StoreHandle<S>,), By>,
    {
        let consumed: Consumed<K, V> = options.into();
        let named = consumed.name.as_deref();
        let source = self.graph.suffixed_name(named, "-source", prefix::STREAM_SOURCE);
        let processor = self.graph.node_name(named, prefix::TABLE_SOURCE);
        let names = GlobalNames { source, processor };
        self.add_global(store, &topic.into_topics(), names, consumed, supplier)
    }

    pub(super) fn add_global<K, V, S, X, By>(
        &mut self,
        store: StoreBuilder<S>,
        topics: &TopicNames,
        names: GlobalNames,
        consumed: Consumed<K, V>,
        supplier: X,
    ) -> StoreHandle<GlobalStore<S>>
    where
        K: HasSerde,
        V: HasSerde,
        S: ProcessorStore,
        X: Supplies<K, V, (), (), (StoreHandle<S>,), By>,
    {
        let topic = self.single_topic(topics);
        let StoreBuilder { name, store_type, maker, problem, .. } = store;
        if let Some(problem) = problem {
            self.graph.problem(problem);
        }
        let name = self.graph.checked_name("store", &name);
        if !S::IS_SHAREABLE {
            self.graph.problem(format!(
                "the global store `{name}` is of a kind of your own, which only its own task can use; make it one of \
                 the built-in kinds, with `with_store_type(StoreType::own(..))` for a place of your own"
            ));
        }
        let ix = self.graph.add_store(StoreNode {
            name,
            logging: false,
            caching: false,
            store_type,
            global: true,
            topic_config: Default::default(),
            retention_ms: None,
        });
        self.declare(ix, StoreDecl::of(maker));
        let kind = NodeKind::TableSource(TableSourceNode {
            source_name: names.source,
            topic,
            store: ix,
            global: true,
            offset_reset: consumed.offset_reset,
        });
        let table = TableState { role: TableRole::Source, materialized: true, sends_old: false };
        let types = super::builder::types::<K, V>();
        let new = NewNode { table: Some(table), types, ..NewNode::new(names.processor, kind) };
        let node = self.add(&[], new);
        let key = consumed.serdes.key.or(&topics.serdes.key).at_topic::<K>();
        let value = consumed.serdes.value.or(&topics.serdes.value).at_topic::<V>();
        let own = (StoreHandle::<S>::new(ix),);
        let process = Process::new(node, move || supplier.supply(own));
        self.processor(&process);
        let source = Source::new(node, key, value, consumed.extractor);
        self.source(source, move |cx, record| process.run(cx, record));
        StoreHandle::new(ix)
    }
}
