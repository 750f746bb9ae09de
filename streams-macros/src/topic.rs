//! `#[topic]`: a topic as a type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{GenericArgument, Ident, ItemType, LitInt, LitStr, PathArguments, Token, Type};

use crate::names;
use crate::parse::{crate_option, default_runtime};

/// What stands in the attribute.
struct Options {
    runtime: TokenStream,
    name: LitStr,
    compact: bool,
    partitions: Option<LitInt>,
}

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    match declare(attribute, item.clone()) {
        Ok(tokens) => tokens,
        Err(error) => {
            let error = error.to_compile_error();
            quote!(#error #item)
        }
    }
}

fn declare(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let options = options.parse2(attribute)?;
    let item: ItemType = syn::parse2(item)?;
    if let Some(flaw) = names::flaw(&options.name.value()) {
        let message = format!("this cannot be the name of a topic: {flaw}");
        return Err(syn::Error::new(options.name.span(), message));
    }
    if !item.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(
            &item.generics,
            "a topic has one type of key and value",
        ));
    }
    let (key, value) = key_and_value(&item.ty)?;
    Ok(tokens(&options, &item, key, value))
}

fn options(input: ParseStream<'_>) -> syn::Result<Options> {
    let missing = "a topic needs its name: `#[topic(\"orders\")]`";
    let name: LitStr = input.parse().map_err(|error| syn::Error::new(error.span(), missing))?;
    let mut options =
        Options { runtime: default_runtime(), name, compact: false, partitions: None };
    while !input.is_empty() {
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            break;
        }
        if let Some(path) = crate_option(input)? {
            options.runtime = path;
            continue;
        }
        let word: Ident = input.parse()?;
        match word.to_string().as_str() {
            "compact" => options.compact = true,
            "partitions" => {
                input.parse::<Token![=]>()?;
                options.partitions = Some(partitions(input.parse()?)?);
            }
            other => {
                let message = format!(
                    "`{other}` is no option of a topic; there are `compact` and `partitions = n`"
                );
                return Err(syn::Error::new(word.span(), message));
            }
        }
    }
    Ok(options)
}

fn partitions(count: LitInt) -> syn::Result<LitInt> {
    match count.base10_parse::<u32>()? {
        0 => Err(syn::Error::new(count.span(), "a topic has at least one partition")),
        _ => Ok(count),
    }
}

/// The two types of `Topic<K, V>`.
fn key_and_value(ty: &Type) -> syn::Result<(&Type, &Type)> {
    let wrong = || syn::Error::new_spanned(ty, "a topic is declared as `Topic<Key, Value>`");
    let Type::Path(path) = ty else { return Err(wrong()) };
    let last = path.path.segments.last().filter(|last| last.ident == "Topic").ok_or_else(wrong)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return Err(wrong()) };
    let types: Vec<&Type> = arguments
        .args
        .iter()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect();
    match types.as_slice() {
        [key, value] => Ok((key, value)),
        _ => Err(wrong()),
    }
}

fn tokens(options: &Options, item: &ItemType, key: &Type, value: &Type) -> TokenStream {
    let Options { runtime, name, compact, partitions } = options;
    let ItemType { attrs, vis, ident, .. } = item;
    let (partitions, count) = match partitions {
        Some(count) => (
            quote!(::core::option::Option::Some(#count)),
            quote!(#runtime::plumbing::Partitions<#count>),
        ),
        None => (quote!(::core::option::Option::None), quote!(#runtime::plumbing::AnyPartitions)),
    };
    let sinks = sinks(runtime, ident, key, value);
    quote! {
        #(#attrs)*
        #[derive(Clone, Copy, Debug, Default)]
        #vis struct #ident;

        impl #runtime::plumbing::TopicDecl for #ident {
            const NAME: &'static str = #name;
            type Key = #key;
            type Value = #value;
            type Partitions = #count;
            const PARTITIONS: ::core::option::Option<u32> = #partitions;
            const COMPACT: bool = #compact;
        }

        #sinks
    }
}

/// A stream may be written when it has the topic's types, with or without nulls.
fn sinks(runtime: &TokenStream, topic: &Ident, key: &Type, value: &Type) -> TokenStream {
    let forms = |ty: &Type| {
        let plain = without_null(ty);
        [quote!(#plain), quote!(::core::option::Option<#plain>)]
    };
    let values = forms(value);
    let pairs =
        forms(key).into_iter().flat_map(|key| values.clone().map(|value| (key.clone(), value)));
    pairs
        .map(|(key, value)| quote!(impl #runtime::plumbing::SinkFor<#key, #value> for #topic {}))
        .collect()
}

/// `T` of `Option<T>`, and any other type as it is.
fn without_null(ty: &Type) -> &Type {
    let Type::Path(path) = ty else { return ty };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Option") else {
        return ty;
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return ty };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => inner,
        _ => ty,
    }
}
