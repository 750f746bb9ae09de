//! What the function around a topology must look like.

use syn::{ReturnType, Signature, Type};

use crate::diag::Diagnostics;

/// A topology's function is an ordinary one that returns a `Topology`.
pub(crate) fn signature(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let Some(asyncness) = &signature.asyncness {
        let message = "a topology is built at once: remove `async`";
        diagnostics.error(asyncness, message);
    }
    if let Some(constness) = &signature.constness {
        diagnostics.error(constness, "a topology is built at run time: remove `const`");
    }
    match &signature.output {
        ReturnType::Default => {
            let message = "the function returns the topology: add `-> Topology`";
            diagnostics.error_at(signature.ident.span(), message);
        }
        ReturnType::Type(_, output) if !is_topology(output) => {
            diagnostics.error(output, "a topology's function returns `Topology`");
        }
        ReturnType::Type(..) => {}
    }
}

/// True when the last word of the type is `Topology`; a path of any length may stand before it.
fn is_topology(output: &Type) -> bool {
    let Type::Path(path) = output else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "Topology")
}
