//! Joins: which form of the word is meant, and the nodes that stand for their sides.

use proc_macro2::Span;
use syn::Expr;

use super::arguments::{Arg, closure_parameters};
use super::calls::literals;
use super::graph::{Mistake, Node, NodeId, Rekeyed, Sides, Step};
use super::lower::Lowering;
use super::operators::{
    self, FOREIGN_SIDE, Key, Kind, Operator, Run, STREAM_SIDE, Selected, TABLE_SIDE, When,
};
use super::scope::Value;
use crate::parse::Call;

/// True for operators that take the other side of a join.
pub(super) fn is_join(selected: Selected) -> bool {
    matches!(selected.operator.required.first(), Some(Arg::Joined(_)))
}

/// The arguments of a join besides its other side.
struct Arguments {
    given: usize,
    arguments: Vec<Expr>,
    options: Vec<Expr>,
}

impl Lowering<'_> {
    /// A join: the kind of its other side, and its closures, say which one.
    pub(super) fn join(&mut self, selected: Selected, id: NodeId, mut call: Call) -> Value {
        let given = call.args.len();
        if given == 0 {
            return self.node(selected, Some(id), call);
        }
        let other = self.stream_argument(call.args.remove(0), &call.name);
        let Some((other, place)) = other else {
            self.look_into(call.args);
            return Value::Unknown;
        };
        let kind = self.graph.node(other).kind();
        let closure_at = |at: usize| closure_parameters(call.args.get(at.checked_sub(1)?));
        let selected = operators::twin(form(selected, kind, closure_at), closure_at);
        if !matches!(selected.operator.required.first(), Some(Arg::Joined(wanted)) if *wanted == kind)
        {
            let (word, on) = (call.name, selected.operator.on);
            self.graph.mistakes.push(Mistake::CannotJoin { word, kind: on, other: kind, place });
            self.look_into(call.args);
            return Value::Unknown;
        }
        let needed = selected.operator.required.len() - 1;
        let all: Vec<Expr> = call.args.drain(..).map(|arg| self.rust_argument(arg)).collect();
        let mut arguments = all;
        let options = arguments.split_off(needed.min(arguments.len()));
        let arguments = Arguments { given, arguments, options };
        match selected.operator.run {
            Run::Join | Run::ForeignJoin => {
                self.two_sided(selected, id, (other, place), call, arguments)
            }
            _ => self.lookup(selected, id, (other, place), call, arguments),
        }
    }

    /// A join whose records all come from one side.
    fn lookup(
        &mut self,
        selected: Selected,
        input: NodeId,
        (table, place): (NodeId, Span),
        call: Call,
        arguments: Arguments,
    ) -> Value {
        let input_rekeyed = self.graph.node(input).rekeyed;
        let rekeyed = kept(input_rekeyed, selected.operator.key);
        let id = self.side(selected, call.name.clone(), input);
        self.graph.node_mut(table).viewers.push(id);
        let node = self.graph.node_mut(id);
        node.looks_up = Some((table, place));
        (node.input_rekeyed, node.rekeyed) = (input_rekeyed, rekeyed);
        self.called(id, call, arguments)
    }

    /// A join with records from both sides, and a node for each of them.
    fn two_sided(
        &mut self,
        selected: Selected,
        left: NodeId,
        (right, place): (NodeId, Span),
        call: Call,
        arguments: Arguments,
    ) -> Value {
        let operator: &'static Operator = match (selected.operator.run, selected.operator.on) {
            (Run::ForeignJoin, _) => &FOREIGN_SIDE,
            (_, Kind::Stream) => &STREAM_SIDE,
            _ => &TABLE_SIDE,
        };
        let side = Selected { operator, fallible: false };
        for table in [left, right] {
            if selected.operator.on == Kind::Table {
                let join = NodeId(self.graph.nodes.len() + 2);
                self.graph.node_mut(table).viewers.push(join);
            }
        }
        let left = self.side(side, call.name.clone(), left);
        let right = self.side(side, call.name.clone(), right);
        let id = NodeId(self.graph.nodes.len());
        if operator.result != Kind::Nothing {
            self.graph.node_mut(left).consumers.push(id);
            self.graph.node_mut(right).consumers.push(id);
        }
        let input = Some(left);
        self.graph.nodes.push(Node {
            sides: Some(Sides { left, right, place }),
            ..Node::new(id, selected, call.name.clone(), input)
        });
        self.called(id, call, arguments)
    }

    /// A node that takes the records of `input`.
    pub(super) fn side(&mut self, selected: Selected, word: syn::Ident, input: NodeId) -> NodeId {
        let id = NodeId(self.graph.nodes.len());
        let input_rekeyed = self.graph.node(input).rekeyed;
        let rekeyed = kept(input_rekeyed, selected.operator.key);
        self.graph.node_mut(input).consumers.push(id);
        let node = Node { input_rekeyed, rekeyed, ..Node::new(id, selected, word, Some(input)) };
        self.graph.nodes.push(node);
        id
    }

    /// Completes the node that stands for the call itself.
    fn called(&mut self, id: NodeId, call: Call, found: Arguments) -> Value {
        let Arguments { given, arguments, options } = found;
        let selected = self.graph.node(id).selected;
        let literals = literals(selected, &arguments, &options);
        let node = self.graph.node_mut(id);
        node.turbofish = call.turbofish;
        node.given = given;
        node.literals = literals;
        (node.arguments, node.options) = (arguments, options);
        self.graph.steps.push(Step::Call(id));
        Value::Node(id)
    }
}

/// Whether the key behind a join needs another partition.
fn kept(input: Rekeyed, key: Key) -> Rekeyed {
    if key == Key::Keep { input } else { Rekeyed::No }
}

/// The form of a join for that other side and those closures.
fn form(selected: Selected, other: Kind, closure_at: impl Fn(usize) -> Option<usize>) -> Selected {
    let fits = |when: &When| match when {
        When::With(kind) => *kind == other,
        When::ClosureAt(at) => closure_at(*at).is_some(),
    };
    let row = selected.operator;
    let other = row.forms.iter().find(|(when, _)| fits(when)).map(|(_, name)| name);
    let found = other.and_then(|name| operators::find(row.on, name));
    found.map_or(selected, |found| Selected { operator: found.operator, ..selected })
}
