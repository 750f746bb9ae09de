//! Versioned tables, `transform_values`, headers of results.

use std::time::Duration;

use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Text, text, upper};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("table-versioned-agg", Build(|_| versioned_aggregate())),
    ("table-versioned", Build(|p| versioned(p.ms("history")))),
    ("table-versioned-map", Build(|_| versioned_map())),
];

topology!(
    fn versioned_aggregate() -> Topology {
        table::<String, String>(
            "in",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", ms(1000))),
        )
        .group_by(|k, v| (v.clone(), k.clone()))
        .count("n")
        .to_stream()
        .to("out");
    }
);

topology!(
    fn versioned(history: Duration) -> Topology {
        table::<String, String>(
            "in",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", history)),
        )
        .to_stream()
        .to("out");
    }
);

topology!(
    fn versioned_map() -> Topology {
        table::<String, String>(
            "in",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", ms(1000))),
        )
        .filter(|_, v| v != "hide")
        .map_values(|v| upper(&v))
        .to_stream()
        .to("out");
    }
);
