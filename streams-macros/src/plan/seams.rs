//! Seams: the few places where one closure of the run pass calls another.

use std::collections::{BTreeMap, BTreeSet};

use super::{Moved, Named, Plan, Seam, is_cut, is_flushed};
use crate::model::operators::{Kind, Run};
use crate::model::{Graph, Node, NodeId};

/// Operators in one closure before it is split, so that no closure grows with the topology.
const RUN_MAX: usize = 32;

/// How deep closures may nest by type before one is erased.
const DEPTH_MAX: usize = 24;

/// The same inside a part, whose closures add to those of its callers; a caller counts as much for each part.
const DEPTH_OF_A_PART: usize = 8;

/// A piece of the run pass inside one closure.
#[derive(Clone, Copy, Default)]
struct Piece {
    /// Operators in that closure.
    weight: usize,
    /// How deep the seams that it calls nest.
    depth: usize,
}

impl Piece {
    fn and(self, other: Self) -> Self {
        Self { weight: self.weight + other.weight, depth: self.depth.max(other.depth) }
    }

    /// What is left of a piece in its caller once it has a closure of its own.
    fn behind_a_seam(self, max: usize) -> (Self, Seam) {
        let erased = self.depth >= max;
        let depth = if erased { 1 } else { self.depth + 1 };
        (Self { weight: 1, depth }, Seam { erased })
    }
}

/// Plans all seams. Children have higher numbers than parents, so one walk from the end is enough.
pub(super) fn seams(
    graph: &Graph,
    cuts: BTreeMap<NodeId, Vec<Vec<NodeId>>>,
    passed: &BTreeSet<NodeId>,
    named: &BTreeMap<NodeId, NodeId>,
) -> Plan {
    let max = if graph.doors.is_some() { DEPTH_OF_A_PART } else { DEPTH_MAX };
    let mut plan = Plan::default();
    let mut entered = vec![Piece::default(); graph.nodes.len()];
    for node in graph.nodes.iter().rev() {
        let behind = match cuts.get(&node.id) {
            Some(groups) => around_a_cut((&mut plan, max), node, groups, &entered),
            None => together(node.consumers.iter(), &entered),
        };
        let behind = after((&mut plan, max), node, behind);
        if let Some(part) = node.part {
            entered[node.id.0] = match node.run() {
                Run::Returned => returned(&mut plan, node, behind),
                _ => through(&graph.parts[part].outputs, &entered),
            };
            continue;
        }
        let own = Piece { weight: 1, depth: 0 };
        // what a processor forwards to is a closure of its own, with its type hidden
        let applied = if node.run() == Run::Process { own } else { own.and(behind) };
        let topic = is_cut(node) || node.run() == Run::Repartition;
        entered[node.id.0] = if passed.contains(&node.id) {
            let (call, seam) = applied.behind_a_seam(max);
            plan.passed.insert(node.id, seam);
            own.and(call)
        } else if topic {
            own
        } else {
            applied
        };
        if let Some(process) = named.get(&node.id) {
            let (call, seam) = entered[node.id.0].behind_a_seam(max);
            plan.named.insert(node.id, Named { process: *process, seam });
            entered[node.id.0] = call;
        }
    }
    plan
}

fn together<'a>(nodes: impl Iterator<Item = &'a NodeId>, entered: &[Piece]) -> Piece {
    nodes.fold(Piece::default(), |sum, id| sum.and(entered[id.0]))
}

/// Gives a node's children a closure where they need one, and says what is left in the node's own.
fn after((plan, max): (&mut Plan, usize), node: &Node, behind: Piece) -> Piece {
    let shared = matches!(node.run(), Run::Merge | Run::Join | Run::Cogroup) || is_flushed(node);
    let wanted = shared || behind.weight > RUN_MAX;
    if node.consumers.is_empty() || !wanted || !has_flow(node.kind()) {
        return behind;
    }
    let (call, seam) = behind.behind_a_seam(max);
    plan.seams.insert(node.id, seam);
    call
}

/// The children around a place to cut: those that move get closures of their own.
fn around_a_cut(
    (plan, max): (&mut Plan, usize),
    node: &Node,
    groups: &[Vec<NodeId>],
    entered: &[Piece],
) -> Piece {
    let moves = |id: &&NodeId| groups.iter().any(|group| group.contains(id));
    let stays = node.consumers.iter().filter(|id| !moves(id));
    let mut behind = together(stays, entered);
    let mut moved = Vec::new();
    for children in groups {
        let (call, seam) = together(children.iter(), entered).behind_a_seam(max);
        behind = behind.and(call);
        moved.push(Moved { children: children.clone(), seam });
    }
    plan.cuts.insert(node.id, moved);
    behind
}

/// What an exit of a part leads to.
fn returned(plan: &mut Plan, node: &Node, behind: Piece) -> Piece {
    if behind.depth < DEPTH_MAX {
        return behind;
    }
    plan.erased.insert(node.id);
    Piece { depth: 0, ..behind }
}

/// The call of a part's door; the type of what stands behind its exits is in that of the door.
fn through(outputs: &[NodeId], entered: &[Piece]) -> Piece {
    let behind = together(outputs.iter(), entered);
    Piece { weight: 1, depth: behind.depth + DEPTH_OF_A_PART }
}

/// True when records flow out of the kind one by one.
fn has_flow(kind: Kind) -> bool {
    matches!(kind, Kind::Stream | Kind::Table | Kind::GroupedStream | Kind::GroupedTable)
}
