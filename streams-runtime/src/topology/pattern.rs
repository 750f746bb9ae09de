//! Topics that are named by a regular expression.

use std::fmt;
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

/// All topics whose whole name a regular expression matches, also those that are created later.
///
/// Stands where a stream's topics stand: `stream::<String, i64>(Pattern::new("orders-.*"))`. As in Java's
/// `Pattern.matches` the expression must match the name from its beginning to its end. A topic that appears while
/// the application runs is read as soon as the next look at the broker's topics finds it
/// (`metadata.max.age.ms`, 5 minutes unless set), from where the source's offset reset policy says.
///
/// | | |
/// |---|---|
/// | tasks | as many as the matching topic with most partitions has; task n reads partition n of each matching topic |
/// | order | records of one task by their time, across its topics; between tasks, and so for a key in topics with other partition counts, none |
/// | left out | the application's own changelogs and repartition topics, topics of global tables before it, the broker's own topics |
/// | refused | a topic that another source reads, or that two patterns match; as a table or a global table |
/// | cost | looking asks the broker for the names of all topics |
///
/// Changelogs and repartition topics keep the number of partitions that they were created with: a later topic may
/// have fewer, and one with more ends the application with a message that says so, as in Kafka Streams. Without
/// state, partitions of a smaller topic may be read by another instance than those of a larger one.
///
/// The syntax is that of the crate [`regex`](https://docs.rs/regex/latest/regex/#syntax): that of Java without
/// look-around, back-references, `\Q..\E` and `\p{..}`; `\d`, `\w` and `(?i)` mean ASCII, as in Java. Flags stand
/// in the text, `(?i)orders-.*`. An expression that does not parse is told by `topology!` where it is written as a
/// literal, else by [`Topology::build`](crate::dsl::Topology::build).
/// Java: `StreamsBuilder#stream(Pattern)`, `Topology#addSource(String, Pattern)`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>(Pattern::new("orders-[a-z]+")).to("all");
/// });
/// assert!(topology.describe().contains("(topics: orders-[a-z]+)"));
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("orders-eu").pipe("a", 1, 0)?;
/// driver.input::<String, i64>("orders-us").pipe("b", 2, 0)?;
/// assert!(driver.input::<String, i64>("my-orders-eu").pipe("c", 3, 0).is_err(), "only a part matches");
/// assert_eq!(driver.output::<String, i64>("all").values()?, [1, 2]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Clone)]
pub struct Pattern {
    text: Arc<str>,
    whole: Result<Regex, Arc<str>>,
}

impl Pattern {
    /// The topics whose whole name matches `expression`.
    ///
    /// An expression that does not parse matches nothing, and the topology that reads it does not build.
    pub fn new(expression: impl AsRef<str>) -> Self {
        let text = expression.as_ref();
        // by itself first: `a)|(b` parses only between parentheses
        let whole = regex(text).and_then(|_| {
            // a comment of `(?x)` at the end takes the parenthesis with it, and ends with the line
            regex(&format!("^(?:{text})$")).or_else(|_| regex(&format!("^(?:{text}\n)$")))
        });
        Self { text: Arc::from(text), whole: whole.map_err(|error| Arc::from(reason(&error))) }
    }

    /// The expression as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True when the whole of `topic` matches.
    pub fn matches(&self, topic: &str) -> bool {
        self.whole.as_ref().is_ok_and(|regex| regex.is_match(topic.as_bytes()))
    }

    /// What is wrong with the expression, with its mend.
    pub(crate) fn problem(&self) -> Option<String> {
        let reason = self.whole.as_ref().err()?;
        Some(format!(
            "the pattern `{self}` is no regular expression: {reason}; correct it, in the syntax of the crate `regex`"
        ))
    }
}

/// Bytes, because names of topics are ASCII and classes mean ASCII in Java, too.
fn regex(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(false).build()
}

/// The last line of an error; those before show the expression once more.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

/// Equal expressions, as text.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_must_match() {
        let cases = [
            ("orders", "orders", true),
            ("orders", "my-orders", false),
            ("orders", "orders-2", false),
            ("a|ab", "ab", true),
            ("a|b-.*", "xa", false),
            (r"orders-\d+", "orders-12", true),
            (r"orders-\d+", "orders-x", false),
            ("(?i)Orders.*", "ORDERS-eu", true),
            ("(?x) orders - # of all\n .* # regions", "orders-eu", true),
            ("(?x) orders # all", "orders-eu", false),
            ("", "", true),
            ("[a-z&&[^b]]+", "abc", false),
            ("[a-z&&[^b]]+", "ac", true),
        ];
        for (text, topic, expected) in cases {
            assert_eq!(Pattern::new(text).matches(topic), expected, "{text} on {topic}");
        }
    }

    #[test]
    fn what_does_not_parse_is_told_with_its_mend() {
        for (text, reason) in [
            ("orders-(", "unclosed group"),
            ("a)|(b", "unopened group"),
            ("(?=a)b", "look-around"),
            (r"(a)\1", "backreferences are not supported"),
        ] {
            let pattern = Pattern::new(text);
            let problem = pattern.problem().expect("it does not parse");
            assert!(problem.contains(text) && problem.contains(reason), "{problem}");
            assert!(!pattern.matches("orders-"), "{text}");
        }
        assert_eq!(Pattern::new("orders-.*").problem(), None);
    }
}
