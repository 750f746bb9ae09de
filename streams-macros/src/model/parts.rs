//! Parts: the doors of the one that is compiled, and the calls of others.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Block, Expr, ExprCall, ExprPath, FnArg, Ident, Pat, Stmt};

use super::doors::{door, exit, returned, side};
use super::graph::{Doors, Mistake, Node, NodeId, Output, PartArg, PartCall, Rekeyed, Step};
use super::lower::{Lowered, Lowering};
use super::operators::{Kind, Operator, Selected};
use super::scope::Value;
use crate::parts::{Gives, PartSignature, Same};

impl Lowering<'_> {
    /// The part that an expression calls: a path that is given a stream, and no local of the topology.
    pub(super) fn called_part<'e>(&self, expr: &'e Expr) -> Option<(&'e ExprCall, &'e ExprPath)> {
        let Expr::Call(call) = expr else { return None };
        let Expr::Path(path) = &*call.func else { return None };
        let last = path.path.segments.last()?;
        let is_local = path.path.get_ident().is_some_and(|name| self.scope.find(name).is_some());
        let is_function = path.qself.is_none() && !is_of_a_type(path) && last.ident != "drop";
        if is_local || !is_function || path.path.get_ident().is_some_and(|name| self.is_start(name))
        {
            return None;
        }
        let known = self.answers.find(&path.path).is_some();
        (known || call.args.iter().any(|arg| self.is_flow(arg))).then_some((call, path))
    }

    /// The call of a part.
    pub(super) fn part(&mut self, call: ExprCall) -> Value {
        let Expr::Path(path) = *call.func else { return Value::Unknown };
        let Some(word) = path.path.segments.last().map(|segment| segment.ident.clone()) else {
            return Value::Unknown;
        };
        let args: Vec<Expr> = call.args.into_iter().collect();
        let Some(signature) = self.answers.find(&path.path).cloned() else {
            self.graph.unanswered.push(path.path);
            self.look_into(args);
            return Value::Unknown;
        };
        if args.len() != signature.inputs.len() {
            let takes =
                signature.inputs.iter().map(|input| told(&input.name, input.kind)).collect();
            let given = args.len();
            self.graph.mistakes.push(Mistake::PartArgumentCount { word, takes, given });
            self.look_into(args);
            return Value::Unknown;
        }
        let inputs = args.into_iter().zip(&signature.inputs);
        let found: Vec<Option<PartArg>> = inputs
            .map(|(arg, input)| {
                self.part_argument(arg, (&signature.name, &input.name), input.kind, &word)
            })
            .collect();
        let Some(args) = found.into_iter().collect::<Option<Vec<PartArg>>>() else {
            return Value::Unknown;
        };
        self.part_call(path, args, &word, &signature)
    }

    fn part_argument(
        &mut self,
        arg: Expr,
        (part, name): (&str, &str),
        takes: Option<Kind>,
        word: &Ident,
    ) -> Option<PartArg> {
        let (tokens, place) = (arg.to_token_stream(), arg.span());
        let wrong = |found: Option<Kind>| Mistake::PartArgument {
            tokens: tokens.clone(),
            part: part.to_owned(),
            name: name.to_owned(),
            takes,
            found,
        };
        let Some(kind) = takes else {
            return match self.is_flow(&arg).then(|| self.expression(arg.clone())) {
                None => Some(PartArg::Rust(self.rust_argument(arg))),
                Some(Lowered::Flow(value)) => {
                    let mistake = wrong(Some(self.kind(&value)));
                    self.graph.mistakes.extend((value != Value::Unknown).then_some(mistake));
                    None
                }
                Some(Lowered::Rust(arg)) => Some(PartArg::Rust(arg)),
            };
        };
        if !self.is_flow(&arg) && !matches!(arg, Expr::Path(_)) {
            self.rust_argument(arg);
            self.graph.mistakes.push(wrong(None));
            return None;
        }
        let (of, _) = self.stream_argument(arg, word)?;
        let found = self.graph.node(of).kind();
        if found != kind {
            self.graph.mistakes.push(wrong(Some(found)));
            return None;
        }
        Some(PartArg::Flow { of, place, side: None })
    }

    fn part_call(
        &mut self,
        path: ExprPath,
        mut args: Vec<PartArg>,
        word: &Ident,
        signature: &PartSignature,
    ) -> Value {
        let call = self.graph.parts.len();
        for arg in &mut args {
            let PartArg::Flow { of, place, side: taken } = arg else { continue };
            if self.graph.node(*of).kind() == Kind::GlobalTable {
                self.graph.node_mut(*of).handle_is_taken = true;
            } else {
                let mut word = word.clone();
                word.set_span(*place);
                let id = self.side(plain(side()), word, *of);
                self.graph.node_mut(id).part = Some(call);
                *taken = Some(id);
                self.looked_up(*of, id);
            }
        }
        let (mut outputs, mut values) = (Vec::new(), Vec::new());
        for (kind, same) in signature.outputs.iter().zip(&signature.same) {
            let value = match same {
                None => {
                    let id = self.source(returned(*kind), word.clone(), Some(call));
                    outputs.push(id);
                    Value::Node(id)
                }
                Some(Same::Output(place)) => values.get(*place).cloned().unwrap_or(Value::Unknown),
                Some(Same::Input(place)) => match args.get(*place) {
                    Some(PartArg::Flow { of, .. }) => Value::Node(*of),
                    _ => Value::Unknown,
                },
            };
            values.push(value);
        }
        self.graph.parts.push(PartCall { path, args, outputs });
        self.graph.steps.push(Step::Part(call));
        match signature.gives {
            Gives::Nothing => Value::Nothing,
            Gives::One => values.into_iter().next().unwrap_or(Value::Unknown),
            Gives::Several => Value::Several(values),
        }
    }

    /// A table whose rows somebody beyond a door may look up.
    fn looked_up(&mut self, table: NodeId, by: NodeId) {
        if self.graph.node(table).kind() == Kind::Table {
            self.graph.node_mut(table).viewers.push(by);
        }
    }

    /// A node whose records come through a door.
    fn source(&mut self, operator: &'static Operator, word: Ident, part: Option<usize>) -> NodeId {
        let id = NodeId(self.graph.nodes.len());
        let rekeyed = match operator.result {
            Kind::Stream | Kind::GroupedStream => Rekeyed::Perhaps,
            _ => Rekeyed::No,
        };
        self.graph.nodes.push(Node { rekeyed, part, ..Node::new(id, plain(operator), word, None) });
        id
    }

    /// Makes the streams among a part's parameters its doors, and lowers its body.
    pub(super) fn body_of_part(
        &mut self,
        parameters: &[&FnArg],
        signature: &PartSignature,
        mut body: Block,
    ) {
        self.graph.doors = Some(Doors::default());
        for (parameter, input) in parameters.iter().zip(&signature.inputs) {
            let id = self.parameter(parameter, input.kind);
            self.doors().inputs.push(id);
        }
        let last = match (signature.gives, body.stmts.pop()) {
            (Gives::Nothing, last) => {
                body.stmts.extend(last);
                None
            }
            (_, Some(Stmt::Expr(last, None))) => Some(last),
            (_, last) => {
                body.stmts.extend(last);
                None
            }
        };
        let end = body.brace_token.span.close();
        let value = self.body(body);
        match (signature.gives, last) {
            (Gives::Nothing, _) => self.refuse_dropped_branches(&value),
            (_, Some(last)) => self.results(last, signature),
            (_, None) => {
                let tokens = Ident::new("end", end).into_token_stream();
                let wanted = signature.outputs.len();
                self.graph.mistakes.push(Mistake::PartGivesCount { tokens, wanted, found: 0 });
            }
        }
    }

    fn doors(&mut self) -> &mut Doors {
        self.graph.doors.get_or_insert_default()
    }

    fn parameter(&mut self, parameter: &FnArg, kind: Option<Kind>) -> Option<NodeId> {
        let FnArg::Typed(parameter) = parameter else { return None };
        match (&*parameter.pat, kind) {
            (Pat::Ident(name), Some(kind)) => {
                let id = self.source(door(kind), name.ident.clone(), None);
                self.define(&name.ident, Value::Node(id));
                Some(id)
            }
            (pat, _) => {
                self.define_rust(pat);
                None
            }
        }
    }

    /// What a part ends with: one stream, or a tuple of them.
    fn results(&mut self, last: Expr, signature: &PartSignature) {
        let (tokens, wanted) = (last.to_token_stream(), signature.outputs.len());
        let given: Vec<Expr> = match (signature.gives, last) {
            (Gives::Several, Expr::Tuple(tuple)) => tuple.elems.into_iter().collect(),
            (_, one) => vec![one],
        };
        let mut values = Vec::new();
        for expr in given {
            let (tokens, place) = (expr.to_token_stream(), expr.span());
            let value = match self.expression(expr) {
                Lowered::Flow(value) => value,
                Lowered::Rust(_) => Value::Nothing,
            };
            match value {
                Value::Several(several) if signature.gives == Gives::Several => {
                    values.extend(several.into_iter().map(|value| (value, tokens.clone(), place)));
                }
                value => values.push((value, tokens, place)),
            }
        }
        if values.len() != wanted {
            let found = values.len();
            self.graph.mistakes.push(Mistake::PartGivesCount { tokens, wanted, found });
            return;
        }
        for ((value, tokens, place), wanted) in values.into_iter().zip(&signature.outputs) {
            self.result((value, *wanted), tokens, place);
        }
    }

    fn result(
        &mut self,
        (value, wanted): (Value, Kind),
        tokens: proc_macro2::TokenStream,
        place: Span,
    ) {
        let found = match value {
            Value::Unknown => return,
            Value::Node(of) if self.graph.node(of).kind() == wanted => {
                let same = self.at_the_caller(of);
                let flows = wanted != Kind::GlobalTable && same.is_none();
                let exit = flows.then(|| self.exit(of, place));
                self.graph.node_mut(of).handle_is_taken |= exit.is_none();
                self.doors().outputs.push(Output { of, place, exit, same });
                return;
            }
            Value::Nothing => None,
            other => Some(self.kind(&other)),
        };
        self.graph.mistakes.push(Mistake::PartGives { tokens, wanted, found });
    }

    /// What a result of the part is already: a parameter, or a result before it.
    fn at_the_caller(&mut self, of: NodeId) -> Option<Same> {
        let doors = self.doors();
        let input = doors.inputs.iter().position(|input| *input == Some(of)).map(Same::Input);
        input.or_else(|| doors.outputs.iter().position(|output| output.of == of).map(Same::Output))
    }

    fn exit(&mut self, of: NodeId, place: Span) -> NodeId {
        let id = self.side(plain(exit()), Ident::new("exit", place), of);
        self.looked_up(of, id);
        id
    }
}

fn plain(operator: &'static Operator) -> Selected {
    Selected { operator, fallible: false }
}

/// True for `Type::function`, `Some` and their like: no part is called so.
fn is_of_a_type(path: &ExprPath) -> bool {
    let mut last_two = path.path.segments.iter().rev().take(2);
    last_two.any(|segment| segment.ident.to_string().starts_with(|c: char| c.is_ascii_uppercase()))
}

/// A parameter in words: `lines: a stream`.
fn told(name: &str, kind: Option<Kind>) -> String {
    format!("{name}: {}", kind.map_or("a value", Kind::words))
}
