//! What must be equal between a recording and a replay, and how a difference reads.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::Value;

use super::case::{HeaderText, Logged, Output, StoreRows};
use super::driver::{Produced, Row};
use super::forms;

/// Stands in the recordings for text that each implementation words in its own way.
const ANY_TEXT: &str = "<implementation-specific>";
const EXTRACTOR: &str = "<extractor>";

/// Compares the text of `describe()`; the name of an extractor and the order of a node's stores
/// may differ.
pub(crate) fn describe(expected: &str, actual: &str) -> Option<String> {
    let (mut theirs, mut ours) = (expected.lines(), actual.lines());
    loop {
        match (theirs.next(), ours.next()) {
            (None, None) => break,
            (theirs, ours) if same_line(theirs, ours) => {}
            (theirs, ours) => {
                let [theirs, ours] = [theirs, ours].map(|line| line.unwrap_or("(the end)"));
                let whole = actual.replace('\n', "\n        ");
                return Some(format!(
                    "describe: expected `{theirs}`, got `{ours}` in\n        {whole}"
                ));
            }
        }
    }
    (expected.ends_with("\n\n") != actual.ends_with("\n\n"))
        .then(|| "describe: another number of line ends at the end".to_owned())
}

fn same_line(expected: Option<&str>, actual: Option<&str>) -> bool {
    let (Some(expected), Some(actual)) = (expected, actual) else { return false };
    match expected.split_once(EXTRACTOR) {
        Some((before, after)) => actual.starts_with(before) && actual.ends_with(after),
        None => with_sorted_stores(expected) == with_sorted_stores(actual),
    }
}

fn with_sorted_stores(line: &str) -> String {
    const OPEN: &str = "(stores: [";
    let parts = line.split_once(OPEN).and_then(|(before, rest)| {
        rest.split_once(']').map(|(stores, after)| (before, stores, after))
    });
    let Some((before, stores, after)) = parts else { return line.to_owned() };
    let mut stores: Vec<&str> = stores.split(", ").collect();
    stores.sort_unstable();
    format!("{before}{OPEN}{}]{after}", stores.join(", "))
}

/// Compares what a step wrote to user topics, in order.
pub(crate) fn outputs(expected: &[Output], actual: &[Produced]) -> Vec<String> {
    let theirs = expected.iter().map(|record| {
        let Output { topic, key, value, ts, headers, .. } = record;
        format!("{topic}: {key} = {value} @{ts} {}", show_headers(headers))
    });
    compare_lists("out", expected, actual, theirs.collect(), |theirs, ours| {
        theirs.topic == ours.topic
            && same_bytes(&theirs.key_hex, &ours.key)
            && same_bytes(&theirs.value_hex, &ours.value)
            && Some(theirs.ts) == ours.timestamp
            && same_headers(&theirs.headers, &ours.headers)
    })
}

/// Compares the side effects of a step.
pub(crate) fn log(expected: &[Value], actual: &[Value]) -> Option<String> {
    (expected != actual).then(|| format!("log: expected {}, got {}", show(expected), show(actual)))
}

/// Compares the records of the internal topics, in order per topic.
pub(crate) fn changelogs(
    expected: &BTreeMap<String, Vec<Logged>>,
    actual: &BTreeMap<String, Vec<Produced>>,
) -> Vec<String> {
    let mut differences = Vec::new();
    for (topic, theirs) in expected {
        let ours = actual.get(topic).map_or(&[][..], Vec::as_slice);
        let lines = theirs.iter().map(|record| {
            let Logged { key_hex, value_hex, ts, headers } = record;
            let ts = ts.map_or("null".to_owned(), |time| time.to_string());
            format!(
                "{} = {} @{ts} {}",
                show_hex(key_hex.as_deref()),
                show_hex(value_hex.as_deref()),
                show_headers(headers)
            )
        });
        differences.extend(compare_lists(topic, theirs, ours, lines.collect(), |theirs, ours| {
            same_bytes(&theirs.key_hex, &ours.key)
                && same_bytes(&theirs.value_hex, &ours.value)
                && theirs.ts == ours.timestamp
                && same_headers(&theirs.headers, &ours.headers)
        }));
    }
    let unknown = actual.keys().filter(|topic| !expected.contains_key(*topic));
    differences.extend(unknown.map(|topic| format!("{topic}: an internal topic too many")));
    differences
}

