//! Windows and cogroups: which form of a word is meant, and the nodes that stand for a cogroup's inputs.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::Expr;

use super::arguments::closure_parameters;
use super::calls::literals;
use super::graph::{Node, NodeId, Step};
use super::lower::Lowering;
use super::operators::{
    BY_SESSIONS, COGROUP_BY_SESSIONS, COGROUP_SIDE, Kind, Operator, SESSION_AGGREGATE,
    SESSION_COGROUP_AGGREGATE, Selected,
};
use super::scope::Value;
use crate::parse::Call;

/// True when an argument names sessions.
fn names_sessions(argument: Option<&Expr>) -> bool {
    fn in_tokens(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Ident(word) => word == "SessionWindows",
            TokenTree::Group(group) => in_tokens(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
    argument.is_some_and(|argument| in_tokens(argument.to_token_stream()))
}

fn form(selected: Selected, operator: &'static Operator) -> Selected {
    Selected { operator, ..selected }
}

/// The form for sessions of a word on a stream, where the text tells.
pub(super) fn of_sessions(selected: Selected, args: &[Expr]) -> Selected {
    let row = selected.operator;
    match (row.on, row.name) {
        (Kind::GroupedStream, "windowed_by") if names_sessions(args.first()) => {
            form(selected, &BY_SESSIONS)
        }
        (Kind::WindowedStream, "aggregate") if closure_parameters(args.get(2)) == Some(3) => {
            form(selected, &SESSION_AGGREGATE)
        }
        _ => selected,
    }
}

/// The form of a cogroup's aggregation.
pub(super) fn of_cogroup(selected: Selected, args: &[Expr]) -> Selected {
    match selected.operator.on {
        Kind::WindowedCogroup if closure_parameters(args.get(1)) == Some(3) => {
            form(selected, &SESSION_COGROUP_AGGREGATE)
        }
        _ => selected,
    }
}

/// The form of a word that no record passes: records go from the groups to the aggregation.
pub(super) fn without_records(selected: Selected, args: &[Expr]) -> Option<Selected> {
    let row = selected.operator;
    match (row.on, row.name) {
        (Kind::GroupedStream | Kind::CogroupedStream, "cogroup") => Some(selected),
        (Kind::CogroupedStream, "windowed_by") if names_sessions(args.first()) => {
            Some(form(selected, &COGROUP_BY_SESSIONS))
        }
        (Kind::CogroupedStream, "windowed_by") => Some(selected),
        _ => None,
    }
}

impl Lowering<'_> {
    /// A call whose handle alone goes on.
    pub(super) fn without_records(
        &mut self,
        selected: Selected,
        input: NodeId,
        mut call: Call,
    ) -> Value {
        let takes_stream = selected.operator.required.len() > 1 && !call.args.is_empty();
        let given = call.args.len();
        let mut others = Vec::new();
        if takes_stream {
            match self.stream_argument(call.args.remove(0), &call.name) {
                Some(other) => others.push(other),
                None => {
                    self.look_into(call.args);
                    return Value::Unknown;
                }
            }
        }
        let needed = selected.operator.required.len() - usize::from(takes_stream);
        let id = NodeId(self.graph.nodes.len());
        self.graph.node_mut(input).viewers.push(id);
        for (other, _) in &others {
            self.graph.node_mut(*other).viewers.push(id);
        }
        self.graph
            .nodes
            .push(Node { others, ..Node::new(id, selected, call.name.clone(), Some(input)) });
        self.call_of(id, call, given, needed)
    }

    /// The aggregation of a cogroup: a node for each input, and the one for the table.
    pub(super) fn cogroup(&mut self, selected: Selected, input: NodeId, call: Call) -> Value {
        let groups = self.groups_of(input);
        let side = Selected { operator: &COGROUP_SIDE, fallible: false };
        let inputs: Vec<NodeId> =
            groups.iter().map(|(group, word)| self.side(side, word.clone(), *group)).collect();
        let id = NodeId(self.graph.nodes.len());
        for side in &inputs {
            self.graph.node_mut(*side).consumers.push(id);
        }
        self.graph.node_mut(input).viewers.push(id);
        let given = call.args.len();
        self.graph
            .nodes
            .push(Node { inputs, ..Node::new(id, selected, call.name.clone(), Some(input)) });
        self.call_of(id, call, given, selected.operator.required.len())
    }

    /// The grouped streams of a cogroup, each with the word that added it.
    fn groups_of(&self, cogroup: NodeId) -> Vec<(NodeId, syn::Ident)> {
        let mut groups = Vec::new();
        let mut next = Some(cogroup);
        while let Some(id) = next {
            let node = self.graph.node(id);
            if node.operator().name == "cogroup" {
                let group = node.others.first().map_or(node.input, |(other, _)| Some(*other));
                groups.extend(group.map(|group| (group, node.word.clone())));
            }
            next = match node.kind() {
                Kind::CogroupedStream if node.operator().on == Kind::GroupedStream => None,
                _ => node.input,
            };
        }
        groups.reverse();
        groups
    }

    /// Completes a node: its first `needed` arguments, then options.
    fn call_of(&mut self, id: NodeId, call: Call, given: usize, needed: usize) -> Value {
        let Call { turbofish, args, .. } = call;
        let mut arguments: Vec<Expr> =
            args.into_iter().map(|arg| self.rust_argument(arg)).collect();
        let options = arguments.split_off(needed.min(arguments.len()));
        let selected = self.graph.node(id).selected;
        let literals = literals(selected, &arguments, &options);
        let node = self.graph.node_mut(id);
        node.turbofish = turbofish;
        node.given = given;
        node.literals = literals;
        (node.arguments, node.options) = (arguments, options);
        self.graph.steps.push(Step::Call(id));
        Value::Node(id)
    }
}
