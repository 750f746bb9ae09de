//! The finished topology, and the same built for a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::TopologyError;
use crate::operator::ProcessorRunner;
use crate::store::StoreMaker;
use crate::task::{FlushRun, SourceRunner};
use crate::topology::graph::Graph;
use crate::topology::{NodeId, StoreIx, TopologyConfig, TopologyPlan};

/// A topology: its graph, and the code behind its sources.
///
/// Made by `topology!`. It can be described, pictured and built as often as needed; nothing in it
/// is bound to a broker or an application. Java: `org.apache.kafka.streams.Topology`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({ stream::<String, i64>("in").filter(|_, n| *n > 1).to("out"); });
/// assert_eq!(
///     topology.describe(),
///     "Topologies:
///    Sub-topology: 0
///     Source: KSTREAM-SOURCE-0000000000 (topics: [in])
///       --> KSTREAM-FILTER-0000000001
///     Processor: KSTREAM-FILTER-0000000001 (stores: [])
///       --> KSTREAM-SINK-0000000002
///       <-- KSTREAM-SOURCE-0000000000
///     Sink: KSTREAM-SINK-0000000002 (topic: out)
///       <-- KSTREAM-FILTER-0000000001
///
/// "
/// );
/// ```
#[derive(Clone)]
pub struct Topology {
    graph: Arc<Graph>,
    sources: Vec<SourceEntry>,
    flushes: Vec<FlushEntry>,
    stores: Vec<StoreDecl>,
    processors: Vec<ProcessorEntry>,
}

/// The run behind a source.
#[derive(Clone)]
pub struct SourceEntry {
    /// The recorded node whose records it takes.
    pub node: NodeId,
    /// The run, with its types hidden.
    pub runner: Arc<dyn SourceRunner>,
}

/// Sends on what waits in a store's cache.
#[derive(Clone)]
pub struct FlushEntry {
    /// The node whose updates leave the cache.
    pub node: NodeId,
    /// The store.
    pub store: StoreIx,
    /// Drains the cache and runs what is behind the table.
    pub flush: FlushRun,
    /// True when a commit has to run it without a cache, too.
    pub always: bool,
}

/// A processor of the user's own.
#[derive(Clone)]
pub struct ProcessorEntry {
    /// The recorded node.
    pub node: NodeId,
    /// Makes and starts its instances.
    pub runner: Arc<dyn ProcessorRunner>,
}

/// What makes a store when a task starts.
#[derive(Clone)]
pub struct StoreDecl {
    /// Makes the store of its types.
    pub maker: StoreMaker,
    /// What it keeps.
    pub rows: StoreRows,
}

/// What a store keeps, as far as processors that read it must know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreRows {
    /// One row per key.
    Keys,
    /// A row per key and window.
    Windows,
    /// A row per key and session.
    Sessions,
}

impl StoreDecl {
    /// A store of one row per key.
    pub(crate) fn of(maker: StoreMaker) -> Self {
        Self { maker, rows: StoreRows::Keys }
    }
}

/// A topology built for a configuration: the plan, and the code that belongs to it.
#[derive(Clone)]
pub struct BuiltTopology {
    /// Names, topics, stores and sub-topologies.
    pub plan: TopologyPlan,
    /// The runs behind each source of the plan, in the order in which a record enters them.
    pub sources: Vec<Vec<SourceEntry>>,
    /// The cache flushes, in the order in which a commit does them: upstream first.
    pub flushes: Vec<FlushEntry>,
    /// All stores in that order, also those whose updates go nowhere.
    pub commit_order: Vec<StoreIx>,
    /// What makes each store, by [`StoreIx`].
    pub stores: Vec<StoreDecl>,
    /// The user's own processors, in the order in which a task starts them.
    pub processors: Vec<ProcessorEntry>,
}

impl Topology {
    pub(crate) fn new(
        graph: Arc<Graph>,
        sources: Vec<SourceEntry>,
        flushes: Vec<FlushEntry>,
        stores: Vec<StoreDecl>,
        processors: Vec<ProcessorEntry>,
    ) -> Self {
        Self { graph, sources, flushes, stores, processors }
    }

