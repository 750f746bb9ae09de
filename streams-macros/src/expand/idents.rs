//! Names of generated variables. All but the handles are hygienic: the user's code neither sees nor
//! hides them.

use std::collections::HashSet;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, Ident};

use crate::model::operators::Run;
use crate::model::options::string;
use crate::model::{Graph, Node, NodeId};

/// Generated code that points at the user's token.
pub(super) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

pub(super) fn builder(span: Span) -> Ident {
    Ident::new("builder", at(span))
}

/// The handle of a table's store, for the processor of a node.
pub(super) fn table_store(node: &Node, place: usize, span: Span) -> Ident {
    Ident::new(&format!("store_{}_{place}", node.id.0), at(span))
}

pub(super) fn context(span: Span) -> Ident {
    Ident::new("cx", at(span))
}

/// True when a call gives an operator, and not a handle alone.
fn has_operator(node: &Node) -> bool {
    match node.run() {
        Run::One | Run::Maybe | Run::Many | Run::Done | Run::Branch | Run::TableSource => true,
        Run::Lookup | Run::Join | Run::ForeignJoin | Run::Cogroup | Run::Scoped | Run::Process => {
            true
        }
        Run::Nothing | Run::Source | Run::Global | Run::Merge => false,
        Run::Door | Run::Returned => false,
        Run::Repartition | Run::Split | Run::DefaultBranch => false,
    }
}

/// A name that is not taken, which is taken then.
fn free_of(taken: &mut HashSet<String>, mut name: String) -> String {
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

/// A method of a handle, an operator or the builder. It stands at the very span of the user's word, so that
/// rustc drops an error there that the type pass has told already.
pub(super) fn method(name: &str, span: Span) -> Ident {
    Ident::new(name, span)
}

pub(super) fn record(span: Span) -> Ident {
    Ident::new("record", at(span))
}

/// The tokens of a path, pointing at `span` but meaning what they meant.
pub(super) fn moved_to(path: &impl ToTokens, span: Span) -> TokenStream {
    let place = |mut tree: TokenTree| {
        tree.set_span(tree.span().located_at(span));
        tree
    };
    path.to_token_stream().into_iter().map(place).collect()
}

/// The same tokens, all pointing at `span`.
pub(super) fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    let place = |tree: TokenTree| match tree {
        TokenTree::Group(group) => {
            let mut moved = Group::new(group.delimiter(), respan(group.stream(), span));
            moved.set_span(at(span));
            TokenTree::Group(moved)
        }
        mut other => {
            other.set_span(at(span));
            other
        }
    };
    tokens.into_iter().map(place).collect()
}

/// A closure of the run pass that others call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SeamId {
    /// All that stands behind a node.
    After(NodeId),
    /// A node behind its repartition topic, the node included.
    Into(NodeId),
    /// One group of children behind a place to cut.
    Moved(NodeId, usize),
    /// One child of a processor that has several.
    Named(NodeId),
}

/// The names of handles and operators, by node.
///
/// They belong to the user's code, so that rustc shows a wrong type at the user's token and not at the
/// whole macro; hence none may be a name that the user gave to anything else.
pub(super) struct Names {
    handles: Vec<Ident>,
    operators: Vec<Ident>,
}

impl Names {
    /// The user's names first; a node without one is called by what comes out and its number.
    pub(super) fn of(graph: &Graph) -> Self {
        let mut taken = graph.rust_names.clone();
        let operator = |node: &Node| {
            let word = node.word.to_string();
            let name = format!("{}_{}", word.trim_start_matches("r#"), node.id.0);
            let name = if has_operator(node) { free_of(&mut taken, name) } else { name };
            Ident::new(&name, node.span())
        };
        let operators = graph.nodes.iter().map(operator).collect();
        let handle = |node: &Node| {
            let plain = node.name.as_ref().map_or_else(|| noun(node), Ident::to_string);
            let numbered = format!("{}_{}", plain.trim_start_matches("r#"), node.id.0);
            let wanted = if node.name.is_some() { &plain } else { &numbered };
            let name = if taken.contains(wanted) { numbered } else { wanted.clone() };
            let name = free_of(&mut taken, name);
            let consumer = node.consumers.first().map(|consumer| graph.node(*consumer).span());
            let given = node.name.as_ref().map(Ident::span);
            let place = given.or(consumer).unwrap_or_else(|| node.span());
            match name.strip_prefix("r#") {
                Some(raw) => Ident::new_raw(raw, place),
                None => Ident::new(&name, place),
            }
        };
        Self { handles: graph.nodes.iter().map(handle).collect(), operators }
    }

    /// The operator that a node's call gives: `filter_5`.
    pub(super) fn operator(&self, id: NodeId) -> &Ident {
        &self.operators[id.0]
    }

