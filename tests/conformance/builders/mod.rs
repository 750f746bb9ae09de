//! The topologies of the cases, one function per `topology_id`, one file per group.

mod aggregations;
mod apps;
mod cogroups;
mod errors;
mod joins;
mod low_level;
mod naming;
mod processors;
mod punctuation;
mod random;
mod stateless;
mod stream_joins;
mod tables;
mod versioned;
mod windowed;
mod windows;

use std::time::Duration;

use crate::support::registry::Entry;

/// The tables of all groups.
pub(crate) const GROUPS: &[&[Entry]] = &[
    stateless::BUILDERS,
    aggregations::BUILDERS,
    tables::BUILDERS,
    joins::BUILDERS,
    stream_joins::BUILDERS,
    naming::BUILDERS,
    errors::BUILDERS,
    random::BUILDERS,
    apps::BUILDERS,
    windows::BUILDERS,
    windowed::BUILDERS,
    versioned::BUILDERS,
    cogroups::BUILDERS,
    processors::BUILDERS,
    low_level::BUILDERS,
    punctuation::BUILDERS,
];

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}
