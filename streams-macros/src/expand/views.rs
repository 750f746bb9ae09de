//! The rows of tables for the joins that look them up: put together once, before any record runs.

use std::collections::BTreeSet;
use std::ops::Range;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{Context, idents};
use crate::model::graph::{PartArg, PartCall};
use crate::model::operators::{Kind, Run};
use crate::model::{Node, NodeId};

/// `let view_0 = plumbing::store_view(&table_0);` and so on, parents first: those of the nodes behind the last
/// part that is called.
pub(super) fn statements(cx: &Context<'_>) -> TokenStream {
    let first = cx.graph.parts.last().map_or(0, first_after);
    of_nodes(cx, first..cx.graph.nodes.len())
}

/// Those that a part needs when it is called, without those that an earlier one has needed.
pub(super) fn before(cx: &Context<'_>, part: usize) -> TokenStream {
    let first = part.checked_sub(1).map_or(0, |earlier| first_after(&cx.graph.parts[earlier]));
    of_nodes(cx, first..first_after(&cx.graph.parts[part]))
}

/// The first node that is no argument of a part.
fn first_after(part: &PartCall) -> usize {
    let last = |arg: &PartArg| match arg {
        PartArg::Flow { of, side, .. } => Some(side.unwrap_or(*of).0 + 1),
        PartArg::Rust(_) => None,
    };
    part.args.iter().filter_map(last).max().unwrap_or(0)
}

fn of_nodes(cx: &Context<'_>, nodes: Range<usize>) -> TokenStream {
    let wanted = wanted(cx);
    let one = |node: &Node| {
        let looks = with_views(cx, node);
        let view = wanted.contains(&node.id).then(|| view(cx, node));
        quote!(#looks #view)
    };
    cx.graph.nodes[nodes].iter().map(one).collect()
}

/// The tables whose rows somebody looks up, and those that they are computed from.
pub(super) fn wanted(cx: &Context<'_>) -> BTreeSet<NodeId> {
    let nodes = cx.graph.nodes.iter();
    let looked_up = nodes.filter(|node| node.kind() == Kind::Table && !node.viewers.is_empty());
    let mut open: Vec<NodeId> = looked_up.map(|node| node.id).collect();
    let mut wanted = BTreeSet::new();
    while let Some(id) = open.pop() {
        if wanted.insert(id) {
            open.extend(tables_before(cx, cx.graph.node(id)));
        }
    }
    wanted
}

/// The tables that a table is computed from.
fn tables_before(cx: &Context<'_>, node: &Node) -> Vec<NodeId> {
    let is_table = |id: &NodeId| cx.graph.node(*id).kind() == Kind::Table;
    match (node.run(), node.sides) {
        (Run::Join, Some(sides)) => {
            [sides.left, sides.right].iter().filter_map(|side| cx.graph.node(*side).input).collect()
        }
        (Run::Maybe | Run::Scoped, _) => node.input.into_iter().filter(is_table).collect(),
        _ => Vec::new(),
    }
}

/// The rows of one table.
fn view(cx: &Context<'_>, node: &Node) -> TokenStream {
    if matches!(node.run(), Run::Door | Run::Returned) {
        return TokenStream::new();
    }
    let at = idents::at(node.span());
    let operator = cx.names.operator(node.id);
    let view = idents::view(node);
    let before: Vec<_> =
        tables_before(cx, node).iter().map(|id| idents::view(cx.graph.node(*id))).collect();
    match before.as_slice() {
        [] => {
            let store_view = cx.plumbing(node.span(), "store_view");
            quote_spanned!(at=> let #view = #store_view(&#operator);)
        }
        [parent] if node.run() == Run::Maybe => {
            let share = cx.plumbing(node.span(), "share");
            let derived_view = cx.plumbing(node.span(), "derived_view");
            quote_spanned! {at=>
                let #operator = #share(#operator);
                let #view = #derived_view(&#operator, #parent.clone());
            }
        }
        before => quote_spanned!(at=> let #view = #operator.view(#(#before.clone()),*);),
    }
}

/// The operators of a join, with the views that they look into.
fn with_views(cx: &Context<'_>, node: &Node) -> TokenStream {
    let bind = |operator: &syn::Ident, table: NodeId| {
        let view = idents::view(cx.graph.node(table));
        let with_view = idents::method("with_view", node.span());
        quote_spanned! {idents::at(node.span())=>
            let #operator = #operator.#with_view(#view.clone());
        }
    };
    let table = node.looks_up.filter(|_| node.run() == Run::Lookup).map(|(table, _)| table);
    if let Some(table) = table {
        return bind(cx.names.operator(node.id), table);
    }
    let Some(sides) = node.sides.filter(|_| node.kind() == Kind::Table) else {
        return TokenStream::new();
    };
    let input = |side: NodeId| cx.graph.node(side).input;
    let (Some(left), Some(right)) = (input(sides.left), input(sides.right)) else {
        return TokenStream::new();
    };
    let (of_left, of_right) = if node.run() == Run::ForeignJoin {
        (bind(cx.names.operator(node.id), left), bind(&idents::subscribe(node), right))
    } else {
        let (this, other) = (cx.names.operator(sides.left), cx.names.operator(sides.right));
        (bind(this, right), bind(other, left))
    };
    quote!(#of_left #of_right)
}
