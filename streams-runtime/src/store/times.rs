//! What the writer of a shared store tells those who read its rows by time.

use std::collections::BTreeSet;

/// Stream time and segments of a store as of its last batch.
///
/// Readers of a global store see rows through views of their own, which no write passes: this is how they learn
/// which rows are too old to be seen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Times {
    /// The latest time among the rows so far, -1 before the first.
    pub stream_time: i64,
    /// The segments that hold rows.
    pub segments: BTreeSet<i64>,
}
