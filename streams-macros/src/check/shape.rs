//! How streams hang together: defined, used, closed, and kept out of ordinary Rust.

use proc_macro2::Span;

use crate::diag::Diagnostics;
use crate::model::graph::Misuse;
use crate::model::operators::{Kind, Store};
use crate::model::{GLOBAL_STORE, Graph, Mistake, Node, Step};
use crate::names::nearest;

pub(super) fn used_before_definition(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::BeforeDefinition { name } = mistake else { continue };
        let message = format!("`{name}` is used before its `let`: move the definition up");
        diagnostics.error(name, message);
    }
}

pub(super) fn unknown_stream(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::UnknownStream { name, known } = mistake else { continue };
        let mend = match nearest(&name.to_string(), known.iter().map(String::as_str)) {
            Some(meant) => format!("; did you mean `{meant}`?"),
            None if known.is_empty() => String::new(),
            None => format!("; there are `{}`", known.join("`, `")),
        };
        diagnostics.error(name, format!("no stream is called `{name}`{mend}"));
    }
}

pub(super) fn control_flow_around_operators(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::ControlFlow { keyword, word } = mistake else { continue };
        let message = format!(
            "operators cannot stand inside `{word}`: the graph is fixed at compile time; \
             decide per record with `filter`, `split` or `flat_map`, or write two topologies"
        );
        diagnostics.error_at(*keyword, message);
    }
}

fn misuses<'a>(graph: &'a Graph, wanted: &'a [Misuse]) -> impl Iterator<Item = &'a syn::Ident> {
    graph.mistakes.iter().filter_map(move |mistake| match mistake {
        Mistake::StreamInRust { name, how } if wanted.contains(how) => Some(name),
        _ => None,
    })
}

pub(super) fn stream_in_a_function(graph: &Graph, diagnostics: &mut Diagnostics) {
    for name in misuses(graph, &[Misuse::Argument]) {
        let message = "a stream cannot be given to a function here: where a chain can stand, a \
                       `#[topology_part]` takes streams";
        diagnostics.error(name, message);
    }
}

pub(super) fn stream_in_a_closure(graph: &Graph, diagnostics: &mut Diagnostics) {
    for name in misuses(graph, &[Misuse::Captured]) {
        let message = format!(
            "a closure sees one record, not the stream `{name}`: \
             bring streams together with `merge`, or keep what you need in a store"
        );
        diagnostics.error(name, message);
    }
}

pub(super) fn stream_as_a_value(graph: &Graph, diagnostics: &mut Diagnostics) {
    for name in misuses(graph, &[Misuse::Value]) {
        let message = "a stream is no value of ordinary Rust: only operators can be called on it";
        diagnostics.error(name, message);
    }
}

pub(super) fn pattern_does_not_fit(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::Pattern { tokens, kind } = mistake else { continue };
        let message = match kind {
            Kind::Nothing => {
                "nothing comes out of this chain: its last operator ends it".to_owned()
            }
            kind => format!("{} is bound by a plain name: `let name = ..`", kind.words()),
        };
        diagnostics.error(tokens, message);
    }
}

pub(super) fn branch_count(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        match mistake {
            Mistake::BranchCount { tokens, expected, found } => {
                let message = format!(
                    "this split has {expected} {}, and the pattern names {found}: `let [{}] = ..`",
                    if *expected == 1 { "branch" } else { "branches" },
                    vec![".."; *expected].join(", "),
                );
                diagnostics.error(tokens, message);
            }
            Mistake::BranchesDropped { word, expected } => {
                let message = format!(
                    "the branches are never used: name them, `let [{}] = ..`",
                    vec![".."; *expected].join(", "),
                );
                diagnostics.error(word, message);
            }
            _ => {}
        }
    }
}

pub(super) fn split_is_not_closed(graph: &Graph, diagnostics: &mut Diagnostics) {
    for node in graph.open_splits() {
        let message = "`split` is not closed: end it with `.default_branch()`, or with \
                       `.no_default_branch()` to drop what no branch takes";
        diagnostics.error(&node.word, message);
    }
}

pub(super) fn split_is_closed_twice(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::SplitClosedTwice { word } = mistake else { continue };
        diagnostics.error(word, format!("`{word}` stands behind the end of its split"));
    }
}

