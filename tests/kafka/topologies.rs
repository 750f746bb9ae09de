//! The topologies of these tests.

use std::sync::Arc;

use streams_runtime::prelude::*;

topology!(
    /// Lines to words to counts, through a repartition topic.
    pub fn word_count(input: String, output: String) -> Topology {
        let words = stream::<Option<String>, String>(input)
            .flat_map_values(split_words)
            .group_by(|_, word| word.clone());
        words.count("counts").to_stream().to(output);
    }
);

topology!(
    /// Records pass as they are.
    pub fn copy(input: String, output: String) -> Topology {
        stream::<Option<String>, String>(input).to(output);
    }
);

topology!(
    /// Counts per key, without a repartition topic.
    pub fn count_by_key(input: String, output: String) -> Topology {
        stream::<String, String>(input).group_by_key().count("counts").to_stream().to(output);
    }
);

topology!(
    /// Counts per key of two topics together.
    pub fn count_both(left: String, right: String, output: String) -> Topology {
        let right = stream::<String, String>(right);
        let both = stream::<String, String>(left).merge(right);
        both.group_by_key().count("counts").to_stream().to(output);
    }
);

topology!(
    /// Counts per key of two topics together, in a store without a changelog.
    pub fn count_both_unlogged(left: String, right: String, output: String) -> Topology {
        let right = stream::<String, String>(right);
        let both = stream::<String, String>(left).merge(right);
        let counts = Materialized::as_("counts").with_logging_disabled();
        both.group_by_key().count(counts).to_stream().to(output);
    }
);

topology!(
    /// Numbers only; others are an error of a user function.
    pub fn numbers(input: String, output: String) -> Topology {
        stream::<Option<String>, String>(input)
            .try_map_values(|text| text.parse::<i64>())
            .to(output);
    }
);

topology!(
    /// Panics at the word `panic`.
    pub fn panics(input: String, output: String) -> Topology {
        stream::<Option<String>, String>(input).map_values(refuse_panic).to(output);
    }
);

topology!(
    /// Reads numbers of 8 bytes.
    pub fn reads_longs(input: String, output: String) -> Topology {
        stream::<Option<String>, i64>(input).to(output);
    }
);

fn refuse_panic(text: String) -> String {
    assert!(text != "panic", "this word is not allowed");
    text
}

pub fn split_words(line: String) -> Vec<String> {
    line.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

topology!(
    /// Takes longer than the group waits, the first time it sees the word `slow`.
    pub fn slow(input: String, output: String) -> Topology {
        let once = std::sync::Arc::new(std::sync::Once::new());
        stream::<Option<String>, String>(input)
            .peek(move |_, text| {
                if text == "slow" {
                    once.call_once(|| std::thread::sleep(std::time::Duration::from_secs(9)));
                }
            })
            .to(output);
    }
);

/// Called with each line; may sleep or panic.
pub type Trouble = Arc<dyn Fn(&str) + Send + Sync>;

topology!(
    /// A word count whose first step may be disturbed.
    pub fn troubled_word_count(input: String, output: String, trouble: Trouble) -> Topology {
        let words = stream::<Option<String>, String>(input)
            .peek(move |_, line| trouble(line))
            .flat_map_values(split_words)
            .group_by(|_, word| word.clone());
        words.count("counts").to_stream().to(output);
    }
);
