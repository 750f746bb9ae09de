//! Which names mean streams at a place of the body, and which do not.

use std::collections::HashMap;

use syn::visit::Visit;
use syn::{Ident, Pat, PatIdent};

use super::graph::NodeId;

/// What a name of a stream, or a chain, stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// The result of a node.
    Node(NodeId),
    /// The branches of a closed split.
    Branches(Vec<Value>),
    /// The results of a part that gives several.
    Several(Vec<Value>),
    /// Nothing: the chain has ended.
    Nothing,
    /// The result of a mistake, which is reported elsewhere: everything fits it.
    Unknown,
}

/// A name's meaning.
#[derive(Clone)]
pub(crate) enum Meaning {
    /// A stream or table, with the number of its binding.
    Flow { value: Value, binding: usize },
    /// A value of ordinary Rust.
    Rust,
}

/// The names that are visible at one place, innermost last.
#[derive(Default)]
pub(crate) struct Scope {
    frames: Vec<HashMap<String, Meaning>>,
}

impl Scope {
    pub(crate) fn enter(&mut self) {
        self.frames.push(HashMap::new());
    }

    pub(crate) fn leave(&mut self) {
        self.frames.pop();
    }

    pub(crate) fn define(&mut self, name: &Ident, meaning: Meaning) {
        if self.frames.is_empty() {
            self.enter();
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.insert(name.to_string(), meaning);
        }
    }

    /// Makes every name of a pattern one of ordinary Rust.
    pub(crate) fn define_rust(&mut self, pattern: &Pat) {
        for name in names_of(pattern) {
            self.define(&name, Meaning::Rust);
        }
    }

    pub(crate) fn find(&self, name: &Ident) -> Option<&Meaning> {
        let name = name.to_string();
        self.frames.iter().rev().find_map(|frame| frame.get(&name))
    }

    /// The names of all streams and tables, sorted.
    pub(crate) fn flows(&self) -> Vec<String> {
        let all = self.frames.iter().flatten();
        let flows = all.filter(|(_, meaning)| matches!(meaning, Meaning::Flow { .. }));
        let mut names: Vec<String> = flows.map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }
}

/// The names that a pattern binds.
pub(crate) fn names_of(pattern: &Pat) -> Vec<Ident> {
    struct Names(Vec<Ident>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
            self.0.push(pattern.ident.clone());
            syn::visit::visit_pat_ident(self, pattern);
        }
    }
    let mut names = Names(Vec::new());
    names.visit_pat(pattern);
    names.0
}
