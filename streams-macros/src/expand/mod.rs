//! The plan as tokens: calls into the runtime, and no decisions but where a token points.

mod fits;
mod functions;
mod idents;
mod parts;
mod run_pass;
mod type_pass;
mod views;

pub(crate) use parts::{broken_part, part};

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use crate::model::{Graph, Node, NodeId};
use crate::plan::Plan;

/// What both passes read.
pub(crate) struct Context<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    /// The path to the runtime crate.
    runtime: &'a TokenStream,
    names: idents::Names,
}

/// The statements that build the topology and give it back.
pub(crate) fn topology(graph: &Graph, plan: &Plan, runtime: &TokenStream) -> TokenStream {
    let names = idents::Names::of(graph);
    let cx = Context { graph, plan, runtime, names };
    let builder = idents::builder(Span::call_site());
    let calls = type_pass::statements(&cx);
    let runs = run_pass::statements(&cx);
    quote! {
        let mut #builder = #runtime::plumbing::StreamsBuilder::new();
        #calls
        #runs
        #builder.finish()
    }
}

/// A valid body for a topology with mistakes.
pub(crate) fn placeholder(graph: &Graph, runtime: &TokenStream) -> TokenStream {
    let seen_by_editors = asked_by_an_editor().then(|| attempt(graph, runtime));
    quote! {
        #seen_by_editors
        #runtime::plumbing::placeholder()
    }
}

/// The calls of a topology with mistakes, so that an editor completes and explains a half-written chain.
pub(crate) fn attempt(graph: &Graph, runtime: &TokenStream) -> TokenStream {
    let plan = Plan::default();
    let cx = Context { graph, plan: &plan, runtime, names: idents::Names::of(graph) };
    let builder = idents::builder(Span::call_site());
    let calls = type_pass::statements(&cx);
    quote! {
        let _ = || {
            let mut #builder = #runtime::plumbing::StreamsBuilder::new();
            #calls
        };
    }
}

/// True when rust-analyzer expands the macro and not rustc, which would report follow-up errors.
fn asked_by_an_editor() -> bool {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(|path| path.file_stem());
    name.is_some_and(|name| name.to_string_lossy().starts_with("rust-analyzer"))
}

/// A valid body for a function that is none of a topology.
pub(crate) fn placeholder_of_any_type() -> TokenStream {
    quote!(::core::panic!("the topology has errors"))
}

impl Context<'_> {
    /// The node whose handle a call stands on.
    fn input(&self, node: &Node) -> Option<NodeId> {
        match node.sides {
            Some(sides) => self.graph.node(sides.left).input,
            None => node.input,
        }
    }

    /// A path into the runtime at the very span of a token of the user's, so that errors name that token.
    fn plumbing_at(&self, span: Span, item: &str) -> TokenStream {
        let place = |mut tree: TokenTree| {
            tree.set_span(span);
            tree
        };
        let runtime: TokenStream = self.runtime.clone().into_iter().map(place).collect();
        let item = syn::Ident::new(item, span);
        quote_spanned!(span=> #runtime::plumbing::#item)
    }

    /// A path into the runtime whose tokens point at `span`.
    fn plumbing(&self, span: Span, item: &str) -> TokenStream {
        let runtime = idents::respan(self.runtime.clone(), span);
        let item = syn::Ident::new(item, idents::at(span));
        quote_spanned!(idents::at(span)=> #runtime::plumbing::#item)
    }
}
