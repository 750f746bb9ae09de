//! From the tokens of one macro call to the tokens it stands for.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Block, FnArg, ItemFn, Signature};

use crate::diag::Diagnostics;
use crate::parse::{self, Input, Shape};
use crate::{check, expand, model, plan};

/// `topology!( .. )`.
pub(crate) fn function_like(input: TokenStream) -> TokenStream {
    finish(parse::function_like(input))
}

/// `#[topology_fn] fn ..`.
pub(crate) fn attribute(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(parse::attribute(attribute, item))
}

fn finish(input: syn::Result<Input>) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let code = match input {
        Ok(Input { runtime, shape: Shape::Function(function) }) => {
            return in_function(*function, &runtime, &mut diagnostics);
        }
        Ok(Input { runtime, shape: Shape::Block(block) }) => {
            let place = block.brace_token.span.open();
            let body = body(None, block, place, &runtime, &mut diagnostics);
            let errors = diagnostics.to_tokens();
            return quote!({ #errors #body });
        }
        Err(error) => error,
    };
    diagnostics.push(code);
    diagnostics.to_tokens()
}

/// The function with its body replaced; with mistakes it is still a valid one.
fn in_function(
    function: ItemFn,
    runtime: &TokenStream,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let ItemFn { attrs, vis, sig, block } = function;
    check::signature(&sig, diagnostics);
    let returns_a_topology = diagnostics.is_empty();
    let body = body(Some(&sig), *block, sig.ident.span(), runtime, diagnostics);
    let body = if returns_a_topology { body } else { expand::placeholder_of_any_type() };
    let errors = diagnostics.to_tokens();
    let quiet = (!diagnostics.is_empty())
        .then(|| quote!(#[allow(unused_variables, reason = "the topology has errors")]));
    quote! {
        #errors
        #(#attrs)*
        #quiet
        #vis #sig {
            #body
        }
    }
}

/// The statements for a topology's body.
fn body(
    signature: Option<&Signature>,
    block: Block,
    place: Span,
    runtime: &TokenStream,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let parameters: Vec<&FnArg> =
        signature.iter().flat_map(|signature| &signature.inputs).collect();
    let generic = signature.is_some_and(|s| s.generics.type_params().next().is_some());
    let graph = model::lower(&parameters, generic, block, place);
    check::run(&graph, diagnostics);
    if !diagnostics.is_empty() {
        return expand::placeholder(&graph, runtime);
    }
    let plan = plan::plan(&graph);
    expand::topology(&graph, &plan, runtime)
}

/// The messages of a topology's mistakes.
#[cfg(test)]
pub(crate) fn mistakes(input: TokenStream) -> Vec<String> {
    let mut diagnostics = Diagnostics::default();
    match parse::function_like(input) {
        Ok(Input { runtime, shape: Shape::Function(function) }) => {
            in_function(*function, &runtime, &mut diagnostics);
        }
        Ok(Input { runtime, shape: Shape::Block(block) }) => {
            body(None, block, Span::call_site(), &runtime, &mut diagnostics);
        }
        Err(error) => diagnostics.push(error),
    }
    diagnostics.messages()
}
