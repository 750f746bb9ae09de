use streams_runtime::prelude::*;

#[topic("lines")]
pub type Lines = Topic<Option<String>, String>;
#[topic("word-counts", compact, partitions = 6)]
pub type WordCounts = Topic<String, i64>;

topology!(
    /// Counts how often each word was seen.
    pub fn word_count(min_len: usize) -> Topology {
        let words = stream(Lines)
            .flat_map_values(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
            .filter(move |_, word| word.len() >= min_len);
        let counts = words.group_by(|_, word| word.clone()).count("counts");
        counts.to_stream().to(WordCounts);
    }
);

#[topology_fn]
fn generic<V: HasSerde + std::fmt::Debug>(topic: &'static str) -> Topology {
    stream::<String, V>(topic).peek(|key, value| println!("{key} {value:?}"));
}

fn main() {
    let text = word_count(3).describe();
    assert!(text.contains("Source: counts-repartition-source"), "{text}");
    assert!(generic::<i64>("numbers").describe().contains("KSTREAM-PEEK-0000000001"));
    let lines: Topology = topology!({ stream(Lines).peek(|_, line| println!("{line}")) });
    assert!(lines.describe().contains("lines"));
}
