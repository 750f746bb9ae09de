//! The graph laid out as the nodes that run: one to three per operator, in Kafka Streams' order.
//!
//! Facts from Kafka Streams 4.3.1: the `writeToTopology` of its graph nodes and
//! `InternalTopologyBuilder`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use super::config::TopologyConfig;
use super::graph::{
    Graph, GraphNode, NodeKind, RepartitionNode, SinkTarget, SourceNode, StreamJoinNode,
    TableJoinNode, TableSourceNode,
};
use super::ids::{NodeId, StoreIx};
use super::naming::MAX_LENGTH;
use super::optimize::Optimized;
use super::pattern::Pattern;
use super::plan::{ProcessorKind, ProcessorPlan};
use super::subtopology::Parts;

/// The nodes in order, and what was found while they were laid out.
#[derive(Debug, Default)]
pub struct Written {
    /// The nodes; their sub-topologies are not known yet.
    pub processors: Vec<ProcessorPlan>,
    /// Where each node is, by name.
    pub places: HashMap<String, usize>,
    /// Internal topics without prefix, and the partitions demanded for them.
    pub internal_topics: BTreeMap<String, Option<u32>>,
    /// The users of each store, in order.
    pub store_users: BTreeMap<StoreIx, Vec<usize>>,
    /// Which nodes belong together.
    pub parts: Parts,
    readers: BTreeMap<String, String>,
    patterns: Vec<(Pattern, String)>,
    globals: BTreeSet<String>,
    store_names: BTreeMap<String, StoreIx>,
}

/// Lays the graph out.
pub fn run(optimized: &Optimized, config: &TopologyConfig, problems: &mut Vec<String>) -> Written {
    let graph = &optimized.graph;
    let mut writer = Writer { graph, written: Written::default(), problems };
    let mut done: BTreeSet<NodeId> = BTreeSet::new();
    let mut queue: BinaryHeap<Reverse<(u32, NodeId)>> = BinaryHeap::new();
    queue.extend(graph.roots().iter().map(|id| Reverse((graph.node(*id).priority, *id))));
    while let Some(Reverse((_, id))) = queue.pop() {
        let node = graph.node(id);
        if done.contains(&id) || !node.parents.iter().all(|parent| done.contains(parent)) {
            continue;
        }
        writer.write(id, node);
        done.insert(id);
        queue.extend(node.children.iter().map(|id| Reverse((graph.node(*id).priority, *id))));
    }
    let written = writer.written;
    check_topics(graph, &written, config, problems);
    written
}

struct Writer<'a> {
    graph: &'a Graph,
    written: Written,
    problems: &'a mut Vec<String>,
}

