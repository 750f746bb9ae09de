//! Statements and chains to nodes: names become numbers here.

use std::collections::{HashMap, HashSet};

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Block, Expr, FnArg, Ident, Local, Pat, Stmt, Type};

use super::graph::{Binding, Graph, Mistake, NodeId, Step};
use super::operators::{self, Kind};
use super::scope::{Meaning, Scope, Value, names_of};
use super::uses::{self, Use};
use crate::parse::{Call, Chain};
use crate::parts::{Answers, PartSignature};

/// The word that declares a store with the processor that fills it.
pub(crate) const GLOBAL_STORE: &str = "global_store";

/// What a body stands in.
pub(crate) struct Around<'a> {
    /// True in a function with type parameters.
    pub(crate) generic: bool,
    /// Where the topology stands, for messages about the whole.
    pub(crate) place: Span,
    /// What a part takes and gives; `None` for a whole topology.
    pub(crate) part: Option<&'a PartSignature>,
    /// What the parts that are called have said.
    pub(crate) answers: &'a Answers,
}

/// The graph of a body. `parameters` are those of its function: ordinary Rust, or the doors of a part.
pub(crate) fn lower(parameters: &[&FnArg], body: Block, around: Around<'_>) -> Graph {
    let Around { generic, place, part, answers } = around;
    let mut lowering = Lowering {
        answers,
        graph: Graph { place: Some(place), generic, ..Graph::default() },
        scope: Scope::default(),
        later: HashSet::new(),
        splits: HashMap::new(),
    };
    lowering.scope.enter();
    if let Some(signature) = part {
        lowering.body_of_part(parameters, signature, body);
        return lowering.graph;
    }
    for parameter in parameters {
        if let FnArg::Typed(parameter) = parameter {
            lowering.scope.define_rust(&parameter.pat);
        }
    }
    let last = lowering.body(body);
    lowering.refuse_dropped_branches(&last);
    lowering.graph
}

/// The state of the lowering; `calls.rs` holds the part that deals with operators.
pub(super) struct Lowering<'a> {
    pub(super) answers: &'a Answers,
    pub(super) graph: Graph,
    pub(super) scope: Scope,
    /// Names that some later statement binds to a chain.
    later: HashSet<String>,
    /// What stands behind each branch of a split so far, and whether the split is closed.
    pub(super) splits: HashMap<usize, Split>,
}

/// The branches of one split so far.
#[derive(Default)]
pub(super) struct Split {
    pub(super) entries: Vec<Value>,
    pub(super) closed: bool,
}

/// An expression, seen as a part of the graph or as ordinary Rust.
pub(super) enum Lowered {
    Flow(Value),
    Rust(Expr),
}

