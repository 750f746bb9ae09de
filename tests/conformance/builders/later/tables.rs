//! Versioned tables, `transform_values`, headers of results.

use std::time::Duration;

use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Text, text, upper};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("table-transform-values", Build(|_| transform_values())),
    ("table-transform-values-plain", Build(|_| transform_values_plain())),
    ("table-versioned-agg", Build(|_| versioned_aggregate())),
    ("table-versioned", Build(|p| versioned(p.ms("history")))),
    ("table-versioned-map", Build(|_| versioned_map())),
];

/// Numbers the updates of each key.
#[processor]
fn numbered(key: &String, value: Option<String>, seen: &mut KeyValueStore<String, i64>) -> String {
    let count = seen.get(key).unwrap_or(0).wrapping_add(1);
    seen.put(key.clone(), count);
    text!(value, "#", count)
}

topology!(
    fn transform_values() -> Topology {
        let seen = store(KeyValueStore::<String, i64>::persistent("seen"));
        table::<String, String>("in")
            .transform_values(numbered, seen, Materialized::as_("tv"))
            .to_stream()
            .to("out");
    }
);

/// The value with its record's time.
#[processor]
fn timed(value: Option<String>, ctx: &FixedKeyProcessorContext<'_>) -> Option<String> {
    value.map(|value| text!(value, "@", ctx.timestamp().as_millis()))
}

topology!(
    fn transform_values_plain() -> Topology {
        table::<String, String>("in").transform_values(timed).to_stream().to("out");
    }
);

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
