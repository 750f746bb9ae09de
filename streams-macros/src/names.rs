//! Kafka's rules for names that stand in the source as literals.

/// Longest name of a topic; Kafka Streams holds processors and stores to the same.
const MAX_LENGTH: usize = 249;

/// Says what is wrong with a name of a topic, a store or a processor, if anything is.
///
/// Java: `org.apache.kafka.common.internals.Topic.validate`, `Named.validate`.
pub(crate) fn flaw(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("it is empty".to_owned());
    }
    if name == "." || name == ".." {
        return Some(format!("`{name}` is reserved"));
    }
    if name.len() > MAX_LENGTH {
        return Some(format!("it has {} characters, at most {MAX_LENGTH} are allowed", name.len()));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let illegal = name.chars().find(|c| !legal(*c))?;
    Some(format!("`{illegal}` is not one of the characters a-z, A-Z, 0-9, `.`, `_` and `-`"))
}

/// The same for a name that becomes a part of an internal topic's, `<application>-<name><suffix>`.
pub(crate) fn flaw_before(name: &str, suffix: &str) -> Option<String> {
    let most = MAX_LENGTH - "a-".len() - suffix.len();
    flaw(name).or_else(|| {
        (name.len() > most).then(|| {
            format!(
                "its topic `<application>-<name>{suffix}` would have more than {MAX_LENGTH} characters; \
                 at most {most} are left for the name, less the application's id"
            )
        })
    })
}

/// True for names that Kafka Streams gives to its own topics.
pub(crate) fn is_internal(topic: &str) -> bool {
    topic.ends_with("-changelog") || topic.ends_with("-repartition")
}

/// The candidate that a misspelt word most likely meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (word.len() / 3).max(1);
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many insertions, deletions, replacements and swaps of neighbours turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
