//! Chains of operator calls to nodes.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, Ident};

use super::arguments::{Arg, closure_parameters};
use super::graph::{Mistake, Node, NodeId, Rekeyed, Step};
use super::lower::{Lowered, Lowering, Split};
use super::operators::{self, Key, Kind, Run, Selected};
use super::options::{self, Literal, Role};
use super::scope::Value;
use super::uses;
use super::{branched, joins, windows};
use crate::parse::{Call, Chain};

impl Lowering<'_> {
    pub(super) fn chain(&mut self, chain: Chain) -> Value {
        let mut value = match Call::of_function(&chain.root) {
            Some(start) if self.is_start(&start.name) => self.start_of_chain(start),
            _ => match &chain.root {
                Expr::Call(call) => self.part(call.clone()),
                Expr::Path(path) => {
                    path.path.get_ident().map_or(Value::Unknown, |name| self.mark_used(name))
                }
                _ => Value::Unknown,
            },
        };
        for call in chain.calls {
            value = self.call(value, call);
        }
        value
    }

    fn start_of_chain(&mut self, call: Call) -> Value {
        let name = call.name.to_string();
        match operators::find(Kind::Start, &name) {
            Some(selected) => self.node(selected, None, call),
            None => Value::Unknown,
        }
    }

    /// One operator on what the chain is so far.
    fn call(&mut self, value: Value, call: Call) -> Value {
        let kind = self.kind(&value);
        if let Some(mistake) = misfit(&value, kind, &call.name) {
            self.graph.mistakes.push(mistake);
        }
        let Value::Node(id) = value else {
            self.look_into(call.args);
            return Value::Unknown;
        };
        let Some(selected) = operators::find(kind, &call.name.to_string()) else {
            let (word, args) = (call.name, call.args.clone());
            self.graph.steps.push(Step::Attempt { on: id, word, args });
            self.look_into(call.args);
            return Value::Unknown;
        };
        if joins::is_join(selected) {
            return self.join(selected, id, call);
        }
        if let Some(selected) = windows::without_records(selected, &call.args) {
            return self.without_records(selected, id, call);
        }
        if selected.operator.run == Run::Cogroup {
            return self.cogroup(windows::of_cogroup(selected, &call.args), id, call);
        }
        let selected = windows::of_sessions(selected, &call.args);
        let selected = operators::twin(selected, |at| closure_parameters(call.args.get(at)));
        match selected.operator.run {
            Run::Branch | Run::DefaultBranch => self.branch(selected, id, call),
            _ if selected.operator.result == Kind::Branches => self.close(id, call),
            _ => self.node(selected, Some(id), call),
        }
    }

    /// The arguments of a call that is already wrong: streams in them count as used.
    pub(super) fn look_into(&mut self, args: Vec<Expr>) {
        for arg in args {
            match arg {
                Expr::Closure(_) => {}
                other => drop(self.expression(other)),
            }
        }
    }

    /// Adds a node and its call to the steps.
    pub(super) fn node(&mut self, selected: Selected, input: Option<NodeId>, call: Call) -> Value {
        let given = call.args.len();
        let operator = selected.operator;
        let (mut others, mut arguments, mut options) = (Vec::new(), Vec::new(), Vec::new());
        let (mut broken, mut table_stores) = (false, Vec::new());
        for (place, expr) in call.args.into_iter().enumerate() {
            match operator.required.get(place) {
                Some(Arg::Stream | Arg::Joined(_)) => {
                    match self.stream_argument(expr, &call.name) {
                        Some(other) => others.push(other),
                        None => broken = true,
                    }
                }
                Some(Arg::Function(_) | Arg::Value(_)) => arguments.push(self.rust_argument(expr)),
                None => {
                    if let Some((table, word)) = self.store_of_table(&expr) {
                        table_stores.push((options.len(), table, word));
                        options.push(expr);
                    } else {
                        options.push(self.rust_argument(expr));
                    }
                }
            }
        }
        if broken {
            return Value::Unknown;
        }
        let literals = literals(selected, &arguments, &options);
        let id = NodeId(self.graph.nodes.len());
        let parents: Vec<NodeId> =
            input.into_iter().chain(others.iter().map(|(other, _)| *other)).collect();
        let rekeyed = |id: &NodeId| self.graph.node(*id).rekeyed;
        let input_rekeyed = parents.iter().map(rekeyed).max().unwrap_or(Rekeyed::No);
        let rekeyed = match operator.key {
            Key::Change => Rekeyed::Yes,
            Key::Fresh => Rekeyed::No,
            Key::Keep => input_rekeyed,
        };
        for parent in parents {
            self.graph.node_mut(parent).consumers.push(id);
        }
        self.graph.nodes.push(Node {
            turbofish: call.turbofish,
            others,
            arguments,
            options,
            table_stores,
            given,
            literals,
            rekeyed,
            input_rekeyed,
            ..Node::new(id, selected, call.name, input)
        });
        self.graph.steps.push(Step::Call(id));
        if operator.result == Kind::Nothing { Value::Nothing } else { Value::Node(id) }
    }

    /// The table of an argument like `table.store()`, with that word.
    fn store_of_table(&mut self, expr: &Expr) -> Option<(NodeId, Ident)> {
        let Expr::MethodCall(call) = expr else { return None };
        let Expr::Path(path) = &*call.receiver else { return None };
        let words = ["store", "window_store", "session_store", "versioned_store"];
        let reads = words.iter().any(|word| call.method == word);
        let name = path.path.get_ident().filter(|_| reads && call.args.is_empty())?;
        self.scope.find(name)?;
        let Value::Node(id) = self.mark_used(name) else { return None };
        if !matches!(self.graph.node(id).kind(), Kind::Table | Kind::GlobalTable) {
            return None;
        }
        self.graph.node_mut(id).handle_is_taken = true;
        Some((id, call.method.clone()))
    }

    /// An argument of ordinary Rust; a stream in it is a mistake.
    pub(super) fn rust_argument(&mut self, expr: Expr) -> Expr {
        for found in uses::in_expr(&expr, &self.scope) {
            self.refuse(found);
        }
        expr
    }

    /// An argument that is a stream itself.
    pub(super) fn stream_argument(
        &mut self,
        expr: Expr,
        wanted_by: &Ident,
    ) -> Option<(NodeId, Span)> {
        let place = expr.span();
        let tokens = expr.to_token_stream();
        if let Expr::Path(path) = &expr
            && let Some(name) = path.path.get_ident()
            && self.scope.find(name).is_none()
        {
            self.undefined_stream(name);
            return None;
        }
        let value = match self.expression(expr) {
            Lowered::Flow(value) => value,
            Lowered::Rust(_) => Value::Nothing,
        };
        match value {
            Value::Node(id) => Some((id, place)),
            Value::Unknown => None,
            Value::Nothing | Value::Branches(_) | Value::Several(_) => {
                let wanted_by = wanted_by.clone();
                self.graph.mistakes.push(Mistake::NotAStream { tokens, wanted_by });
                None
            }
        }
    }

    /// One branch of a split; closures over streams in its options are lowered in place.
    fn branch(&mut self, selected: Selected, split: NodeId, mut call: Call) -> Value {
        if self.split(split).closed {
            self.graph.mistakes.push(Mistake::SplitClosedTwice { word: call.name });
            return Value::Unknown;
        }
        let required = selected.operator.required.len();
        let mut inner = None;
        for option in call.args.iter_mut().skip(required) {
            inner = inner.or(branched::take_closure(option));
        }
        call.args.retain(|arg| !branched::is_nothing(arg));
        let value = self.node(selected, Some(split), call);
        let entry = match inner {
            None => Some(value),
            Some(inner) => self.inside(inner, value),
        };
        let closes = selected.operator.run == Run::DefaultBranch;
        let split_so_far = self.split(split);
        split_so_far.entries.extend(entry);
        if !closes {
            return Value::Node(split);
        }
        self.close_now(split)
    }

    /// Lowers the closure of `with_consumer` or `with_function` on a branch.
    fn inside(&mut self, inner: branched::Inner, branch: Value) -> Option<Value> {
        self.scope.enter();
        self.define(&inner.parameter, branch);
        let value = match inner.body {
            Expr::Block(block) => self.body(block.block),
            other => match self.expression(other) {
                Lowered::Flow(value) => value,
                Lowered::Rust(_) => Value::Nothing,
            },
        };
        self.scope.leave();
        if !inner.gives_back {
            return None;
        }
        if value == Value::Nothing {
            let tokens = inner.tokens;
            self.graph.mistakes.push(Mistake::NoStreamBack { tokens });
            return Some(Value::Unknown);
        }
        Some(value)
    }

    /// `no_default_branch()`.
    fn close(&mut self, split: NodeId, call: Call) -> Value {
        self.look_into(call.args);
        if self.split(split).closed {
            self.graph.mistakes.push(Mistake::SplitClosedTwice { word: call.name });
            return Value::Unknown;
        }
        self.close_now(split)
    }

    fn close_now(&mut self, split: NodeId) -> Value {
        self.graph.closed_splits.push(split);
        let split = self.split(split);
        split.closed = true;
        let entries = split.entries.clone();
        if entries.is_empty() { Value::Nothing } else { Value::Branches(entries) }
    }

    fn split(&mut self, split: NodeId) -> &mut Split {
        self.splits.entry(split.0).or_default()
    }
}

/// Why an operator cannot stand on a value, if it cannot.
fn misfit(value: &Value, kind: Kind, word: &Ident) -> Option<Mistake> {
    if *value == Value::Unknown {
        return None;
    }
    let word = word.clone();
    if *value == Value::Nothing {
        return Some(Mistake::AfterTheEnd { word });
    }
    let name = word.to_string();
    if operators::find(kind, &name).is_some() && matches!(value, Value::Node(_)) {
        return None;
    }
    if operators::kinds_with(&name).is_empty() {
        Some(Mistake::UnknownOperator { word, on: kind })
    } else {
        Some(Mistake::OtherKind { word, on: kind })
    }
}

pub(super) fn literals(selected: Selected, arguments: &[Expr], options: &[Expr]) -> Vec<Literal> {
    let mut literals = options::literals(selected.operator, options);
    let role = match selected.operator.name {
        "stream" | "table" | "global_table" => Role::Input,
        "to" => Role::Output,
        _ => return literals,
    };
    let topics = arguments.first().map(options::strings).unwrap_or_default();
    literals.extend(topics.into_iter().map(|topic| Literal::of(topic, role)));
    literals
}
