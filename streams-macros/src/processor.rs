//! `#[processor]`: a function, or an impl of a type, as a processor.

mod methods;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{
    FnArg, GenericArgument, Item, ItemFn, Lifetime, PathArguments, PathSegment, Token, Type,
    TypePath,
};

use crate::parse::{crate_option, default_runtime};

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    match declare(attribute, item.clone()) {
        Ok(tokens) => tokens,
        Err(error) => {
            let error = error.to_compile_error();
            match syn::parse2(item.clone()) {
                Ok(Item::Impl(item)) => {
                    let item = methods::plain(item);
                    quote!(#error #item)
                }
                _ => quote!(#error #item),
            }
        }
    }
}

/// What the parameters of the function say.
struct Signature {
    fixed_key: bool,
    input: [Type; 2],
    /// What it forwards; `None` without a context.
    output: Option<[Type; 2]>,
    /// The stores, and whether each is a `&mut`.
    stores: Vec<(Type, bool)>,
}

fn declare(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let runtime = runtime.parse2(attribute)?;
    match syn::parse2(item)? {
        Item::Fn(item) => {
            let inputs = item.sig.inputs.iter();
            let signature = signature(inputs, item.sig.ident.span())?;
            Ok(tokens(&runtime, &item, &signature))
        }
        Item::Impl(item) => methods::expand(&runtime, item),
        other => {
            let message = "`#[processor]` stands on a function, or on the `impl` of a type that has `process`";
            Err(syn::Error::new_spanned(other, message))
        }
    }
}

fn runtime(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut runtime = default_runtime();
    while !input.is_empty() {
        match crate_option(input)? {
            Some(path) => runtime = path,
            None => return Err(input.error("`#[processor]` takes no options but `crate = path`")),
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(runtime)
}

/// What the parameters behind a possible `self` say; `place` is the function's name.
fn signature<'a>(inputs: impl Iterator<Item = &'a FnArg>, place: Span) -> syn::Result<Signature> {
    let wanted = "a processor takes a record first: `record: Record<K, V>`";
    let mut types = inputs.map(|input| match input {
        FnArg::Typed(typed) => Ok(&*typed.ty),
        FnArg::Receiver(receiver) => Err(syn::Error::new_spanned(receiver, wanted)),
    });
    let first = types.next().ok_or_else(|| syn::Error::new(place, wanted))??;
    let record =
        last_segment(first).filter(|segment| segment.ident.to_string().ends_with("Record"));
    let record = record.ok_or_else(|| syn::Error::new_spanned(first, wanted))?;
    let input = two_types(record)?;
    let fixed_key = record.ident == "FixedKeyRecord";
    let mut output = None;
    let mut stores = Vec::new();
    for ty in types {
        let ty = ty?;
        let Type::Reference(reference) = ty else {
            let message = "a processor takes its context and its stores by reference: `&mut ..`";
            return Err(syn::Error::new_spanned(ty, message));
        };
        let is_context = last_segment(&reference.elem)
            .filter(|segment| segment.ident.to_string().ends_with("ProcessorContext"));
        match is_context {
            Some(segment) if output.is_none() && stores.is_empty() => {
                output = Some(two_types(segment)?);
            }
            _ => stores.push((for_ever(&reference.elem)?, reference.mutability.is_some())),
        }
    }
    Ok(Signature { fixed_key, input, output, stores })
}

/// The types of what it forwards: the context's, or nothing.
fn output(signature: &Signature) -> [TokenStream; 2] {
    let key = &signature.input[0];
    match (&signature.output, signature.fixed_key) {
        (Some([_, next]), true) => [quote!(#key), quote!(#next)],
        (Some([next_key, next]), false) => [quote!(#next_key), quote!(#next)],
        (None, true) => [quote!(#key), quote!(())],
        (None, false) => [quote!(()), quote!(())],
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The key's and the value's type of `Record<K, V>` or `ProcessorContext<'_, K, V>`.
fn two_types(segment: &PathSegment) -> syn::Result<[Type; 2]> {
    let message = format!("write the types of key and value here: `{}<K, V>`", segment.ident);
    let missing = || syn::Error::new(segment.span(), message);
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Err(missing());
    };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    match (types.next(), types.next(), types.next()) {
        (Some(key), Some(value), None) => Ok([key, value]),
        _ => Err(missing()),
    }
}

/// The type of a store as it is declared, outside of any processor: `KeyValueStore<'static, K, V>`.
fn for_ever(ty: &Type) -> syn::Result<Type> {
    let Type::Path(path) = ty else {
        let message = "this is no store; one is written `seen: &mut KeyValueStore<K, V>`";
        return Err(syn::Error::new_spanned(ty, message));
    };
    let mut path: TypePath = path.clone();
    if let Some(inner) = inside_global_store(&mut path) {
        *inner = for_ever(inner)?;
        return Ok(Type::Path(path));
    }
    let place = Lifetime::new("'static", ty.span());
    if let Some(segment) = path.path.segments.last_mut() {
        match &mut segment.arguments {
            PathArguments::AngleBracketed(arguments) => match arguments.args.first_mut() {
                Some(GenericArgument::Lifetime(lifetime)) => *lifetime = place,
                _ => arguments.args.insert(0, GenericArgument::Lifetime(place)),
            },
            arguments => {
                *arguments = PathArguments::AngleBracketed(syn::parse_quote!(<#place>));
            }
        }
    }
    Ok(Type::Path(path))
}

/// The store in `GlobalStore<KeyValueStore<K, V>>` or `ReadOnlyStore<..>`, which have no lifetime of their own.
fn inside_global_store(path: &mut TypePath) -> Option<&mut Type> {
    let last =
        path.path.segments.last_mut().filter(|last| {
            ["GlobalStore", "ReadOnlyStore"].iter().any(|word| last.ident == word)
        })?;
    let PathArguments::AngleBracketed(arguments) = &mut last.arguments else { return None };
    arguments.args.iter_mut().find_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    })
}

fn tokens(runtime: &TokenStream, item: &ItemFn, signature: &Signature) -> TokenStream {
    let (name, visibility) = (&item.sig.ident, &item.vis);
    let plumbing = quote!(#runtime::plumbing);
    let docs = item.attrs.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let (generics, _, bounds) = item.sig.generics.split_for_impl();
    let Signature { input: [key, value], stores, .. } = signature;
    let types = stores.iter().map(|(ty, _)| quote!(#plumbing::StoreHandle<#ty>,));
    let handles = quote!((#(#types)*));
    let [next_key, next_value] = output(signature);
    let [supplier, function, holder, record, context] = match signature.fixed_key {
        true => [
            "FixedKeyProcessorSupplier",
            "FixedKeyProcessorFunction",
            "FixedKeyFunction",
            "FixedKeyRecord",
            "FixedKeyProcessorContext",
        ],
        false => {
            ["ProcessorSupplier", "ProcessorFunction", "Function", "Record", "ProcessorContext"]
        }
    }
    .map(|word| format_ident!("{word}"));
    let arguments = match signature.fixed_key {
        true => quote!(#key, #value, #next_value, #handles),
        false => quote!(#key, #value, #next_key, #next_value, #handles),
    };
    let views: Vec<_> = (0..stores.len()).map(|place| format_ident!("store_{place}")).collect();
    let open = (!views.is_empty()).then(|| {
        quote! {
            let (#(#views,)*) = stores;
            #(#[allow(unused_mut, reason = "read-only stores")] let mut #views = ctx.store(#views);)*
        }
    });
    let given = views.iter().zip(stores).map(|(view, (_, mutable))| match mutable {
        true => quote!(, &mut #view),
        false => quote!(, &#view),
    });
    let passed = signature.output.is_some().then(|| quote!(, ctx));
    quote! {
        #(#docs)*
        #[allow(non_camel_case_types, reason = "a processor is called like its function")]
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #visibility struct #name;

        impl #generics #plumbing::#function<#arguments> for #name #bounds {
            fn call(
                record: #plumbing::#record<#key, #value>,
                ctx: &mut #plumbing::#context<'_, #next_key, #next_value>,
                stores: #handles,
            ) -> ::core::result::Result<(), #plumbing::UserError> {
                #item
                let _ = (&ctx, &stores);
                #open
                #plumbing::Returned::returned(#name(record #passed #(#given)*))
            }
        }

        impl #generics #plumbing::#supplier<#arguments> for #name #bounds {
            type Processor = #plumbing::#holder<Self, #handles>;

            fn get(&self, stores: #handles) -> Self::Processor {
                #plumbing::#holder::new(*self, stores)
            }
        }
    }
}
