//! Example 1, string processing: five stateless steps.

use streams_runtime::prelude::*;

use super::show_input;
use crate::domain::{Example, Strings, StringsChanged};

topology!(
    /// Key 1 with `kafka-test-2` becomes `KAFKA-REAL-2-1`; records with an even key go nowhere.
    ///
    /// `map` may change the key, but nothing behind it needs records of one key together, so no
    /// repartition topic is made.
    pub fn strings() -> Topology {
        stream(Strings)
            .peek(|key, value| show_input(Example::String, key, value))
            .map_values(|value| value.to_uppercase())
            .map(|key, value| {
                let with_key = format!("{value}-{key}");
                (key, with_key)
            })
            .try_filter_not(|key, _| key.parse::<i64>().map(|number| number % 2 == 0))
            .map_values(|value| value.replace("TEST", "REAL"))
            .to(StringsChanged);
    }
);
