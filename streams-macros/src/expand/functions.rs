//! The user's functions, in a form that rustc checks once.
//!
//! A closure whose parameters have no types always fits the operator that it is given to; what does not
//! fit shows inside it, at the user's token. A path or a written type would be checked by the operator
//! in the type pass and again in the run pass, with an error each.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprClosure, Ident, Pat, PatType};

use super::idents;
use crate::model::Node;
use crate::model::arguments::{Arg, Function};

/// The arguments of a call that are no streams.
pub(super) fn arguments(node: &Node) -> impl Iterator<Item = TokenStream> {
    let own = |arg: &&Arg| !matches!(arg, Arg::Stream | Arg::Joined(_));
    let mut required = node.operator().required.iter().filter(own);
    node.arguments.iter().map(move |argument| match (required.next(), argument) {
        (Some(Arg::Function(function)), Expr::Path(path)) => called(function, path),
        (Some(Arg::Function(_)), Expr::Closure(closure)) => untyped(closure),
        _ => argument.to_token_stream(),
    })
}

/// `move |key, value| is_long(key, value)`
fn called(function: &Function, path: &syn::ExprPath) -> TokenStream {
    let at = idents::at(path.span());
    let names = function.parameters.iter().map(|name| Ident::new(name, at));
    let parameters: Vec<Ident> = names.collect();
    quote_spanned!(at=> move |#(#parameters),*| #path(#(#parameters),*))
}

/// `|n: i64| n + 1` as `|n| { let n: i64 = n; n + 1 }`
fn untyped(closure: &ExprClosure) -> TokenStream {
    if !closure.inputs.iter().any(|input| matches!(input, Pat::Type(_))) {
        return closure.to_token_stream();
    }
    let mut types = TokenStream::new();
    let mut closure = closure.clone();
    for (place, input) in closure.inputs.iter_mut().enumerate() {
        let Pat::Type(PatType { pat, ty, .. }) = input else { continue };
        let at = idents::at(ty.span());
        let plain = Ident::new(&format!("parameter_{place}"), at);
        types.extend(quote_spanned!(at=> let #pat: #ty = #plain;));
        *input = syn::parse_quote!(#plain);
    }
    let body = &closure.body;
    *closure.body = syn::parse_quote!({ #types #body });
    quote!(#closure)
}
