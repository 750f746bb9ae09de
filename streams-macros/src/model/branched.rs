//! `Branched::with_consumer` and `with_function`: closures over streams, which the macro inlines.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, ExprClosure, Ident, Pat};

/// A closure over the stream of a branch.
pub(super) struct Inner {
    pub(super) parameter: Ident,
    pub(super) body: Expr,
    /// True for `with_function`, whose result takes the branch's place.
    pub(super) gives_back: bool,
    /// Where the closure stands.
    pub(super) tokens: TokenStream,
}

/// Takes the closure out of a `Branched` option and leaves the rest: a name, or nothing.
pub(super) fn take_closure(option: &mut Expr) -> Option<Inner> {
    match option {
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else { return None };
            let mut segments = path.path.segments.iter().rev();
            let word = segments.next()?.ident.clone();
            (segments.next()?.ident == "Branched").then_some(())?;
            let inner = inner(&word, call.args.first()?)?;
            let name = call.args.iter().nth(1).cloned();
            *option = name.unwrap_or_else(nothing);
            Some(inner)
        }
        Expr::MethodCall(call) => match inner(&call.method, call.args.first()?) {
            Some(inner) => {
                let rest = std::mem::replace(&mut *call.receiver, nothing());
                *option = rest;
                Some(inner)
            }
            None => {
                let inner = take_closure(&mut call.receiver)?;
                let only_a_name = call.method == "with_name" && is_nothing(&call.receiver);
                if let (true, Some(name)) = (only_a_name, call.args.first().cloned()) {
                    *option = name;
                }
                Some(inner)
            }
        },
        Expr::Paren(paren) => take_closure(&mut paren.expr),
        _ => None,
    }
}

/// True for what is left of an option that was only a closure.
pub(super) fn is_nothing(expr: &Expr) -> bool {
    matches!(expr, Expr::Verbatim(tokens) if tokens.is_empty())
}

fn nothing() -> Expr {
    Expr::Verbatim(TokenStream::new())
}

fn inner(word: &Ident, argument: &Expr) -> Option<Inner> {
    let gives_back = match word.to_string().as_str() {
        "with_consumer" => false,
        "with_function" => true,
        _ => return None,
    };
    let Expr::Closure(closure) = argument else { return None };
    let parameter = parameter(closure)?;
    let body = (*closure.body).clone();
    Some(Inner { parameter, body, gives_back, tokens: closure.to_token_stream() })
}

fn parameter(closure: &ExprClosure) -> Option<Ident> {
    let pattern = match closure.inputs.first()? {
        Pat::Type(typed) => &*typed.pat,
        other => other,
    };
    match pattern {
        Pat::Ident(name) if closure.inputs.len() == 1 => Some(name.ident.clone()),
        _ => None,
    }
}
