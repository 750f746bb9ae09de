//! The run pass: closures in which the operators of a run stand as consecutive statements.

use std::cell::Cell;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;

use super::idents::SeamId;
use super::{Context, idents, views};
use crate::model::operators::Run;
use crate::model::{Node, NodeId};
use crate::plan::{Entry, Moved, Seam, is_cut, is_flushed, is_perhaps_cut};

/// Seams, those behind first, then the ways in, in the user's order.
pub(super) fn statements(cx: &Context<'_>) -> TokenStream {
    let behind_first = cx.graph.nodes.iter().rev();
    let seams = behind_first.map(|node| {
        let moved = cx.plan.cuts.get(&node.id).map(|groups| moved(cx, node, groups));
        let after = cx.plan.seams.get(&node.id).map(|planned| after(cx, node, *planned));
        let flush = is_flushed(node).then(|| flush(cx, node));
        let forward = (node.run() == Run::Process).then(|| forward(cx, node));
        let into = cx.plan.passed.get(&node.id).map(|planned| into(cx, node, *planned));
        let only = cx.plan.named.get(&node.id).map(|named| only(cx, node, named.seam));
        quote!(#moved #after #flush #forward #into #only)
    });
    let entries = cx.plan.entries.iter().map(|planned| entry(cx, *planned));
    std::iter::once(views::statements(cx)).chain(seams).chain(entries).collect()
}

/// `let after_words = plumbing::seam(words, move |cx, record| { .. });`
fn seam(
    cx: &Context<'_>,
    (id, planned): (SeamId, Seam),
    (span, witness): (Span, NodeId),
    statements: impl FnOnce(&Body<'_>, &Exit) -> TokenStream,
) -> TokenStream {
    let name = cx.names.seam(cx.graph, id);
    let handle = cx.names.handle(witness);
    let make = cx.plumbing(span, if planned.erased { "seam_dyn" } else { "seam" });
    let closure = closure(cx, span, statements);
    quote_spanned!(idents::at(span)=> let #name = #make(#handle, #closure);)
}

fn closure(
    cx: &Context<'_>,
    span: Span,
    statements: impl FnOnce(&Body<'_>, &Exit) -> TokenStream,
) -> TokenStream {
    let body = Body::new(cx);
    let statements = statements(&body, &Exit::leave(span));
    body.closure(span, statements)
}

/// What is called with the records that leave a node: its seam, or a closure with what stands behind it.
fn behind(cx: &Context<'_>, node: &Node) -> TokenStream {
    if cx.plan.seams.contains_key(&node.id) {
        return enter(cx, node.span(), SeamId::After(node.id));
    }
    closure(cx, node.span(), |body, exit| body.behind(node, exit))
}

/// `plumbing::enter(&after_words)`
fn enter(cx: &Context<'_>, span: Span, seam: SeamId) -> TokenStream {
    let (enter, seam) = (cx.plumbing(span, "enter"), cx.names.seam(cx.graph, seam));
    quote_spanned!(idents::at(span)=> #enter(&#seam))
}

/// All that stands behind a node.
fn after(cx: &Context<'_>, node: &Node, planned: Seam) -> TokenStream {
    let id = (SeamId::After(node.id), planned);
    seam(cx, id, (node.span(), node.id), |body, exit| body.children(node, exit))
}

/// A node and all that stands behind it, entered from its repartition topic or past it.
fn into(cx: &Context<'_>, node: &Node, planned: Seam) -> TokenStream {
    let witness = node.input.unwrap_or(node.id);
    let id = (SeamId::Into(node.id), planned);
    seam(cx, id, (node.span(), witness), |body, exit| body.apply(node, exit))
}

/// One child of a processor and all that stands behind it.
fn only(cx: &Context<'_>, node: &Node, planned: Seam) -> TokenStream {
    let witness = node.input.unwrap_or(node.id);
    let id = (SeamId::Named(node.id), planned);
    seam(cx, id, (node.span(), witness), |body, exit| body.enter_in_place(node, exit))
}

/// The children of a node that move behind its cut.
fn moved(cx: &Context<'_>, node: &Node, groups: &[Moved]) -> TokenStream {
    let one = |(place, group): (usize, &Moved)| {
        let id = (SeamId::Moved(node.id, place), group.seam);
        let children: Vec<&Node> = group.children.iter().map(|id| cx.graph.node(*id)).collect();
        seam(cx, id, (node.span(), node.id), |body, exit| body.in_turn(&children, exit))
    };
    groups.iter().enumerate().map(one).collect()
}

/// `builder.on_flush(&count_9, counts, move |cx, record| { .. });`
fn flush(cx: &Context<'_>, node: &Node) -> TokenStream {
    let builder = idents::builder(node.span());
    let operator = cx.names.operator(node.id);
    let handle = cx.names.handle(node.id);
    let closure = behind(cx, node);
    let on_flush = idents::method("on_flush", node.span());
    let operator = quote_spanned!(node.span()=> &#operator);
    quote_spanned!(idents::at(node.span())=> #builder.#on_flush(#operator, #handle, #closure);)
}

/// `builder.on_forward(&process_4, processed, move |cx, record| { .. });`, and for each child that a forward may name
/// `builder.on_forward_to(&process_4, child_7, plumbing::enter(&only_filtered_7));`
fn forward(cx: &Context<'_>, node: &Node) -> TokenStream {
    let builder = idents::builder(node.span());
    let operator = cx.names.operator(node.id);
    let handle = cx.names.handle(node.id);
    let closure = behind(cx, node);
    let on_forward = idents::method("on_forward", node.span());
    let operator = quote_spanned!(node.span()=> &#operator);
    let on_forward_to = idents::method("on_forward_to", node.span());
    let named = cx.plan.named.iter().filter(|(_, named)| named.process == node.id).map(|(id, _)| {
        let child = idents::child(cx.graph.node(*id));
        let enter = enter(cx, node.span(), SeamId::Named(*id));
        quote_spanned!(idents::at(node.span())=> #builder.#on_forward_to(#operator, #child, #enter);)
    });
    quote_spanned! {idents::at(node.span())=>
        #builder.#on_forward(#operator, #handle, #closure);
        #(#named)*
    }
}

/// `builder.source(source_0, move |cx, record| { .. });`
fn entry(cx: &Context<'_>, planned: Entry) -> TokenStream {
    let (Entry::Source(id)
    | Entry::Repartition(id)
    | Entry::Cut(id)
    | Entry::Subscription(id)
    | Entry::Response(id)
    | Entry::Door(id)
    | Entry::Returned(id)) = planned;
    let node = cx.graph.node(id);
    let builder = idents::builder(node.span());
    let source = match planned {
        Entry::Source(_) => idents::source(node),
        Entry::Repartition(_) => idents::repartition_source(node),
        Entry::Cut(_) => idents::cut_source(node),
        Entry::Subscription(_) => idents::subscriptions(node),
        Entry::Response(_) => idents::responses(node),
        Entry::Door(_) | Entry::Returned(_) => return at_a_door(cx, node),
    };
    let passed = cx.plan.passed.contains_key(&id);
    let closure = match planned {
        Entry::Repartition(_) if passed => enter(cx, node.span(), SeamId::Into(id)),
        Entry::Cut(_) => closure(cx, node.span(), |body, _| body.all_moved(node)),
        Entry::Subscription(_) => {
            closure(cx, node.span(), |body, _| body.done(node, &idents::subscribe(node)))
        }
        _ if matches!(node.run(), Run::Source | Run::Repartition) => behind(cx, node),
        _ => closure(cx, node.span(), |body, exit| body.apply(node, exit)),
    };
    let add = match planned {
        Entry::Repartition(_) if is_perhaps_cut(node) => "perhaps_source",
        _ => "source",
    };
    let add = Ident::new(add, idents::at(node.span()));
    quote_spanned!(idents::at(node.span())=> #builder.#add(#source, #closure);)
}

/// `let door_0 = plumbing::door(lines, move |cx, record| { .. });` and `exit_5.goes_to(cleaned, ..);`
fn at_a_door(cx: &Context<'_>, node: &Node) -> TokenStream {
    let (span, at) = (node.span(), idents::at(node.span()));
    let handle = cx.names.handle_at(node.id, span);
    let mut closure = behind(cx, node);
    if node.run() == Run::Door {
        let (door, make) = (idents::door(node), cx.plumbing(span, "door"));
        return quote_spanned!(at=> let #door = #make(#handle, #closure););
    }
    if cx.plan.erased.contains(&node.id) {
        let run_dyn = cx.plumbing(span, "run_dyn");
        closure = quote_spanned!(at=> #run_dyn(#handle, #closure));
    }
    let exit = idents::exit(node);
    quote_spanned!(at=> #exit.goes_to(#handle, #closure);)
}

/// `filter_5.run(cx, record)`
fn run(span: Span, operator: &Ident, record: &TokenStream) -> TokenStream {
    let (run, cx) = (idents::method("run", span), idents::context(span));
    quote_spanned!(idents::at(span)=> #operator.#run(#cx, #record))
}

/// How a record that goes no further leaves the statements it is in.
struct Exit {
    tokens: TokenStream,
    used: Cell<bool>,
}

impl Exit {
    /// Out of the closure.
    fn leave(span: Span) -> Self {
        let tokens = quote_spanned!(idents::at(span)=> return ::core::result::Result::Ok(()));
        Self { tokens, used: Cell::new(false) }
    }

    fn to(tokens: TokenStream) -> Self {
        Self { tokens, used: Cell::new(false) }
    }

    fn take(&self) -> &TokenStream {
        self.used.set(true);
        &self.tokens
    }
}

/// The statements of one closure, and the seams that they call.
struct Body<'a> {
    cx: &'a Context<'a>,
    seams: Cell<Vec<SeamId>>,
}

impl<'a> Body<'a> {
    fn new(cx: &'a Context<'a>) -> Self {
        Self { cx, seams: Cell::default() }
    }

    /// The closure around the statements, which holds its own share of each seam it calls.
    fn closure(&self, span: Span, statements: TokenStream) -> TokenStream {
        let at = idents::at(span);
        if statements.is_empty() {
            return quote_spanned!(at=> |_, _| ::core::result::Result::Ok(()));
        }
        let (context, record) = (idents::context(span), idents::record(span));
        let closure = quote_spanned! {at=>
            move |#context, #record| {
                #statements
                ::core::result::Result::Ok(())
            }
        };
        let seams = self.seams.take();
        if seams.is_empty() {
            return closure;
        }
        let names = seams.iter().map(|id| self.cx.names.seam(self.cx.graph, *id));
        quote_spanned! {at=>
            {
                #(let #names = #names.clone();)*
                #closure
            }
        }
    }

    /// `after_words(cx, record)?;`
    fn call(&self, span: Span, id: SeamId) -> TokenStream {
        let mut seams = self.seams.take();
        if !seams.contains(&id) {
            seams.push(id);
        }
        self.seams.set(seams);
        let name = self.cx.names.seam(self.cx.graph, id);
        let (context, record) = (idents::context(span), idents::record(span));
        quote_spanned!(idents::at(span)=> #name(#context, #record)?;)
    }

    /// All that stands behind a node: its seam if it has one, else the statements in place.
    fn behind(&self, node: &Node, exit: &Exit) -> TokenStream {
        if self.cx.plan.seams.contains_key(&node.id) {
            self.call(node.span(), SeamId::After(node.id))
        } else {
            self.children(node, exit)
        }
    }

    /// The consumers of a node.
    fn children(&self, node: &Node, exit: &Exit) -> TokenStream {
        let children: Vec<&Node> =
            node.consumers.iter().map(|id| self.cx.graph.node(*id)).collect();
        match self.cx.plan.cuts.get(&node.id) {
            Some(groups) => self.around_the_cut(node, groups, exit),
            None if node.run() == Run::Split => self.branches(&children, exit),
            None => self.in_turn(&children, exit),
        }
    }

    /// Nodes that all get the record, one after the other; all but the last get a copy.
    fn in_turn(&self, nodes: &[&Node], exit: &Exit) -> TokenStream {
        let Some((last, before)) = nodes.split_last() else { return TokenStream::new() };
        let mut statements: TokenStream =
            before.iter().map(|child| self.with_a_copy(child)).collect();
        statements.extend(self.enter(last, exit));
        statements
    }

    /// The consumers of a node where the plan may cut: those that move see the record only if it
    /// does not.
    fn around_the_cut(&self, node: &Node, groups: &[Moved], exit: &Exit) -> TokenStream {
        let span = node.span();
        let at = idents::at(span);
        let record = idents::record(span);
        let (cut, moved) = (idents::cut(node), idents::moved(node));
        let group_of = |id: NodeId| groups.iter().position(|group| group.children.contains(&id));
        if node.consumers.iter().all(|id| group_of(*id).is_some()) {
            let leave = exit.take();
            let call = self.call(span, SeamId::Moved(node.id, 0));
            let run = run(span, &cut, &quote!(#record));
            return quote_spanned! {at=>
                let Some(#record) = #run? else { #leave; };
                #call
            };
        }
        let each = node.consumers.iter().map(|id| match group_of(*id) {
            None => self.with_a_copy(self.cx.graph.node(*id)),
            Some(group) => {
                let call = self.call(span, SeamId::Moved(node.id, group));
                quote_spanned!(at=> if let Some(#record) = #moved.clone() { #call })
            }
        });
        let each: TokenStream = each.collect();
        let run = run(span, &cut, &quote_spanned!(at=> #record.clone()));
        quote_spanned!(at=> let #moved = #run?; #each)
    }

    /// What the topic of a cut brings back: all that moved, in turn.
    fn all_moved(&self, node: &Node) -> TokenStream {
        let span = node.span();
        let groups = self.cx.plan.cuts.get(&node.id).map_or(0, Vec::len);
        let record = idents::record(span);
        let one = |group: usize| {
            let call = self.call(span, SeamId::Moved(node.id, group));
            if group + 1 == groups {
                return call;
            }
            quote_spanned!(idents::at(span)=> { let #record = #record.clone(); #call })
        };
        (0..groups).map(one).collect()
    }

    /// `'filter_6: { let record = record.clone(); .. }`
    fn with_a_copy(&self, child: &Node) -> TokenStream {
        let at = idents::at(child.span());
        let record = idents::record(child.span());
        let label = idents::label(&child.word.to_string(), child);
        let exit = Exit::to(quote_spanned!(at=> break #label));
        let statements = self.enter(child, &exit);
        let label = exit.used.get().then(|| quote_spanned!(at=> #label:));
        quote_spanned! {at=>
            #label {
                let #record = #record.clone();
                #statements
            }
        }
    }

    /// A record comes to a node: into the closure that a processor names, or in place.
    fn enter(&self, node: &Node, exit: &Exit) -> TokenStream {
        if self.cx.plan.named.contains_key(&node.id) {
            return self.call(node.span(), SeamId::Named(node.id));
        }
        self.enter_in_place(node, exit)
    }

    /// A record comes to a node: over a topic, into a seam, or straight on.
    fn enter_in_place(&self, node: &Node, exit: &Exit) -> TokenStream {
        let repartition = idents::repartition(node);
        if self.cx.plan.passed.contains_key(&node.id) {
            let leave = exit.take();
            let call = self.call(node.span(), SeamId::Into(node.id));
            let record = idents::record(node.span());
            let run = run(node.span(), &repartition, &quote!(#record));
            return quote_spanned! {idents::at(node.span())=>
                let Some(#record) = #run? else { #leave; };
                #call
            };
        }
        if is_cut(node) || node.run() == Run::Repartition {
            return self.done(node, &repartition);
        }
        self.apply(node, exit)
    }

    /// The node's operator and all that stands behind it.
    fn apply(&self, node: &Node, exit: &Exit) -> TokenStream {
        let at = idents::at(node.span());
        let record = idents::record(node.span());
        let operator = self.cx.names.operator(node.id);
        let run = run(node.span(), operator, &quote!(#record));
        let goes_on = !node.consumers.is_empty();
        match node.run() {
            Run::Done | Run::Process => self.done(node, operator),
            Run::One if goes_on => {
                let behind = self.behind(node, exit);
                quote_spanned!(at=> let #record = #run; #behind)
            }
            Run::One => quote_spanned!(at=> #run;),
            Run::Maybe | Run::TableSource | Run::ForeignJoin => {
                let behind = self.behind(node, exit);
                if behind.is_empty() {
                    return self.done(node, operator);
                }
                let leave = exit.take();
                quote_spanned! {at=>
                    let Some(#record) = #run? else { #leave; };
                    #behind
                }
            }
            Run::Many => self.each(node),
            Run::Scoped | Run::Lookup => self.scoped(node),
            Run::Nothing
            | Run::Merge
            | Run::Join
            | Run::Cogroup
            | Run::Split
            | Run::DefaultBranch
            | Run::Branch => self.behind(node, exit),
            Run::Source | Run::Global | Run::Repartition | Run::Door | Run::Returned => {
                TokenStream::new()
            }
        }
    }

    /// `count_9.run(cx, record)?;`
    fn done(&self, node: &Node, operator: &Ident) -> TokenStream {
        let record = idents::record(node.span());
        let run = run(node.span(), operator, &quote!(#record));
        quote_spanned!(idents::at(node.span())=> #run?;)
    }

    /// `suppress_4.run(cx, record, |cx, record| { .. })?;`
    fn scoped(&self, node: &Node) -> TokenStream {
        let at = idents::at(node.span());
        let (context, record) = (idents::context(node.span()), idents::record(node.span()));
        let (operator, run) = (self.cx.names.operator(node.id), idents::method("run", node.span()));
        let behind = self.behind(node, &Exit::leave(node.span()));
        let used = if behind.is_empty() {
            quote_spanned!(at=> let _ = (#context, #record);)
        } else {
            behind
        };
        quote_spanned! {at=>
            #operator.#run(#context, #record, |#context, #record| {
                #used
                ::core::result::Result::Ok(())
            })?;
        }
    }

    /// `for record in flat_map_4.run(cx, record)? { .. }`
    fn each(&self, node: &Node) -> TokenStream {
        let at = idents::at(node.span());
        let record = idents::record(node.span());
        let run = run(node.span(), self.cx.names.operator(node.id), &quote!(#record));
        if node.consumers.is_empty() {
            return quote_spanned!(at=> #run?.into_iter().for_each(drop););
        }
        let label = idents::label(&node.word.to_string(), node);
        let exit = Exit::to(quote_spanned!(at=> continue #label));
        let behind = self.behind(node, &exit);
        let label = exit.used.get().then(|| quote_spanned!(at=> #label:));
        quote_spanned! {at=>
            #label for #record in #run? {
                #behind
            }
        }
    }

    /// `if branch_4.matches(cx, &record)? { .. } else if .. { .. } else { .. }`
    fn branches(&self, branches: &[&Node], exit: &Exit) -> TokenStream {
        let Some((first, rest)) = branches.split_first() else { return TokenStream::new() };
        let at = idents::at(first.span());
        let behind = self.behind(first, exit);
        if first.run() == Run::DefaultBranch {
            return quote!({ #behind });
        }
        let (cx, record) = (idents::context(first.span()), idents::record(first.span()));
        let operator = self.cx.names.operator(first.id);
        let otherwise = self.branches(rest, exit);
        let otherwise = (!otherwise.is_empty()).then(|| quote_spanned!(at=> else #otherwise));
        let matches = quote_spanned!(at=> #operator.matches(#cx, &#record)?);
        if first.selected.fallible {
            let (leave, matched) = (exit.take(), idents::matched(first));
            return quote_spanned! {at=>
                {
                    let Some(#matched) = #matches else { #leave; };
                    if #matched { #behind } #otherwise
                }
            };
        }
        quote_spanned!(at=> if #matches { #behind } #otherwise)
    }
}
