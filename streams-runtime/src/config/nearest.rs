//! The known name that a mistyped one most likely meant.

/// The nearest of `names`, when it is near enough to be meant.
pub(super) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let limit = (name.chars().count() / 3).clamp(1, 5);
    let dotted = format!("{name}.");
    names
        .map(|candidate| {
            let unfinished = candidate.starts_with(&dotted);
            (if unfinished { 1 } else { distance(name, candidate) }, candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance; `_` and `.` and the case of letters count as equal.
fn distance(left: &str, right: &str) -> usize {
    let fold = |text: &str| -> Vec<char> {
        text.chars().map(|c| if c == '_' { '.' } else { c.to_ascii_lowercase() }).collect()
    };
    let (left, right) = (fold(left), fold(right));
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replace = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_key_that_was_meant() {
        let names = ["commit.interval.ms", "poll.ms", "state.dir"];
        assert_eq!(nearest("commit.intervall.ms", names.into_iter()), Some("commit.interval.ms"));
        assert_eq!(nearest("STATE_DIR", names.into_iter()), Some("state.dir"));
        assert_eq!(nearest("poll", names.into_iter()), Some("poll.ms"));
        assert_eq!(nearest("wholly.different.name", names.into_iter()), None);
    }
}
