//! The table of operators and the runtime's methods name the same words.

use std::collections::BTreeSet;
use std::path::Path;

use crate::model::operators::{OPERATORS, Selected};

/// The words that are no methods of handles, or belong to chains that the macro takes apart itself.
const NOT_CALLED: &[&str] = &["no_default_branch"];

/// Every method that a handle of the runtime has, those of joins that a macro writes included.
fn methods() -> BTreeSet<String> {
    let dsl = Path::new(env!("CARGO_MANIFEST_DIR")).join("../streams-runtime/src/dsl");
    let mut words = BTreeSet::new();
    for file in std::fs::read_dir(dsl).unwrap() {
        let path = file.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        words.extend(text.split(word).map(str::to_owned));
    }
    words
}

#[test]
fn every_operator_is_a_method() {
    let methods = methods();
    let mut missing = BTreeSet::new();
    for operator in OPERATORS {
        for fallible in [false, true] {
            let name = Selected { operator, fallible }.method();
            let wanted = !fallible || operator.fallible;
            if wanted && !methods.contains(&name) && !NOT_CALLED.contains(&name.as_str()) {
                missing.insert(name);
            }
        }
    }
    assert!(missing.is_empty(), "no method of the runtime: {missing:?}");
}

#[test]
fn every_try_method_is_an_operator() {
    let known: BTreeSet<String> = OPERATORS
        .iter()
        .filter(|operator| operator.fallible)
        .map(|operator| Selected { operator, fallible: true }.method())
        .collect();
    let tries = methods().into_iter().filter(|word| word.starts_with("try_") && word.len() > 4);
    let no_operators = ["try_from", "try_into", "try_keyed", "try_plain"];
    let unknown: Vec<String> = tries
        .filter(|word| !known.contains(word) && !no_operators.contains(&word.as_str()))
        .collect();
    assert!(unknown.is_empty(), "the table of operators lacks {unknown:?}");
}

#[test]
fn every_operator_with_a_function_has_a_try_form() {
    let without: BTreeSet<&str> = OPERATORS
        .iter()
        .map(|operator| Selected { operator, fallible: true })
        .filter(|selected| selected.takes_a_function() && !selected.operator.fallible)
        .map(|selected| selected.operator.name)
        .collect();
    assert!(without.is_empty(), "no try_ form: {without:?}");
}
