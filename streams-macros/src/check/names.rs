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

fn refuse_flaws(
    graph: &Graph,
    roles: &[Role],
    what: &str,
    flaw: impl Fn(&str) -> Option<String>,
    diagnostics: &mut Diagnostics,
) {
    for literal in literals(graph, roles) {
        if let Some(flaw) = flaw(&literal.text) {
            diagnostics
                .error_at(literal.span, format!("this cannot be the name of {what}: {flaw}"));
        }
    }
}

pub(super) fn topic_name_is_invalid(graph: &Graph, diagnostics: &mut Diagnostics) {
    refuse_flaws(graph, &[Role::Input, Role::Output], "a topic", names::flaw, diagnostics);
}

pub(super) fn store_name_is_invalid(graph: &Graph, diagnostics: &mut Diagnostics) {
    let with_changelog = |name: &str| names::flaw_before(name, "-changelog");
    refuse_flaws(graph, &[Role::Store], "a store", with_changelog, diagnostics);
}

pub(super) fn node_name_is_invalid(graph: &Graph, diagnostics: &mut Diagnostics) {
    let roles = [Role::Node, Role::Branch];
    refuse_flaws(graph, &roles, "a part of a topology", names::flaw, diagnostics);
    let with_topic = |name: &str| names::flaw_before(name, "-repartition");
    refuse_flaws(graph, &[Role::Repartition], "a part of a topology", with_topic, diagnostics);
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
    /// Where it stands.
    place: &'a syn::Expr,
    /// All topics of the same source.
    all: Vec<String>,
    node: &'a Node,
}

impl Read<'_> {
    /// The topic without the quotes of a literal.
    fn shown(&self) -> &str {
        self.topic.trim_matches('"')
    }

    /// True when both are streams of the same topics, which share one source.
    fn shares_a_source(&self, other: &Self) -> bool {
        let both_streams = [self, other].iter().all(|read| read.node.kind() == Kind::Stream);
        both_streams && self.all == other.all
    }
}

/// The expressions that name a source's topics, where the source tells equal ones apart.
fn topics(argument: &syn::Expr) -> Vec<&syn::Expr> {
    match argument {
        syn::Expr::Lit(_) | syn::Expr::Path(_) => vec![argument],
        syn::Expr::Array(array) => array.elems.iter().flat_map(topics).collect(),
        syn::Expr::Tuple(tuple) => tuple.elems.iter().flat_map(topics).collect(),
        _ => Vec::new(),
    }
}

fn reads(graph: &Graph) -> Vec<Read<'_>> {
    let is_source = |run| matches!(run, Run::Source | Run::TableSource | Run::Global);
    let sources = graph.nodes.iter().filter(|node| is_source(node.run()));
    sources
        .flat_map(|node| {
            let places = node.arguments.first().map(topics).unwrap_or_default();
            let text = |place: &&syn::Expr| place.to_token_stream().to_string();
            let mut all: Vec<String> = places.iter().map(text).collect();
            all.sort();
            places.into_iter().map(move |place| {
                let (topic, all) = (text(&place), all.clone());
                Read { topic, place, all, node }
            })
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
        if first.shares_a_source(read) {
            return;
        }
        let (shown, word) = (read.shown(), &read.node.word);
        let message = if first.node.id == read.node.id {
            format!("the topic `{shown}` stands here a second time")
        } else if first.node.kind() == read.node.kind() && first.node.kind() == Kind::Stream {
            format!(
                "the topic `{shown}` already belongs to another source with other topics: read each topic \
                 by one `{word}`, and bring streams together with `merge`"
            )
        } else {
            format!(
                "the topic `{shown}` is already read by `{}` and cannot be read by `{word}` as well: \
                 read it once and derive the other",
                first.node.word,
            )
        };
        diagnostics.error(read.place, message);
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
