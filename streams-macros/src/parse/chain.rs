//! Method chains, flattened: where they start, and what is called on the way.

use syn::{AngleBracketedGenericArguments, Expr, ExprMethodCall, Ident, PathArguments};

/// `root.first(..).second(..)`.
pub(crate) struct Chain {
    pub(crate) root: Expr,
    pub(crate) calls: Vec<Call>,
}

/// One call of an operator, in a chain or at its start.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) name: Ident,
    pub(crate) turbofish: Option<AngleBracketedGenericArguments>,
    pub(crate) args: Vec<Expr>,
}

impl Call {
    /// A chain's start, `stream::<K, V>(..)`, if the callee is one plain name.
    pub(crate) fn of_function(expr: &Expr) -> Option<Self> {
        let Expr::Call(call) = expr else { return None };
        let Expr::Path(path) = &*call.func else { return None };
        if path.qself.is_some()
            || path.path.leading_colon.is_some()
            || path.path.segments.len() != 1
        {
            return None;
        }
        let segment = path.path.segments.first()?;
        let turbofish = match &segment.arguments {
            PathArguments::AngleBracketed(types) => Some(types.clone()),
            PathArguments::None | PathArguments::Parenthesized(_) => None,
        };
        let args = call.args.iter().cloned().collect();
        Some(Self { name: segment.ident.clone(), turbofish, args })
    }
}

impl From<ExprMethodCall> for Call {
    fn from(call: ExprMethodCall) -> Self {
        let args = call.args.into_iter().collect();
        Self { name: call.method, turbofish: call.turbofish, args }
    }
}

impl Chain {
    /// Takes an expression apart; one that is no chain is all root.
    pub(crate) fn of(mut expr: Expr) -> Self {
        let mut calls = Vec::new();
        loop {
            match expr {
                Expr::MethodCall(mut call) => {
                    expr = std::mem::replace(&mut *call.receiver, Expr::PLACEHOLDER);
                    calls.push(Call::from(call));
                }
                Expr::Paren(inner) => expr = *inner.expr,
                Expr::Group(inner) => expr = *inner.expr,
                root => {
                    calls.reverse();
                    return Self { root, calls };
                }
            }
        }
    }
}
