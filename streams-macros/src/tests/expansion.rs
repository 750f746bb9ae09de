//! What topologies expand to, compared with files a person can read (`streams-macros/tests/expand`).
//!
//! `EXPAND=overwrite cargo test -p streams-macros` writes the files anew.

use std::path::Path;

use crate::compile;

/// Expands `tests/expand/<name>.rs` and compares with `tests/expand/<name>.expanded.rs`.
#[track_caller]
fn check(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let source = std::fs::read_to_string(folder.join(format!("{name}.rs"))).unwrap();
    let mut file: syn::File = syn::parse_str(&source).unwrap();
    for item in &mut file.items {
        let syn::Item::Macro(call) = item else { continue };
        let tokens = compile::function_like(call.mac.tokens.clone());
        *item = syn::parse2(tokens).unwrap();
    }
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
