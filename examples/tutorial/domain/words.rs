//! Java's rules for splitting a text at everything that is no word character.

/// Which characters belong to words.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum WordCharacters {
    /// `[a-zA-Z_0-9]`, as `\w` means in Java unless a flag says otherwise.
    #[default]
    Ascii,
    /// Letters and digits of all scripts, and `_` (close to Java's `UNICODE_CHARACTER_CLASS`).
    #[allow(dead_code, reason = "for other texts; those of the examples are ASCII")]
    Unicode,
}

impl WordCharacters {
    /// True when the character belongs to a word.
    pub fn contain(self, character: char) -> bool {
        match self {
            Self::Ascii => character.is_ascii_alphanumeric() || character == '_',
            Self::Unicode => character.is_alphanumeric() || character == '_',
        }
    }
}

/// The words of a text as Java's `text.split("\\W+")` gives them.
///
/// A text that starts with a separator has an empty word in front; empty words at the end are
/// dropped; a text without any separator is its own only word, even when it is empty.
pub fn java_split(text: &str, words: WordCharacters) -> Vec<String> {
    if text.chars().all(|character| words.contain(character)) {
        return vec![text.to_owned()];
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|character| !words.contain(character)) {
        parts.push(rest[..start].to_owned());
        rest = rest[start..].trim_start_matches(|character| !words.contain(character));
    }
    parts.push(rest.to_owned());
    while parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{WordCharacters, java_split};

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(java_split(text, WordCharacters::Ascii), expected, "{text:?}");
    }

    #[test]
    fn splits_between_words() {
        check("ONE TWO THREE", &["ONE", "TWO", "THREE"]);
        check("one,, two...three", &["one", "two", "three"]);
    }

    #[test]
    fn keeps_an_empty_word_in_front() {
        check(" one", &["", "one"]);
        check("'tis true", &["", "tis", "true"]);
    }

    #[test]
    fn drops_empty_words_at_the_end() {
        check("one! ", &["one"]);
        check("...", &[]);
    }

    #[test]
    fn a_text_without_separators_is_one_word() {
        check("one", &["one"]);
        check("", &[""]);
    }

    #[test]
    fn underscores_and_digits_are_in_words() {
        check("a_b c3-d4", &["a_b", "c3", "d4"]);
    }

    #[test]
    fn other_scripts_are_separators_unless_asked_for() {
        check("caf\u{e9} noir", &["caf", "noir"]);
        let words = java_split("caf\u{e9} noir", WordCharacters::Unicode);
        assert_eq!(words, ["caf\u{e9}", "noir"]);
    }
}
