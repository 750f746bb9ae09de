//! Types that nothing says; all else about types is rustc's.

use std::collections::BTreeSet;

use syn::{Expr, Pat};

use super::patterns::is_pattern;
use crate::diag::Diagnostics;
use crate::model::graph::PartArg;
use crate::model::operators::{Kind, Run};
use crate::model::{Graph, Node, NodeId};

pub(super) fn stream_of_unwritten_types(graph: &Graph, diagnostics: &mut Diagnostics) {
    if graph.has_gaps() {
        return;
    }
    let is_source = |run| matches!(run, Run::Source | Run::TableSource | Run::Global);
    for node in graph.nodes.iter().filter(|node| is_source(node.run())) {
        let named = node.arguments.first().is_some_and(is_text);
        if named && node.turbofish.is_none() && !is_told(graph, node) {
            let word = &node.word;
            let message = if node.arguments.first().is_some_and(is_pattern) {
                format!(
                    "nothing says what the keys and values of these topics are: \
                     `{word}::<Key, Value>(..)`"
                )
            } else {
                format!(
                    "nothing says what the keys and values of this topic are: \
                     `{word}::<Key, Value>(..)`, or declare the topic by `#[topic]`"
                )
            };
            diagnostics.error(&node.word, message);
        }
    }
}

/// True for topics that are named by text, or by a pattern.
fn is_text(topic: &Expr) -> bool {
    match topic {
        Expr::Lit(_) => true,
        Expr::Array(array) => array.elems.iter().all(is_text),
        other => is_pattern(other),
    }
}

/// True when something may tell the types: a type that is written down, a function, another stream.
fn is_told(graph: &Graph, source: &Node) -> bool {
    let (mut open, mut seen) = (vec![source.id], BTreeSet::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = graph.node(id);
        let alone = node.others.is_empty() && node.looks_up.is_none() && node.sides.is_none();
        let told = node.ascribed.is_some()
            || passes_a_door(graph, id)
            || node.turbofish.is_some()
            || !alone
            || node.viewers.iter().any(|viewer| graph.node(*viewer).sides.is_some())
            || node.arguments.iter().skip(usize::from(id == source.id)).any(tells)
            || node.options.iter().any(|option| !matches!(option, Expr::Lit(_)));
        if told {
            return true;
        }
        open.extend(&node.consumers);
        open.extend(&node.viewers);
    }
    false
}

/// True for a stream that a part takes or gives back, whose types its signature tells; the types of a table say
/// nothing of nulls in its topic.
fn passes_a_door(graph: &Graph, id: NodeId) -> bool {
    if graph.node(id).kind() != Kind::Stream {
        return false;
    }
    let given = |arg: &PartArg| matches!(arg, PartArg::Flow { of, .. } if *of == id);
    let mut outputs = graph.doors.iter().flat_map(|doors| &doors.outputs);
    graph.parts.iter().any(|part| part.args.iter().any(given)) || outputs.any(|out| out.of == id)
}

/// True for a function with written types, and for all that is no closure.
fn tells(argument: &Expr) -> bool {
    match argument {
        Expr::Closure(closure) => closure.inputs.iter().any(|input| matches!(input, Pat::Type(_))),
        Expr::Lit(_) => false,
        _ => true,
    }
}
