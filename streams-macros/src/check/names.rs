//! Names that stand in the source as literals, and topics that are read more than once.

use quote::ToTokens;

use crate::diag::Diagnostics;
use crate::model::operators::{Kind, Run};
use crate::model::options::{Literal, Role};
use crate::model::{Graph, Node};
use crate::names;

fn literals<'a>(graph: &'a Graph, roles: &'a [Role]) -> impl Iterator<Item = &'a Literal> {
    let all = graph.nodes.iter().flat_map(|node| &node.literals);
    all.filter(move |literal| roles.contains(&literal.role))
}

fn refuse_flaws(graph: &Graph, roles: &[Role], what: &str, diagnostics: &mut Diagnostics) {
    for literal in literals(graph, roles) {
        if let Some(flaw) = names::flaw(&literal.text) {
            diagnostics
                .error_at(literal.span, format!("this cannot be the name of {what}: {flaw}"));
        }
    }
}

pub(super) fn topic_name_is_invalid(graph: &Graph, diagnostics: &mut Diagnostics) {
    refuse_flaws(graph, &[Role::Input, Role::Output], "a topic", diagnostics);
}

pub(super) fn store_name_is_invalid(graph: &Graph, diagnostics: &mut Diagnostics) {
    refuse_flaws(graph, &[Role::Store], "a store", diagnostics);
}

pub(super) fn node_name_is_invalid(graph: &Graph, diagnostics: &mut Diagnostics) {
    let roles = [Role::Node, Role::Repartition, Role::Branch];
    refuse_flaws(graph, &roles, "a part of a topology", diagnostics);
}

fn refuse_repeats(graph: &Graph, role: Role, what: &str, diagnostics: &mut Diagnostics) {
    let mut seen: Vec<&str> = Vec::new();
    for literal in literals(graph, &[role]) {
        if seen.contains(&literal.text.as_str()) {
            let text = &literal.text;
            let message =
                format!("{what} `{text}` stands here a second time: give it another name");
            diagnostics.error_at(literal.span, message);
        }
        seen.push(&literal.text);
    }
}

pub(super) fn store_name_used_twice(graph: &Graph, diagnostics: &mut Diagnostics) {
    refuse_repeats(graph, Role::Store, "the store", diagnostics);
}

pub(super) fn node_name_used_twice(graph: &Graph, diagnostics: &mut Diagnostics) {
    refuse_repeats(graph, Role::Node, "the processor, source or sink", diagnostics);
}

pub(super) fn sink_topic_is_internal(graph: &Graph, diagnostics: &mut Diagnostics) {
    for literal in literals(graph, &[Role::Output]) {
        if names::is_internal(&literal.text) {
            let message = "names that end in `-changelog` or `-repartition` belong to the internal \
                           topics of Kafka Streams: choose another topic";
            diagnostics.error_at(literal.span, message);
        }
    }
}

/// A topic that a chain starts from.
struct Read<'a> {
    /// The topic, in a form that tells equal ones.
    topic: String,
    node: &'a Node,
}

impl Read<'_> {
    /// The topic without the quotes of a literal.
    fn shown(&self) -> &str {
        self.topic.trim_matches('"')
    }
}

fn reads(graph: &Graph) -> Vec<Read<'_>> {
    let is_source = |run| matches!(run, Run::Source | Run::TableSource | Run::Global);
    let sources = graph.nodes.iter().filter(|node| is_source(node.run()));
    sources
        .filter_map(|node| {
            let argument = node.arguments.first()?;
            let names_it = matches!(argument, syn::Expr::Lit(_) | syn::Expr::Path(_));
            names_it.then(|| Read { topic: argument.to_token_stream().to_string(), node })
        })
        .collect()
}

/// Calls `report` with each read of a topic and the first read of the same.
fn repeated<'a>(reads: &'a [Read<'a>], mut report: impl FnMut(&'a Read<'a>, &'a Read<'a>)) {
    for (place, read) in reads.iter().enumerate() {
        if let Some(first) = reads[..place].iter().find(|first| first.topic == read.topic) {
            report(first, read);
        }
    }
}

pub(super) fn topic_read_in_two_ways(graph: &Graph, diagnostics: &mut Diagnostics) {
    repeated(&reads(graph), |first, read| {
        let both_streams = first.node.kind() == Kind::Stream && read.node.kind() == Kind::Stream;
        if both_streams {
            return;
        }
        let message = format!(
            "the topic `{}` is already read by `{}` and cannot be read by `{}` as well: \
             read it once and derive the other",
            read.shown(),
            first.node.word,
            read.node.word
        );
        diagnostics.error(&read.node.arguments[0], message);
    });
}

pub(super) fn topic_read_as_two_types(graph: &Graph, diagnostics: &mut Diagnostics) {
    repeated(&reads(graph), |first, read| {
        let (Some(one), Some(other)) = (&first.node.turbofish, &read.node.turbofish) else {
            return;
        };
        let (one, other) = (one.to_token_stream().to_string(), other.to_token_stream().to_string());
        if one != other {
            let message = format!("the topic `{}` is read as other types above", read.shown());
            diagnostics.error(&read.node.turbofish, message);
        }
    });
}
