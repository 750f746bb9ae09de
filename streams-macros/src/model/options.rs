//! Names that stand as literals in the options of a call: what they name depends on the operator.

use proc_macro2::Span;
use syn::visit::Visit;
use syn::{Expr, ExprCall, ExprMethodCall, Lit, LitStr};

use super::operators::{Operator, Run, Store};

/// A name in the source text.
#[derive(Clone)]
pub(crate) struct Literal {
    pub(crate) text: String,
    pub(crate) span: Span,
    pub(crate) role: Role,
}

/// What a literal names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// A topic that is read.
    Input,
    /// A topic that is written.
    Output,
    Store,
    /// A node of the graph: processor, source or sink.
    Node,
    /// A part of the name of a repartition topic.
    Repartition,
    /// The end of a branch's name, behind the split's.
    Branch,
}

impl Literal {
    pub(crate) fn of(literal: &LitStr, role: Role) -> Self {
        Self { text: literal.value(), span: literal.span(), role }
    }
}

/// The literal names in an operator's options.
pub(crate) fn literals(operator: &Operator, options: &[Expr]) -> Vec<Literal> {
    let mut found = Vec::new();
    for option in options {
        if let Some(literal) = string(option) {
            found.extend(plain_role(operator).map(|role| Literal::of(literal, role)));
        } else {
            let mut visitor = Named { found: &mut found };
            visitor.visit_expr(option);
        }
    }
    found
}

/// The string that an expression is, if it is one.
pub(crate) fn string(expr: &Expr) -> Option<&LitStr> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(string) => Some(string),
            _ => None,
        },
        Expr::Paren(inner) => string(&inner.expr),
        _ => None,
    }
}

/// The strings of a topic argument: one, or an array of them.
pub(crate) fn strings(expr: &Expr) -> Vec<&LitStr> {
    match expr {
        Expr::Array(array) => array.elems.iter().filter_map(string).collect(),
        Expr::Reference(reference) => strings(&reference.expr),
        other => string(other).into_iter().collect(),
    }
}

/// What a bare string means as an option.
fn plain_role(operator: &Operator) -> Option<Role> {
    match (operator.store, operator.run) {
        (Store::Always | Store::WhenNeeded, _) => Some(Role::Store),
        (Store::WhenNamed | Store::Never, Run::Repartition) => Some(Role::Repartition),
        (Store::WhenNamed | Store::Never, Run::Branch | Run::DefaultBranch) => Some(Role::Branch),
        (Store::WhenNamed | Store::Never, _) if operator.name.starts_with("group_by") => {
            Some(Role::Repartition)
        }
        (Store::WhenNamed | Store::Never, _) => Some(Role::Node),
    }
}

/// Finds `Materialized::as_("x")`, `.with_name("x")` and their like.
struct Named<'a> {
    found: &'a mut Vec<Literal>,
}

impl<'ast> Visit<'ast> for Named<'_> {
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let (Some(role), Some(literal)) = (role_of(call), call.args.first().and_then(string)) {
            self.found.push(Literal::of(literal, role));
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        syn::visit::visit_expr_method_call(self, call);
    }
}

fn role_of(call: &ExprCall) -> Option<Role> {
    let Expr::Path(path) = &*call.func else { return None };
    let mut segments = path.path.segments.iter().rev();
    let function = segments.next()?.ident.to_string();
    let owner = segments.next()?.ident.to_string();
    match (owner.as_str(), function.as_str()) {
        ("Materialized", "as_") => Some(Role::Store),
        (
            "Stores",
            "in_memory_key_value_store"
            | "persistent_key_value_store"
            | "lru_map"
            | "persistent_versioned_key_value_store"
            | "persistent_versioned_key_value_store_with_segments",
        ) => Some(Role::Store),
        ("Named" | "Consumed" | "Produced", "as_") => Some(Role::Node),
        ("Grouped" | "Repartitioned", "as_") => Some(Role::Repartition),
        ("Branched", "as_") => Some(Role::Branch),
        _ => None,
    }
}
