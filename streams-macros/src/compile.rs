//! From the tokens of one macro call to the tokens it stands for.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Block, FnArg, ItemFn, Signature};

use crate::diag::Diagnostics;
use crate::model::Graph;
use crate::parse::{self, Input, Shape};
use crate::parts::{self, Answers, PartSignature};
use crate::{check, expand, model, plan};

/// `topology!( .. )`.
pub(crate) fn function_like(input: TokenStream) -> TokenStream {
    finish(parse::function_like(input))
}

/// `#[topology_fn] fn ..`.
pub(crate) fn attribute(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(parse::attribute(attribute, item))
}

/// `#[topology_part] fn ..`.
pub(crate) fn part(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(parse::part(attribute, item))
}

/// What comes back from the parts that a topology has asked.
pub(crate) fn with_parts(input: TokenStream) -> TokenStream {
    finish(parse::answered(input))
}

fn finish(input: syn::Result<Input>) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    match input {
        Ok(input) => compile(&input, &mut diagnostics),
        Err(error) => {
            diagnostics.push(error);
            diagnostics.to_tokens()
        }
    }
}

fn compile(input: &Input, diagnostics: &mut Diagnostics) -> TokenStream {
    let graph = lower(input, diagnostics);
    let open = !graph.unanswered.is_empty();
    let question = open.then(|| parts::ask(&graph.unanswered, input));
    match (&input.shape, question) {
        (_, Some(question)) => question,
        (Shape::Part(function), None) => {
            let mut signature = PartSignature::of(&function.sig, &mut Diagnostics::default());
            let expanded = in_part(function, &graph, input, diagnostics);
            if diagnostics.is_empty() {
                let outputs = graph.doors.iter().flat_map(|doors| &doors.outputs);
                signature
                    .same
                    .iter_mut()
                    .zip(outputs)
                    .for_each(|(same, output)| *same = output.same);
            }
            let companion = parts::companion(function, &signature);
            quote!(#companion #expanded)
        }
        (Shape::Function(function), None) => in_function(function, &graph, input, diagnostics),
        (Shape::Block(_), None) => {
            let body = body(&graph, &input.runtime, diagnostics);
            let errors = diagnostics.to_tokens();
            quote!({ #errors #body })
        }
    }
}

/// The graph of a topology or part, and what its function's signature is to blame for.
fn lower(input: &Input, diagnostics: &mut Diagnostics) -> Graph {
    let Input { shape, answers, .. } = input;
    let of = |sig: &Signature, block: &Block, part: Option<&PartSignature>, answers: &Answers| {
        let parameters: Vec<&FnArg> = sig.inputs.iter().collect();
        let around = model::Around {
            generic: sig.generics.type_params().next().is_some(),
            place: sig.ident.span(),
            part,
            answers,
        };
        model::lower(&parameters, block.clone(), around)
    };
    match shape {
        Shape::Function(function) => {
            check::signature(&function.sig, diagnostics);
            of(&function.sig, &function.block, None, answers)
        }
        Shape::Part(function) => {
            let signature = PartSignature::of(&function.sig, diagnostics);
            of(&function.sig, &function.block, Some(&signature), answers)
        }
        Shape::Block(block) => {
            let place = block.brace_token.span.open();
            let around = model::Around { generic: false, place, part: None, answers };
            model::lower(&[], block.clone(), around)
        }
    }
}

/// The function with its body replaced; with mistakes it is still a valid one.
fn in_function(
    function: &ItemFn,
    graph: &Graph,
    input: &Input,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let ItemFn { attrs, vis, sig, .. } = function;
    let returns_a_topology = diagnostics.is_empty();
    let body = body(graph, &input.runtime, diagnostics);
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
fn body(graph: &Graph, runtime: &TokenStream, diagnostics: &mut Diagnostics) -> TokenStream {
    check::run(graph, diagnostics);
    if !diagnostics.is_empty() {
        return expand::placeholder(graph, runtime);
    }
    let plan = plan::plan(graph);
    expand::topology(graph, &plan, runtime)
}

/// The function over the builder that a part becomes.
fn in_part(
    function: &ItemFn,
    graph: &Graph,
    input: &Input,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    if diagnostics.is_empty() {
        check::run(graph, diagnostics);
    }
    if !diagnostics.is_empty() {
        let errors = diagnostics.to_tokens();
        let broken = expand::broken_part(graph, function, &input.runtime);
        return quote!(#errors #broken);
    }
    let plan = plan::plan(graph);
    expand::part(graph, &plan, function, &input.runtime)
}

/// The messages of a topology's mistakes.
#[cfg(test)]
pub(crate) fn mistakes(input: TokenStream) -> Vec<String> {
    mistakes_of(parse::function_like(input))
}

/// The messages of a part's mistakes.
#[cfg(test)]
pub(crate) fn mistakes_of_part(item: TokenStream) -> Vec<String> {
    mistakes_of(parse::part(TokenStream::new(), item))
}

#[cfg(test)]
fn mistakes_of(input: syn::Result<Input>) -> Vec<String> {
    let mut diagnostics = Diagnostics::default();
    match input {
        Ok(input) => {
            let graph = lower(&input, &mut diagnostics);
            check::run(&graph, &mut diagnostics);
        }
        Err(error) => diagnostics.push(error),
    }
    diagnostics.messages()
}
