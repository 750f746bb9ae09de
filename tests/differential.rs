//! Random topologies and scripts against what the runtime promises by itself.
//!
//! A seed gives a topology ([`generate`]) and a script of records, clock and commits ([`script`]). The script
//! runs in several ways: with and without caches, with other commits, with restarts, rebalances and crashes,
//! optimised, on RocksDB and in places of a user's own; [`promise`] says for each node what must then be the same, and which rule of Kafka
//! Streams stands against more. Nothing is compared with recorded runs: that is the conformance suite's work.
//! A failure prints its seed with the topology and the shrunk script.
//!
//! ```sh
//! cargo test --test differential                          # SEEDS_IN_CI seeds
//! STREAMS_SEED=42 cargo test --test differential          # one seed
//! STREAMS_FIRST_SEED=5000 STREAMS_SEEDS=20000 cargo test --release --test differential -- --nocapture
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use std::collections::BTreeMap;

#[path = "differential/build.rs"]
mod build;
#[path = "differential/build_joins.rs"]
mod build_joins;
#[path = "differential/build_tables.rs"]
mod build_tables;
#[path = "differential/check.rs"]
mod check;
#[path = "differential/flow.rs"]
mod flow;
#[path = "differential/functions.rs"]
mod functions;
#[path = "differential/generate.rs"]
mod generate;
#[path = "differential/place.rs"]
mod place;
#[path = "differential/processors.rs"]
mod processors;
#[path = "differential/promise.rs"]
mod promise;
#[path = "differential/report.rs"]
mod report;
#[path = "differential/rng.rs"]
mod rng;
#[path = "differential/run.rs"]
mod run;
#[path = "differential/script.rs"]
mod script;
#[path = "differential/spec.rs"]
mod spec;

/// How many seeds a run checks, unless `STREAMS_SEEDS` says another number.
const SEEDS_IN_CI: u64 = 500;

/// One seed of so many is also run on RocksDB, which opens many databases.
const ON_DISK_OF: u64 = 50;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`, but must be a number")))
}

/// `STREAMS_SEED` checks one seed; `STREAMS_SEEDS` as many, from `STREAMS_FIRST_SEED` on. All failures of
/// a campaign are counted, and the first of each kind is shown.
#[test]
fn random_topologies_keep_their_promises() {
    let seeds = match number("STREAMS_SEED") {
        Some(seed) => seed..seed + 1,
        None => {
            let first = number("STREAMS_FIRST_SEED").unwrap_or(0);
            first..first + number("STREAMS_SEEDS").unwrap_or(SEEDS_IN_CI)
        }
    };
    let mut failures: BTreeMap<&str, (Vec<u64>, String)> = BTreeMap::new();
    for seed in seeds.clone() {
        let on_disk = seeds.end - seeds.start == 1 || seed % ON_DISK_OF == 0;
        if let Err(failure) = report::seed(seed, on_disk) {
            let entry = failures.entry(failure.violation.invariant);
            entry.or_insert_with(|| (Vec::new(), failure.to_string())).0.push(seed);
        }
    }
    for (seeds, failure) in failures.values() {
        println!("seeds {seeds:?}; the first:\n{failure}\n");
    }
    assert!(failures.is_empty(), "see above: {:?}", failures.keys());
}
