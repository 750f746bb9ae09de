//! Operators on what they cannot stand on.

use crate::diag::Diagnostics;
use crate::model::operators::{self, Kind, Run};
use crate::model::{Graph, Mistake};
use crate::names::nearest;

pub(super) fn unknown_operator(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::UnknownOperator { word, on } = mistake else { continue };
        let names = operators::names_on(*on);
        let written = word.to_string();
        let mut message = format!("`{written}` is no operator of {}", on.words());
        if let Some(mend) = gone(&written) {
            message.push_str(mend);
        } else if let Some(meant) = java_word(&written)
            .or_else(|| nearest(&written, names.iter().map(String::as_str)).map(str::to_owned))
        {
            message.push_str(&format!("; did you mean `{meant}`?"));
        } else {
            message.push_str(&format!("; it has {}", list(&names)));
        }
        diagnostics.error(word, message);
    }
}

/// What stands in for a word that older Kafka Streams had.
fn gone(written: &str) -> Option<&'static str> {
    Some(match written {
        "through" => {
            ": Kafka Streams 4 has no `through`; `.repartition()` makes a topic with a fitting number of \
             partitions, `.to(topic)` and `stream(topic)` use one of your own"
        }
        "transform" | "flat_transform" | "flatTransform" => {
            ": it is called `process` since Kafka Streams 4"
        }
        "transform_values"
        | "transformValues"
        | "flat_transform_values"
        | "flatTransformValues" => ": it is called `process_values` since Kafka Streams 4",
        _ => return None,
    })
}

/// Kafka Streams' own spelling of an operator (`mapValues`) in ours.
fn java_word(written: &str) -> Option<String> {
    let mut snake = String::new();
    for c in written.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    let differs = snake != written;
    (differs && !operators::kinds_with(&snake).is_empty()).then_some(snake)
}

fn list(names: &[String]) -> String {
    let shown: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !name.starts_with("try_")).collect();
    format!("`{}`", shown.join("`, `"))
}

pub(super) fn operator_of_another_kind(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::OtherKind { word, on } = mistake else { continue };
        let kinds = operators::kinds_with(&word.to_string());
        let owners: Vec<&str> = plainest(&kinds).map(|kind| kind.words()).collect();
        let message =
            format!("`{word}` stands on {}, and this is {}", owners.join(" or "), on.words());
        diagnostics.error(word, message + mend(*on, &kinds));
    }
}

/// The kinds without those that come of another one among them.
fn plainest(kinds: &[Kind]) -> impl Iterator<Item = &Kind> {
    let has = |kind: Kind| kinds.contains(&kind);
    kinds.iter().filter(move |kind| match kind {
        Kind::WindowedStream | Kind::CogroupedStream => !has(Kind::GroupedStream),
        Kind::SessionStream => !has(Kind::WindowedStream) && !has(Kind::GroupedStream),
        Kind::WindowedCogroup | Kind::SessionCogroup => !has(Kind::CogroupedStream),
        _ => true,
    })
}

/// How to get from what is there to what is needed.
fn mend(on: Kind, wanted: &[Kind]) -> &'static str {
    let wants = |kind: Kind| wanted.contains(&kind);
    match on {
        Kind::Table if wants(Kind::Stream) => ": put `.to_stream()` before it",
        Kind::Stream if wants(Kind::GroupedStream) => {
            ": put `.group_by_key()` or `.group_by(|key, value| ..)` before it"
        }
        Kind::Table if wants(Kind::GroupedTable) => {
            ": put `.group_by(|key, value| (new_key, new_value))` before it"
        }
        Kind::Stream if wants(Kind::Split) => ": put `.split()` before it",
        Kind::Stream if wants(Kind::Table) => ": put `.to_table()` before it",
        Kind::Table | Kind::Stream
            if wants(Kind::WindowedStream) && !wants(Kind::GroupedStream) =>
        {
            ": group the stream and put `.windowed_by(..)` before it"
        }
        Kind::GroupedStream if wants(Kind::WindowedStream) => ": put `.windowed_by(..)` before it",
        Kind::WindowedStream | Kind::SessionStream => {
            ": aggregate first, by `count`, `reduce` or `aggregate`"
        }
        Kind::CogroupedStream | Kind::WindowedCogroup | Kind::SessionCogroup => {
            ": aggregate first, by `aggregate`"
        }
        Kind::GroupedStream | Kind::GroupedTable => {
            ": aggregate first, by `count`, `reduce` or `aggregate`"
        }
        Kind::Split => ": close the split first, by `.default_branch()` or `.no_default_branch()`",
        Kind::Branches => ": name the branches first, `let [first, rest] = ..`",
        _ if wants(Kind::Start) => ": it starts a chain",
        _ => "",
    }
}

pub(super) fn operator_after_the_end(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::AfterTheEnd { word } = mistake else { continue };
        let message = format!(
            "`{word}` has nothing to stand on: the operator before it ends the chain; \
             bind the stream with `let` and start two chains from it"
        );
        diagnostics.error(word, message);
    }
}

pub(super) fn merge_of_a_table(graph: &Graph, diagnostics: &mut Diagnostics) {
    for node in graph.nodes.iter().filter(|node| node.operator().run == Run::Merge) {
        for (other, place) in &node.others {
            let other = graph.node(*other);
            if other.kind() == Kind::Stream {
                continue;
            }
            let mend = if other.kind() == Kind::Table { "; give it `.to_stream()`" } else { "" };
            let message =
                format!("`merge` takes a stream, and this is {}{mend}", other.kind().words());
            diagnostics.error_at(*place, message);
        }
    }
}

pub(super) fn join_of_another_kind(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::CannotJoin { word, kind, other, place } = mistake else { continue };
        let mend = match (kind, other) {
            (Kind::Table, Kind::Stream) => {
                ": give it `.to_table()`, or join from the stream's side"
            }
            (_, Kind::GroupedStream | Kind::GroupedTable) => ": aggregate it first",
            (Kind::Table, Kind::GlobalTable) => {
                ": a global table is looked up by streams alone; read its topic with `table(..)`"
            }
            (Kind::Stream, Kind::GlobalTable) => {
                ": no stream record brings up the rows that match nothing; use `join` or `left_join`"
            }
            (Kind::Stream, Kind::Table) => ": use `join` or `left_join`",
            _ => "",
        };
        let message = format!("`{word}` of {} does not take {}{mend}", kind.words(), other.words());
        diagnostics.error_at(*place, message);
    }
}

pub(super) fn argument_is_not_a_stream(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::NotAStream { tokens, wanted_by } = mistake else { continue };
        diagnostics.error(tokens, format!("`{wanted_by}` takes a stream here, and this is none"));
    }
}
