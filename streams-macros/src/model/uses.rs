//! Streams inside ordinary Rust: found so that they can be refused with a reason.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Expr, ExprCall, ExprClosure, ExprPath, Ident, PatIdent};

use super::graph::Misuse;
use super::scope::{Meaning, Scope};
use crate::parse::Call;

/// A stream that ordinary Rust uses.
pub(crate) enum Use {
    /// A name of a stream.
    Name { name: Ident, how: Misuse },
    /// A name of a stream under a keyword that is already reported.
    Mention { name: Ident },
    /// A chain under `if`, `for` and their like.
    ControlFlow { keyword: Span, word: &'static str },
}

/// Looks for streams in an expression that is no chain.
pub(crate) fn in_expr(expr: &Expr, scope: &Scope) -> Vec<Use> {
    let mut inner = Bound::default();
    inner.visit_expr(expr);
    let mut finder = Finder::new(scope, inner);
    finder.visit_expr(expr);
    finder.found
}

/// The names that patterns inside an expression bind; a stream of the same name is hidden there.
#[derive(Default)]
struct Bound(HashSet<String>);

impl<'ast> Visit<'ast> for Bound {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.0.insert(pattern.ident.to_string());
    }
}

struct Finder<'a> {
    scope: &'a Scope,
    hidden: Bound,
    found: Vec<Use>,
    how: Misuse,
    /// The keyword whose body is being looked at.
    keyword: Option<(Span, &'static str)>,
    reported: bool,
}

impl<'a> Finder<'a> {
    fn new(scope: &'a Scope, hidden: Bound) -> Self {
        Self {
            scope,
            hidden,
            found: Vec::new(),
            how: Misuse::Value,
            keyword: None,
            reported: false,
        }
    }

    fn is_stream(&self, name: &Ident) -> bool {
        let flow = matches!(self.scope.find(name), Some(Meaning::Flow { .. }));
        flow && !self.hidden.0.contains(&name.to_string())
    }

    fn is_start(&self, expr: &Expr) -> Option<Ident> {
        let call = Call::of_function(expr)?;
        let known = matches!(call.name.to_string().as_str(), "stream" | "table" | "global_table");
        (known && self.scope.find(&call.name).is_none()).then_some(call.name)
    }

    fn report(&mut self, name: Ident) {
        let Some((keyword, word)) = self.keyword else {
            return self.found.push(Use::Name { name, how: self.how });
        };
        self.found.push(Use::Mention { name });
        if !std::mem::replace(&mut self.reported, true) {
            self.found.push(Use::ControlFlow { keyword, word });
        }
    }

    fn with<R>(&mut self, how: Misuse, look: impl FnOnce(&mut Self) -> R) -> R {
        let before = std::mem::replace(&mut self.how, how);
        let result = look(self);
        self.how = before;
        result
    }
}

/// The keyword of an expression that decides at run time what is done.
fn control_flow(expr: &Expr) -> Option<(Span, &'static str)> {
    match expr {
        Expr::If(e) => Some((e.if_token.span(), "if")),
        Expr::Match(e) => Some((e.match_token.span(), "match")),
        Expr::ForLoop(e) => Some((e.for_token.span(), "for")),
        Expr::While(e) => Some((e.while_token.span(), "while")),
        Expr::Loop(e) => Some((e.loop_token.span(), "loop")),
        Expr::Block(e) => Some((e.block.brace_token.span.open(), "{ .. }")),
        Expr::Unsafe(e) => Some((e.unsafe_token.span(), "unsafe")),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        if let Some(name) = self.is_start(expr) {
            self.report(name);
        }
        let outer = (self.keyword, self.reported);
        let inside_closure = matches!(self.how, Misuse::Captured);
        let opened =
            if inside_closure || self.keyword.is_some() { None } else { control_flow(expr) };
        if opened.is_some() {
            (self.keyword, self.reported) = (opened, false);
        }
        syn::visit::visit_expr(self, expr);
        if opened.is_some() {
            (self.keyword, self.reported) = outer;
        }
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        if let Some(name) = path.path.get_ident().filter(|name| self.is_stream(name)) {
            self.report(name.clone());
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        self.visit_expr(&call.func);
        let how = if matches!(self.how, Misuse::Captured) { self.how } else { Misuse::Argument };
        self.with(how, |finder| call.args.iter().for_each(|arg| finder.visit_expr(arg)));
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.with(Misuse::Captured, |finder| finder.visit_expr(&closure.body));
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {
        // Items see no locals.
    }
}
