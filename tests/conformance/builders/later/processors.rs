//! The Processor API: annotated functions with their stores as parameters.

use serde_json::json;
use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Doc, Text, split, text};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("process-global-store", Build(|_| global_store())),
    ("process-versioned-store", Build(|_| versioned_store())),
];

#[processor]
fn keep_config(record: Record<String, Text>, lookup: &mut KeyValueStore<String, String>) {
    lookup.put(record.key, record.value);
}

#[processor]
fn look_up(
    record: Record<Text, Text>,
    ctx: &mut ProcessorContext<'_, Text, String>,
    lookup: &GlobalStore<KeyValueStore<String, String>>,
) {
    let found = record.value.as_ref().and_then(|value| lookup.get(value));
    let value = text!(record.value, "=", found);
    ctx.forward(record.with_value(value));
}

topology!(
    fn global_store() -> Topology {
        let lookup = global_store::<String, Text>(
            KeyValueStore::<String, String>::persistent("lookup").with_logging_disabled(),
            "config",
            keep_config,
        );
        stream::<Text, Text>("in").process(look_up, lookup).to("out");
    }
);

#[processor]
fn versions(
    record: Record<String, Text>,
    ctx: &mut ProcessorContext<'_, String, Doc>,
    v: &mut VersionedStore<String, String>,
) {
    let time = record.timestamp;
    v.put(record.key.clone(), record.value.clone(), time);
    let before = time.saturating_add_millis(-1);
    let found =
        [v.get(&record.key), v.get_as_of(&record.key, time), v.get_as_of(&record.key, before)];
    let found = found.map(|row| {
        row.map(|row| json!({ "value": row.value, "ts": row.timestamp, "valid_to": row.valid_to }))
    });
    ctx.forward(record.with_value(Doc(json!(found))));
}

topology!(
    fn versioned_store() -> Topology {
        let v = store(VersionedStore::<String, String>::persistent("v", ms(100)));
        stream::<String, Text>("in").process(versions, v).to("out");
    }
);