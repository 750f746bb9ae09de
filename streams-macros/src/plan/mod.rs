//! Where the run pass is cut into closures, and what it is entered by. Pure; it cannot fail.

mod children;
mod cuts;
mod seams;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::graph::Rekeyed;
use crate::model::operators::{Cut, Kind, Run, Store};
use crate::model::{Graph, Node, NodeId};

/// Everything that `expand` needs besides the graph.
#[derive(Default)]
pub(crate) struct Plan {
    /// Nodes whose output is entered from several places, or ends a long run.
    pub(crate) seams: BTreeMap<NodeId, Seam>,
    /// Nodes behind which the run time may put a common repartition topic.
    pub(crate) cuts: BTreeMap<NodeId, Vec<Moved>>,
    /// Nodes behind a repartition topic that such a common topic may replace.
    pub(crate) passed: BTreeMap<NodeId, Seam>,
    /// The children of processors that have several, which a forward may name.
    pub(crate) named: BTreeMap<NodeId, Named>,
    /// Results of parts behind which the closures nest so deep that their type is erased.
    pub(crate) erased: BTreeSet<NodeId>,
    /// Where records come in, in the user's order.
    pub(crate) entries: Vec<Entry>,
}

/// A closure that is called from several places.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Seam {
    /// True when its type is erased, which keeps the types of closures shallow.
    pub(crate) erased: bool,
}

/// A child of a processor that has a closure of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Named {
    pub(crate) process: NodeId,
    pub(crate) seam: Seam,
}

/// Children of a node that move behind the common repartition topic together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Moved {
    pub(crate) children: Vec<NodeId>,
    pub(crate) seam: Seam,
}

/// A way into the run pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Entry {
    /// The user's topics.
    Source(NodeId),
    /// The internal topic before this node.
    Repartition(NodeId),
    /// The internal topic that may stand behind this node.
    Cut(NodeId),
    /// The internal topic between the left and the right side of a join on a foreign key.
    Subscription(NodeId),
    /// The internal topic that brings the answers of such a join.
    Response(NodeId),
    /// A parameter of a part.
    Door(NodeId),
    /// A result of a part that is called.
    Returned(NodeId),
}

/// Plans a graph that keeps all rules.
pub(crate) fn plan(graph: &Graph) -> Plan {
    let cuts = cuts::cuts(graph);
    let mut passed: BTreeSet<NodeId> = cuts::passed(graph, &cuts);
    passed.extend(graph.nodes.iter().filter(|node| is_perhaps_cut(node)).map(|node| node.id));
    let mut plan = seams::seams(graph, cuts, &passed, &children::named(graph));
    plan.entries = entries(graph, &plan);
    plan
}

fn entries(graph: &Graph, plan: &Plan) -> Vec<Entry> {
    let of = |node: &Node| {
        let door = match node.run() {
            Run::Source | Run::TableSource => Some(Entry::Source(node.id)),
            Run::Repartition => Some(Entry::Repartition(node.id)),
            Run::Door => Some(Entry::Door(node.id)),
            Run::Returned => Some(Entry::Returned(node.id)),
            _ => is_cut(node).then_some(Entry::Repartition(node.id)),
        };
        let foreign = (node.run() == Run::ForeignJoin)
            .then_some([Entry::Subscription(node.id), Entry::Response(node.id)]);
        let cut = plan.cuts.contains_key(&node.id).then_some(Entry::Cut(node.id));
        door.into_iter().chain(foreign.into_iter().flatten()).chain(cut)
    };
    graph.nodes.iter().flat_map(of).collect()
}

/// True when records reach the node through a repartition topic.
pub(crate) fn is_cut(node: &Node) -> bool {
    match node.operator().cut {
        Cut::Never => false,
        Cut::WhenRekeyed => node.input_rekeyed != Rekeyed::No,
        Cut::Always => true,
    }
}

/// True when what stands beyond a part's door decides whether there is such a topic.
pub(crate) fn is_perhaps_cut(node: &Node) -> bool {
    node.operator().cut == Cut::WhenRekeyed && node.input_rekeyed == Rekeyed::Perhaps
}

/// True when the node's updates may also leave by the flush of its store's cache.
pub(crate) fn is_flushed(node: &Node) -> bool {
    if node.kind() != Kind::Table {
        return false;
    }
    match node.operator().store {
        Store::Never => false,
        Store::WhenNamed => !node.options.is_empty(),
        Store::WhenNeeded | Store::Always => true,
    }
}
