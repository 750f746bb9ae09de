#[topology_part]
pub fn clean(lines: KStream<String, String>, min: usize) -> KStream<String, String> {
    lines.filter(move |_, line| line.len() >= min).map_values(|line| line.to_lowercase())
}
#[topology_part]
fn counted(
    words: KStream<String, String>,
    names: KTable<String, String>,
) -> (KTable<String, i64>, KStream<String, String>) {
    let counts = words.group_by_key().count("counts");
    let known = counts.to_stream().join(names, |count, name| format!("{name} {count:?}"));
    (counts, known)
}
topology!(
    pub fn word_count(min: usize) -> Topology {
        let words = parts::clean(stream(Lines), min).flat_map_values(split);
        let (counts, known) = counted(words, table(Names));
        counts.to_stream().to(Counts);
        known.to(Known);
    }
);
