//! Example 5, merge: two streams joined by key and time.

use std::fmt;
use std::time::Duration;

use streams_runtime::prelude::*;

use super::show_input;
use crate::domain::{Example, MergeLeft, MergeRight, Merged};

/// How far apart in time two records with one key may be.
const WITHIN: Duration = Duration::from_secs(3);
/// How long a record stays joinable for late ones: a day in all, as the tutorial's version of Kafka
/// Streams has it.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Both sides of a match.
#[derive(Clone, Debug)]
struct Pair {
    left: String,
    right: String,
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} : {}", self.left, self.right)
    }
}

topology!(
    /// Joins records of equal key that are at most three seconds apart; keys divisible by 4 go on.
    ///
    /// Neither side changes its key, so no repartition topic is needed; each side keeps its records
    /// of the last day in a window store, in which the other side looks.
    pub fn merge() -> Topology {
        let within = JoinWindows::of_time_difference_and_grace(WITHIN, KEPT - 2 * WITHIN);
        let left = stream(MergeLeft).peek(|key, value| show_input(Example::Merge, key, value));
        let right = stream(MergeRight).peek(|key, value| show_input(Example::Merge, key, value));
        left.join(right, |left, right| Pair { left, right }, within)
            .peek(|key, pair| show_input(Example::Merge, key, &pair.to_string()))
            .try_filter(|key, _| key.parse::<i64>().map(|number| number % 4 == 0))
            .map_values(|pair| pair.to_string())
            .to(Merged);
    }
);
