//! How long after their end the windows of a table are open.

use super::graph::Graph;
use super::ids::NodeId;

impl Graph {
    /// Says how long after its end a window of this node takes records.
    pub fn set_grace(&mut self, node: NodeId, grace_ms: i64) {
        self.graces.push((node, grace_ms));
    }

    /// The grace period that holds at a node: its own, or the longest of those above it.
    ///
    /// `None` when some way up leads to no window. Java: `GraphGraceSearchUtil`.
    pub fn grace_at(&self, node: NodeId) -> Option<i64> {
        if let Some((_, grace)) = self.graces.iter().find(|(of, _)| *of == node) {
            return Some(*grace);
        }
        let mut longest = None;
        for parent in &self.node(node).parents {
            longest = longest.max(Some(self.grace_at(*parent)?));
        }
        longest
    }
}
