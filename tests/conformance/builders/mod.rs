//! The topologies of the cases, one function per `topology_id`, one file per group.

mod aggregations;
mod apps;
mod errors;
mod naming;
mod stateless;
mod tables;

use crate::support::registry::Entry;

/// The tables of all groups.
pub(crate) const GROUPS: &[&[Entry]] = &[
    stateless::BUILDERS,
    aggregations::BUILDERS,
    tables::BUILDERS,
    naming::BUILDERS,
    errors::BUILDERS,
    apps::BUILDERS,
];
