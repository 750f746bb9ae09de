//! What came out of one example, and whether it is right.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use super::expected::Expected;
use crate::consumer::Shown;
use crate::domain::Example;

const WIDTH_MAX: usize = 34;

/// The results of one example; filled by the consumer's thread.
#[derive(Debug)]
pub struct Outcome {
    example: Example,
    sent: usize,
    expected: Expected,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    records: usize,
    last: BTreeMap<String, String>,
    newest: Instant,
}

impl Outcome {
    /// Nothing came yet.
    pub fn new(example: Example, sent: usize, expected: Expected) -> Self {
        let seen = Seen { records: 0, last: BTreeMap::new(), newest: now() };
        Self { example, sent, expected, seen: Mutex::new(seen) }
    }

    /// Notes a result.
    pub fn add(&self, shown: Shown) {
        let mut seen = self.seen();
        seen.records += 1;
        seen.last.insert(shown.key, shown.value);
        seen.newest = now();
    }

    /// How long nothing new came.
    pub fn quiet_for(&self) -> Duration {
        self.seen().newest.elapsed()
    }

    /// How many of the records fail.
    pub fn failures(&self) -> usize {
        self.expected.failures
    }

    /// True when every expected result is there.
    pub fn is_complete(&self) -> bool {
        self.expected.whole && self.seen().last == self.expected.last
    }

    /// True when the results are those that the example must have.
    pub fn is_right(&self) -> bool {
        self.expected.difference(&self.seen().last).is_none()
    }

    fn verdict(&self) -> String {
        match self.expected.difference(&self.seen().last) {
            Some(difference) => format!("WRONG: {difference}"),
            None if self.expected.whole => "as expected".to_owned(),
            None => "stopped on purpose; what came before is as expected".to_owned(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line per example.
pub fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "example",
        "records in",
        "results out",
        "keys",
        "last result",
        "check",
    ]);
    for outcome in outcomes {
        let seen = outcome.seen();
        let last = seen.last.iter().next_back();
        let row = [
            outcome.example.to_string(),
            outcome.sent.to_string(),
            seen.records.to_string(),
            seen.last.len().to_string(),
            last.map_or_else(String::new, |(key, value)| shortened(&format!("{key} : {value}"))),
        ];
        drop(seen);
        table.add_row(row.into_iter().chain([outcome.verdict()]));
    }
    table
}

/// The first characters of a text that is too wide for a table.
fn shortened(text: &str) -> String {
    if text.chars().count() <= WIDTH_MAX {
        return text.to_owned();
    }
    text.chars().take(WIDTH_MAX - 2).chain("..".chars()).collect()
}

#[expect(clippy::disallowed_methods, reason = "results are waited for in real time")]
fn now() -> Instant {
    Instant::now()
}
