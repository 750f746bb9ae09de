//! Rewrites of the recorded graph before it is laid out.
//!
//! Facts from Kafka Streams 4.3.1, `InternalStreamsBuilder.buildAndOptimizeTopology`: sources of the
//! same topics are always merged; repartition topics only when `merge.repartition.topics` allows it.

use std::collections::{BTreeMap, BTreeSet};

use super::config::TopologyConfig;
use super::graph::{Graph, NewNode, NodeKind, RepartitionNode, SourceNode};
use super::ids::NodeId;

/// The rewritten graph, and what became of the nodes that are no longer in it.
#[derive(Clone, Debug)]
pub struct Optimized {
    /// The graph to lay out.
    pub graph: Graph,
    /// Sources that read through another one: the remaining source, then the merged ones.
    pub merged_sources: BTreeMap<NodeId, Vec<NodeId>>,
    /// Repartition topics that became one.
    pub merged_topics: Vec<MergedTopic>,
}

/// Several repartition topics below one change of the key, as one topic.
#[derive(Clone, Debug)]
pub struct MergedTopic {
    /// The node behind which the graph is cut.
    pub after: NodeId,
    /// The new repartition in the graph.
    pub node: NodeId,
    /// The repartitions that hung directly behind the cut.
    pub direct: Vec<NodeId>,
    /// The repartitions further below.
    pub further: Vec<NodeId>,
    /// True when the door of a part lies on the way to one of them.
    pub behind_a_door: bool,
}

/// Rewrites a copy of the graph as the configuration allows.
pub fn run(graph: &Graph, config: &TopologyConfig, problems: &mut Vec<String>) -> Optimized {
    let mut graph = graph.clone();
    let merged_sources = merge_duplicate_sources(&mut graph, problems);
    let merged_topics = match config.optimization.merge_repartition_topics {
        true => merge_repartition_topics(&mut graph),
        false => Vec::new(),
    };
    if config.optimization.single_store_self_join {
        graph.join_selves_in_one_store();
    }
    Optimized { graph, merged_sources, merged_topics }
}

fn merge_duplicate_sources(
    graph: &mut Graph,
    problems: &mut Vec<String>,
) -> BTreeMap<NodeId, Vec<NodeId>> {
    let mut first_reader: BTreeMap<(Reads, String), NodeId> = BTreeMap::new();
    let mut merged: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    for id in graph.roots().to_vec() {
        let NodeKind::Source(source) = graph.node(id).kind.clone() else { continue };
        let mut main = None;
        for read in reads(&source) {
            main = main.or(first_reader.get(&read).copied());
            first_reader.entry(read).or_insert(id);
        }
        let Some(main) = main.filter(|main| *main != id) else { continue };
        if let Some(problem) = cannot_merge(graph, main, (id, &source)) {
            problems.push(problem);
            continue;
        }
        for child in graph.node(id).children.clone() {
            graph.unlink(id, child);
            graph.link(main, child);
        }
        graph.roots.retain(|root| *root != id);
        merged.entry(main).or_default().push(id);
    }
    merged
}

/// How a source names what it reads.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Reads {
    Topic,
    Pattern,
}

/// What a source reads; sources that have one of these in common are to be merged. Patterns are equal as text.
fn reads(source: &SourceNode) -> Vec<(Reads, String)> {
    match &source.pattern {
        Some(pattern) => vec![(Reads::Pattern, pattern.to_string())],
        None => source.topics.iter().map(|topic| (Reads::Topic, topic.clone())).collect(),
    }
}

fn cannot_merge(graph: &Graph, main: NodeId, (id, other): (NodeId, &SourceNode)) -> Option<String> {
    let NodeKind::Source(first) = &graph.node(main).kind else { return None };
    let set = |topics: &[String]| topics.iter().cloned().collect::<BTreeSet<_>>();
    if set(&first.topics) != set(&other.topics) {
        return Some(format!(
            "two streams read overlapping but not equal topics, {} and {}; read each topic as a \
             stream of its own and merge them where they belong together",
            first.shown(),
            other.shown()
        ));
    }
    let (one, two) = (graph.node(main).types, graph.node(id).types);
    if one != two {
        return Some(format!(
            "two streams read {} as different types of key and value, ({}, {}) and ({}, {}); read the topic \
             once and derive the other, or declare it once by `#[topic]`",
            first.shown(),
            one.0,
            one.1,
            two.0,
            two.1
        ));
    }
    (first.offset_reset != other.offset_reset).then(|| {
        format!(
            "two streams read {} with different offset reset policies; give both the same",
            first.shown()
        )
    })
}

