//! The topologies of the examples, without any broker.

mod frequency;
mod merge;
mod products;
mod string;
mod word_count;

use std::sync::Arc;

use streams_runtime::prelude::*;

use crate::domain::{Example, Repository};

pub use frequency::frequency;
pub use merge::merge;
pub use products::products;
pub use string::strings;
pub use word_count::word_count;

/// Rows of the products' table.
pub const PRODUCTS: i64 = 1000;

/// The example's topology.
pub fn topology(example: Example) -> Topology {
    match example {
        Example::String => strings(),
        Example::Frequency => frequency(),
        Example::WordCount => word_count(),
        Example::Products => products(Arc::new(Repository::with_rows(PRODUCTS))),
        Example::Merge => merge(),
    }
}

/// Prints an input record as the tutorial does: `[thread] [String]key:value`.
fn show_input(example: Example, key: &str, value: &str) {
    let thread = std::thread::current();
    println!("[{}] [{}]{key}:{value}", thread.name().unwrap_or("main"), example.tag());
}
