//! The topologies of the examples, without any broker.

mod frequency;
mod products;
mod string;
mod word_count;

use std::sync::Arc;

use streams_runtime::prelude::*;

use crate::domain::{Example, Repository};

pub use frequency::frequency;
pub use products::products;
pub use string::strings;
pub use word_count::word_count;

/// Rows of the products' table.
pub const PRODUCTS: i64 = 1000;

/// The example's topology, or why there is none yet.
///
/// # Errors
/// For the merge, which needs stream joins.
pub fn topology(example: Example) -> Result<Topology, String> {
    match example {
        Example::String => Ok(strings()),
        Example::Frequency => Ok(frequency()),
        Example::WordCount => Ok(word_count()),
        Example::Products => Ok(products(Arc::new(Repository::with_rows(PRODUCTS)))),
        Example::Merge => Err(example.not_yet().unwrap_or("it has no topology").to_owned()),
    }
}

/// Prints an input record as the tutorial does: `[thread] [String]key:value`.
fn show_input(example: Example, key: &str, value: &str) {
    let thread = std::thread::current();
    println!("[{}] [{}]{key}:{value}", thread.name().unwrap_or("main"), example.tag());
}
