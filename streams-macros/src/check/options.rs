//! Options and other words of Kafka Streams in a place where they mean nothing.

use syn::Expr;

use crate::diag::Diagnostics;
use crate::model::arguments::Arg;
use crate::model::{Graph, Node};

/// Kafka Streams' words that configure an operator; no user function is one of them.
const WORDS: &[&str] = &[
    "Named",
    "Consumed",
    "Produced",
    "Grouped",
    "Materialized",
    "Repartitioned",
    "Joined",
    "StreamJoined",
    "TableJoined",
    "Branched",
    "Printed",
    "Stores",
    "StoreType",
    "OffsetReset",
    "Suppressed",
    "EmitStrategy",
    "TimeWindows",
    "SlidingWindows",
    "SessionWindows",
    "UnlimitedWindows",
    "JoinWindows",
];

/// The word that an expression is built from: `Produced` of `Produced::as_("x").with_name("y")`.
fn word(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::MethodCall(call) => word(&call.receiver),
        Expr::Call(call) => word(&call.func),
        Expr::Paren(inner) => word(&inner.expr),
        Expr::Reference(inner) => word(&inner.expr),
        Expr::Path(path) => {
            let owner = path.path.segments.iter().rev().nth(1)?;
            WORDS.iter().find(|word| owner.ident == word).copied()
        }
        _ => None,
    }
}

pub(super) fn option_of_another_operator(graph: &Graph, diagnostics: &mut Diagnostics) {
    for node in &graph.nodes {
        let operator = node.operator();
        for option in node.options.iter().take(operator.options) {
            let Some(word) = word(option).filter(|word| !operator.takes.contains(word)) else {
                continue;
            };
            let fits = operator.takes.join("`, `");
            let message = format!(
                "`{}` does not take `{word}`: its options are made of `{fits}`, or text for a name",
                node.word
            );
            diagnostics.error(option, message);
        }
    }
}

pub(super) fn argument_of_another_kind(graph: &Graph, diagnostics: &mut Diagnostics) {
    for node in &graph.nodes {
        let own = |arg: &&Arg| !matches!(arg, Arg::Stream | Arg::Joined(_));
        let required = node.operator().required.iter().filter(own);
        for (arg, expr) in required.zip(&node.arguments) {
            if let Some(word) = word(expr).filter(|word| !fits(*arg, word)) {
                let message = format!(
                    "`{}` needs {} here, and not `{word}`: `{}`",
                    node.word,
                    arg.what(),
                    shown(node)
                );
                diagnostics.error(expr, message);
            }
        }
    }
}

/// The example of the operator in the form that its other side selected.
fn shown(node: &Node) -> &'static str {
    node.operator().example
}

/// True where a word of Kafka Streams is what the argument is.
fn fits(arg: Arg, word: &str) -> bool {
    match arg {
        Arg::Function(_) => false,
        Arg::Value("windows") => word.ends_with("Windows") && word != "JoinWindows",
        Arg::Value("join windows") => word == "JoinWindows",
        Arg::Value("an EmitStrategy") => word == "EmitStrategy",
        Arg::Value("a suppression") => word == "Suppressed",
        Arg::Value(_) | Arg::Stream | Arg::Joined(_) => !WORDS.contains(&word),
    }
}
