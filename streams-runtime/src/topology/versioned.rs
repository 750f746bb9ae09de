//! Which tables keep the past of their keys, so that an update may be one of the past.
//!
//! Facts from Kafka Streams 4.3.1: `GraphNode.isOutputVersioned`, `InternalStreamsBuilder.enableVersionedSemantics`
//! (KIP-914).

use super::graph::{Graph, NodeKind, TableRole, TableState};
use super::ids::{NodeId, StoreIx};

/// True for tables whose rows are in a store that is theirs alone.
fn has_own_store(state: TableState) -> bool {
    match state.role {
        TableRole::Derived(_) => state.materialized,
        TableRole::Cogroup => false,
        TableRole::Source
        | TableRole::Aggregate
        | TableRole::Suppressed(_)
        | TableRole::Joined(..) => true,
    }
}

impl Graph {
    /// Says that a store keeps the past of its keys for that long.
    pub fn keep_history(&mut self, store: StoreIx, history_ms: i64) {
        self.histories.insert(store, history_ms);
    }

    /// How long a store keeps the past of its keys; `None` for one that does not.
    pub fn history_of(&self, store: StoreIx) -> Option<i64> {
        self.histories.get(&store).copied()
    }

    /// True when the updates that leave a node may be ones of the past.
    ///
    /// A table in a store of its own is as that store; one without is as all that it is made of.
    /// The result of a join is not versioned, as updates of the past do not pass it.
    pub fn is_versioned(&self, node: NodeId) -> bool {
        let entry = self.node(node);
        match entry.table {
            Some(state) if has_own_store(state) => {
                self.store_of_table(node).is_some_and(|store| self.history_of(store).is_some())
            }
            _ => {
                let parents = entry.parents.as_slice();
                !parents.is_empty() && parents.iter().all(|parent| self.is_versioned(*parent))
            }
        }
    }

    /// True when the updates that come to a node may be ones of the past.
    pub(super) fn reads_versions(&self, node: NodeId) -> bool {
        match &self.node(node).kind {
            NodeKind::Part(join) => self.side_of(*join, node).is_some_and(|t| self.is_versioned(t)),
            _ => self.node(node).parents.iter().any(|parent| self.is_versioned(*parent)),
        }
    }

    /// The table before one side of a join.
    fn side_of(&self, join: NodeId, side: NodeId) -> Option<NodeId> {
        let NodeKind::TableJoin(join) = &self.node(join).kind else { return None };
        let at = join.sides.iter().position(|name| *name == self.node(side).name)?;
        Some(join.tables[at])
    }
}