    /// The handle of a node where it is defined: at the user's name, or at the first consumer, where a
    /// missing serde shows.
    pub(super) fn handle(&self, id: NodeId) -> &Ident {
        &self.handles[id.0]
    }

    /// The handle of a node where it is used.
    pub(super) fn handle_at(&self, id: NodeId, place: Span) -> Ident {
        let mut handle = self.handles[id.0].clone();
        handle.set_span(handle.span().located_at(place));
        handle
    }

    /// The closure of a seam: `after_words`.
    pub(super) fn seam(&self, graph: &Graph, call: SeamId) -> Ident {
        let (prefix, id) = match call {
            SeamId::After(id) => ("after", id),
            SeamId::Into(id) => ("into", id),
            SeamId::Moved(id, _) => ("behind", id),
            SeamId::Named(id) => ("only", id),
        };
        let name = self.handles[id.0].to_string();
        let name = name.trim_start_matches("r#").trim_start_matches('_');
        let name = match call {
            SeamId::Moved(_, group) if group > 0 => format!("{prefix}_{name}_{group}"),
            _ => format!("{prefix}_{name}"),
        };
        Ident::new(&name, at(graph.node(id).span()))
    }
}

/// Where a parameter of this part comes in.
pub(super) fn door(node: &Node) -> Ident {
    numbered("door", node)
}

/// Where a result of a part that is called comes out.
pub(super) fn exit(node: &Node) -> Ident {
    numbered("exit", node)
}

/// The source of a node that reads the user's topics.
pub(super) fn source(node: &Node) -> Ident {
    numbered("source", node)
}

/// The writing side of the internal topic before a node.
pub(super) fn repartition(node: &Node) -> Ident {
    numbered("repartition", node)
}

/// The reading side of the internal topic before a node.
pub(super) fn repartition_source(node: &Node) -> Ident {
    numbered("repartition_source", node)
}

/// The writing side of the topic that may stand behind a node.
pub(super) fn cut(node: &Node) -> Ident {
    numbered("cut", node)
}

/// The rows of a table, for those who look them up.
pub(super) fn view(node: &Node) -> Ident {
    numbered("view", node)
}

/// What answers the subscriptions of a join on a foreign key.
pub(super) fn subscribe(node: &Node) -> Ident {
    numbered("subscribe", node)
}

/// The reading side of a foreign-key join's first topic.
pub(super) fn subscriptions(node: &Node) -> Ident {
    numbered("subscriptions", node)
}

/// The reading side of a foreign-key join's second topic.
pub(super) fn responses(node: &Node) -> Ident {
    numbered("responses", node)
}

/// The reading side of the topic that may stand behind a node.
pub(super) fn cut_source(node: &Node) -> Ident {
    numbered("cut_source", node)
}

/// The node of the recorded graph by which a forward finds this child.
pub(super) fn child(node: &Node) -> Ident {
    numbered("child", node)
}

/// A record that the plan may have written to the topic behind a node instead.
pub(super) fn moved(node: &Node) -> Ident {
    numbered("moved", node)
}

/// Whether a record belongs to a branch whose predicate may fail.
pub(super) fn matched(node: &Node) -> Ident {
    numbered("matched", node)
}

fn numbered(name: &str, node: &Node) -> Ident {
    Ident::new(&format!("{name}_{}", node.id.0), at(node.span()))
}

/// What an unnamed result is called: a source by its topic, all else by the operator's noun.
fn noun(node: &Node) -> String {
    let is_start = matches!(node.run(), Run::Source | Run::TableSource | Run::Global);
    let topic = node.arguments.first().filter(|_| is_start).and_then(topic_word);
    topic.unwrap_or_else(|| node.operator().noun.to_owned())
}

/// A topic as a variable's name: `WordCounts` and `"word-counts"` are both `word_counts`.
fn topic_word(topic: &Expr) -> Option<String> {
    let text = match topic {
        Expr::Path(path) => path.path.segments.last()?.ident.to_string(),
        other => string(other)?.value(),
    };
    let mut word = String::new();
    let mut lower_before = false;
    for c in text.chars() {
        if c.is_ascii_uppercase() && lower_before {
            word.push('_');
        }
        lower_before = c.is_ascii_lowercase() || c.is_ascii_digit();
        word.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    }
    let word = word.trim_matches('_').to_owned();
    let legal = word.starts_with(|c: char| c.is_ascii_lowercase());
    (legal && syn::parse_str::<Ident>(&format!("{word}_0")).is_ok()).then_some(word)
}

/// A label for a block or loop of the run pass.
pub(super) fn label(name: &str, node: &Node) -> TokenStream {
    let name = format!("'{}_{}", name.trim_start_matches("r#"), node.id.0);
    syn::Lifetime::new(&name, at(node.span())).to_token_stream()
}
