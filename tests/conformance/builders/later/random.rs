//! The topologies of the seeded scripts (stream joins stand in `stream_joins.rs`).

use std::time::Duration;

use streams_runtime::prelude::*;

use crate::support::lang::{Doc, Text, len, text};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("rnd-stream-table", Build(|p| stream_table(p.ms("history")))),
];

topology!(
    fn stream_table(history: Duration) -> Topology {
        let t = table::<String, String>(
            "table",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", history)),
        );
        let u = table::<String, String>("plain");
        let s = stream::<Text, Text>("in");
        s.left_join(t, |a, b| text!(a, "/", b)).to("versioned");
        s.join(u, |a, b| text!(a, "/", b)).to("inner");
    }
);
