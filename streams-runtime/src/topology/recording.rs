//! How a graph is filled: names, nodes, edges, and what tables ask of each other.
//!
//! It follows Kafka Streams' `InternalStreamsBuilder` step by step, because the order of names,
//! numbers and priorities decides what a topology is called.

use std::collections::BTreeSet;

use super::graph::{
    Effect, Graph, GraphNode, NewNode, NodeKind, RepartitionNames, StoreNode, TableRole,
};
use super::ids::{NodeId, StoreIx};
use super::naming::{REPARTITION_SUFFIX, is_generated_stream_name, prefix, problem_with_name};

impl Graph {
    /// Remembers a mistake.
    pub fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    /// The name of a node: the given one, or the next with this prefix. Uses up one number.
    pub fn node_name(&mut self, given: Option<&str>, prefix: &str) -> String {
        let generated = self.names.node(prefix);
        match given {
            Some(name) => self.checked_name("processor", name),
            None => generated,
        }
    }

    /// Like [`Graph::node_name`], with `suffix` behind a given name.
    ///
    /// A name that is illegal without the suffix is not reported here: the node that has it is.
    pub fn suffixed_name(&mut self, given: Option<&str>, suffix: &str, prefix: &str) -> String {
        let Some(name) = given else { return self.node_name(None, prefix) };
        let suffixed = format!("{name}{suffix}");
        if problem_with_name("processor", name).is_some() {
            self.names.burn();
            return suffixed;
        }
        self.node_name(Some(&suffixed), prefix)
    }

    /// The next generated name of a node, without a given one.
    pub fn generated_name(&mut self, prefix: &str) -> String {
        self.names.node(prefix)
    }

    /// The next generated name of a store, not remembered as generated.
    pub fn burn_store_name(&mut self) {
        self.names.burn();
    }

    /// The name of a store: the given one, or the next with this prefix.
    ///
    /// Only a generated name uses up a number.
    pub fn store_name(&mut self, given: Option<&str>, prefix: &str, logging: bool) -> String {
        if let Some(name) = given {
            return self.checked_name("store", name);
        }
        let name = self.names.store(prefix);
        self.implicit.stores.push(name.clone());
        if logging {
            self.implicit.changelogs.push(format!("{name}-changelog"));
        }
        name
    }

    /// Checks a given name and returns it.
    pub fn checked_name(&mut self, what: &str, name: &str) -> String {
        if let Some(problem) = problem_with_name(what, name) {
            self.problem(problem);
        }
        name.to_owned()
    }

    /// The names around a repartition topic; uses up three numbers.
    pub fn repartition_names(&mut self, stem: &str, named_by_user: bool) -> RepartitionNames {
        let topic = if stem.ends_with(REPARTITION_SUFFIX) {
            stem.to_owned()
        } else {
            format!("{stem}{REPARTITION_SUFFIX}")
        };
        if !named_by_user {
            self.implicit.repartitions.push(topic.clone());
        }
        let sink = self.names.node(prefix::STREAM_SINK);
        let filter = self.names.node(prefix::STREAM_FILTER);
        let source = self.names.node(prefix::STREAM_SOURCE);
        if is_generated_stream_name(stem) {
            return RepartitionNames { topic, sink, filter, source };
        }
        RepartitionNames {
            sink: format!("{topic}-sink"),
            filter: format!("{topic}-filter"),
            source: format!("{topic}-source"),
            topic,
        }
    }

    /// Declares a store.
    pub fn add_store(&mut self, store: StoreNode) -> StoreIx {
        self.stores.push(store);
        StoreIx(index(self.stores.len() - 1))
    }

    /// Connects a processor with stores; global ones are there for all.
    pub fn use_stores(&mut self, node: NodeId, connected: &[StoreIx]) {
        if let NodeKind::Processor { stores } = &mut self.nodes[node.index()].kind {
            for store in connected.iter().filter(|store| !self.stores[store.index()].global) {
                if !stores.contains(store) {
                    stores.push(*store);
                }
            }
        }
    }

