//! Example 2, frequency: how often each animal comes.

use streams_runtime::prelude::*;

use super::show_input;
use crate::domain::{AnimalCounts, Animals, Example};

topology!(
    /// Counts the animals in lower case, all but the pigs.
    ///
    /// The key changes before the count, so the records travel through a repartition topic; the
    /// counts live in the store `count-store`.
    pub fn frequency() -> Topology {
        let animals = stream(Animals)
            .peek(|key, value| show_input(Example::Frequency, key, value))
            .select_key(|_, animal| animal.clone())
            .filter(|animal, _| !animal.eq_ignore_ascii_case("pig"))
            .map_values(|animal| animal.to_lowercase());
        let counts = animals.group_by(|_, animal| animal.clone()).count("count-store");
        counts.to_stream().to(AnimalCounts);
    }
);
