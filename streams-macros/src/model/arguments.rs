//! What operators take, and how the arguments of a call divide into those.

use syn::Expr;

use super::operators::Kind;

/// One argument that an operator needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arg {
    /// A function of the user: a closure or a path.
    Function(Function),
    /// Another stream, possibly a whole chain.
    Stream,
    /// The other side of a join, of that kind.
    Joined(Kind),
    /// Any other value; the text says what it is.
    Value(&'static str),
}

/// A function that an operator calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function {
    /// Its role with its article.
    pub(crate) what: &'static str,
    /// What it is called with.
    pub(crate) parameters: &'static [&'static str],
}

impl Arg {
    /// The role with its article.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Function(function) => function.what,
            Self::Stream => "another stream",
            Self::Joined(_) => "a stream or table to join with",
            Self::Value(what) => what,
        }
    }
}

/// How many parameters a closure has; `None` for anything else.
pub(crate) fn closure_parameters(argument: Option<&Expr>) -> Option<usize> {
    match argument {
        Some(Expr::Closure(closure)) => Some(closure.inputs.len()),
        Some(Expr::Paren(inner)) => closure_parameters(Some(&inner.expr)),
        _ => None,
    }
}
