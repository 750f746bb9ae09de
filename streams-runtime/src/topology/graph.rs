//! The logical graph as the user's calls recorded it: one node per operator, in call order.
//!
//! Pure data; `recording` fills it. Mistakes do not stop the recording: they are kept in
//! [`Graph::problems`] until the topology is built.

use std::collections::{BTreeMap, BTreeSet};

use super::config::StoreType;
use super::ids::{NodeId, StoreIx};
use super::naming::NameCounter;
use super::pattern::Pattern;

/// The recorded graph of one topology.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(super) nodes: Vec<GraphNode>,
    pub(super) roots: Vec<NodeId>,
    pub(super) names: NameCounter,
    pub(super) next_priority: u32,
    pub(super) stores: Vec<StoreNode>,
    pub(super) problems: Vec<String>,
    pub(super) implicit: ImplicitNames,
    pub(super) key_changers: Vec<(NodeId, Vec<NodeId>)>,
    pub(super) merges: Vec<NodeId>,
    pub(super) cuts: Vec<(NodeId, NodeId)>,
    pub(super) graces: Vec<(NodeId, i64)>,
    pub(super) histories: BTreeMap<StoreIx, i64>,
    /// The topics that processors fill stores from without a changelog of their own.
    pub(super) sources_of_stores: BTreeMap<StoreIx, String>,
    pub(super) copartition_groups: Vec<BTreeSet<String>>,
    pub(super) relaxed: BTreeSet<NodeId>,
    pub(super) parts: super::part::Parts,
    pub(super) source_names: BTreeMap<NodeId, BTreeSet<String>>,
}

/// One operator of the graph, with what building the topology needs to know of it.
#[derive(Clone, Debug)]
pub struct GraphNode {
    /// The name of its processor; the reading side's name for a repartition.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// What it does to keys and values.
    pub effect: Effect,
    /// True when the stream behind it has a key that its partition may not fit.
    pub rekeyed: bool,
    /// For nodes that a table leaves: how it deals with old values.
    pub table: Option<TableState>,
    /// The Rust types of key and value behind it, for pictures.
    pub types: (&'static str, &'static str),
    /// The nodes that send to it; none means the topology's root.
    pub parents: Vec<NodeId>,
    /// The nodes that it sends to, in the order they were added.
    pub children: Vec<NodeId>,
    /// Its place in the order in which nodes are laid out.
    pub priority: u32,
}

impl GraphNode {
    /// The pattern of the topics that it reads.
    pub(super) fn pattern(&self) -> Option<&Pattern> {
        match &self.kind {
            NodeKind::Source(source) => source.pattern.as_ref(),
            _ => None,
        }
    }
}

/// What kind of node an operator is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Reads topics as a stream.
    Source(SourceNode),
    /// Reads a topic as a table: a source and a processor with a store.
    TableSource(TableSourceNode),
    /// Works on records, perhaps with stores.
    Processor {
        /// The stores it owns or uses.
        stores: Vec<StoreIx>,
    },
    /// Writes to a topic.
    Sink(SinkTarget),
    /// Writes to an internal topic and reads it again.
    Repartition(RepartitionNode),
    /// Joins two tables by their key.
    TableJoin(TableJoinNode),
    /// Joins two streams within a time of each other.
    StreamJoin(StreamJoinNode),
    /// One processor of an operator that has several; no node of its own.
    Part(NodeId),
    /// A place where merging repartition topics may cut the graph; no node of its own.
    Cut,
    /// A further reading side of a repartition that several operators share; no node of its own.
    Alias(NodeId),
}

/// A source of a stream.
#[derive(Clone, Debug)]
pub struct SourceNode {
    /// The topics, in the user's order; none where there is a pattern.
    pub topics: Vec<String>,
    /// Reads the topics that match it.
    pub pattern: Option<Pattern>,
    /// Where to begin when the group has no offset yet.
    pub offset_reset: Option<OffsetReset>,
}

impl SourceNode {
    /// What it reads, as it is told in messages.
    pub(super) fn shown(&self) -> String {
        match &self.pattern {
            Some(pattern) => format!("the topics that match `{pattern}`"),
            None => format!("[{}]", self.topics.join(", ")),
        }
    }
}

/// A source of a table or a global table.
#[derive(Clone, Debug)]
pub struct TableSourceNode {
    /// The name of the source in front of the table's processor.
    pub source_name: String,
    /// The topic.
    pub topic: String,
    /// The store that holds the table, if it is materialized.
    pub store: StoreIx,
    /// True for a global table.
    pub global: bool,
    /// Where to begin when the group has no offset yet.
    pub offset_reset: Option<OffsetReset>,
}

/// A join of two tables: one processor per side, and one that brings their results together.
#[derive(Clone, Debug)]
pub struct TableJoinNode {
    /// The processor of the left side, and of the right side.
    pub sides: [String; 2],
    /// The table before each side.
    pub tables: [NodeId; 2],
    /// The stores that hold the rows of each side's table.
    pub stores: [Vec<StoreIx>; 2],
    /// The store of the result, if it is materialized.
    pub result: Option<StoreIx>,
}

