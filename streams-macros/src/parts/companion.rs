//! The macro beside a part that tells callers the kinds of its signature.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Ident, ItemFn, Visibility};

use super::PartSignature;

/// `macro_rules!` of the part's own name, as visible as the part.
///
/// A macro that other crates see stands at the root of its crate, under a name that no other part has;
/// `use` gives it the part's name at the part's place.
pub(crate) fn companion(function: &ItemFn, signature: &PartSignature) -> TokenStream {
    let name = &function.sig.ident;
    let vis = &function.vis;
    let hidden = hidden_name(function);
    let export = matches!(vis, Visibility::Public(_)).then(|| quote!(#[macro_export]));
    let wrong = format!(
        "`{name}` is a part of a topology and no macro: call it like a function inside a `topology!`"
    );
    quote! {
        #export
        #[doc(hidden)]
        #[allow(unused_macros, non_local_definitions, reason = "callers in topologies ask it")]
        macro_rules! #hidden {
            ([[$($next:tt)*] $($others:tt)*] $($state:tt)*) => {
                $($next)* ! { [$($others)*] $($state)* #signature }
            };
            ($($other:tt)*) => {
                ::core::compile_error! { #wrong }
            };
        }
        #[doc(hidden)]
        #[allow(unused_imports, unreachable_pub, reason = "callers in topologies ask it")]
        #vis use #hidden as #name;
    }
}

fn hidden_name(function: &ItemFn) -> Ident {
    let name = &function.sig.ident;
    let mut hasher = DefaultHasher::new();
    place(name.span()).hash(&mut hasher);
    function.to_token_stream().to_string().hash(&mut hasher);
    let name = name.to_string();
    let plain = name.trim_start_matches("r#");
    format_ident!("__topology_part_{plain}_{:x}", hasher.finish(), span = Span::call_site())
}

/// Where a token stands: two parts may have the same text in different places.
fn place(span: Span) -> (String, usize, usize) {
    if !proc_macro::is_available() {
        return (String::new(), 0, 0);
    }
    let span = span.unwrap();
    (span.file(), span.line(), span.column())
}
