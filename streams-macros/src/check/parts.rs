//! Parts: what they are given, and what they give back.

use crate::diag::Diagnostics;
use crate::model::graph::PartArg;
use crate::model::operators::Kind;
use crate::model::{Graph, Mistake};

pub(super) fn part_argument_count(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::PartArgumentCount { word, takes, given } = mistake else { continue };
        let message = format!(
            "`{word}` takes {} {}, not {given}: `{}`",
            takes.len(),
            if takes.len() == 1 { "argument" } else { "arguments" },
            takes.join("`, `"),
        );
        diagnostics.error(word, message);
    }
}

pub(super) fn part_argument_of_another_kind(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::PartArgument { tokens, part, name, takes, found } = mistake else { continue };
        let wanted = takes.map_or("a plain value", Kind::words);
        let found_words = found.map_or("a plain value", Kind::words);
        let message = format!(
            "the part `{part}` takes {wanted} for `{name}`, and this is {found_words}{}",
            mend(*found, *takes)
        );
        diagnostics.error(tokens, message);
    }
}

/// How to get from what is there to what is wanted.
fn mend(found: Option<Kind>, wanted: Option<Kind>) -> &'static str {
    match (found, wanted) {
        (Some(Kind::Table), Some(Kind::Stream)) => "; give it `.to_stream()`",
        (Some(Kind::Stream), Some(Kind::Table)) => "; give it `.to_table()`",
        (Some(Kind::Stream), Some(Kind::GroupedStream)) => {
            "; give it `.group_by_key()` or `.group_by(|key, value| ..)`"
        }
        (Some(Kind::Table), Some(Kind::GroupedTable)) => {
            "; give it `.group_by(|key, value| (new_key, new_value))`"
        }
        (Some(Kind::GroupedStream | Kind::GroupedTable), Some(Kind::Table)) => {
            "; aggregate it first"
        }
        _ => "",
    }
}

pub(super) fn part_result_of_another_kind(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        match mistake {
            Mistake::PartGives { tokens, wanted, found } => {
                let found_words = found.map_or("no stream", Kind::words);
                let message = format!(
                    "the part gives back {}, as its signature says, and this is {found_words}{}",
                    wanted.words(),
                    mend(*found, Some(*wanted))
                );
                diagnostics.error(tokens, message);
            }
            Mistake::PartGivesCount { tokens, wanted, found } => {
                let end = match wanted {
                    1 => "the stream or table itself, without a semicolon".to_owned(),
                    _ => format!("`({})`", vec![".."; *wanted].join(", ")),
                };
                let message = format!(
                    "the part's signature has {wanted} {}, and its body gives {found}: end it with {end}",
                    if *wanted == 1 { "result" } else { "results" },
                );
                diagnostics.error(tokens, message);
            }
            _ => {}
        }
    }
}

pub(super) fn part_result_count(graph: &Graph, diagnostics: &mut Diagnostics) {
    for mistake in &graph.mistakes {
        let Mistake::ResultCount { tokens, expected, found } = mistake else { continue };
        let message = format!(
            "the part gives {expected} {}, and the pattern names {found}: `let ({}) = ..`",
            if *expected == 1 { "result" } else { "results" },
            vec![".."; *expected].join(", "),
        );
        diagnostics.error(tokens, message);
    }
}

/// Records would go to the one parameter before they go to the other, and not in the order of the part's calls.
pub(super) fn part_is_given_one_stream_twice(graph: &Graph, diagnostics: &mut Diagnostics) {
    for part in &graph.parts {
        let mut seen = Vec::new();
        for arg in &part.args {
            let PartArg::Flow { of, place, side: Some(_) } = arg else { continue };
            if seen.contains(of) {
                let message = format!(
                    "a part takes {} once: give it one parameter for both, and use that twice in its body",
                    graph.node(*of).kind().words()
                );
                diagnostics.error_at(*place, message);
            }
            seen.push(*of);
        }
    }
}
