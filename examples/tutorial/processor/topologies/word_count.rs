//! Example 3, word count: lines to words to counts.

use streams_runtime::prelude::*;

use super::show_input;
use crate::domain::{Example, Lines, WordCharacters, WordCounts, java_split};

topology!(
    /// Counts the words of all lines in upper case, split as Java's `\W+` does.
    pub fn word_count() -> Topology {
        let words = stream(Lines)
            .peek(|key, value| show_input(Example::WordCount, key, value))
            .map_values(|line| line.to_uppercase())
            .flat_map_values(|line| java_split(&line, WordCharacters::Ascii));
        let counts = words.group_by(|_, word| word.clone()).count("word-counts-store");
        counts.to_stream().to(WordCounts);
    }
);
