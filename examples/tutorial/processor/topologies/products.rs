//! Example 4, products: a lookup for each record, and what happens when one fails.

use std::sync::Arc;

use streams_runtime::prelude::*;

use super::show_input;
use crate::domain::{Example, ProductNumbers, ProductTexts, Repository};

topology!(
    /// Turns product numbers into the products' JSON texts.
    ///
    /// Each step may fail: a text that is no number, a number without a product, and number 20,
    /// which the repository refuses on purpose. The `try_` twins hand such an error to the
    /// processing exception handler, which decides.
    pub fn products(repository: Arc<Repository>) -> Topology {
        stream(ProductNumbers)
            .peek(|key, value| show_input(Example::Products, key, value))
            .try_map_values(|text| text.parse::<i64>())
            .try_map_values(move |number| repository.find(number).cloned())
            .try_map_values(|product| serde_json::to_string(&product))
            .to(ProductTexts);
    }
);
