//! What a part takes and gives back, in the words of its signature.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{
    FnArg, Ident, Pat, PatType, ReturnType, Signature, Token, Type, bracketed, parenthesized,
};

use crate::diag::Diagnostics;
use crate::model::operators::Kind;

/// The handles that may pass the door of a part, by the names of their types and in answers.
const KINDS: &[(&str, &str, Kind)] = &[
    ("KStream", "stream", Kind::Stream),
    ("KTable", "table", Kind::Table),
    ("GlobalKTable", "global_table", Kind::GlobalTable),
    ("KGroupedStream", "grouped_stream", Kind::GroupedStream),
    ("KGroupedTable", "grouped_table", Kind::GroupedTable),
];

/// Handles that stay inside.
const INSIDE: &[&str] = &[
    "TimeWindowedKStream",
    "SessionWindowedKStream",
    "CogroupedKStream",
    "WindowedCogroup",
    "Split",
    "StreamsBuilder",
];

/// Words that mean something else where a part is called: those of topologies, of its companion's kind in Rust's
/// prelude, and of this library's attributes.
#[rustfmt::skip]
const TAKEN: &[&str] = &[
    "stream", "table", "global_table", "store", "global_store", "drop",
    "topology", "topology_fn", "topology_part", "topic", "processor",
    "assert", "assert_eq", "assert_ne", "cfg", "column", "compile_error", "concat", "dbg", "debug_assert", "env",
    "eprint", "eprintln", "file", "format", "format_args", "include", "include_bytes", "include_str", "line",
    "matches", "module_path", "option_env", "panic", "print", "println", "stringify", "thread_local", "todo",
    "unimplemented", "unreachable", "vec", "write", "writeln",
];

/// The word for a plain value in an answer.
const VALUE: &str = "value";

/// What a part takes and gives back.
#[derive(Clone, Debug)]
pub(crate) struct PartSignature {
    pub(crate) name: String,
    pub(crate) inputs: Vec<PartInput>,
    pub(crate) outputs: Vec<Kind>,
    /// By output: what it is already, if it is no stream of its own.
    pub(crate) same: Vec<Option<Same>>,
    pub(crate) gives: Gives,
}

/// A result that the caller has in hand already. It keeps its place among the consumers of that stream, so that a
/// record goes to them in the order of the calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Same {
    /// The parameter at this place.
    Input(usize),
    /// The result at this place.
    Output(usize),
}

/// One parameter.
#[derive(Clone, Debug)]
pub(crate) struct PartInput {
    pub(crate) name: String,
    /// `None` for a plain value.
    pub(crate) kind: Option<Kind>,
}

/// The shape of the result.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Gives {
    Nothing,
    One,
    Several,
}

impl PartSignature {
    /// Reads a function's signature; what cannot be one of a part is reported, and left out.
    pub(crate) fn of(signature: &Signature, diagnostics: &mut Diagnostics) -> Self {
        let parameters = signature.inputs.iter();
        let inputs: Vec<PartInput> =
            parameters.map(|parameter| input(parameter, diagnostics)).collect();
        if diagnostics.is_empty() && inputs.iter().all(|input| input.kind.is_none()) {
            let message = "a part takes at least one stream or table; what starts from topics of its own is a \
                           `#[topology_fn]`, or give the part the stream: `part(stream(Topic))`";
            diagnostics.error_at(signature.ident.span(), message);
        }
        refuse_modifiers(signature, diagnostics);
        refuse_name(&signature.ident, diagnostics);
        let (gives, outputs) = outputs(&signature.output, diagnostics);
        let same = vec![None; outputs.len()];
        Self { name: signature.ident.to_string(), inputs, outputs, same, gives }
    }
}

fn refuse_modifiers(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let Some(asyncness) = &signature.asyncness {
        diagnostics.error(asyncness, "a part is built at once: remove `async`");
    }
    if let Some(constness) = &signature.constness {
        diagnostics.error(constness, "a part is built at run time: remove `const`");
    }
    if let Some(unsafety) = &signature.unsafety {
        diagnostics.error(unsafety, "a part is called by safe code: remove `unsafe`");
    }
    if let Some(abi) = &signature.abi {
        diagnostics.error(abi, "a part is called from topologies alone: remove `extern`");
    }
}

fn refuse_name(name: &Ident, diagnostics: &mut Diagnostics) {
    if TAKEN.iter().any(|taken| name == taken) {
        let message = format!(
            "a part cannot be called `{name}`: that word means something else where it would be called"
        );
        diagnostics.error(name, message);
    }
}

fn input(parameter: &FnArg, diagnostics: &mut Diagnostics) -> PartInput {
    let FnArg::Typed(PatType { pat, ty, .. }) = parameter else {
        let message = "a part is a function by itself: give what it needs as parameters";
        diagnostics.error(parameter, message);
        return PartInput { name: "self".to_owned(), kind: None };
    };
    let name = match &**pat {
        Pat::Ident(name) if name.subpat.is_none() => name.ident.to_string(),
        _ => "_".to_owned(),
    };
    let kind = kind_of(ty);
    refuse_type(ty, diagnostics);
    if kind.is_some() && (name == "_" || is_by_ref(pat)) {
        diagnostics.error(pat, "a stream is a parameter with a plain name");
    }
    PartInput { name, kind }
}

fn is_by_ref(pat: &Pat) -> bool {
    matches!(pat, Pat::Ident(name) if name.by_ref.is_some())
}

