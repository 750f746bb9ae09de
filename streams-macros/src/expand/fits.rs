//! Checks that two streams may be brought together, with words of their own and one error each.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

use super::{Context, idents};
use crate::model::operators::{Kind, Run};
use crate::model::{Node, NodeId};
use crate::plan::is_cut;

/// What a call stands on; that of a join or merge as the other side gives it back.
pub(super) fn receiver(cx: &Context<'_>, node: &Node) -> TokenStream {
    let Some(input) = cx.input(node) else {
        return idents::builder(node.span()).into_token_stream();
    };
    let left = cx.names.handle_at(input, node.span());
    let Some((other, place, check)) = other(cx, node).filter(|_| !cx.graph.generic) else {
        return left.into_token_stream();
    };
    let right = cx.names.handle_at(other, place);
    // All tokens stand at the very span of the argument, so that rustc reports one mistake once.
    let check = cx.plumbing_at(place, check);
    quote_spanned!(place=> #check(#left, #right))
}

/// The other side of a node, where it stands, and the check that both fit.
fn other(cx: &Context<'_>, node: &Node) -> Option<(NodeId, Span, &'static str)> {
    let beside = node.others.first().copied();
    match node.run() {
        Run::Merge => beside.map(|(other, place)| (other, place, "same_types")),
        Run::Nothing => beside.map(|(other, place)| (other, place, "same_key")),
        Run::Lookup => node.looks_up.map(|(table, place)| (table, place, "same_key")),
        Run::Join => {
            let sides = node.sides?;
            Some((cx.graph.node(sides.right).input?, sides.place, "same_key"))
        }
        _ => None,
    }
}

/// `plumbing::same_partitions(&Orders, &Clicks);` for the declared topics that a join brings together.
pub(super) fn partitions(cx: &Context<'_>, node: &Node) -> TokenStream {
    let sides: Vec<Vec<&Expr>> = match (node.run(), node.sides, node.looks_up) {
        (Run::Join, Some(sides), _) => {
            [sides.left, sides.right].iter().map(|side| topics(cx, *side)).collect()
        }
        (Run::Lookup, _, Some((table, _))) => vec![topics(cx, node.id), topics(cx, table)],
        (Run::Cogroup, ..) => node.inputs.iter().map(|side| topics(cx, *side)).collect(),
        _ => return TokenStream::new(),
    };
    let place = other(cx, node).map_or_else(|| node.span(), |(_, place, _)| place);
    let Some((first, rest)) = sides.split_first() else { return TokenStream::new() };
    let pairs = first.iter().flat_map(|left| rest.iter().flatten().map(move |right| (left, right)));
    pairs
        .filter(|(left, right)| left != right)
        .map(|(left, right)| {
            let check = cx.plumbing_at(place, "same_partitions");
            let [left, right] = [left, right].map(|topic| idents::moved_to(topic, place));
            quote_spanned!(place=> #check(&#left, &#right);)
        })
        .collect()
}

/// The declared topics whose partitions a node's records are on.
fn topics<'a>(cx: &Context<'a>, id: NodeId) -> Vec<&'a Expr> {
    let (mut open, mut found, mut seen) = (vec![id], Vec::new(), BTreeSet::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = cx.graph.node(id);
        match node.run() {
            Run::Source | Run::TableSource => {
                let declared = |topic: &&Expr| is_item(cx, topic);
                found.extend(node.arguments.first().filter(declared));
            }
            Run::Repartition | Run::Global => {}
            _ if is_cut(node) => {}
            Run::Cogroup => open.extend(&node.inputs),
            Run::ForeignJoin => open.extend(node.sides.map(|sides| sides.left)),
            Run::Join => open.extend(node.sides.iter().flat_map(|s| [s.left, s.right])),
            _ => {
                open.extend(node.input);
                let streams = node.others.iter().filter(|_| node.kind() == Kind::Stream);
                open.extend(streams.map(|(other, _)| *other));
            }
        }
    }
    found
}

/// True for a path that no local of the topology can be: a declared topic, or a constant.
fn is_item(cx: &Context<'_>, topic: &Expr) -> bool {
    let Expr::Path(path) = topic else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let name = last.ident.to_string();
    let is_local = path.path.get_ident().is_some() && cx.graph.rust_names.contains(&name);
    !is_local && name.starts_with(|c: char| c.is_ascii_uppercase())
}
