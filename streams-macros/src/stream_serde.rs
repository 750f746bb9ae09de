//! `#[derive(StreamSerde)]`: a type's default serde.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::ParseStream;
use syn::{Attribute, DeriveInput, Ident, Token};

use crate::parse::{crate_option, default_runtime};

/// Formats that a type can be written in.
const FORMATS: &[(&str, &str)] = &[("json", "JsonSerde")];

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    match derive(input) {
        Ok(tokens) => tokens,
        Err(error) => error.to_compile_error(),
    }
}

fn derive(input: TokenStream) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let (mut runtime, mut serde) = (default_runtime(), "JsonSerde");
    for attribute in input.attrs.iter().filter(|attr| attr.path().is_ident("serde_format")) {
        read(attribute, &mut runtime, &mut serde)?;
    }
    let serde = Ident::new(serde, proc_macro2::Span::call_site());
    let (name, mut generics) = (&input.ident, input.generics.clone());
    if input.generics.type_params().next().is_some() {
        let bounds = &mut generics.make_where_clause().predicates;
        bounds.push(
            syn::parse_quote!(#runtime::plumbing::#serde<Self>: #runtime::plumbing::Serde<Self>),
        );
        bounds.push(syn::parse_quote!(Self: ::core::clone::Clone + Send + Sync + 'static));
    }
    let (implementation, types, bounds) = generics.split_for_impl();
    Ok(quote! {
        impl #implementation #runtime::plumbing::HasSerde for #name #types #bounds {
            type Serde = #runtime::plumbing::#serde<Self>;
        }

        impl #implementation #runtime::plumbing::Nullable for #name #types #bounds {
            type NonNull = Self;

            #[inline]
            fn into_non_null(self) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(self)
            }
        }
    })
}

fn read(
    attribute: &Attribute,
    runtime: &mut TokenStream,
    serde: &mut &'static str,
) -> syn::Result<()> {
    attribute.parse_args_with(|input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Some(path) = crate_option(input)? {
                *runtime = path;
                continue;
            }
            let word: Ident = input.parse()?;
            let found = FORMATS.iter().find(|(format, _)| word == *format);
            let Some((_, found)) = found else {
                let known: Vec<&str> = FORMATS.iter().map(|(format, _)| *format).collect();
                let message = format!("`{word}` is no format; there is `{}`", known.join("`, `"));
                return Err(syn::Error::new(word.span(), message));
            };
            *serde = found;
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    })
}