impl Writer<'_> {
    fn write(&mut self, id: NodeId, node: &GraphNode) {
        let parents = node.parents.iter().map(|id| self.graph.node(*id).name.clone()).collect();
        match &node.kind {
            NodeKind::Source(SourceNode { pattern: Some(pattern), .. }) => {
                self.pattern_source(id, &node.name, pattern);
            }
            NodeKind::Source(source) => self.source(id, &node.name, source.topics.clone(), false),
            NodeKind::TableSource(source) => self.table_source(id, node, source),
            NodeKind::Processor { stores } => {
                let used = node.table.is_none_or(|table| table.materialized);
                let stores = if used { stores.as_slice() } else { &[] };
                self.node(id, &node.name, ProcessorKind::Processor, parents);
                stores.iter().for_each(|store| self.connect(&node.name, *store));
            }
            NodeKind::Sink(target) => {
                let topic = match target {
                    SinkTarget::Topic(topic) => Some(topic.clone()),
                    SinkTarget::Computed => None,
                };
                self.node(id, &node.name, ProcessorKind::Sink(topic), parents);
            }
            NodeKind::Repartition(repartition) => {
                self.repartition(id, &node.name, repartition, parents);
            }
            NodeKind::TableJoin(join) => self.table_join(id, node, join),
            NodeKind::StreamJoin(join) => self.stream_join(id, node, join),
            NodeKind::Cut | NodeKind::Alias(_) | NodeKind::Part(_) => {}
        }
    }

    fn table_source(&mut self, id: NodeId, node: &GraphNode, source: &TableSourceNode) {
        self.source(id, &source.source_name, vec![source.topic.clone()], source.global);
        let parents = vec![source.source_name.clone()];
        self.node(id, &node.name, ProcessorKind::Processor, parents);
        if node.table.is_some_and(|table| table.materialized) {
            self.connect(&node.name, source.store);
        }
    }

    fn table_join(&mut self, id: NodeId, node: &GraphNode, join: &TableJoinNode) {
        for (side, table) in join.sides.iter().zip(join.tables) {
            let parents = vec![self.graph.node(table).name.clone()];
            self.node(id, side, ProcessorKind::Processor, parents);
        }
        self.node(id, &node.name, ProcessorKind::Processor, join.sides.to_vec());
        join.result.iter().for_each(|store| self.connect(&node.name, *store));
        for (side, stores) in join.sides.iter().zip(join.stores.iter().rev()) {
            stores.iter().for_each(|store| self.connect(side, *store));
        }
    }

    fn stream_join(&mut self, id: NodeId, node: &GraphNode, join: &StreamJoinNode) {
        let windowed = join.windowed.map(|windowed| self.graph.node(windowed).name.clone());
        let [this_windowed, _] = windowed.clone();
        if join.single_store {
            self.node(id, &node.name, ProcessorKind::Processor, vec![this_windowed]);
            self.connect(&node.name, join.reads[1]);
            return;
        }
        for ((side, parent), reads) in join.sides.iter().zip(windowed).zip(join.reads) {
            self.node(id, side, ProcessorKind::Processor, vec![parent]);
            self.connect(side, reads);
            join.unmatched.iter().for_each(|store| self.connect(side, *store));
        }
        self.node(id, &node.name, ProcessorKind::Processor, join.sides.to_vec());
    }

    fn repartition(
        &mut self,
        id: NodeId,
        source: &str,
        repartition: &RepartitionNode,
        mut parents: Vec<String>,
    ) {
        let topic = &repartition.topic;
        self.written.internal_topics.insert(topic.clone(), repartition.partitions);
        if let Some(filter) = &repartition.filter {
            self.node(id, filter, ProcessorKind::Processor, parents);
            parents = vec![filter.clone()];
        }
        self.node(id, &repartition.sink, ProcessorKind::Sink(Some(topic.clone())), parents);
        self.source(id, source, vec![topic.clone()], false);
    }

    fn source(&mut self, id: NodeId, name: &str, topics: Vec<String>, global: bool) {
        for topic in &topics {
            match self.written.readers.get(topic) {
                Some(first) if first != name => self.problems.push(format!(
                    "topic {topic:?} is read by two sources, `{first}` and `{name}`; read it once: a \
                     stream may be used several times, and `to_table` or `to_stream` gives the other form"
                )),
                _ => {
                    self.written.readers.insert(topic.clone(), name.to_owned());
                }
            }
            let patterns = self.written.patterns.iter();
            let matching = patterns.filter(|(pattern, _)| pattern.matches(topic));
            self.problems
                .extend(matching.map(|(pattern, other)| overlap(pattern, other, topic, name)));
        }
        if global {
            self.written.globals.extend(topics.iter().cloned());
        }
        let kind = ProcessorKind::Source { topics, pattern: None, global };
        self.node(id, name, kind, Vec::new());
    }

    fn pattern_source(&mut self, id: NodeId, name: &str, pattern: &Pattern) {
        // a pattern passes over a global topic that is there before it
        let globals = &self.written.globals;
        let matches = |topic: &String| pattern.matches(topic) && !globals.contains(topic);
        let readers = self.written.readers.iter().filter(|(topic, _)| matches(topic));
        self.problems.extend(readers.map(|(topic, other)| overlap(pattern, name, topic, other)));
        self.written.patterns.push((pattern.clone(), name.to_owned()));
        let pattern = Some(pattern.clone());
        let kind = ProcessorKind::Source { topics: Vec::new(), pattern, global: false };
        self.node(id, name, kind, Vec::new());
    }

    fn node(&mut self, id: NodeId, name: &str, kind: ProcessorKind, parents: Vec<String>) {
        if self.written.places.contains_key(name) {
            self.problems
                .push(format!("two operators are called `{name}`; give one of them another name"));
            return;
        }
        let place = self.written.parts.add();
        for parent in &parents {
            if let Some(parent) = self.written.places.get(parent) {
                self.written.parts.unite(place, *parent);
            }
        }
        self.written.places.insert(name.to_owned(), place);
        self.written.processors.push(ProcessorPlan {
            name: name.to_owned(),
            kind,
            parents,
            stores: Vec::new(),
            node: id,
            sub_topology: 0,
        });
    }

    /// Gives a node a store; nodes of one store belong together.
    fn connect(&mut self, node: &str, store: StoreIx) {
        let name = &self.graph.stores()[store.index()].name;
        if *self.written.store_names.entry(name.clone()).or_insert(store) != store {
            self.problems
                .push(format!("two stores are called `{name}`; give one of them another name"));
            return;
        }
        let Some(place) = self.written.places.get(node).copied() else { return };
        let users = self.written.store_users.entry(store).or_default();
        if let Some(first) = users.first() {
            self.written.parts.unite(*first, place);
        }
        users.push(place);
        self.written.processors[place].stores.push(name.clone());
    }
}

/// A topic has one source. Internal topics count by their name without prefix, as in Kafka Streams.
fn overlap(pattern: &Pattern, by_pattern: &str, topic: &str, by_name: &str) -> String {
    format!(
        "the pattern `{pattern}` of `{by_pattern}` matches the topic {topic:?}, which `{by_name}` reads; narrow the \
         pattern, so that each topic has one source"
    )
}

/// Internal topics must have legal names once prefixed, and belong to the application alone.
fn check_topics(
    graph: &Graph,
    written: &Written,
    config: &TopologyConfig,
    problems: &mut Vec<String>,
) {
    for processor in &written.processors {
        let (NodeKind::Sink(_), ProcessorKind::Sink(Some(topic))) =
            (&graph.node(processor.node).kind, &processor.kind)
        else {
            continue;
        };
        if written.internal_topics.contains_key(topic) {
            problems.push(format!(
                "`{}` writes to {topic:?}, which is the name of an internal topic; choose another \
                 topic, or give the grouping or repartition another name",
                processor.name
            ));
        }
    }
    let room = MAX_LENGTH.saturating_sub(config.application_id.len() + 1);
    let logged = written.store_users.keys().map(|ix| &graph.stores()[ix.index()]);
    let changelogs = logged.filter(|s| s.logging).map(|store| format!("{}-changelog", store.name));
    let topics = written.internal_topics.keys().cloned().chain(changelogs);
    for topic in topics.filter(|topic| topic.len() > room) {
        problems.push(format!(
            "the internal topic `{}-{topic}` has a name of more than {MAX_LENGTH} characters; shorten \
             the application's id or the name of the operator",
            config.application_id
        ));
    }
}
