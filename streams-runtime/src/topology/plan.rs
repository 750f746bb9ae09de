//! The plan of a topology: everything a task or a driver needs to know, as plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::config::{StoreType, TopologyConfig};
use super::graph::{Graph, OffsetReset};
use super::ids::{NodeId, StoreIx};
use super::pattern::Pattern;
use super::{matching, optimize, write};
use crate::error::TopologyError;

/// A topology, laid out: sub-topologies, topics, stores and names, for one configuration.
#[derive(Clone, Debug)]
pub struct TopologyPlan {
    /// The prefix of internal topics.
    pub application_id: String,
    /// All sources, in the order of Kafka Streams.
    pub sources: Vec<SourcePlan>,
    /// What each recorded node became, by [`NodeId`].
    pub nodes: Vec<NodePlan>,
    /// What each declared store became, by [`StoreIx`].
    pub stores: Vec<StorePlan>,
    /// The connected parts, by id; those of global stores run no tasks.
    pub sub_topologies: Vec<SubTopologyPlan>,
    /// Sets of topics that need equal partition counts, closed over common topics.
    pub copartition_groups: Vec<BTreeSet<String>>,
    /// The nodes as Kafka Streams would run them, in its order; what `describe` shows.
    pub processors: Vec<ProcessorPlan>,
    /// Internal resources with generated names; a warning at start lists them.
    pub unnamed: Vec<String>,
    pub(super) uncut: Option<NodeId>,
    /// Sets of sources, by name, whose topics need equal partition counts.
    pub(super) copartitioned: Vec<BTreeSet<String>>,
}

/// A source of records.
#[derive(Clone, Debug)]
pub struct SourcePlan {
    /// The source node's name.
    pub name: String,
    /// The recorded nodes that its records enter, in this order.
    pub nodes: Vec<NodeId>,
    /// The topics, with the application's prefix where they are internal; where there is a pattern, those that are
    /// known to match it ([`TopologyPlan::with_matching`]).
    pub topics: Vec<String>,
    /// Reads the topics that match it.
    pub pattern: Option<Pattern>,
    /// The sub-topology that reads it.
    pub sub_topology: u32,
    /// True for a repartition topic.
    pub internal: bool,
    /// True for the topic of a global table.
    pub global: bool,
    /// Where to begin without a committed offset, when the user said so.
    pub offset_reset: Option<OffsetReset>,
}

/// What a recorded node became.
#[derive(Clone, Debug)]
pub struct NodePlan {
    /// The name of its processor, as `describe` shows it.
    pub name: Arc<str>,
    /// The sub-topology that runs it (for a repartition: that reads it).
    pub sub_topology: Option<u32>,
    /// True when its changes must carry the old value.
    pub sends_old: bool,
    /// False when the node was merged away and does nothing.
    pub active: bool,
    /// For repartitions and cuts: what the run does at this node.
    pub repartition: RepartitionRole,
    /// The store that keeps its result, when it is materialized.
    pub store: Option<StoreIx>,
    /// The fixed topic that it writes to, with prefix where it is internal.
    pub topic: Option<String>,
    /// True when records with a null key end here.
    pub filters_null_keys: bool,
    /// True when the table before it keeps the past of its keys, so that updates of the past come here.
    pub versioned: bool,
    /// The nodes right behind its processor, by name, without a topic between them.
    pub children: Vec<(Arc<str>, NodeId)>,
}

/// What a repartition node does at run time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RepartitionRole {
    /// It is no repartition, or a place to cut that is not used: records go straight on.
    None,
    /// It writes its topic, and a task reads it again.
    Writes,
    /// Another node writes for it: records end here, and what is behind it reads the common topic.
    Joined,
    /// The cut lies further up: records go straight on to what is behind it.
    PassesThrough,
}

/// What a declared store became.
#[derive(Clone, Debug)]
pub struct StorePlan {
    /// The store's name.
    pub name: String,
    /// The sub-topology that owns it.
    pub sub_topology: Option<u32>,
    /// False when no node of the plan uses it: it is not created.
    pub used: bool,
    /// True when its changes are written to its own changelog topic.
    pub logging: bool,
    /// True when its updates may be cached.
    pub caching: bool,
    /// The topic it restores from: its own changelog, or the source's topic.
    pub changelog: Option<String>,
    /// True when that topic is the source's own, which is never written or changed.
    pub source_changelog: bool,
    /// True when every instance holds all of it.
    pub global: bool,
    /// The changelog topic's settings.
    pub topic_config: BTreeMap<String, String>,
    /// Where it keeps its rows.
    pub store_type: StoreType,
}

/// One connected part of the topology.
#[derive(Clone, Debug, Default)]
pub struct SubTopologyPlan {
    /// Its number, the first part of a task's id.
    pub id: u32,
    /// The topics it reads.
    pub source_topics: BTreeSet<String>,
    /// The fixed topics it writes.
    pub sink_topics: BTreeSet<String>,
    /// The repartition topics it reads; they must exist before it runs.
    pub repartition_sources: Vec<InternalTopic>,
    /// The changelog topics of its stores, without source topics that serve as such.
    pub changelogs: Vec<InternalTopic>,
    /// Its stores.
    pub stores: Vec<StoreIx>,
    /// True for a global store, which runs no task.
    pub global: bool,
}

