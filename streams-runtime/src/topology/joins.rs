//! What joins ask of the graph: the stores behind a table, the topics that must fit, null keys.
//!
//! Facts from Kafka Streams 4.3.1: `KTableImpl.valueGetterSupplier`, `AbstractStream.ensureCopartitionWith`,
//! `NodesWithRelaxedNullKeyJoinDownstream`.

use std::collections::BTreeSet;

use super::graph::{Graph, NewNode, NodeKind, TableRole};
use super::ids::{NodeId, StoreIx};

impl Graph {
    /// The stores that hold a table's rows, which are kept from now on if they were not.
    ///
    /// A table without a store of its own is computed from the rows of those before it.
    pub fn view_stores(&mut self, table: NodeId) -> Vec<StoreIx> {
        let Some(state) = self.node(table).table else { return Vec::new() };
        let own = self.store_of(table);
        match state.role {
            TableRole::Source => {
                self.materialize(table);
                own.into_iter().collect()
            }
            TableRole::Suppressed(parent) => {
                let above = self.view_stores(parent);
                own.into_iter().chain(above).collect()
            }
            TableRole::Cogroup => {
                let input = self.node(table).parents.first().copied();
                input.map_or_else(Vec::new, |input| self.view_stores(input))
            }
            _ if state.materialized => own.into_iter().collect(),
            TableRole::Aggregate => own.into_iter().collect(),
            TableRole::Derived(parent) => self.view_stores(parent),
            TableRole::Joined(left, right) => {
                let mut stores = self.view_stores(left);
                for store in self.view_stores(right) {
                    if !stores.contains(&store) {
                        stores.push(store);
                    }
                }
                stores
            }
        }
    }

    fn store_of(&self, table: NodeId) -> Option<StoreIx> {
        match &self.node(table).kind {
            NodeKind::TableSource(source) => Some(source.store),
            NodeKind::Processor { stores } => stores.first().copied(),
            NodeKind::TableJoin(join) => join.result,
            _ => None,
        }
    }

    /// The names of the sources whose topics decide a node's partitions.
    pub fn source_names(&self, node: NodeId) -> BTreeSet<String> {
        if let Some(names) = self.source_names.get(&node) {
            return names.clone();
        }
        let entry = self.node(node);
        match &entry.kind {
            NodeKind::Source(_) | NodeKind::Repartition(_) => [entry.name.clone()].into(),
            NodeKind::TableSource(source) => [source.source_name.clone()].into(),
            NodeKind::Alias(shared) => self.source_names(*shared),
            _ => entry.parents.iter().flat_map(|parent| self.source_names(*parent)).collect(),
        }
    }

    /// Declares that two nodes meet by key, so that their topics need equal partition counts.
    ///
    /// Returns the sources of both, which are those of the join.
    pub fn copartition_nodes(&mut self, left: NodeId, right: NodeId) -> BTreeSet<String> {
        let mut names = self.source_names(left);
        names.extend(self.source_names(right));
        self.copartition(names.iter().cloned());
        names
    }

    /// The node that lays a repartition out: itself, or the one that it shares.
    pub fn shared_node(&self, node: NodeId) -> NodeId {
        match self.node(node).kind {
            NodeKind::Alias(shared) => shared,
            _ => node,
        }
    }

    /// Says that a node's partitions are decided by these sources, although not all lie above it.
    pub fn set_source_names(&mut self, node: NodeId, names: BTreeSet<String>) {
        self.source_names.insert(node, names);
    }

    /// Lets every stream that is joined with itself keep its records once.
    ///
    /// Java: `InternalStreamsBuilder.rewriteSingleStoreSelfJoin`.
    pub(super) fn join_selves_in_one_store(&mut self) {
        for ix in 0..self.nodes.len() {
            let node = &self.nodes[ix];
            let (NodeKind::StreamJoin(join), [parent]) = (&node.kind, node.parents.as_slice())
            else {
                continue;
            };
            let (parent, [_, other]) = (*parent, join.windowed);
            self.unlink(parent, other);
            if let NodeKind::StreamJoin(join) = &mut self.nodes[ix].kind {
                join.single_store = true;
            }
        }
    }

    /// Says that a join takes records with a null key, so that no repartition above may drop them.
    pub fn relax_null_keys(&mut self, node: NodeId) {
        self.relaxed.insert(node);
    }

    /// True when a join below takes records with a null key.
    pub(super) fn is_relaxed_below(&self, node: NodeId) -> bool {
        let mut open = self.node(node).children.clone();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if self.relaxed.contains(&id) {
                return true;
            }
            if seen.insert(id) {
                open.extend(&self.node(id).children);
            }
        }
        false
    }

    /// Notes that a store has a name that no user gave.
    pub fn unnamed_store(&mut self, name: &str, logging: bool) {
        self.implicit.stores.push(name.to_owned());
        if logging {
            self.implicit.changelogs.push(format!("{name}-changelog"));
        }
    }

    /// Names one of the processors of an operator that has several.
    pub fn add_part(&mut self, of: NodeId, name: String) -> NodeId {
        let types = self.node(of).types;
        self.add_detached(NewNode { types, ..NewNode::new(name, NodeKind::Part(of)) }, 0)
    }
}
