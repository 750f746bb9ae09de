//! The question a topology asks the parts that it calls, and what comes back.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Ident, Path, PathArguments, braced, bracketed, parenthesized};

use super::PartSignature;
use crate::parse::{Input, Shape};

/// What the parts that a topology calls have answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    known: Vec<(Path, PartSignature)>,
}

impl Answers {
    /// What the part of a path has answered.
    pub(crate) fn find(&self, path: &Path) -> Option<&PartSignature> {
        let wanted = key(path);
        self.known.iter().find(|(path, _)| key(path) == wanted).map(|(_, answer)| answer)
    }
}

/// The path of the companion: that of the call, without type arguments.
fn plain(path: &Path) -> Path {
    let mut path = path.clone();
    for segment in &mut path.segments {
        segment.arguments = PathArguments::None;
    }
    path
}

fn key(path: &Path) -> String {
    plain(path).to_token_stream().to_string()
}

/// The same topology again, behind a question to each part that it calls.
///
/// `first! { [[second] [topology_with_parts]] { state } }`: each companion hands on to the next. What a result
/// is may bring up further parts; then they are asked in another round.
pub(crate) fn ask(paths: &[Path], input: &Input) -> TokenStream {
    let mut asked: Vec<Path> = Vec::new();
    for path in paths.iter().map(plain) {
        if !asked.iter().any(|known| key(known) == key(&path)) {
            asked.push(path);
        }
    }
    let runtime = &input.runtime;
    let (flavour, tokens) = match &input.shape {
        Shape::Function(function) => (quote!(function), function.to_token_stream()),
        Shape::Block(block) => (quote!(block), block.to_token_stream()),
        Shape::Part(function) => (quote!(part), function.to_token_stream()),
    };
    let Some((first, others)) = asked.split_first() else { return TokenStream::new() };
    let known = input.answers.known.iter().map(|(path, answer)| quote!([#path] #answer));
    quote! {
        #first ! {
            [#([#others])* [#runtime::plumbing::topology_with_parts]]
            { (#runtime) #flavour { #tokens } { #(#known)* } #([#asked])* }
        }
    }
}

/// What comes back: no question left, the state, and an answer for each part.
pub(crate) fn parse_answered(input: ParseStream<'_>) -> syn::Result<Input> {
    let (rest, state, runtime, tokens, known);
    bracketed!(rest in input);
    if !rest.is_empty() {
        return Err(rest.error("a part has left a question open"));
    }
    braced!(state in input);
    parenthesized!(runtime in state);
    let runtime: TokenStream = runtime.parse()?;
    let flavour: Ident = state.parse()?;
    braced!(tokens in state);
    let shape = match flavour.to_string().as_str() {
        "block" => Shape::Block(tokens.parse()?),
        "part" => Shape::Part(Box::new(tokens.parse()?)),
        _ => Shape::Function(Box::new(tokens.parse()?)),
    };
    let mut answers = Answers::default();
    braced!(known in state);
    while !known.is_empty() {
        answers.known.push((asked_path(&known)?, known.parse()?));
    }
    while !state.is_empty() {
        answers.known.push((asked_path(&state)?, input.parse()?));
    }
    Ok(Input { runtime, shape, answers })
}

fn asked_path(input: ParseStream<'_>) -> syn::Result<Path> {
    let path;
    bracketed!(path in input);
    path.call(Path::parse_mod_style)
}
