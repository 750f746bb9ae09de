//! How many arguments, and closures of how many parameters.

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::diag::Diagnostics;
use crate::model::arguments::{Arg, closure_parameters as parameters_of};
use crate::model::{Graph, Node};

pub(super) fn to_needs_a_topic(graph: &Graph, diagnostics: &mut Diagnostics) {
    for node in graph.nodes.iter().filter(|node| node.operator().name == "to" && node.given == 0) {
        let message = "`to` needs a topic: `.to(Orders)`, `.to(\"orders\")` or \
                       `.to(|key, value, context| topic)`";
        diagnostics.error(&node.word, message);
    }
}

pub(super) fn try_without_a_function(graph: &Graph, diagnostics: &mut Diagnostics) {
    let tried = graph.nodes.iter().filter(|node| node.selected.fallible && node.given > 0);
    for node in tried.filter(|node| !node.selected.takes_a_function()) {
        let name = node.operator().name;
        let form = match name {
            "to" => "`.try_to(|key, value, context| ..)`",
            "to_stream" => "`.try_to_stream(|key, value| ..)`",
            _ => "`.try_aggregate(|| .., |key, left, right| ..)` of sessions",
        };
        let message = format!(
            "`{}` needs the function that may fail, as a closure: {form}; where nothing fails it is `{name}`",
            node.word
        );
        diagnostics.error(&node.word, message);
    }
}

pub(super) fn argument_count(graph: &Graph, diagnostics: &mut Diagnostics) {
    for node in &graph.nodes {
        let operator = node.operator();
        let (needed, most) = (operator.required.len(), operator.required.len() + operator.options);
        let already_said = operator.name == "to" && node.given == 0;
        if node.given < needed && !already_said {
            let missing = operator.required[node.given].what();
            let message = format!("`{}` needs {missing}: `{}`", node.word, operator.example);
            diagnostics.error(&node.word, message);
        }
        if node.given > most {
            let message = format!(
                "`{}` takes at most {most} {}, and here are {}: `{}`",
                node.word,
                if most == 1 { "argument" } else { "arguments" },
                node.given,
                operator.example,
            );
            diagnostics.error(&surplus(node), message);
        }
    }
}

/// The first argument that is too many.
fn surplus(node: &Node) -> TokenStream {
    match node.options.get(node.operator().options) {
        Some(expr) => expr.to_token_stream(),
        None => node.word.to_token_stream(),
    }
}

pub(super) fn closure_parameters(graph: &Graph, diagnostics: &mut Diagnostics) {
    for node in &graph.nodes {
        let is_rust = |arg: &&Arg| !matches!(arg, Arg::Stream | Arg::Joined(_));
        let required = node.operator().required.iter().filter(is_rust);
        for (arg, expr) in required.zip(&node.arguments) {
            let (Arg::Function(function), Some(found)) = (arg, parameters_of(Some(expr))) else {
                continue;
            };
            let wanted = function.parameters;
            let twin = node.operator().twin.and_then(|twin| twin.parameters);
            if found == wanted.len() || twin == Some(found) {
                continue;
            }
            let or = if twin.is_none() {
                String::new()
            } else if wanted == ["left", "right"] {
                " or `|key, left, right|`".to_owned()
            } else {
                " or `|key, value|`".to_owned()
            };
            let message = format!(
                "{} of `{}` takes `|{}|`{or}",
                function.what,
                node.word,
                wanted.join(", "),
            );
            let syn::Expr::Closure(closure) = expr else { continue };
            let bars = match closure.inputs.is_empty() {
                true => closure.or1_token.to_token_stream(),
                false => closure.inputs.to_token_stream(),
            };
            diagnostics.error(&bars, message);
        }
    }
}
