//! The topics as types: declared once, so that a sink of another type does not compile.

use streams_runtime::prelude::*;

/// Input of the string example.
#[topic("string")]
pub type Strings = Topic<String, String>;

/// Result of the string example.
#[topic("string-changed")]
pub type StringsChanged = Topic<String, String>;

/// Input of the frequency example.
#[topic("animal")]
pub type Animals = Topic<String, String>;

/// Result of the frequency example: how often each animal came so far.
#[topic("animal-agg")]
pub type AnimalCounts = Topic<String, i64>;

/// Input of the word count.
#[topic("word")]
pub type Lines = Topic<String, String>;

/// Result of the word count: how often each word came so far.
#[topic("word-agg")]
pub type WordCounts = Topic<String, i64>;

/// Input of the products example: product numbers as text.
#[topic("production")]
pub type ProductNumbers = Topic<String, String>;

/// The left input of the merge example.
#[topic("merge1")]
pub type MergeLeft = Topic<String, String>;

/// The right input of the merge example.
#[topic("merge2")]
pub type MergeRight = Topic<String, String>;

/// Result of the merge example: both texts of a match.
#[topic("merge-changed")]
pub type Merged = Topic<String, String>;

/// Result of the products example: products as JSON text.
#[topic("production-changed")]
pub type ProductTexts = Topic<String, String>;