/// A join of two streams: one processor per side, and one that brings their results together.
///
/// The processors that keep the records of each side are nodes of their own before it.
#[derive(Clone, Debug)]
pub struct StreamJoinNode {
    /// The processor of the left side, and of the right side.
    pub sides: [String; 2],
    /// The node that keeps the records of each side.
    pub windowed: [NodeId; 2],
    /// The store that each side reads: the other side's records.
    pub reads: [StoreIx; 2],
    /// The store of records without a match so far, for left and outer joins.
    pub unmatched: Option<StoreIx>,
    /// True when both sides are one stream, kept in one store.
    pub single_store: bool,
}

/// Where a sink writes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SinkTarget {
    /// Always to this topic.
    Topic(String),
    /// To the topic that a function names for each record.
    Computed,
}

/// Where a source begins when its group has no committed offset (`auto.offset.reset`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OffsetReset {
    /// At the oldest record.
    Earliest,
    /// After the newest record.
    Latest,
    /// At the first record of the time that long ago or later; after the newest where there is none.
    ByDuration(std::time::Duration),
    /// Nowhere: fail.
    None,
}

/// An internal topic between two sub-topologies.
#[derive(Clone, Debug)]
pub struct RepartitionNode {
    /// The topic's name without the application's prefix.
    pub topic: String,
    /// The name of the writing node.
    pub sink: String,
    /// The name of the null-key filter before it; a table's changes have none.
    pub filter: Option<String>,
    /// The number of partitions that the user asked for.
    pub partitions: Option<u32>,
    /// May be merged with others (`merge.repartition.topics`).
    pub optimizable: bool,
}

/// What an operator may change.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Effect {
    /// Neither key nor value.
    #[default]
    Keeps,
    /// The value, not the key.
    ChangesValue,
    /// The key, and perhaps the value.
    ChangesKey,
    /// Nothing, but it has several inputs.
    Merges,
}

/// How a table's node deals with old values (Java: `enableSendingOldValues`, `materialize`).
#[derive(Clone, Copy, Debug)]
pub struct TableState {
    /// What the node is.
    pub role: TableRole,
    /// True when its rows are in a store of its own.
    pub materialized: bool,
    /// True when its changes carry the old value.
    pub sends_old: bool,
}

/// Where a table's rows come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TableRole {
    /// A topic or a stream; it becomes materialized on demand.
    Source,
    /// An aggregation; it always is materialized.
    Aggregate,
    /// Another table, whose updates are held back for a while.
    Suppressed(NodeId),
    /// Several aggregations that share a store: the nodes before it.
    Cogroup,
    /// Another table, by a function of its rows.
    Derived(NodeId),
    /// Two tables, joined.
    Joined(NodeId, NodeId),
}

/// A store as declared.
#[derive(Clone, Debug)]
pub struct StoreNode {
    /// The store's name.
    pub name: String,
    /// True when its changes go to a changelog topic.
    pub logging: bool,
    /// True when its updates may be cached.
    pub caching: bool,
    /// Where it keeps its rows; the configuration decides when it says nothing.
    pub store_type: Option<StoreType>,
    /// True for the store of a global table.
    pub global: bool,
    /// Settings of the changelog topic that the user gave.
    pub topic_config: BTreeMap<String, String>,
    /// For rows with a time: how long they are kept.
    pub retention_ms: Option<i64>,
}

/// Internal resources that got a generated name.
#[derive(Clone, Debug, Default)]
pub struct ImplicitNames {
    /// Changelog topics, without prefix.
    pub changelogs: Vec<String>,
    /// State stores.
    pub stores: Vec<String>,
    /// Repartition topics, without prefix.
    pub repartitions: Vec<String>,
}

/// What the caller of [`Graph::add`] decides about a node.
#[derive(Clone, Debug)]
pub struct NewNode {
    /// See [`GraphNode::name`].
    pub name: String,
    /// See [`GraphNode::kind`].
    pub kind: NodeKind,
    /// See [`GraphNode::effect`].
    pub effect: Effect,
    /// See [`GraphNode::rekeyed`].
    pub rekeyed: bool,
    /// See [`GraphNode::table`].
    pub table: Option<TableState>,
    /// See [`GraphNode::types`].
    pub types: (&'static str, &'static str),
}

impl NewNode {
    /// A node without store, effect or table, behind which the key fits its partition.
    pub fn new(name: String, kind: NodeKind) -> Self {
        Self { name, kind, effect: Effect::Keeps, rekeyed: false, table: None, types: ("", "") }
    }
}

/// The names of the nodes around an internal topic.
#[derive(Clone, Debug)]
pub struct RepartitionNames {
    /// The topic without prefix.
    pub topic: String,
    /// The writing node.
    pub sink: String,
    /// The null-key filter.
    pub filter: String,
    /// The reading node.
    pub source: String,
}

impl Graph {
    /// All nodes, by [`NodeId`].
    pub fn nodes(&self) -> &[GraphNode] {
        &self.nodes
    }

    /// One node.
    pub fn node(&self, id: NodeId) -> &GraphNode {
        &self.nodes[id.index()]
    }

    /// All declared stores, by [`StoreIx`].
    pub fn stores(&self) -> &[StoreNode] {
        &self.stores
    }

    /// What is wrong with the topology, each with its mend.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Internal resources that the user did not name.
    pub fn implicit_names(&self) -> &ImplicitNames {
        &self.implicit
    }

    /// Groups of source nodes (by name) whose topics must have equal partition counts.
    pub fn copartition_groups(&self) -> &[BTreeSet<String>] {
        &self.copartition_groups
    }

    /// The sources, tables and stores that hang at the root, in order.
    pub fn roots(&self) -> &[NodeId] {
        &self.roots
    }
}
