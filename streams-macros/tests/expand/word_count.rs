topology!(
    /// Counts how often each word was seen.
    pub fn word_count(min_len: usize) -> Topology {
        let quiet = stream(Shouts).map_values(|line| line.to_lowercase());
        let words = stream(Lines)
            .merge(quiet)
            .flat_map_values(split_words)
            .filter(move |_, word| word.len() >= min_len);
        words.filter(|_, word| word.len() > 8).to(LongWords);
        let counts = words.group_by(|_, word| word.clone()).count("counts");
        counts.to_stream().to(WordCounts);
    }
);
