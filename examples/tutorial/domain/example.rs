//! The table of the examples: one row each, as the tutorial's switches.

use std::fmt;

/// One of the five example applications.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Example {
    /// Upper case, a new text from key and value, a filter, a replacement: stateless.
    String,
    /// Counts how often each animal comes.
    Frequency,
    /// Counts the words of lines.
    WordCount,
    /// Looks product numbers up in a table; one record fails on purpose.
    Products,
    /// Joins two streams within three seconds.
    Merge,
}

/// What an example reads and writes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Row {
    /// The word on the command line.
    pub name: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    /// The topics that the producer fills.
    pub sources: &'static [&'static str],
    /// The topic of the results.
    pub result: &'static str,
    /// True when the results are counts and not text.
    pub counts: bool,
}

impl Example {
    /// All examples in the tutorial's order.
    pub const ALL: [Self; 5] =
        [Self::String, Self::Frequency, Self::WordCount, Self::Products, Self::Merge];

    /// The example's row.
    pub const fn row(self) -> Row {
        match self {
            Self::String => Row {
                name: "string",
                about: "string processing: stateless operators",
                sources: &["string"],
                result: "string-changed",
                counts: false,
            },
            Self::Frequency => Row {
                name: "frequency",
                about: "frequency: a count per animal, through a repartition topic",
                sources: &["animal"],
                result: "animal-agg",
                counts: true,
            },
            Self::WordCount => Row {
                name: "word-count",
                about: "word count: lines to words to counts",
                sources: &["word"],
                result: "word-agg",
                counts: true,
            },
            Self::Products => Row {
                name: "products",
                about: "products: a lookup per record, and a record that fails on purpose",
                sources: &["production"],
                result: "production-changed",
                counts: false,
            },
            Self::Merge => Row {
                name: "merge",
                about: "merge: two streams joined within three seconds",
                sources: &["merge1", "merge2"],
                result: "merge-changed",
                counts: false,
            },
        }
    }

    /// The application id, which is also the consumer group: the source topic's name and `-application`.
    pub fn application_id(self) -> String {
        match self {
            Self::Merge => "merge-merge-application".to_owned(),
            Self::String | Self::Frequency | Self::WordCount | Self::Products => {
                format!("{}-application", self.row().sources[0])
            }
        }
    }

    /// Where the records of this example go that fail under `--on-error dead-letter`.
    pub fn dead_letter_topic(self) -> String {
        format!("{}-dead-letter", self.row().sources[0])
    }

    /// The tag of an input record on the screen: the source topic with a capital.
    pub fn tag(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Frequency => "Animal",
            Self::WordCount => "Word",
            Self::Products => "Production",
            Self::Merge => "Merge",
        }
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)
    }
}
