//! Which function builds which topology of the cases.

use streams_runtime::prelude::Topology;

use super::case::Params;
use crate::builders;

/// How a topology of the cases exists in Rust.
#[derive(Clone, Copy)]
pub(crate) enum Builder {
    /// A function with `topology!` in it.
    Build(fn(&Params) -> Topology),
    /// The same where some parameters cannot be said in Rust: `None` is the refusal.
    TryBuild(fn(&Params) -> Option<Topology>),
    /// The mistake that the case records does not compile.
    RefusedAtCompileTime(Refusal),
}

/// A mistake that the compiler refuses.
#[derive(Clone, Copy)]
pub(crate) struct Refusal {
    /// The UI test that holds the compiler's message.
    pub(crate) ui_test: &'static str,
    /// The same mistake with names that are known at run time only: building it is refused, too.
    pub(crate) at_run_time: Option<fn() -> Topology>,
}

/// One line of a group's table: `topology_id` and its builder.
pub(crate) type Entry = (&'static str, Builder);

/// The builder of a topology, if somebody has written it.
pub(crate) fn builder(topology_id: &str) -> Option<Builder> {
    let mut entries = builders::GROUPS.iter().flat_map(|group| group.iter());
    entries.find(|(id, _)| *id == topology_id).map(|(_, builder)| *builder)
}
