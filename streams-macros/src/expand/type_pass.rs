//! The type pass: the user's calls in the user's order, on handles that carry types.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Ident};

use super::{Context, fits, functions, idents, parts, views};
use crate::model::operators::{Kind, Run};
use crate::model::{GLOBAL_STORE, Node, NodeId, Step};
use crate::plan::{is_cut, is_perhaps_cut};

pub(super) fn statements(cx: &Context<'_>) -> TokenStream {
    let step = |step: &Step| match step {
        Step::Call(id) => call(cx, cx.graph.node(*id)),
        Step::Part(part) => parts::call(cx, *part),
        Step::Attempt { on, word, args } => attempt(cx, *on, word, args),
        Step::Store { pattern, word, args } => {
            let builder = idents::builder(word.span());
            // store, topic and processor; options may follow
            let unset = (word == GLOBAL_STORE && args.len() == 3)
                .then(|| cx.plumbing(word.span(), "Unset"));
            let args = args.iter().map(ToTokens::to_token_stream).chain(unset);
            quote_spanned!(idents::at(word.span())=> let #pattern = #builder.#word(#(#args),*);)
        }
        Step::Rust(statement) => quote!(#statement),
    };
    let calls = cx.graph.steps.iter().map(step);
    // A place to cut takes the serdes of the repartitions below it, so it comes when all are known.
    let cuts = cx.plan.cuts.keys().map(|id| cut(cx, cx.graph.node(*id)));
    calls.chain(cuts).collect()
}

/// The call of a word that is no operator.
fn attempt(cx: &Context<'_>, on: NodeId, word: &Ident, args: &[Expr]) -> TokenStream {
    let receiver = cx.names.handle_at(on, word.span());
    let builder = idents::builder(word.span());
    quote_spanned!(idents::at(word.span())=> let _ = #receiver.#word(&mut #builder #(, #args)*);)
}

/// Both sides of the topic that the plan may put behind a node.
fn cut(cx: &Context<'_>, node: &Node) -> TokenStream {
    let at = idents::at(node.span());
    let handle = cx.names.handle(node.id);
    let builder = idents::builder(node.span());
    let (cut, source) = (idents::cut(node), idents::cut_source(node));
    quote_spanned! {at=>
        let #cut = #handle.cut(&mut #builder);
        let #source = #cut.source();
    }
}

/// `let (words, filter_5) = lines_4.filter(&mut builder, |..| .., Unset);`
fn call(cx: &Context<'_>, node: &Node) -> TokenStream {
    let at = idents::at(node.span());
    let attributes = &node.attributes;
    let pattern = pattern(cx, node);
    let ascribed = ascribed(node);
    let receiver = fits::receiver(cx, node);
    let method = Ident::new(&node.selected.method(), node.span());
    let turbofish = &node.turbofish;
    let arguments = arguments(cx, node);
    let stores = table_stores(cx, node);
    let partitions = fits::partitions(cx, node);
    let mut tokens = quote_spanned! {at=>
        #stores
        #partitions
        #(#attributes)*
        let #pattern #ascribed = #receiver.#method #turbofish (#arguments);
    };
    tokens.extend(repartition(cx, node));
    if let Some(sides) = node.sides {
        tokens.extend(repartition(cx, cx.graph.node(sides.left)));
        tokens.extend(repartition(cx, cx.graph.node(sides.right)));
        tokens.extend(foreign_sources(cx, node));
    }
    tokens.extend(node.inputs.iter().filter_map(|id| repartition(cx, cx.graph.node(*id))));
    let sides = node.sides.iter().flat_map(|sides| [sides.left, sides.right]);
    let all = std::iter::once(node.id).chain(sides).chain(node.inputs.iter().copied());
    tokens.extend(all.filter_map(|id| child(cx, cx.graph.node(id))));
    tokens
}

/// `let child_7 = builder.newest_child(processed);`
fn child(cx: &Context<'_>, node: &Node) -> Option<TokenStream> {
    let named = cx.plan.named.get(&node.id)?;
    let handle = cx.names.handle_at(named.process, node.span());
    let (builder, child) = (idents::builder(node.span()), idents::child(node));
    let newest = idents::method("newest_child", node.span());
    Some(quote_spanned!(idents::at(node.span())=> let #child = #builder.#newest(#handle);))
}

/// What the call gives back, taken apart.
fn pattern(cx: &Context<'_>, node: &Node) -> TokenStream {
    let at = idents::at(node.span());
    let unused = node.is_unused() && !crate::plan::is_flushed(node) && node.run() != Run::Process;
    let handle = match (unused, &node.name) {
        (true, None) => quote_spanned!(at=> _),
        (true, Some(_)) if node.kind() != Kind::Nothing => quote_spanned!(at=> _),
        _ => {
            let handle = cx.names.handle(node.id);
            quote!(#handle)
        }
    };
    let operator = cx.names.operator(node.id);
    let source = idents::source(node);
    match node.run() {
        Run::Split if !node.consumers.is_empty() => quote_spanned!(at=> mut #handle),
        Run::Nothing | Run::Merge | Run::Global | Run::Split | Run::DefaultBranch => handle,
        Run::Join | Run::ForeignJoin => joined(cx, node, &handle),
        Run::Cogroup => cogrouped(cx, node, &handle),
        // the call of a part, or the part itself, names them
        Run::Door | Run::Returned => handle,
        Run::TableSource => quote_spanned!(at=> (#handle, #source, #operator)),
        Run::Done => quote!(#operator),
        Run::Source => quote_spanned!(at=> (#handle, #source)),
        Run::One
        | Run::Maybe
        | Run::Many
        | Run::Branch
        | Run::Lookup
        | Run::Scoped
        | Run::Process => {
            quote_spanned!(at=> (#handle, #operator))
        }
        Run::Repartition => {
            let repartition = idents::repartition(node);
            quote_spanned!(at=> (#handle, #repartition))
        }
    }
}

/// The handle of a join, the operators of its sides, and what stands behind them.
fn joined(cx: &Context<'_>, node: &Node, handle: &TokenStream) -> TokenStream {
    let at = idents::at(node.span());
    let operator = cx.names.operator(node.id);
    let Some(sides) = node.sides else { return handle.clone() };
    let (left, right) = (cx.names.operator(sides.left), cx.names.operator(sides.right));
    if node.run() == Run::ForeignJoin {
        let subscribe = idents::subscribe(node);
        return quote_spanned!(at=> (#handle, #left, #right, #subscribe, #operator));
    }
    if node.kind() == Kind::Table {
        let unused = !crate::plan::is_flushed(node) && !views::wanted(cx).contains(&node.id);
        let both = if unused { quote_spanned!(at=> _) } else { quote!(#operator) };
        return quote_spanned!(at=> (#handle, #left, #right, #both));
    }
    quote_spanned!(at=> (#handle, #left, #right))
}

/// The handle of a cogroup's table, the operators of its inputs, nested to the left, and the table's own.
fn cogrouped(cx: &Context<'_>, node: &Node, handle: &TokenStream) -> TokenStream {
    let at = idents::at(node.span());
    let operator = cx.names.operator(node.id);
    let inputs = node.inputs.iter().fold(quote_spanned!(at=> ()), |before, id| {
        let input = cx.names.operator(*id);
        quote_spanned!(at=> (#before, #input))
    });
    quote_spanned!(at=> (#handle, #inputs, #operator))
}

/// The user's type of the result, in the place of the handle.
fn ascribed(node: &Node) -> Option<TokenStream> {
    let ty = node.ascribed.as_ref()?;
    Some(match node.run() {
        Run::Nothing | Run::Merge | Run::Global | Run::Split | Run::DefaultBranch | Run::Done => {
            quote!(: #ty)
        }
        Run::Door | Run::Returned => quote!(: #ty),
        Run::TableSource => quote!(: (#ty, _, _)),
        Run::Join if node.kind() == Kind::Stream => quote!(: (#ty, _, _)),
        Run::Join => quote!(: (#ty, _, _, _)),
        Run::ForeignJoin => quote!(: (#ty, _, _, _, _)),
        Run::Cogroup => quote!(: (#ty, _, _)),
        Run::Scoped | Run::Process => quote!(: (#ty, _)),
        Run::Lookup
        | Run::Source
        | Run::One
        | Run::Maybe
        | Run::Many
        | Run::Branch
        | Run::Repartition => {
            quote!(: (#ty, _))
        }
    })
}

/// The builder, what the operator needs, and its options.
fn arguments(cx: &Context<'_>, node: &Node) -> TokenStream {
    let at = idents::at(node.span());
    let mut all: Vec<TokenStream> = Vec::new();
    if node.input.is_some() {
        let builder = idents::builder(node.span());
        all.push(quote_spanned!(at=> &mut #builder));
    }
    let right = node
        .sides
        .and_then(|sides| cx.graph.node(sides.right).input.map(|input| (input, sides.place)));
    for (other, place) in node.others.iter().chain(&node.looks_up).chain(&right) {
        let handle = cx.names.handle_at(*other, *place);
        all.push(quote!(#handle));
    }
    all.extend(functions::arguments(node));
    if node.operator().options > 0 {
        all.push(options(cx, node));
    }
    quote_spanned!(at=> #(#all),*)
}

/// `let process_4_store_0 = rates.store(&mut builder);`
fn table_stores(cx: &Context<'_>, node: &Node) -> TokenStream {
    let one = |(place, table, word): &(usize, NodeId, Ident)| {
        let span = word.span();
        let (handle, builder) = (cx.names.handle_at(*table, span), idents::builder(span));
        let name = idents::table_store(node, *place, span);
        quote_spanned!(idents::at(span)=> let #name = #handle.#word(&mut #builder);)
    };
    node.table_stores.iter().map(one).collect()
}

/// All options as one argument.
fn options(cx: &Context<'_>, node: &Node) -> TokenStream {
    let option = |(place, option): (usize, &Expr)| {
        let table = node.table_stores.iter().find(|(at, ..)| *at == place);
        match table {
            Some((place, _, word)) => {
                idents::table_store(node, *place, word.span()).into_token_stream()
            }
            None => quote!(#option),
        }
    };
    let all: Vec<TokenStream> = node.options.iter().enumerate().map(option).collect();
    match all.as_slice() {
        [] => cx.plumbing_at(node.span(), "Unset"),
        [one] => one.clone(),
        several => quote_spanned!(idents::at(node.span())=> (#(#several),*)),
    }
}

/// The reading sides of the two topics of a join on a foreign key.
fn foreign_sources(cx: &Context<'_>, node: &Node) -> Option<TokenStream> {
    if node.run() != Run::ForeignJoin {
        return None;
    }
    let operator = cx.names.operator(node.id);
    let subscribe = idents::subscribe(node);
    let (subscriptions, responses) = (idents::subscriptions(node), idents::responses(node));
    let source = idents::method("source", node.span());
    Some(quote_spanned! {idents::at(node.span())=>
        let #subscriptions = #subscribe.#source();
        let #responses = #operator.#source();
    })
}

/// Both sides of the internal topic before a node.
fn repartition(cx: &Context<'_>, node: &Node) -> Option<TokenStream> {
    let at = idents::at(node.span());
    let repartition = idents::repartition(node);
    let source = idents::repartition_source(node);
    let operator = cx.names.operator(node.id);
    let method = idents::method("repartition", node.span());
    let write = is_cut(node).then(|| {
        if is_perhaps_cut(node) {
            let perhaps = cx.plumbing(node.span(), "perhaps_repartition");
            return quote_spanned!(at=> let #repartition = #perhaps(&#operator););
        }
        quote_spanned!(at=> let #repartition = #operator.#method();)
    });
    let read = (write.is_some() || node.run() == Run::Repartition)
        .then(|| quote_spanned!(at=> let #source = #repartition.source();))?;
    Some(quote!(#write #read))
}
