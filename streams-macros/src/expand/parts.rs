//! Parts: the function over the builder that one becomes, and the call of one.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, ItemFn, Type};

use super::{Context, idents, run_pass, type_pass, views};
use crate::model::graph::{Doors, Output, PartArg, PartCall};
use crate::model::operators::Kind;
use crate::model::{Graph, NodeId};
use crate::parts::kind_of;
use crate::plan::Plan;

/// `let (cleaned, clean_3, mut builder) = clean(builder, lines, 3, exit_5.clone());`
///
/// The builder goes through by value: what the part gives back may not borrow it.
pub(super) fn call(cx: &Context<'_>, number: usize) -> TokenStream {
    let part = &cx.graph.parts[number];
    let before = views::before(cx, number);
    let path = &part.path;
    let span = part.path.path.segments.last().map_or_else(Span::call_site, |s| s.ident.span());
    let at = idents::at(span);
    let builder = idents::builder(span);
    let results = part.outputs.iter().map(|id| cx.names.handle(*id).to_token_stream());
    let with_records =
        || part.outputs.iter().map(|id| cx.graph.node(*id)).filter(|n| flows(n.kind()));
    let tables = with_records().filter(|node| node.kind() == Kind::Table);
    let wanted = views::wanted(cx);
    let rows = tables.map(|node| match wanted.contains(&node.id) {
        true => idents::view(node).into_token_stream(),
        false => quote_spanned!(at=> _),
    });
    let doors = sides(part).map(|id| cx.names.operator(id).to_token_stream());
    let rest = quote_spanned!(at=> mut #builder);
    let pattern = results.chain(rows).chain(doors).chain([rest]);
    let exits: Vec<_> = with_records().map(idents::exit).collect();
    let make = cx.plumbing(span, "exit");
    let args = arguments(cx, part, span);
    let typed = part.outputs.iter().filter_map(|id| {
        let node = cx.graph.node(*id);
        let (ty, handle) = (node.ascribed.as_ref()?, cx.names.handle(*id));
        Some(quote!(let #handle: #ty = #handle;))
    });
    let ways = part.args.iter().filter_map(|arg| match arg {
        PartArg::Flow { of, place, side: Some(side) } => {
            Some(way(cx, "enters", (*of, *side), *place))
        }
        _ => None,
    });
    quote_spanned! {at=>
        #before
        #(let #exits = #make();)*
        let (#(#pattern,)*) = #path(#builder #args #(, #exits.clone())*);
        #(#ways)*
        #(#typed)*
    }
}

/// `let clean_3 = plumbing::enters(lines, clean_3);`
fn way(cx: &Context<'_>, how: &str, (of, door): (NodeId, NodeId), place: Span) -> TokenStream {
    let (handle, door) = (cx.names.handle_at(of, place), cx.names.operator(door));
    let through = cx.plumbing_at(place, how);
    quote_spanned!(place=> let #door = #through(#handle, #door);)
}

/// A handle that goes through a door: `plumbing::pass(lines)`.
fn passed(cx: &Context<'_>, of: NodeId, place: Span) -> TokenStream {
    let handle = cx.names.handle_at(of, place);
    if !flows(cx.graph.node(of).kind()) {
        return handle.into_token_stream();
    }
    let pass = cx.plumbing_at(place, "pass");
    quote_spanned!(place=> #pass(#handle))
}

/// `, lines, 3, view_2`: what the user gives, then the rows of the tables among it.
fn arguments(cx: &Context<'_>, part: &PartCall, span: Span) -> TokenStream {
    let given = part.args.iter().map(|arg| match arg {
        PartArg::Flow { of, place, .. } => passed(cx, *of, *place),
        PartArg::Rust(expr) => expr.to_token_stream(),
    });
    let rows = part.args.iter().filter_map(|arg| match arg {
        PartArg::Flow { of, .. } if cx.graph.node(*of).kind() == Kind::Table => {
            let view = idents::view(cx.graph.node(*of));
            let door_view = cx.plumbing(span, "door_view");
            Some(quote_spanned!(idents::at(span)=> #door_view(#view.clone())))
        }
        _ => None,
    });
    given.chain(rows).map(|arg| quote!(, #arg)).collect()
}

/// The nodes that give records to a part.
fn sides(part: &PartCall) -> impl Iterator<Item = NodeId> {
    part.args.iter().filter_map(|arg| match arg {
        PartArg::Flow { side, .. } => *side,
        PartArg::Rust(_) => None,
    })
}

/// True when records pass a door with that kind of handle.
fn flows(kind: Kind) -> bool {
    kind != Kind::GlobalTable
}

/// The function over the builder that a part becomes: it does both passes where it is called.
pub(crate) fn part(
    graph: &Graph,
    plan: &Plan,
    function: &ItemFn,
    runtime: &TokenStream,
) -> TokenStream {
    let cx = Context { graph, plan, runtime, names: idents::Names::of(graph) };
    let Some(doors) = &graph.doors else { return TokenStream::new() };
    let calls = type_pass::statements(&cx);
    let runs = run_pass::statements(&cx);
    let results = results(&cx, doors);
    let ways = doors.outputs.iter().filter_map(|output| {
        let exit = output.exit?;
        Some(way(&cx, "leaves", (output.of, exit), output.place))
    });
    let signature = Signature { cx: &cx, doors, function, broken: false };
    let same = signature.typed().filter_map(|(ty, output)| {
        let output = output.filter(|output| output.same.is_some())?;
        let (handle, place) = (passed(&cx, output.of, output.place), output.place);
        Some(quote_spanned!(place=> let _: #ty = #handle;))
    });
    let builder = idents::builder(Span::call_site());
    signature.around(&quote! {
        #builder.enter_part();
        #calls
        #builder.leave_part();
        #(#ways)*
        #(#same)*
        #runs
        #results
    })
}

/// `(cleaned_4, door_0)`: handles, then the rows of tables, then the doors.
fn results(cx: &Context<'_>, doors: &Doors) -> TokenStream {
    let own = || doors.outputs.iter().filter(|output| output.same.is_none());
    let handles = own().map(|output| passed(cx, output.of, output.place));
    let rows = own().filter_map(|output| {
        let node = cx.graph.node(output.of);
        let view = idents::view(node);
        let door_view = cx.plumbing(output.place, "door_view");
        (node.kind() == Kind::Table).then(|| quote!(#door_view(#view)))
    });
    let ways_in = inputs(cx, doors).map(|id| {
        let door = idents::door(cx.graph.node(id));
        quote!(#door)
    });
    let builder = idents::builder(Span::call_site()).into_token_stream();
    let all = handles.chain(rows).chain(ways_in).chain([builder]);
    quote!((#(#all,)*))
}

/// The parameters through which records come.
fn inputs<'a>(cx: &'a Context<'_>, doors: &'a Doors) -> impl Iterator<Item = NodeId> + 'a {
    doors.inputs.iter().flatten().copied().filter(|id| flows(cx.graph.node(*id).kind()))
}

/// A valid function of the same shape, for a part with mistakes.
pub(crate) fn broken_part(graph: &Graph, function: &ItemFn, runtime: &TokenStream) -> TokenStream {
    let plan = Plan::default();
    let cx = Context { graph, plan: &plan, runtime, names: idents::Names::of(graph) };
    let none = Doors::default();
    let doors = graph.doors.as_ref().unwrap_or(&none);
    let signature = Signature { cx: &cx, doors, function, broken: true };
    let seen_by_editors = super::asked_by_an_editor().then(|| super::attempt(graph, runtime));
    signature.around(&quote! {
        #seen_by_editors
        ::core::panic!("the part has errors")
    })
}

/// What a part's function is called with, and what it gives back.
struct Signature<'a> {
    cx: &'a Context<'a>,
    doors: &'a Doors,
    function: &'a ItemFn,
    /// True when there is no body that could say what is hidden in the results.
    broken: bool,
}

impl Signature<'_> {
    fn around(&self, body: &TokenStream) -> TokenStream {
        let ItemFn { attrs, vis, sig, .. } = self.function;
        let (name, runtime) = (&sig.ident, self.cx.runtime);
        let (generics, clause) = (&sig.generics, &sig.generics.where_clause);
        let builder = idents::builder(Span::call_site());
        let (parameters, results) = (self.parameters(), self.results());
        let unused = self.broken.then(|| quote!(unused_variables,));
        quote! {
            #(#attrs)*
            #[allow(
                #unused unused_mut, clippy::type_complexity, clippy::too_many_arguments,
                reason = "its caller takes all that it gives apart at once"
            )]
            #vis fn #name #generics (
                mut #builder: #runtime::plumbing::StreamsBuilder,
                #(#parameters),*
            ) -> (#(#results,)*) #clause {
                #body
            }
        }
    }

    /// The user's parameters, the rows of the tables among them, and the exits.
    fn parameters(&self) -> Vec<TokenStream> {
        let runtime = self.cx.runtime;
        let typed = || self.function.sig.inputs.iter().zip(&self.doors.inputs);
        let own = typed().map(|(parameter, id)| match (parameter, id) {
            (FnArg::Typed(typed), Some(id)) => {
                let (handle, ty) = (self.cx.names.handle(*id), &typed.ty);
                quote!(#handle: #ty)
            }
            _ => quote!(#parameter),
        });
        let wanted = views::wanted(self.cx);
        let rows = typed().filter_map(|(parameter, id)| {
            let (FnArg::Typed(typed), Some(id)) = (parameter, id) else { return None };
            let node = self.cx.graph.node(*id);
            let (view, ty) = (idents::view(node), &typed.ty);
            let view = if wanted.contains(id) { quote!(#view) } else { quote!(_) };
            let rows = quote!(#view: #runtime::plumbing::RowsOf<#ty>);
            (node.kind() == Kind::Table).then_some(rows)
        });
        let exits = self.exits().enumerate().map(|(place, (ty, output))| {
            let exit = output.and_then(|output| output.exit);
            let exit = exit.map_or_else(
                || syn::Ident::new(&format!("exit_{place}"), Span::mixed_site()),
                |id| self.cx.names.operator(id).clone(),
            );
            quote!(#exit: #runtime::plumbing::Exit<#ty,
                impl #runtime::plumbing::Run<#runtime::plumbing::RecordOf<#ty>>
            >)
        });
        own.chain(rows).chain(exits).collect()
    }

    /// The user's types of what comes out.
    fn outputs(&self) -> Vec<&Type> {
        match &self.function.sig.output {
            syn::ReturnType::Default => Vec::new(),
            syn::ReturnType::Type(_, ty) => match &**ty {
                Type::Tuple(tuple) => {
                    tuple.elems.iter().filter(|ty| kind_of(ty).is_some()).collect()
                }
                one => Some(one).filter(|ty| kind_of(ty).is_some()).into_iter().collect(),
            },
        }
    }

    /// The results, with what the body says of them.
    fn typed(&self) -> impl Iterator<Item = (&Type, Option<&Output>)> {
        let outputs = self.outputs().into_iter().enumerate();
        outputs.map(|(place, ty)| (ty, self.doors.outputs.get(place)))
    }

    /// Those that the caller does not have already.
    fn own(&self) -> impl Iterator<Item = (&Type, Option<&Output>)> {
        let is_own = |output: &Output| self.broken || output.same.is_none();
        self.typed().filter(move |(_, output)| output.is_none_or(is_own))
    }

    /// Those through which records leave.
    fn exits(&self) -> impl Iterator<Item = (&Type, Option<&Output>)> {
        self.own().filter(|(ty, _)| kind_of(ty).is_some_and(flows))
    }

    /// Handles, the rows of tables, and the doors of the parameters.
    fn results(&self) -> Vec<TokenStream> {
        let runtime = self.cx.runtime;
        let outputs: Vec<&Type> = self.own().map(|(ty, _)| ty).collect();
        let handles = outputs.iter().map(|ty| quote!(#ty));
        let tables = outputs.iter().filter(|ty| kind_of(ty) == Some(Kind::Table));
        let rows = tables.map(|ty| quote!(#runtime::plumbing::RowsOf<#ty>));
        let ways_in = self.function.sig.inputs.iter().filter_map(|parameter| {
            let FnArg::Typed(typed) = parameter else { return None };
            let ty = &typed.ty;
            kind_of(ty).filter(|kind| flows(*kind))?;
            let record = quote!(#runtime::plumbing::RecordOf<#ty>);
            let run = match self.broken {
                true => quote!(#runtime::plumbing::Broken<#record>),
                false => quote!(impl #runtime::plumbing::Run<#record> + 'static),
            };
            Some(quote!(#runtime::plumbing::Door<#ty, #run>))
        });
        let builder = quote!(#runtime::plumbing::StreamsBuilder);
        handles.chain(rows).chain(ways_in).chain([builder]).collect()
    }
}