pub(super) fn branch_function_gives_nothing(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::NoStreamBack { tokens } = mistake else { continue };
        let message = "the closure of `with_function` gives back a stream; \
                       `with_consumer` is for a closure that ends the branch";
        diagnostics.error(tokens, message);
    }
}

pub(super) fn attribute_on_a_stream(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::Attribute { tokens } = mistake else { continue };
        let message = "this attribute cannot stand on a stream: the graph is fixed at compile time; \
                       put it on the whole topology";
        diagnostics.error(tokens, message);
    }
}

/// True for what only an aggregation can use.
fn is_grouped(node: &Node) -> bool {
    matches!(
        node.kind(),
        Kind::GroupedStream
            | Kind::GroupedTable
            | Kind::WindowedStream
            | Kind::SessionStream
            | Kind::CogroupedStream
            | Kind::WindowedCogroup
            | Kind::SessionCogroup
    )
}

pub(super) fn grouped_but_not_aggregated(graph: &Graph, diagnostics: &mut Diagnostics) {
    if graph.has_gaps() {
        return;
    }
    for node in graph.nodes.iter().filter(|node| is_grouped(node) && node.is_unused()) {
        let message = format!(
            "`{}` groups records that nothing aggregates: go on with `count`, `reduce` or `aggregate`",
            node.word
        );
        diagnostics.error(&node.word, message);
    }
}

pub(super) fn name_is_never_used(graph: &Graph, diagnostics: &mut Diagnostics) {
    for binding in graph.bindings.iter().filter(|binding| !binding.used) {
        let name = binding.name.to_string();
        let Some(node) = binding.node.map(|id| graph.node(id)) else { continue };
        if name.starts_with('_') || is_grouped(node) || node.kind() == Kind::Split {
            continue;
        }
        let mend = if keeps_a_store(node) || node.operator().has_effect {
            format!("if it is wanted for its effect alone, write the chain without `let {name} =`")
        } else {
            "send it on, for example with `.to(topic)`, or remove it".to_owned()
        };
        let message = format!("`{name}` is never used: {mend}");
        diagnostics.error(&binding.name, message);
    }
}

pub(super) fn result_is_never_used(graph: &Graph, diagnostics: &mut Diagnostics) {
    if graph.has_gaps() || !graph.nodes.iter().any(works) {
        return;
    }
    for node in &graph.nodes {
        let lasts = matches!(node.kind(), Kind::Nothing | Kind::Split | Kind::GlobalTable);
        let wanted = lasts || node.operator().has_effect || keeps_a_store(node) || node.dropped;
        if wanted || is_grouped(node) || node.name.is_some() || !node.is_unused() {
            continue;
        }
        let what = if node.part.is_some() { "call" } else { "operator" };
        let message = format!(
            "what comes out of `{}` is never used: send it on, for example with `.to(topic)`, \
             or remove the {what}",
            node.word
        );
        diagnostics.error(&node.word, message);
    }
}

/// True when the node fills a store that can be queried, so that it needs nothing behind it.
fn keeps_a_store(node: &Node) -> bool {
    match node.operator().store {
        Store::Never => false,
        Store::Always => true,
        Store::WhenNamed | Store::WhenNeeded => !node.options.is_empty(),
    }
}

/// True when the node is a reason to run the topology.
fn works(node: &Node) -> bool {
    node.operator().has_effect || keeps_a_store(node)
}

pub(super) fn topology_does_nothing(graph: &Graph, diagnostics: &mut Diagnostics) {
    let fills = |step: &Step| matches!(step, Step::Store { word, .. } if word == GLOBAL_STORE);
    let gives = graph.doors.as_ref().is_some_and(|doors| !doors.outputs.is_empty());
    let works = gives || graph.nodes.iter().any(works) || graph.steps.iter().any(fills);
    if graph.has_gaps() || works {
        return;
    }
    let message =
        "this topology does nothing: end a chain with `to`, `foreach`, `print` or a store";
    let place = graph.nodes.last().map(Node::span).or(graph.place);
    diagnostics.error_at(place.unwrap_or_else(Span::call_site), message);
}
