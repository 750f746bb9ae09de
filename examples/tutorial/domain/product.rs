//! The product, and the table that the products example looks it up in.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A product; its JSON has the fields in this order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// The number, which is the key of the table.
    pub production_no: i64,
    /// The name.
    pub name: String,
    /// The description.
    pub desc: String,
}

/// Why there is no product.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProductError {
    /// The record that fails on purpose.
    Invalid(i64),
    /// The table has no such row.
    Unknown(i64),
}

impl fmt::Display for ProductError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(number) => write!(f, "{number} invalid"),
            Self::Unknown(number) => write!(f, "no product has the number {number}"),
        }
    }
}

impl std::error::Error for ProductError {}

/// A table of products in memory: stands for the database that a real application would ask.
#[derive(Clone, Debug)]
pub struct Repository {
    rows: BTreeMap<i64, Product>,
}

impl Repository {
    /// The number that is refused on purpose, though the table has it: the tenth record.
    pub const INVALID: i64 = 20;

    /// A table with the rows 1 to `size`.
    pub fn with_rows(size: i64) -> Self {
        let row = |number: i64| Product {
            production_no: number,
            name: format!("test-user-{}", number - 1),
            desc: format!("test-case-{}", number - 1),
        };
        Self { rows: (1..=size).map(|number| (number, row(number))).collect() }
    }

    /// The product of that number.
    ///
    /// # Errors
    /// For [`Repository::INVALID`], always, and for a number that is not in the table.
    pub fn find(&self, number: i64) -> Result<&Product, ProductError> {
        if number == Self::INVALID {
            return Err(ProductError::Invalid(number));
        }
        self.rows.get(&number).ok_or(ProductError::Unknown(number))
    }
}