    /// Says that a store follows from a topic, which is its changelog.
    pub fn fill_from(&mut self, store: StoreIx, topic: String) {
        self.sources_of_stores.insert(store, topic);
    }

    /// The store that a table is kept in, if it is.
    pub fn store_of_table(&self, table: NodeId) -> Option<StoreIx> {
        let role = self.node(table).table.map(|state| state.role);
        match &self.node(table).kind {
            // what waits in a suppression is not its table
            NodeKind::Processor { .. } if matches!(role, Some(TableRole::Suppressed(_))) => None,
            NodeKind::Processor { .. } if role == Some(TableRole::Cogroup) => {
                let input = self.node(table).parents.first();
                input.and_then(|input| self.store_of_table(*input))
            }
            NodeKind::TableSource(source) => Some(source.store),
            NodeKind::Processor { stores } => stores.first().copied(),
            NodeKind::TableJoin(join) => join.result,
            _ => None,
        }
    }

    /// Adds a node behind `parents`; no parents means the root.
    pub fn add(&mut self, parents: &[NodeId], new: NewNode) -> NodeId {
        let id = NodeId(index(self.nodes.len()));
        self.nodes.push(GraphNode {
            name: new.name,
            kind: new.kind,
            effect: new.effect,
            rekeyed: new.rekeyed,
            table: new.table,
            types: new.types,
            parents: Vec::new(),
            children: Vec::new(),
            priority: 0,
        });
        match parents {
            [] => {
                self.roots.push(id);
                self.register(id);
            }
            _ => parents.iter().for_each(|parent| self.connect(*parent, id)),
        }
        id
    }

    /// Adds an edge and gives the child its (new) priority, as often as it is called.
    pub fn connect(&mut self, parent: NodeId, child: NodeId) {
        self.link(parent, child);
        self.register(child);
    }

    pub(super) fn link(&mut self, parent: NodeId, child: NodeId) {
        push_new(&mut self.nodes[parent.index()].children, child);
        push_new(&mut self.nodes[child.index()].parents, parent);
    }

    pub(super) fn unlink(&mut self, parent: NodeId, child: NodeId) {
        self.nodes[parent.index()].children.retain(|id| *id != child);
        self.nodes[child.index()].parents.retain(|id| *id != parent);
    }

    pub(super) fn add_detached(&mut self, new: NewNode, priority: u32) -> NodeId {
        let id = NodeId(index(self.nodes.len()));
        self.nodes.push(GraphNode {
            name: new.name,
            kind: new.kind,
            effect: new.effect,
            rekeyed: new.rekeyed,
            table: new.table,
            types: new.types,
            parents: Vec::new(),
            children: Vec::new(),
            priority,
        });
        id
    }

    fn register(&mut self, id: NodeId) {
        let priority = self.next_priority;
        self.next_priority += 1;
        let node = &mut self.nodes[id.index()];
        node.priority = priority;
        match (node.effect, &node.kind) {
            (Effect::ChangesKey, _) => self.key_changers.push((id, Vec::new())),
            (_, NodeKind::Repartition(repartition)) if repartition.optimizable => {
                if let Some(changer) = self.key_changer_above(id) {
                    let entry = self.key_changers.iter_mut().find(|entry| entry.0 == changer);
                    if let Some(entry) = entry {
                        push_new(&mut entry.1, id);
                    }
                }
            }
            (Effect::Merges, _) => push_new(&mut self.merges, id),
            _ => {}
        }
    }

    /// The node that changed the key for a repartition, unless a value changed on the way.
    fn key_changer_above(&self, repartition: NodeId) -> Option<NodeId> {
        let changes = |id: NodeId| self.node(id).effect;
        let nearest = self.find_above(repartition, &|id| {
            matches!(changes(id), Effect::ChangesKey | Effect::ChangesValue)
        })?;
        let changer = self.find_above(repartition, &|id| changes(id) == Effect::ChangesKey)?;
        (nearest == changer).then_some(changer)
    }

