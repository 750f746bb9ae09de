//! What topologies expand to, compared with files a person can read (`streams-macros/tests/expand`).
//!
//! `EXPAND=overwrite cargo test -p streams-macros` writes the files anew.

use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::compile;
use crate::diag::Diagnostics;
use crate::parts::PartSignature;

/// Expands `tests/expand/<name>.rs` and compares with `tests/expand/<name>.expanded.rs`.
#[track_caller]
fn check(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let source = std::fs::read_to_string(folder.join(format!("{name}.rs"))).unwrap();
    let mut file: syn::File = syn::parse_str(&source).unwrap();
    let signatures = signatures(&file);
    file.items = std::mem::take(&mut file.items)
        .into_iter()
        .flat_map(|item| syn::parse2::<syn::File>(expanded(item, &signatures)).unwrap().items)
        .collect();
    let expanded = prettyplease::unparse(&file);
    let path = folder.join(format!("{name}.expanded.rs"));
    if std::env::var("EXPAND").is_ok_and(|mode| mode == "overwrite") {
        std::fs::write(&path, &expanded).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let first = expanded.lines().zip(expected.lines()).find(|(new, old)| new != old);
    let place = path.display();
    assert!(
        expanded == expected,
        "{place} differs, first in {first:?}; EXPAND=overwrite writes it"
    );
}

/// What the parts of a file say of themselves.
fn signatures(file: &syn::File) -> Vec<PartSignature> {
    let of = |item: &syn::Item| match item {
        syn::Item::Fn(function) => {
            Some(PartSignature::of(&function.sig, &mut Diagnostics::default()))
        }
        _ => None,
    };
    file.items.iter().filter_map(of).collect()
}

/// A macro's item expanded, with all questions to parts answered.
fn expanded(item: syn::Item, signatures: &[PartSignature]) -> TokenStream {
    match item {
        syn::Item::Macro(call) => answered(compile::function_like(call.mac.tokens), signatures),
        syn::Item::Fn(mut function) => {
            function.attrs.retain(|attribute| !attribute.path().is_ident("topology_part"));
            compile::part(TokenStream::new(), function.to_token_stream())
        }
        other => other.to_token_stream(),
    }
}

/// Plays the companions: each answers, and hands on to the next.
fn answered(tokens: TokenStream, signatures: &[PartSignature]) -> TokenStream {
    let Ok(syn::Item::Macro(question)) = syn::parse2(tokens.clone()) else { return tokens };
    let (name, mut trees) = (
        question.mac.path.segments.last().unwrap().ident.to_string(),
        question.mac.tokens.into_iter(),
    );
    let Some(TokenTree::Group(next)) = trees.next() else { panic!("no list of parts") };
    let mut next = next.stream().into_iter();
    let state: TokenStream = trees.collect();
    if name == "topology_with_parts" {
        return compile::with_parts(quote!([] #state));
    }
    let Some(TokenTree::Group(first)) = next.next() else { panic!("nobody is left") };
    let (first, others): (_, TokenStream) = (first.stream(), next.collect());
    let answer = signatures.iter().find(|signature| signature.name == name).unwrap();
    answered(quote!(#first ! { [#others] #state #answer }), signatures)
}

#[test]
fn branches() {
    check("branches");
}

#[test]
fn merged_repartition() {
    check("merged_repartition");
}

#[test]
fn word_count() {
    check("word_count");
}

#[test]
fn joins() {
    check("joins");
}

#[test]
fn parts() {
    check("parts");
}
