//! Regular expressions that stand in the source as literals.

use regex_syntax::ParserBuilder;
use syn::{Expr, LitStr};

use crate::diag::Diagnostics;
use crate::model::options::string;
use crate::model::{Graph, Node};

/// True for `Pattern::new(..)`.
pub(super) fn is_pattern(topics: &Expr) -> bool {
    argument(topics).is_some()
}

/// What a `Pattern` is made of.
fn argument(topics: &Expr) -> Option<&Expr> {
    let Expr::Call(call) = topics else { return None };
    let Expr::Path(path) = &*call.func else { return None };
    let mut segments = path.path.segments.iter().rev();
    let is_new = segments.next()?.ident == "new" && segments.next()?.ident == "Pattern";
    call.args.first().filter(|_| is_new)
}

pub(super) fn topic_pattern_is_invalid(graph: &Graph, diagnostics: &mut Diagnostics) {
    let literal =
        |node: &'_ Node| -> Option<LitStr> { string(argument(node.arguments.first()?)?).cloned() };
    for literal in graph.nodes.iter().filter_map(literal) {
        if let Some(flaw) = flaw(&literal.value()) {
            diagnostics.error(
                &literal,
                format!(
                    "this is no regular expression: {flaw}; correct it, in the syntax of the crate `regex`"
                ),
            );
        }
    }
}

/// As the runtime reads it: bytes, because names of topics are ASCII.
fn flaw(expression: &str) -> Option<String> {
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
    match parser.parse(expression).err()? {
        regex_syntax::Error::Parse(error) => Some(error.kind().to_string()),
        regex_syntax::Error::Translate(error) => Some(error.kind().to_string()),
        other => Some(other.to_string()),
    }
}
