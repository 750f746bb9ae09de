//! `#[processor]` on an impl: `process`, and where wanted `init`, `close` and punctuations.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, Token, Type};

use super::{Signature, last_segment, signature, two_types};

/// The impl without the words that only `#[processor]` knows, for when it has mistakes.
pub(super) fn plain(mut item: ItemImpl) -> ItemImpl {
    for member in &mut item.items {
        if let ImplItem::Fn(function) = member {
            function.attrs.retain(|attribute| !is_punctuation(attribute));
        }
    }
    item
}

fn is_punctuation(attribute: &Attribute) -> bool {
    attribute.path().is_ident("punctuate")
}

/// One of the methods that are called.
struct Method {
    name: Ident,
    /// What it is given, in its order.
    parameters: Vec<Parameter>,
    /// The types of its context.
    forwards: Option<[Type; 2]>,
}

/// A parameter behind `self`.
#[derive(Clone, Copy, PartialEq)]
enum Parameter {
    Record,
    Context,
    Time,
    /// A store, and whether it is a `&mut`.
    Store(bool),
}

/// A method under `#[punctuate(..)]`.
struct Punctuation {
    method: Method,
    clock: Clock,
}

/// `stream_time = interval` or `wall_clock = interval`.
struct Clock {
    by: &'static str,
    interval: Expr,
}

impl Parse for Clock {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let word: Ident = input.parse()?;
        let by = match word.to_string().as_str() {
            "stream_time" => "StreamTime",
            "wall_clock" => "WallClockTime",
            _ => {
                let message = "a punctuation goes by `stream_time = interval` or `wall_clock = interval`, \
                               where the interval is a `Duration`";
                return Err(syn::Error::new(word.span(), message));
            }
        };
        input.parse::<Token![=]>()?;
        Ok(Self { by, interval: input.parse()? })
    }
}

/// The impl as it was, and the trait that the runtime calls.
pub(super) fn expand(runtime: &TokenStream, mut item: ItemImpl) -> syn::Result<TokenStream> {
    if let Some((_, path, _)) = &item.trait_ {
        let message = "`#[processor]` stands on the type's own `impl`: remove the trait";
        return Err(syn::Error::new_spanned(path, message));
    }
    let mut parts = Parts::default();
    for member in &mut item.items {
        if let ImplItem::Fn(function) = member {
            parts.take(function)?;
        }
    }
    let Some((process, mut signature)) = parts.process else {
        let message = "a processor has a method `process`: \
                       `fn process(&mut self, record: Record<K, V>, ctx: &mut ProcessorContext<'_, K, V>)`";
        return Err(syn::Error::new_spanned(&item.self_ty, message));
    };
    let rest = (parts.init, parts.close, parts.punctuations);
    let others = || rest.0.iter().chain(rest.2.iter().map(|punctuation| &punctuation.method));
    check_stores(&signature, others())?;
    if signature.output.is_none() {
        signature.output = others().find_map(|method| method.forwards.clone());
    }
    Ok(tokens(runtime, &item, (&process, &signature), rest))
}

/// The methods that were found.
#[derive(Default)]
struct Parts {
    process: Option<(Method, Signature)>,
    init: Option<Method>,
    close: Option<Method>,
    punctuations: Vec<Punctuation>,
}

impl Parts {
    fn take(&mut self, function: &mut ImplItemFn) -> syn::Result<()> {
        if let Some(at) = function.attrs.iter().position(is_punctuation) {
            let clock = function.attrs.remove(at).parse_args()?;
            self.punctuations.push(Punctuation { method: method(function)?, clock });
            return Ok(());
        }
        match function.sig.ident.to_string().as_str() {
            "process" => {
                let inputs = function.sig.inputs.iter().skip(1);
                let signature = signature(inputs, function.sig.ident.span())?;
                self.process = Some((method(function)?, signature));
            }
            "init" => self.init = Some(method(function)?),
            "close" => self.close = Some(method(function)?),
            _ => {}
        }
        Ok(())
    }
}

fn method(function: &ImplItemFn) -> syn::Result<Method> {
    let mut inputs = function.sig.inputs.iter();
    if !matches!(inputs.next(), Some(FnArg::Receiver(_))) {
        let message = "the runtime calls this on an instance: it takes `&mut self` first";
        return Err(syn::Error::new_spanned(&function.sig, message));
    }
    let forwards = inputs.clone().find_map(context).transpose()?;
    let parameters = inputs.map(parameter).collect::<syn::Result<_>>()?;
    Ok(Method { name: function.sig.ident.clone(), parameters, forwards })
}

/// The types of a parameter that is a context.
fn context(input: &FnArg) -> Option<syn::Result<[Type; 2]>> {
    let FnArg::Typed(typed) = input else { return None };
    let Type::Reference(reference) = &*typed.ty else { return None };
    let segment = last_segment(&reference.elem)?;
    segment.ident.to_string().ends_with("ProcessorContext").then(|| two_types(segment))
}