    /// The recorded graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The topology as text, exactly as Kafka Streams prints it, without optimisations.
    ///
    /// A topology that cannot be built gives the error's text instead.
    pub fn describe(&self) -> String {
        self.describe_with(&TopologyConfig::default())
    }

    /// The topology as text, as it is built with this configuration.
    pub fn describe_with(&self, config: &TopologyConfig) -> String {
        match TopologyPlan::new(&self.graph, config) {
            Ok(plan) => plan.describe(),
            Err(error) => error.to_string(),
        }
    }

    /// Plans the topology for a configuration.
    ///
    /// # Errors
    /// When the topology is wrong: all mistakes together, each with its mend.
    pub fn plan(&self, config: &TopologyConfig) -> Result<TopologyPlan, TopologyError> {
        TopologyPlan::new(&self.graph, config)
    }

    /// Builds the topology for a configuration.
    ///
    /// # Errors
    /// When the topology is wrong: all mistakes together, each with its mend.
    pub fn build(&self, config: &TopologyConfig) -> Result<BuiltTopology, TopologyError> {
        let plan = self.plan(config)?;
        check_cuts(&self.graph, &plan)?;
        let sources = plan.sources.iter().map(|source| self.runs_of(&source.nodes)).collect();
        let used = |flush: &&FlushEntry| plan.stores[flush.store.index()].used;
        let mut flushes: Vec<FlushEntry> = self.flushes.iter().filter(used).cloned().collect();
        let commit_order = commit_order(&self.graph, &plan);
        let place = |store| commit_order.iter().position(|known| *known == store);
        flushes.sort_by_key(|flush| place(flush.store));
        let mut processors = self.processors.clone();
        processors.sort_by_key(|entry| plan.processors.iter().position(|p| p.node == entry.node));
        let stores = self.stores.clone();
        Ok(BuiltTopology { plan, sources, flushes, commit_order, stores, processors })
    }

    fn runs_of(&self, nodes: &[NodeId]) -> Vec<SourceEntry> {
        let of = |node: &NodeId| {
            let node = *node;
            self.sources.iter().filter(move |entry| entry.node == node).cloned()
        };
        nodes.iter().flat_map(of).collect()
    }
}

impl std::fmt::Debug for Topology {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Topology").field("graph", &self.graph).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for BuiltTopology {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuiltTopology").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// Merged repartition topics need a place to cut in the generated code.
fn check_cuts(graph: &Graph, plan: &TopologyPlan) -> Result<(), TopologyError> {
    match plan.uncut_node() {
        None => Ok(()),
        Some(node) => Err(TopologyError::new(format!(
            "`merge.repartition.topics` moves the repartition up to `{}`, where this topology has no \
             place to cut: it is not built by `topology!`, or the door of a `#[topology_part]` lies between; \
             write that part in place, or leave this rule out of topology.optimization",
            graph.node(node).name
        ))),
    }
}

/// Caches are flushed in the order of their stores' nodes, so that what one flush sends into the next
/// store's cache leaves with it (Java: `ProcessorStateManager#flushCache`).
fn commit_order(graph: &Graph, plan: &TopologyPlan) -> Vec<StoreIx> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for store in plan.processors.iter().flat_map(|processor| &processor.stores) {
        let next = places.len();
        places.entry(store).or_insert(next);
    }
    let mut order: Vec<StoreIx> = (0..).map(StoreIx).take(graph.stores().len()).collect();
    let place = |ix: &StoreIx| places.get(graph.stores()[ix.index()].name.as_str()).copied();
    order.sort_by_key(|ix| place(ix).unwrap_or(usize::MAX));
    order
}

impl BuiltTopology {
    /// The user's own processors that an update of this node may come to.
    pub(crate) fn processors_behind(&self, node: NodeId) -> Vec<NodeId> {
        if self.processors.is_empty() {
            return Vec::new();
        }
        let behind = self.plan.behind(node);
        let own = self.processors.iter().map(|entry| entry.node);
        own.filter(|own| behind.contains(own)).collect()
    }
}