fn merge_repartition_topics(graph: &mut Graph) -> Vec<MergedTopic> {
    let entries = repartitions_by_cut(graph);
    let cuts = entries.into_iter().filter(|entry| !entry.1.is_empty());
    cuts.map(|(after, repartitions)| merge_below(graph, after, &repartitions)).collect()
}

/// The repartitions below each change of the key; below a merge where all of them are.
fn repartitions_by_cut(graph: &Graph) -> Vec<(NodeId, Vec<NodeId>)> {
    let mut entries = graph.key_changers.clone();
    let mut replaced: Vec<NodeId> = Vec::new();
    let mut at_merges: Vec<(NodeId, Vec<NodeId>)> = Vec::new();
    for merge in &graph.merges {
        let mut found: Vec<NodeId> = Vec::new();
        for (changer, repartitions) in &entries {
            let all_below = repartitions.iter().all(|id| is_below(graph, *id, *merge));
            if all_below && is_below(graph, *merge, *changer) {
                found.extend(
                    repartitions.iter().filter(|id| !found.contains(id)).collect::<Vec<_>>(),
                );
                replaced.push(*changer);
            }
        }
        at_merges.push((*merge, found));
    }
    entries.retain(|entry| !replaced.contains(&entry.0));
    entries.extend(at_merges);
    entries
}

/// True when `below` is a proper descendant of `above`.
fn is_below(graph: &Graph, below: NodeId, above: NodeId) -> bool {
    child_on_the_way(graph, below, above).is_some()
}

/// The child of `above` through which the first way up from `below` leads.
fn child_on_the_way(graph: &Graph, below: NodeId, above: NodeId) -> Option<NodeId> {
    graph.find_above(below, &|id| graph.node(id).parents.contains(&above))
}

fn merge_below(graph: &mut Graph, after: NodeId, repartitions: &[NodeId]) -> MergedTopic {
    let behind_a_door = repartitions.iter().any(|id| graph.is_behind_a_door(*id, after));
    let node = add_merged_repartition(graph, after, repartitions);
    let (direct, further) = (Vec::new(), Vec::new());
    let mut merged = MergedTopic { after, node, direct, further, behind_a_door };
    for replaced in repartitions {
        let child = child_on_the_way(graph, *replaced, after)
            .or_else(|| child_on_the_way(graph, *replaced, node));
        if let Some(child) = child {
            graph.link(node, child);
            graph.unlink(after, child);
        }
        let list = match child == Some(*replaced) {
            true => &mut merged.direct,
            false => &mut merged.further,
        };
        list.push(*replaced);
        bypass(graph, *replaced);
        let (old, new) = (graph.node(*replaced).name.clone(), graph.node(node).name.clone());
        for group in &mut graph.copartition_groups {
            if group.remove(&old) {
                group.insert(new.clone());
            }
        }
    }
    graph.link(after, node);
    merged
}

fn add_merged_repartition(graph: &mut Graph, after: NodeId, replaced: &[NodeId]) -> NodeId {
    let first = replaced.first().map(|id| graph.node(*id).kind.clone());
    let topic = match first {
        Some(NodeKind::Repartition(first)) => first.topic,
        _ => String::new(),
    };
    let names = graph.repartition_names(&topic, true);
    let kind = NodeKind::Repartition(RepartitionNode {
        topic: names.topic,
        sink: names.sink,
        filter: Some(names.filter),
        partitions: None,
        optimizable: true,
    });
    let (priority, types) = (graph.node(after).priority, graph.node(after).types);
    graph.add_detached(NewNode { types, ..NewNode::new(names.source, kind) }, priority)
}

/// Takes a node out of the graph and connects its parents with its children.
fn bypass(graph: &mut Graph, node: NodeId) {
    let (parents, children) = (graph.node(node).parents.clone(), graph.node(node).children.clone());
    for child in &children {
        for parent in &parents {
            graph.link(*parent, *child);
        }
    }
    parents.iter().for_each(|parent| graph.unlink(*parent, node));
    children.iter().for_each(|child| graph.unlink(node, *child));
}