/// Compares the rows of all stores as sets.
pub(crate) fn stores(
    expected: &BTreeMap<String, StoreRows>,
    actual: &BTreeMap<String, Vec<Row>>,
) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, theirs) in expected {
        match actual.get(name) {
            Some(ours) => differences.extend(rows(name, theirs, ours)),
            None => differences.push(format!("store {name} ({}): missing", theirs.kind)),
        }
    }
    let unknown = actual.keys().filter(|name| !expected.contains_key(*name));
    differences.extend(unknown.map(|name| format!("store {name}: a store too many")));
    differences
}

fn rows(name: &str, expected: &StoreRows, actual: &[Row]) -> Option<String> {
    let mut left: Vec<&Row> = actual.iter().collect();
    for row in &expected.rows {
        match left.iter().position(|ours| same_row(row, ours)) {
            Some(at) => drop(left.remove(at)),
            None => {
                let row = Value::Object(row.clone());
                return Some(format!("store {name}: no row {row} among {}", show(actual)));
            }
        }
    }
    (!left.is_empty()).then(|| format!("store {name}: rows too many: {}", show(&left)))
}

fn same_row(expected: &serde_json::Map<String, Value>, actual: &Row) -> bool {
    let number = |name: &str| expected.get(name).and_then(Value::as_i64);
    let times = [("ts", actual.timestamp), ("start", actual.start), ("end", actual.end)];
    forms::may_be(&actual.key, &expected["key"])
        && forms::may_be(&actual.value, &expected["value"])
        && times.iter().all(|(name, ours)| number(name).is_none() || number(name) == *ours)
        && number("valid_to") == actual.valid_to
}

fn compare_lists<T>(
    what: &str,
    expected: &[T],
    actual: &[Produced],
    lines: Vec<String>,
    same: impl Fn(&T, &Produced) -> bool,
) -> Vec<String> {
    let mut differences = Vec::new();
    for (at, (theirs, line)) in expected.iter().zip(&lines).enumerate() {
        match actual.get(at) {
            Some(ours) if same(theirs, ours) => {}
            Some(ours) => differences.push(format!("{what}[{at}]: expected {line}, got {ours}")),
            None => differences.push(format!("{what}[{at}]: expected {line}, got nothing")),
        }
    }
    let surplus = actual.iter().skip(expected.len());
    differences.extend(surplus.map(|ours| format!("{what}: one record too many: {ours}")));
    differences
}

fn same_bytes(expected: &Option<String>, actual: &Option<Vec<u8>>) -> bool {
    expected.as_deref() == actual.as_deref().map(forms::hex).as_deref()
}

fn same_headers(expected: &[HeaderText], actual: &[HeaderText]) -> bool {
    expected.len() == actual.len()
        && expected.iter().zip(actual).all(|(theirs, ours)| {
            let any_text = theirs.value.as_deref() == Some(ANY_TEXT);
            theirs.key == ours.key
                && (theirs.value == ours.value || any_text && ours.value.is_some())
        })
}

fn show_headers(headers: &[HeaderText]) -> String {
    let each = |header: &HeaderText| {
        format!("{}={}", header.key, header.value.as_deref().unwrap_or("null"))
    };
    format!("[{}]", headers.iter().map(each).collect::<Vec<_>>().join(" "))
}

fn show_hex(hex: Option<&str>) -> &str {
    hex.unwrap_or("null")
}

fn show<T: Display>(list: &[T]) -> String {
    format!("[{}]", list.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [key, value] = [&self.key, &self.value].map(|part| forms::show(Some(part)));
        write!(f, "{key} = {value}")?;
        let times = [
            ("ts", self.timestamp),
            ("start", self.start),
            ("end", self.end),
            ("valid_to", self.valid_to),
        ];
        let known = times.iter().filter_map(|(name, time)| Some((name, (*time)?)));
        known.into_iter().try_for_each(|(name, time)| write!(f, " {name} {time}"))
    }
}

impl std::fmt::Display for Produced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [key, value] = [&self.key, &self.value].map(|part| forms::show(part.as_deref()));
        let (topic, headers) = (&self.topic, show_headers(&self.headers));
        let time = self.timestamp.map_or("null".to_owned(), |time| time.to_string());
        write!(f, "{topic}: {key} = {value} @{time} {headers}")
    }
}