fn refuse_type(ty: &Type, diagnostics: &mut Diagnostics) {
    match ty {
        Type::Reference(reference) if kind_of(&reference.elem).is_some() => {
            diagnostics.error(ty, "streams and tables are given to a part by value: remove `&`");
        }
        Type::Path(_) if last_word(ty).is_some_and(|word| INSIDE.iter().any(|it| word == *it)) => {
            let message = "this cannot pass the door of a part; streams, tables, global tables and grouped \
                           streams and tables can";
            diagnostics.error(ty, message);
        }
        _ => {}
    }
}

fn outputs(output: &ReturnType, diagnostics: &mut Diagnostics) -> (Gives, Vec<Kind>) {
    let ReturnType::Type(_, ty) = output else { return (Gives::Nothing, Vec::new()) };
    match &**ty {
        Type::Tuple(tuple) if tuple.elems.is_empty() => (Gives::Nothing, Vec::new()),
        Type::Tuple(tuple) => {
            let kinds = tuple.elems.iter().filter_map(|ty| output_kind(ty, diagnostics)).collect();
            (Gives::Several, kinds)
        }
        one => match output_kind(one, diagnostics) {
            Some(kind) => (Gives::One, vec![kind]),
            None => (Gives::Nothing, Vec::new()),
        },
    }
}

fn output_kind(ty: &Type, diagnostics: &mut Diagnostics) -> Option<Kind> {
    let kind = kind_of(ty);
    if kind.is_none() {
        let message = if last_word(ty).is_some_and(|word| word == "Topology") {
            "a part gives back streams or tables; a function that returns a `Topology` is a `#[topology_fn]`"
        } else {
            "a part gives back nothing, `KStream<..>`, `KTable<..>`, `GlobalKTable<..>`, \
             `KGroupedStream<..>`, `KGroupedTable<..>`, or a tuple of these, under these names"
        };
        diagnostics.error(ty, message);
    }
    kind
}

fn last_word(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        Type::Paren(inner) => last_word(&inner.elem),
        Type::Group(inner) => last_word(&inner.elem),
        _ => None,
    }
}

/// The kind of handle that a type is, by its name.
pub(crate) fn kind_of(ty: &Type) -> Option<Kind> {
    let word = last_word(ty)?.to_string();
    KINDS.iter().find(|(name, ..)| *name == word).map(|(.., kind)| *kind)
}

fn word_of(kind: Option<Kind>) -> Ident {
    let known = KINDS.iter().find(|(.., row)| Some(*row) == kind);
    Ident::new(known.map_or(VALUE, |(_, word, _)| word), Span::call_site())
}

fn kind_of_word(word: &Ident) -> Option<Kind> {
    KINDS.iter().find(|(_, row, _)| word == row).map(|(.., kind)| *kind)
}

/// As a companion answers: `[clean (lines stream) (min value) => one stream]`; a result that is the parameter at
/// place 0 is `stream = input 0`.
impl ToTokens for PartSignature {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let name = Ident::new(self.name.trim_start_matches("r#"), Span::call_site());
        let inputs = self.inputs.iter().map(|input| {
            let plain = input.name.trim_start_matches("r#");
            let name = syn::parse_str::<Ident>(plain)
                .unwrap_or_else(|_| Ident::new("value", Span::call_site()));
            let kind = word_of(input.kind);
            quote!((#name #kind))
        });
        let gives = match self.gives {
            Gives::Nothing => "nothing",
            Gives::One => "one",
            Gives::Several => "several",
        };
        let gives = Ident::new(gives, Span::call_site());
        let outputs = self.outputs.iter().zip(&self.same).map(|(kind, same)| {
            let kind = word_of(Some(*kind));
            match same.map(|same| match same {
                Same::Input(place) => ("input", place),
                Same::Output(place) => ("output", place),
            }) {
                None => quote!(#kind),
                Some((what, place)) => {
                    let what = Ident::new(what, Span::call_site());
                    quote!(#kind = #what #place)
                }
            }
        });
        tokens.extend(quote!([#name #(#inputs)* => #gives #(#outputs)*]));
    }
}

impl Parse for PartSignature {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let answer;
        bracketed!(answer in input);
        let name = answer.parse::<Ident>()?.to_string();
        let mut inputs = Vec::new();
        while answer.peek(syn::token::Paren) {
            let one;
            parenthesized!(one in answer);
            let name = one.parse::<Ident>()?.to_string();
            inputs.push(PartInput { name, kind: kind_of_word(&one.parse()?) });
        }
        answer.parse::<Token![=>]>()?;
        let gives = match answer.parse::<Ident>()?.to_string().as_str() {
            "one" => Gives::One,
            "several" => Gives::Several,
            _ => Gives::Nothing,
        };
        let (mut outputs, mut same) = (Vec::new(), Vec::new());
        while !answer.is_empty() {
            outputs.extend(kind_of_word(&answer.parse()?));
            let other =
                answer.parse::<Option<Token![=]>>()?.map(|_| same_as(&answer)).transpose()?;
            same.push(other);
        }
        Ok(Self { name, inputs, outputs, same, gives })
    }
}

fn same_as(answer: ParseStream<'_>) -> syn::Result<Same> {
    let what = answer.parse::<Ident>()?;
    let place = answer.parse::<syn::LitInt>()?.base10_parse()?;
    Ok(if what == "input" { Same::Input(place) } else { Same::Output(place) })
}
