//! What must come out, computed without any topology.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::{Example, OnError, Repository};
use crate::producer::Message;

/// The results that a run must have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expected {
    /// The last value of each key.
    pub last: BTreeMap<String, String>,
    /// How many records the topology fails on.
    pub failures: usize,
    /// False when the application stops on the way, so that any part of the results may be there.
    pub whole: bool,
}

impl Expected {
    /// What the example makes of the messages, of which each turn comes `every` after the one before.
    pub fn of(example: Example, messages: &[Message], on_error: OnError, every: Duration) -> Self {
        let last = match example {
            Example::String => strings(messages),
            Example::Frequency => counts(messages.iter().filter_map(animal)),
            Example::WordCount => counts(messages.iter().flat_map(words)),
            Example::Products => products(messages),
            Example::Merge => pairs(messages, every),
        };
        let stops = matches!(on_error, OnError::Fail | OnError::ReplaceThread);
        let failures = match example {
            Example::Products => messages.len() - last.len(),
            Example::String | Example::Frequency | Example::WordCount | Example::Merge => 0,
        };
        Self { last, failures, whole: !(stops && failures > 0) }
    }

    /// What is wrong with the last values of a run, if anything.
    pub fn difference(&self, seen: &BTreeMap<String, String>) -> Option<String> {
        let wrong = seen.iter().find(|(key, value)| self.last.get(*key) != Some(*value));
        if let Some((key, value)) = wrong {
            let right = self.last.get(key).map_or("nothing", String::as_str);
            return Some(format!("key {key} has {value}, expected {right}"));
        }
        if self.whole && seen.len() < self.last.len() {
            let missing = self.last.keys().find(|key| !seen.contains_key(*key));
            return Some(format!(
                "{} of {} keys came; missing: {}",
                seen.len(),
                self.last.len(),
                missing.map_or("", String::as_str)
            ));
        }
        None
    }
}

/// Odd keys only, with the number of the text one higher than the key.
fn strings(messages: &[Message]) -> BTreeMap<String, String> {
    (1..messages.len())
        .step_by(2)
        .map(|key| (key.to_string(), format!("KAFKA-REAL-{}-{key}", key + 1)))
        .collect()
}

fn animal(message: &Message) -> Option<String> {
    let animal = message.value.to_ascii_lowercase();
    (animal != "pig").then_some(animal)
}

fn words(message: &Message) -> impl Iterator<Item = String> {
    message.value.split(' ').map(str::to_ascii_uppercase)
}

fn counts(all: impl Iterator<Item = String>) -> BTreeMap<String, String> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts.into_iter().map(|(key, count)| (key, count.to_string())).collect()
}

/// Messages of both topics with one key, divisible by 4, at most three seconds apart.
fn pairs(messages: &[Message], every: Duration) -> BTreeMap<String, String> {
    let [left, right] = [Example::Merge.row().sources[0], Example::Merge.row().sources[1]];
    let of = |topic| messages.iter().filter(move |message| message.topic == topic);
    let rights: BTreeMap<&str, &Message> = of(right).map(|one| (one.key.as_str(), one)).collect();
    of(left)
        .filter(|one| one.key.parse().is_ok_and(|key: u32| key.is_multiple_of(4)))
        .filter_map(|one| Some((one, *rights.get(one.key.as_str())?)))
        .filter(|(one, other)| every * one.turn.abs_diff(other.turn) <= Duration::from_secs(3))
        .map(|(one, other)| (one.key.clone(), format!("{} : {}", one.value, other.value)))
        .collect()
}

/// All products but the invalid one and those beyond the table of 1000 rows.
fn products(messages: &[Message]) -> BTreeMap<String, String> {
    let text = |n: i64| {
        format!(r#"{{"productionNo":{n},"name":"test-user-{0}","desc":"test-case-{0}"}}"#, n - 1)
    };
    let number = |message: &Message| message.value.parse::<i64>().ok();
    messages
        .iter()
        .filter_map(|message| Some((message.key.clone(), number(message)?)))
        .filter(|(_, number)| *number != Repository::INVALID && *number <= 1000)
        .map(|(key, number)| (key, text(number)))
        .collect()
}