impl Lowering<'_> {
    /// Lowers all statements; the value is that of a last expression without a semicolon.
    pub(super) fn body(&mut self, body: Block) -> Value {
        self.expect_definitions(&body);
        let mut last = Value::Nothing;
        for statement in body.stmts {
            last = self.statement(statement);
        }
        last
    }

    fn expect_definitions(&mut self, body: &Block) {
        for statement in &body.stmts {
            let Stmt::Local(local) = statement else { continue };
            let is_call =
                |init: &syn::LocalInit| matches!(&*init.expr, Expr::MethodCall(_) | Expr::Call(_));
            if local.init.as_ref().is_some_and(is_call) {
                self.later.extend(names_of(&local.pat).iter().map(Ident::to_string));
            }
        }
    }

    fn statement(&mut self, statement: Stmt) -> Value {
        match statement {
            Stmt::Local(local) => {
                self.local(local);
                Value::Nothing
            }
            Stmt::Expr(expr, semicolon) => {
                // a global store is worth having for queries alone
                let global = self.store_declaration(&expr).filter(|call| call.name == GLOBAL_STORE);
                if let Some(call) = global {
                    let nobody = syn::parse_quote_spanned!(call.name.span()=> _);
                    self.declare_store(nobody, call);
                    return Value::Nothing;
                }
                let value = match self.expression(expr) {
                    Lowered::Flow(value) => value,
                    Lowered::Rust(expr) => {
                        self.graph.steps.push(Step::Rust(Box::new(Stmt::Expr(
                            expr,
                            Some(semicolon.unwrap_or_default()),
                        ))));
                        return Value::Nothing;
                    }
                };
                if semicolon.is_some() {
                    self.refuse_dropped_branches(&value);
                    return Value::Nothing;
                }
                value
            }
            other @ (Stmt::Item(_) | Stmt::Macro(_)) => {
                self.graph.steps.push(Step::Rust(Box::new(other)));
                Value::Nothing
            }
        }
    }

    fn local(&mut self, mut local: Local) {
        let Some(init) = local.init.take() else {
            self.define_rust(&local.pat);
            self.graph.steps.push(Step::Rust(Box::new(Stmt::Local(local))));
            return;
        };
        if let Some(call) = self.store_declaration(&init.expr) {
            self.define_rust(&local.pat);
            self.declare_store(local.pat, call);
            return;
        }
        if let Some((_, diverge)) = &init.diverge {
            for found in uses::in_expr(diverge, &self.scope) {
                self.refuse(found);
            }
        }
        let before = self.graph.nodes.len();
        match self.expression(*init.expr) {
            Lowered::Rust(expr) => {
                local.init = Some(syn::LocalInit { expr: Box::new(expr), ..init });
                self.define_rust(&local.pat);
                self.graph.steps.push(Step::Rust(Box::new(Stmt::Local(local))));
            }
            Lowered::Flow(value) => {
                self.attributes(&value, before, local.attrs);
                self.bind(local.pat, value);
            }
        }
    }

    /// The call of `store(..)` or `global_store(..)`, unless the user has a function of that name.
    fn store_declaration(&self, expr: &Expr) -> Option<Call> {
        let call = Call::of_function(expr)?;
        let declares = call.name == "store" || call.name == GLOBAL_STORE;
        (declares && self.scope.find(&call.name).is_none()).then_some(call)
    }

    fn declare_store(&mut self, pattern: Pat, call: Call) {
        let args = call.args.into_iter().map(|arg| self.rust_argument(arg)).collect();
        self.graph.steps.push(Step::Store { pattern, word: call.name, args });
    }

    /// Attributes of a `let` go to the statement of its last operator.
    fn attributes(&mut self, value: &Value, before: usize, attributes: Vec<syn::Attribute>) {
        for attribute in attributes {
            let harmless = ["allow", "expect", "warn", "doc"];
            if !harmless.iter().any(|name| attribute.path().is_ident(name)) {
                let tokens = attribute.to_token_stream();
                self.graph.mistakes.push(Mistake::Attribute { tokens });
            } else if let Value::Node(id) = value
                && id.0 >= before
                && !attribute.path().is_ident("doc")
            {
                self.graph.node_mut(*id).attributes.push(attribute);
            }
        }
    }

    pub(super) fn define_rust(&mut self, pattern: &Pat) {
        self.graph.rust_names.extend(names_of(pattern).iter().map(Ident::to_string));
        self.scope.define_rust(pattern);
    }

    fn bind(&mut self, pattern: Pat, value: Value) {
        match pattern {
            Pat::Type(typed) => {
                self.ascribe(*typed.ty, &value);
                self.bind(*typed.pat, value);
            }
            Pat::Ident(name) if name.subpat.is_none() && name.by_ref.is_none() => {
                self.bind_name(&name.ident, value);
            }
            Pat::Wild(_) => {
                if let Value::Node(id) = value {
                    self.graph.node_mut(id).dropped = true;
                }
            }
            Pat::Slice(slice) => self.bind_branches(slice, value),
            Pat::Tuple(tuple) => self.bind_results(tuple, value),
            other => {
                let kind = self.kind(&value);
                self.unknown_names(&other);
                self.pattern_mistake(&other, value, kind);
            }
        }
    }

    /// The user's types of a chain's result.
    fn ascribe(&mut self, ty: Type, value: &Value) {
        match (ty, value) {
            (ty, Value::Node(id)) => self.graph.node_mut(*id).ascribed = Some(ty),
            (Type::Tuple(tuple), Value::Several(values)) => {
                tuple.elems.into_iter().zip(values).for_each(|(ty, value)| self.ascribe(ty, value));
            }
            _ => {}
        }
    }

    /// Binds the results of a part that gives several.
    fn bind_results(&mut self, tuple: syn::PatTuple, value: Value) {
        let tokens = tuple.to_token_stream();
        match value {
            Value::Several(values) if values.len() == tuple.elems.len() => {
                for (pattern, value) in tuple.elems.into_iter().zip(values) {
                    self.bind(pattern, value);
                }
            }
            Value::Several(values) => {
                let (expected, found) = (values.len(), tuple.elems.len());
                self.graph.mistakes.push(Mistake::ResultCount { tokens, expected, found });
                self.unknown_names(&Pat::Tuple(tuple));
            }
            other => {
                let kind = self.kind(&other);
                let pattern = Pat::Tuple(tuple);
                self.unknown_names(&pattern);
                self.pattern_mistake(&pattern, other, kind);
            }
        }
    }

    /// Binds one name to a chain's result.
    fn bind_name(&mut self, name: &Ident, value: Value) {
        if let Value::Branches(entries) = &value {
            let tokens = name.to_token_stream();
            let (expected, found) = (entries.len(), 1);
            self.graph.mistakes.push(Mistake::BranchCount { tokens, expected, found });
            return self.define(name, Value::Unknown);
        }
        if let Value::Several(values) = &value {
            let tokens = name.to_token_stream();
            let (expected, found) = (values.len(), 1);
            self.graph.mistakes.push(Mistake::ResultCount { tokens, expected, found });
            return self.define(name, Value::Unknown);
        }
        if value == Value::Nothing {
            let tokens = name.to_token_stream();
            self.graph.mistakes.push(Mistake::Pattern { tokens, kind: Kind::Nothing });
            return self.define(name, Value::Unknown);
        }
        self.define(name, value);
    }

    pub(super) fn define(&mut self, name: &Ident, value: Value) {
        let node = if let Value::Node(id) = value { Some(id) } else { None };
        if let Some(id) = node {
            self.graph.node_mut(id).name.get_or_insert_with(|| name.clone());
        }
        let binding = self.graph.bindings.len();
        self.graph.bindings.push(Binding { name: name.clone(), node, used: false });
        self.scope.define(name, Meaning::Flow { value, binding });
    }

    fn bind_branches(&mut self, slice: syn::PatSlice, value: Value) {
        let tokens = slice.to_token_stream();
        match value {
            Value::Branches(entries) if entries.len() == slice.elems.len() => {
                for (pattern, value) in slice.elems.into_iter().zip(entries) {
                    self.bind(pattern, value);
                }
            }
            Value::Branches(entries) => {
                let (expected, found) = (entries.len(), slice.elems.len());
                self.graph.mistakes.push(Mistake::BranchCount { tokens, expected, found });
                self.unknown_names(&Pat::Slice(slice));
            }
            other => {
                let kind = self.kind(&other);
                let pattern = Pat::Slice(slice);
                self.unknown_names(&pattern);
                self.pattern_mistake(&pattern, other, kind);
            }
        }
    }

    fn pattern_mistake(&mut self, pattern: &Pat, value: Value, kind: Kind) {
        let unclosed = kind == Kind::Split;
        if value != Value::Unknown && !unclosed {
            let tokens = pattern.to_token_stream();
            self.graph.mistakes.push(Mistake::Pattern { tokens, kind });
        }
    }

    /// Names that a mistake binds are known, so that their uses bring no further errors.
    pub(super) fn unknown_names(&mut self, pattern: &Pat) {
        for name in names_of(pattern) {
            self.define(&name, Value::Unknown);
        }
    }

    pub(super) fn refuse_dropped_branches(&mut self, value: &Value) {
        let Value::Branches(entries) = value else { return };
        let Some(Value::Node(last)) = entries.last() else { return };
        let word = self.graph.node(*last).word.clone();
        self.graph.mistakes.push(Mistake::BranchesDropped { word, expected: entries.len() });
    }

    /// Lowers an expression if it is a chain, or hands it back as ordinary Rust.
    pub(super) fn expression(&mut self, expr: Expr) -> Lowered {
        match self.start(&expr) {
            Start::Chain => Lowered::Flow(self.chain(Chain::of(expr))),
            Start::Mistake(mistake) => {
                self.graph.mistakes.push(mistake);
                Lowered::Flow(Value::Unknown)
            }
            Start::Rust => {
                let found = uses::in_expr(&expr, &self.scope);
                if found.is_empty() {
                    return Lowered::Rust(expr);
                }
                found.into_iter().for_each(|found| self.refuse(found));
                Lowered::Flow(Value::Unknown)
            }
        }
    }

    /// What an expression starts with.
    fn start(&self, expr: &Expr) -> Start {
        let (root, first) = root(expr);
        if self.called_part(root).is_some() {
            return Start::Chain;
        }
        if let Some(call) = Call::of_function(root) {
            return if self.is_start(&call.name) { Start::Chain } else { Start::Rust };
        }
        let Expr::Path(path) = root else { return Start::Rust };
        let Some(name) = path.path.get_ident() else { return Start::Rust };
        match self.scope.find(name) {
            Some(Meaning::Flow { .. }) => Start::Chain,
            Some(Meaning::Rust) => Start::Rust,
            None => match first {
                Some(first) => self.undefined(name, first),
                None => Start::Rust,
            },
        }
    }

    /// True for a word that starts a chain here.
    pub(super) fn is_start(&self, word: &Ident) -> bool {
        operators::find(Kind::Start, &word.to_string()).is_some() && self.scope.find(word).is_none()
    }

    /// True for a stream, a table, or a chain.
    pub(super) fn is_flow(&self, expr: &Expr) -> bool {
        !matches!(self.start(expr), Start::Rust)
    }

    /// A chain on a name that nothing here defines: a slip, or a name from around the topology.
    fn undefined(&self, name: &Ident, first: &Ident) -> Start {
        let is_operator = !operators::kinds_with(&first.to_string()).is_empty();
        if !is_operator {
            return Start::Rust;
        }
        if self.later.contains(&name.to_string()) {
            return Start::Mistake(Mistake::BeforeDefinition { name: name.clone() });
        }
        let known = self.scope.flows();
        let is_slip =
            crate::names::nearest(&name.to_string(), known.iter().map(String::as_str)).is_some();
        if is_slip {
            return Start::Mistake(Mistake::UnknownStream { name: name.clone(), known });
        }
        Start::Rust
    }

    /// A name where only a stream can stand.
    pub(super) fn undefined_stream(&mut self, name: &Ident) {
        let name = name.clone();
        let mistake = if self.later.contains(&name.to_string()) {
            Mistake::BeforeDefinition { name }
        } else {
            Mistake::UnknownStream { name, known: self.scope.flows() }
        };
        self.graph.mistakes.push(mistake);
    }

    pub(super) fn refuse(&mut self, found: Use) {
        let mistake = match found {
            Use::Name { name, how } => {
                self.mark_used(&name);
                Mistake::StreamInRust { name, how }
            }
            Use::Mention { name } => {
                self.mark_used(&name);
                return;
            }
            Use::ControlFlow { keyword, word } => Mistake::ControlFlow { keyword, word },
        };
        self.graph.mistakes.push(mistake);
    }

    /// The value of a stream's name, which counts as used from here on.
    pub(super) fn mark_used(&mut self, name: &Ident) -> Value {
        let Some(Meaning::Flow { value, binding }) = self.scope.find(name) else {
            return Value::Unknown;
        };
        self.graph.bindings[*binding].used = true;
        value.clone()
    }

    pub(super) fn kind(&self, value: &Value) -> Kind {
        match value {
            Value::Node(NodeId(id)) => self.graph.nodes[*id].kind(),
            Value::Branches(_) => Kind::Branches,
            Value::Several(_) => Kind::Several,
            Value::Nothing | Value::Unknown => Kind::Nothing,
        }
    }
}

/// What kind of expression something starts as.
enum Start {
    Chain,
    Mistake(Mistake),
    Rust,
}

/// The expression that a chain starts with, and the first word called on it.
fn root(mut expr: &Expr) -> (&Expr, Option<&Ident>) {
    let mut first = None;
    loop {
        match expr {
            Expr::MethodCall(call) => {
                first = Some(&call.method);
                expr = &call.receiver;
            }
            Expr::Paren(inner) => expr = &inner.expr,
            Expr::Group(inner) => expr = &inner.expr,
            other => return (other, first),
        }
    }
}
