//! Tokens to what the user wrote: the text's shape alone, with every span.

mod chain;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Block, ItemFn, Path, Token};

use crate::parts::Answers;

pub(crate) use chain::{Call, Chain};

/// One topology as the user handed it over.
pub(crate) struct Input {
    /// The path to the runtime crate.
    pub(crate) runtime: TokenStream,
    pub(crate) shape: Shape,
    /// What the parts that it calls say of themselves.
    pub(crate) answers: Answers,
}

impl Input {
    fn new(runtime: TokenStream, shape: Shape) -> Self {
        Self { runtime, shape, answers: Answers::default() }
    }
}

/// Which of the spellings it was.
pub(crate) enum Shape {
    Function(Box<ItemFn>),
    Block(Block),
    /// A part of other topologies.
    Part(Box<ItemFn>),
}

/// The path of the runtime where the user names no other.
pub(crate) fn default_runtime() -> TokenStream {
    quote!(::streams_runtime)
}

/// `topology!( fn .. )` and `topology!({ .. })`, each possibly behind `crate = path,`.
pub(crate) fn function_like(input: TokenStream) -> syn::Result<Input> {
    let parser = |input: ParseStream<'_>| {
        let runtime = crate_option(input)?.unwrap_or_else(default_runtime);
        if input.peek(syn::token::Brace) {
            return Ok(Input::new(runtime, Shape::Block(input.parse()?)));
        }
        if input.is_empty() {
            let message = "a topology is missing: `topology!(fn name() -> Topology { .. })` \
                           or `topology!({ .. })`";
            return Err(input.error(message));
        }
        let function = input.parse()?;
        if !input.is_empty() {
            return Err(
                input.error("one `topology!` holds one function; write another `topology!`")
            );
        }
        Ok(Input::new(runtime, Shape::Function(Box::new(function))))
    };
    parser.parse2(input)
}

/// `#[topology_fn] fn ..` and `#[topology_fn(crate = path)] fn ..`.
pub(crate) fn attribute(attribute: TokenStream, item: TokenStream) -> syn::Result<Input> {
    let option = |input: ParseStream<'_>| {
        let runtime = crate_option(input)?;
        if input.is_empty() {
            Ok(runtime)
        } else {
            Err(input.error("only `crate = path` fits here"))
        }
    };
    let runtime = option.parse2(attribute)?.unwrap_or_else(default_runtime);
    let function = syn::parse2(item)?;
    Ok(Input::new(runtime, Shape::Function(Box::new(function))))
}

/// `#[topology_part] fn ..` and `#[topology_part(crate = path)] fn ..`.
pub(crate) fn part(attribute_tokens: TokenStream, item: TokenStream) -> syn::Result<Input> {
    let Input { runtime, shape, .. } = attribute(attribute_tokens, item)?;
    let shape = match shape {
        Shape::Function(function) => Shape::Part(function),
        other => other,
    };
    Ok(Input::new(runtime, shape))
}

/// A topology or part whose parts have answered.
pub(crate) fn answered(input: TokenStream) -> syn::Result<Input> {
    crate::parts::parse_answered.parse2(input)
}

/// `crate = path` with the comma behind it, if it stands here.
pub(crate) fn crate_option(input: ParseStream<'_>) -> syn::Result<Option<TokenStream>> {
    if !(input.peek(Token![crate]) && input.peek2(Token![=])) {
        return Ok(None);
    }
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    let path = input.call(Path::parse_mod_style)?;
    input.parse::<Option<Token![,]>>()?;
    Ok(Some(quote!(#path)))
}
