//! Windows that cannot be, where their lengths stand in the source; all others are checked when the
//! topology is built.

use syn::Expr;

use super::durations::{self, Windows, nanos};
use crate::diag::Diagnostics;
use crate::model::{Graph, Node};

const MILLI: u128 = 1_000_000;

/// Every window that is made among the arguments of operators.
fn all(graph: &Graph) -> impl Iterator<Item = Windows<'_>> {
    let arguments = graph.nodes.iter().flat_map(|node| &node.arguments);
    arguments.filter_map(durations::windows)
}

pub(super) fn window_size_is_zero(graph: &Graph, diagnostics: &mut Diagnostics) {
    for windows in all(graph) {
        let message = match windows.word.as_str() {
            "TimeWindows" => "windows of 0 ms hold no record: give them at least 1 ms",
            "SessionWindows" => {
                "a gap of 0 ms makes each record a session of its own: give it at least 1 ms"
            }
            _ => continue,
        };
        if nanos(windows.size).is_some_and(|size| size < MILLI) {
            diagnostics.error(windows.size, message);
        }
    }
}

pub(super) fn window_advance_does_not_fit(graph: &Graph, diagnostics: &mut Diagnostics) {
    for windows in all(graph) {
        let Some(advance) = windows.advance else { continue };
        let (Some(step), Some(size)) = (nanos(advance), nanos(windows.size)) else { continue };
        if size < MILLI || (step >= MILLI && step <= size) {
            continue;
        }
        let (step, size) = (step / MILLI, size / MILLI);
        let why = if step == 0 { "never come to an end" } else { "leave gaps between them" };
        let message = format!(
            "windows of {size} ms that advance by {step} ms {why}: advance by 1 to {size} ms"
        );
        diagnostics.error(advance, message);
    }
}

pub(super) fn retention_is_too_short(graph: &Graph, diagnostics: &mut Diagnostics) {
    for node in &graph.nodes {
        let Some(retention) = node.options.iter().find_map(durations::retention) else { continue };
        let Some(windows) = windows_of(graph, node).and_then(durations::windows) else { continue };
        let needed = nanos(windows.size).zip(windows.grace()).map(|(size, grace)| size + grace);
        let (Some(kept), Some(needed)) = (nanos(retention), needed) else { continue };
        if kept < needed {
            let message = format!(
                "the store forgets after {} ms what its windows need for {} ms (size and grace period \
                 together): keep it longer, or leave the retention out",
                kept / MILLI,
                needed / MILLI
            );
            diagnostics.error(retention, message);
        }
    }
}

/// The argument of the `windowed_by` that an aggregation stands on.
fn windows_of<'a>(graph: &'a Graph, node: &'a Node) -> Option<&'a Expr> {
    let mut next = node.input;
    while let Some(id) = next {
        let before = graph.node(id);
        if before.operator().name == "windowed_by" {
            return before.arguments.first();
        }
        let on_the_way = matches!(before.operator().name, "emit_strategy" | "cogroup");
        next = before.input.filter(|_| on_the_way);
    }
    None
}