/// A topic that the application creates for itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InternalTopic {
    /// The topic's name, with the application's prefix.
    pub name: String,
    /// What it is for.
    pub kind: InternalTopicKind,
    /// The number of partitions that the user demands.
    pub partitions: Option<u32>,
    /// The topic's settings: the library's, under those given for this topic.
    pub config: BTreeMap<String, String>,
    /// The settings that were given for this topic alone.
    pub overrides: BTreeMap<String, String>,
}

impl InternalTopic {
    /// The settings to create it with: the library's, under `topic.` settings of the
    /// configuration, under those given for this topic.
    pub fn config_with(
        &self,
        topic_settings: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut config = self.config.clone();
        config.extend(topic_settings.clone());
        config.extend(self.overrides.clone());
        config
    }
}

/// What an internal topic is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InternalTopicKind {
    /// Carries records from one sub-topology to another.
    Repartition,
    /// Keeps the changes of a store.
    Changelog,
}

/// A node as Kafka Streams would run it.
#[derive(Clone, Debug)]
pub struct ProcessorPlan {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ProcessorKind,
    /// The names of the nodes that send to it.
    pub parents: Vec<String>,
    /// The names of its stores, in the order they were connected.
    pub stores: Vec<String>,
    /// The recorded node that it belongs to.
    pub node: NodeId,
    /// The sub-topology that it belongs to.
    pub sub_topology: u32,
}

/// What a node is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProcessorKind {
    /// Reads topics (without prefix).
    Source {
        /// The topics; none where there is a pattern.
        topics: Vec<String>,
        /// The pattern of the topics.
        pattern: Option<Pattern>,
        /// True for a global table's.
        global: bool,
    },
    /// Works on records.
    Processor,
    /// Writes a topic (without prefix); `None` when a function names it.
    Sink(Option<String>),
}

impl TopologyPlan {
    /// Plans a recorded graph.
    ///
    /// # Errors
    /// When the graph has problems, or none of them shows before it is laid out: names that are used
    /// twice, a topic that two sources read, stores of one name. All are reported together.
    pub fn new(graph: &Graph, config: &TopologyConfig) -> Result<Self, TopologyError> {
        let mut problems = graph.problems().to_vec();
        problems.extend(matching::problems(graph));
        let optimized = optimize::run(graph, config, &mut problems);
        let written = write::run(&optimized, config, &mut problems);
        check_explicit_names(graph, config, &mut problems);
        match join_problems(&problems) {
            Some(error) => Err(error),
            None => Ok(super::layout::plan(&optimized, written, config)),
        }
    }

    /// The nodes that a record behind this one may come to without a topic between them, and this one.
    pub(crate) fn behind(&self, node: NodeId) -> BTreeSet<NodeId> {
        let mut reached = BTreeSet::from([node]);
        let mut names: Vec<&str> = Vec::new();
        loop {
            let before = names.len();
            for processor in &self.processors {
                let is_child = processor.parents.iter().any(|name| names.contains(&name.as_str()));
                if (is_child || processor.node == node) && !names.contains(&processor.name.as_str())
                {
                    names.push(&processor.name);
                    reached.insert(processor.node);
                }
            }
            if names.len() == before {
                return reached;
            }
        }
    }

    /// The node behind which merged repartition topics cut the graph, where the topology did not
    /// declare the place to cut that this needs.
    pub fn uncut_node(&self) -> Option<NodeId> {
        self.uncut
    }
}

fn check_explicit_names(graph: &Graph, config: &TopologyConfig, problems: &mut Vec<String>) {
    if config.ensure_explicit_internal_resource_naming {
        problems.extend(unnamed_resources(graph));
    }
}

/// One line per kind of internal resource that has a generated name.
pub(super) fn unnamed_resources(graph: &Graph) -> Vec<String> {
    let names = graph.implicit_names();
    let kinds = [
        ("changelog topic(s)", &names.changelogs, "name the store"),
        ("state store(s)", &names.stores, "give a store name, as in `count(\"name\")`"),
        ("repartition topic(s)", &names.repartitions, "name the grouping or the store"),
    ];
    let told = |(kind, names, mend): &(&str, &Vec<String>, &str)| {
        format!("these {kind} have generated names: {}; {mend}", names.join(", "))
    };
    kinds.iter().filter(|kind| !kind.1.is_empty()).map(told).collect()
}

fn join_problems(problems: &[String]) -> Option<TopologyError> {
    match problems {
        [] => None,
        [only] => Some(TopologyError::new(only.clone())),
        many => {
            let list: Vec<String> =
                many.iter().enumerate().map(|(n, text)| format!("  {}. {text}", n + 1)).collect();
            Some(TopologyError::new(format!("{} problems\n{}", many.len(), list.join("\n"))))
        }
    }
}
