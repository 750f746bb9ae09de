//! Where Kafka Streams' `merge.repartition.topics` may move a repartition up to.
//!
//! That optimisation is configuration, so it is decided at run time. It puts one topic right behind
//! the operator that changed the key (or behind a merge), in place of all repartitions below it that
//! no other change of key or value separates from it. Where a repartition lies directly behind such an
//! operator nothing moves; where others lie between, the generated code needs a place to cut.
//! Java: `InternalStreamsBuilder.mergeRepartitionTopics`.

use std::collections::{BTreeMap, BTreeSet};

use super::is_cut;
use crate::model::graph::Rekeyed;
use crate::model::operators::{Cut, Key, Kind, Run};
use crate::model::{Graph, Node, NodeId};

/// Nodes with a place to cut: the children that move, in groups that stay together.
pub(super) fn cuts(graph: &Graph) -> BTreeMap<NodeId, Vec<Vec<NodeId>>> {
    let below = Below::of(graph);
    let may_cut = |node: &&Node| {
        let changes = node.operator().key == Key::Change || node.run() == Run::Merge;
        changes && node.kind() == Kind::Stream && node.rekeyed != Rekeyed::No
    };
    let mut cuts = BTreeMap::new();
    for node in graph.nodes.iter().filter(may_cut) {
        let mut children = node.consumers.clone();
        children.dedup();
        let moves = |id: &NodeId| below.steps[id.0].is_some();
        let deepest = children.iter().filter_map(|id| below.steps[id.0]).max();
        if deepest.is_none_or(|steps| steps < 2) {
            continue;
        }
        let (moved, stays): (Vec<NodeId>, Vec<NodeId>) = children.into_iter().partition(moves);
        let groups = if stays.is_empty() {
            vec![moved]
        } else {
            moved.into_iter().map(|child| vec![child]).collect()
        };
        cuts.insert(node.id, groups);
    }
    cuts
}

/// Nodes behind repartitions that one of the cuts may replace.
pub(super) fn passed(graph: &Graph, cuts: &BTreeMap<NodeId, Vec<Vec<NodeId>>>) -> BTreeSet<NodeId> {
    let mut passed = BTreeSet::new();
    let mut open: Vec<NodeId> = cuts.values().flatten().flatten().copied().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        let node = graph.node(id);
        if !seen.insert(id) {
            continue;
        }
        if is_end(node) {
            passed.insert(id);
        } else if hands_on(node) {
            open.extend(&node.consumers);
        }
    }
    passed
}

/// How far below each node the deepest repartition lies that can move above the node.
struct Below {
    steps: Vec<Option<usize>>,
}

impl Below {
    fn of(graph: &Graph) -> Self {
        let mut steps: Vec<Option<usize>> = vec![None; graph.nodes.len()];
        for node in graph.nodes.iter().rev() {
            steps[node.id.0] = if is_end(node) {
                Some(1)
            } else if hands_on(node) {
                let deepest = node.consumers.iter().filter_map(|id| steps[id.0]).max();
                // Grouping by the key that is there adds no node to Kafka Streams' graph.
                let own = usize::from(node.run() != Run::Nothing);
                deepest.map(|steps| steps + own)
            } else {
                None
            };
        }
        Self { steps }
    }
}

/// True for a node whose repartition the optimisation may move.
fn is_end(node: &Node) -> bool {
    is_cut(node) && node.operator().cut == Cut::WhenRekeyed
}

/// True when a repartition may move from below the node to above it.
fn hands_on(node: &Node) -> bool {
    node.operator().key == Key::Keep && !node.operator().new_values && !is_cut(node)
}
