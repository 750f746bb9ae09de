//! Which nodes belong to which part of a topology (`#[topology_part]`).

use super::graph::Graph;
use super::ids::NodeId;

/// The parts of a topology, as their functions ran.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// The first node behind each door, and the part it is in; a topology's own nodes are in part 0.
    doors: Vec<(usize, usize)>,
    /// The parts that are open, innermost last.
    open: Vec<usize>,
    entered: usize,
}

impl Graph {
    /// Says that the nodes from here on belong to a part.
    pub fn enter_part(&mut self) {
        self.parts.entered += 1;
        self.parts.open.push(self.parts.entered);
        self.at_a_door();
    }

    /// Says that a part is complete.
    pub fn leave_part(&mut self) {
        self.parts.open.pop();
        self.at_a_door();
    }

    fn at_a_door(&mut self) {
        let part = self.parts.open.last().copied().unwrap_or(0);
        self.parts.doors.push((self.nodes.len(), part));
    }

    /// The part that a node belongs to.
    fn part_of(&self, node: NodeId) -> usize {
        let behind = self.parts.doors.iter().rev().find(|(first, _)| *first <= node.index());
        behind.map_or(0, |(_, part)| *part)
    }

    /// True when a way from `above` down to `below` leads through the door of a part.
    pub(super) fn is_behind_a_door(&self, below: NodeId, above: NodeId) -> bool {
        let part = self.part_of(above);
        let mut open = vec![below];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(id) = open.pop() {
            if id == above || !seen.insert(id) {
                continue;
            }
            let on_the_way = self.find_above(id, &|up| up == above).is_some();
            if on_the_way && self.part_of(id) != part {
                return true;
            }
            open.extend(self.node(id).parents.iter().filter(|_| on_the_way));
        }
        false
    }
}