fn parameter(input: &FnArg) -> syn::Result<Parameter> {
    let FnArg::Typed(typed) = input else {
        return Err(syn::Error::new_spanned(input, "`self` stands first"));
    };
    let ends = |ty: &Type, word: &str| {
        last_segment(ty).is_some_and(|segment| segment.ident.to_string().ends_with(word))
    };
    match &*typed.ty {
        Type::Reference(reference) if ends(&reference.elem, "ProcessorContext") => {
            Ok(Parameter::Context)
        }
        Type::Reference(reference) => Ok(Parameter::Store(reference.mutability.is_some())),
        ty if ends(ty, "Record") => Ok(Parameter::Record),
        ty if ends(ty, "Timestamp") => Ok(Parameter::Time),
        ty => {
            let message =
                "a processor's method takes a record or a time, its context and its stores";
            Err(syn::Error::new_spanned(ty, message))
        }
    }
}

/// `process` says which stores there are; another method takes all of them, or none.
fn check_stores<'a>(
    signature: &Signature,
    others: impl Iterator<Item = &'a Method>,
) -> syn::Result<()> {
    for other in others {
        let stores = other.parameters.iter().filter(|p| matches!(p, Parameter::Store(_))).count();
        if stores != 0 && stores != signature.stores.len() {
            let message = format!(
                "`{}` takes {stores} of the {} stores of `process`: take all in its order, or none",
                other.name,
                signature.stores.len()
            );
            return Err(syn::Error::new(other.name.span(), message));
        }
    }
    Ok(())
}

type Rest = (Option<Method>, Option<Method>, Vec<Punctuation>);

fn tokens(
    runtime: &TokenStream,
    item: &ItemImpl,
    (process, signature): (&Method, &Signature),
    (init, close, punctuations): Rest,
) -> TokenStream {
    let plumbing = quote!(#runtime::plumbing);
    let (generics, _, bounds) = item.generics.split_for_impl();
    let ty = &item.self_ty;
    let Signature { input: [key, value], stores, fixed_key, .. } = signature;
    let types = stores.iter().map(|(ty, _)| quote!(#plumbing::StoreHandle<#ty>,));
    let handles = quote!((#(#types)*));
    let [out_key, out_value] = super::output(signature);
    let (words, arguments) = match fixed_key {
        true => (
            [
                "StatefulFixedKeyProcessor",
                "StatefulFixedKey",
                "FixedKeyRecord",
                "FixedKeyProcessorContext",
            ],
            quote!(#key, #value, #out_value, #handles),
        ),
        false => (
            ["StatefulProcessor", "Stateful", "Record", "ProcessorContext"],
            quote!(#key, #value, #out_key, #out_value, #handles),
        ),
    };
    let [stateful, holder, record, context] = words.map(|word| format_ident!("{word}"));
    let init = init.map(|init| {
        let call = call(&init, stores.len(), &quote!(self));
        quote!({ #call; })
    });
    let instance = quote!(#plumbing::#holder<Self, #handles>);
    let schedules = punctuations.iter().map(|p| schedule(p, &plumbing, &instance, stores.len()));
    let process = call(process, stores.len(), &quote!(self));
    let close = close.map(|close| {
        let name = close.name;
        quote!(self.#name();)
    });
    quote! {
        #item

        impl #generics #plumbing::#stateful<#arguments> for #ty #bounds {
            fn start(
                &mut self,
                ctx: &mut #plumbing::#context<'_, #out_key, #out_value>,
                stores: #handles,
            ) {
                let _ = (&ctx, &stores);
                #(#schedules)*
                #init
            }

            fn record(
                &mut self,
                record: #plumbing::#record<#key, #value>,
                ctx: &mut #plumbing::#context<'_, #out_key, #out_value>,
                stores: #handles,
            ) -> ::core::result::Result<(), #plumbing::UserError> {
                let _ = (&ctx, &stores);
                #plumbing::Returned::returned({ #process })
            }

            fn end(&mut self) {
                #close
            }
        }
    }
}

/// The statement of `start` that schedules a punctuation of the `instance` in the task.
fn schedule(
    punctuation: &Punctuation,
    plumbing: &TokenStream,
    instance: &TokenStream,
    stores: usize,
) -> TokenStream {
    let Clock { by, interval } = &punctuation.clock;
    let by = format_ident!("{by}");
    let call = call(&punctuation.method, stores, &quote!(this.processor));
    quote! {
        ctx.schedule(#interval, #plumbing::PunctuationType::#by, |this: &mut #instance, ctx, time| {
            let stores = this.stores;
            let _ = (&ctx, &time, &stores);
            #call;
        });
    }
}

/// Opens the stores that the method takes and calls it on `this`.
fn call(method: &Method, stores: usize, this: &TokenStream) -> TokenStream {
    let views: Vec<Ident> = (0..stores).map(|place| format_ident!("store_{place}")).collect();
    let takes_stores = method.parameters.iter().any(|p| matches!(p, Parameter::Store(_)));
    let open = takes_stores.then(|| {
        quote! {
            let (#(#views,)*) = stores;
            #(#[allow(unused_mut, reason = "read-only stores")] let mut #views = ctx.store(#views);)*
        }
    });
    let mut next = views.iter();
    let given = method.parameters.iter().map(|parameter| match parameter {
        Parameter::Record => quote!(record),
        Parameter::Context => quote!(ctx),
        Parameter::Time => quote!(time),
        Parameter::Store(mutable) => {
            let view = next.next();
            if *mutable { quote!(&mut #view) } else { quote!(&#view) }
        }
    });
    let name = &method.name;
    quote!(#open #this.#name(#(#given),*))
}