    /// The first node that fits, from `start` upwards, the first parent's line first.
    pub(super) fn find_above(
        &self,
        start: NodeId,
        fits: &dyn Fn(NodeId) -> bool,
    ) -> Option<NodeId> {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            if fits(id) {
                return Some(id);
            }
            if seen.insert(id) {
                open.extend(self.node(id).parents.iter().rev());
            }
        }
        None
    }

    /// A place at `node` where merged repartition topics may cut the graph.
    ///
    /// Uses up no number and no priority, so names stay as they are.
    pub fn add_cut(&mut self, node: NodeId) -> NodeId {
        let types = self.node(node).types;
        let new = NewNode { types, ..NewNode::new(String::new(), NodeKind::Cut) };
        let cut = self.add_detached(new, 0);
        self.cuts.push((node, cut));
        cut
    }

    /// The place to cut at a node, if the topology declared one.
    pub fn cut_at(&self, node: NodeId) -> Option<NodeId> {
        self.cuts.iter().find(|cut| cut.0 == node).map(|cut| cut.1)
    }

    /// A further reading side of a shared repartition.
    pub fn add_alias(&mut self, shared: NodeId) -> NodeId {
        let types = self.node(shared).types;
        let new = NewNode { types, ..NewNode::new(String::new(), NodeKind::Alias(shared)) };
        self.add_detached(new, 0)
    }

    /// The optimisable repartitions that would move to a node if it were cut there.
    pub fn repartitions_below(&self, node: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        for (changer, repartitions) in &self.key_changers {
            let below = |id: &&NodeId| self.find_above(**id, &|up| up == node).is_some();
            if *changer == node || self.node(node).effect == Effect::Merges {
                found.extend(repartitions.iter().filter(below).copied());
            }
        }
        found
    }

    /// Says whether a table's node sends old values.
    pub fn set_sends_old(&mut self, table: NodeId, sends_old: bool) {
        if let Some(state) = &mut self.nodes[table.index()].table {
            state.sends_old = sends_old;
        }
    }

    /// Declares that the topics of these source nodes need equal partition counts.
    pub fn copartition(&mut self, source_names: impl IntoIterator<Item = String>) {
        self.copartition_groups.push(source_names.into_iter().collect());
    }

    /// Asks a table for the old values of its changes.
    ///
    /// Without `force` an unmaterialized source refuses. True when the old values will come.
    pub fn send_old_values(&mut self, table: NodeId, force: bool) -> bool {
        let Some(state) = self.node(table).table else { return false };
        match state.role {
            TableRole::Source if !force && !state.materialized => return false,
            TableRole::Source | TableRole::Aggregate => self.materialize(table),
            TableRole::Suppressed(parent) => {
                if !self.send_old_values(parent, force) {
                    return state.sends_old;
                }
            }
            TableRole::Cogroup => {
                for parent in self.node(table).parents.clone() {
                    self.send_old_values(parent, true);
                }
            }
            TableRole::Derived(parent) => {
                if !state.materialized && !self.send_old_values(parent, force) {
                    return state.sends_old;
                }
            }
            TableRole::Joined(left, right) => {
                self.send_old_values(left, true);
                self.send_old_values(right, true);
            }
        }
        if let Some(state) = &mut self.nodes[table.index()].table {
            state.sends_old = true;
        }
        true
    }

    /// Makes a table's source keep its rows in a store.
    pub fn materialize(&mut self, table: NodeId) {
        if let Some(state) = &mut self.nodes[table.index()].table {
            state.materialized = true;
        }
    }
}

fn push_new(ids: &mut Vec<NodeId>, id: NodeId) {
    if !ids.contains(&id) {
        ids.push(id);
    }
}

fn index(len: usize) -> u32 {
    u32::try_from(len).expect("invariant: a topology has under 2^32 nodes")
}
