//! Parts of topologies in a crate of their own: what their bodies name is known here alone.

pub mod text {
    //! Lines and words.

    use std::fmt::Write as _;

    use streams_runtime::prelude::*;

    use crate::lengths::long_enough;

    /// No name of the caller's.
    fn words_of(line: String) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    /// The words of all lines that are long enough.
    #[topology_part]
    pub fn words(lines: KStream<String, String>, min: usize) -> KStream<String, String> {
        long_enough(lines.flat_map_values(words_of), min)
    }

    /// Words by themselves with how often they were seen, as text, and the counts.
    #[topology_part]
    pub fn counted(
        words: KStream<String, String>,
        store: &'static str,
    ) -> (KTable<String, i64>, KStream<String, String>) {
        let counts = words.group_by(|_, word| word.clone()).count(store);
        let told = counts.to_stream().map_values(|word, count| {
            let mut text = String::new();
            write!(text, "{word}: {}", count.unwrap_or_default()).ok();
            text
        });
        (counts, told)
    }
}

mod lengths {
    use streams_runtime::prelude::*;

    /// Texts of at least `min` bytes.
    #[topology_part]
    pub(crate) fn long_enough(
        texts: KStream<String, String>,
        min: usize,
    ) -> KStream<String, String> {
        texts.filter(move |_, text| text.len() >= min)
    }
}
