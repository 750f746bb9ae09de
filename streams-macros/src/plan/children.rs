//! The children of processors that a forward may name: each gets a closure of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::operators::Run;
use crate::model::{Graph, Node, NodeId};

/// Each child of a processor that has several, with that processor.
///
/// Groups and their windows are no nodes of the topology: what aggregates them is the child. A part may hang any number of
/// nodes behind the processor; and of two sides of one join, both behind the same processor, the graph tells one.
pub(super) fn named(graph: &Graph) -> BTreeMap<NodeId, NodeId> {
    let mut named = BTreeMap::new();
    let owners = owners(graph);
    for process in graph.nodes.iter().filter(|node| node.run() == Run::Process) {
        let mut children = BTreeSet::new();
        gather(graph, process, &mut children);
        if children.len() < 2 {
            continue;
        }
        let told_apart = |child: &&NodeId| {
            let owner = owners.get(child);
            let same = |other: &&NodeId| owner.is_some() && owners.get(other) == owner;
            graph.node(**child).part.is_none() && children.iter().filter(same).count() < 2
        };
        named.extend(children.iter().filter(told_apart).map(|child| (*child, process.id)));
    }
    named
}

fn gather(graph: &Graph, node: &Node, children: &mut BTreeSet<NodeId>) {
    for child in node.consumers.iter().map(|id| graph.node(*id)) {
        if child.run() == Run::Nothing {
            gather(graph, child, children);
        } else {
            children.insert(child.id);
        }
    }
}

/// The joins and cogroups that the nodes of their sides belong to.
fn owners(graph: &Graph) -> BTreeMap<NodeId, NodeId> {
    let sides_of = |node: &Node| {
        let sides = node.sides.iter().flat_map(|sides| [sides.left, sides.right]);
        let owner = node.id;
        sides.chain(node.inputs.iter().copied()).map(move |side| (side, owner)).collect::<Vec<_>>()
    };
    graph.nodes.iter().flat_map(sides_of).collect()
}
