//! Stores that are declared for processors.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::Ident;

use crate::diag::Diagnostics;
use crate::model::graph::PartArg;
use crate::model::{GLOBAL_STORE, Graph, Step, names_of};

pub(super) fn store_is_never_used(graph: &Graph, diagnostics: &mut Diagnostics) {
    if graph.has_gaps() {
        return;
    }
    for step in &graph.steps {
        let Step::Store { pattern, word, .. } = step else { continue };
        if word == GLOBAL_STORE {
            continue;
        }
        for name in names_of(pattern) {
            if name.to_string().starts_with('_') || is_mentioned(graph, &name) {
                continue;
            }
            let message = format!(
                "no processor uses the store `{name}`: give it to one, `.process(processor, {name})`, \
                 or remove it"
            );
            diagnostics.error(&name, message);
        }
    }
}

/// True when the name stands in an argument of an operator or in ordinary Rust.
fn is_mentioned(graph: &Graph, name: &Ident) -> bool {
    let in_nodes = graph.nodes.iter().any(|node| {
        let mut all = node.arguments.iter().chain(&node.options);
        all.any(|expr| holds(expr.to_token_stream(), name))
    });
    in_nodes
        || graph.steps.iter().any(|step| match step {
            Step::Rust(statement) => holds(statement.to_token_stream(), name),
            Step::Store { args, .. } => args.iter().any(|arg| holds(arg.to_token_stream(), name)),
            Step::Part(part) => graph.parts[*part].args.iter().any(|arg| match arg {
                PartArg::Rust(arg) => holds(arg.to_token_stream(), name),
                PartArg::Flow { .. } => false,
            }),
            Step::Call(_) | Step::Attempt { .. } => false,
        })
}

fn holds(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == *name,
        TokenTree::Group(group) => holds(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

pub(super) fn store_is_declared_wrong(graph: &Graph, diagnostics: &mut Diagnostics) {
    for step in &graph.steps {
        let Step::Store { word, args, .. } = step else { continue };
        let message = match (word == GLOBAL_STORE, args.len()) {
            (false, 1) | (true, 3 | 4) => continue,
            (false, _) => {
                "`store` takes the store that it declares: \
                 `store(KeyValueStore::<String, i64>::persistent(\"seen\"))`"
            }
            (true, _) => {
                "`global_store` takes a store, its topic, and the processor that fills it: \
                 `global_store(KeyValueStore::<String, i64>::in_memory(\"rates\"), Rates, fill)`"
            }
        };
        diagnostics.error(word, message);
    }
}
