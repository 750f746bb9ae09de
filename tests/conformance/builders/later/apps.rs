//! Small applications with windows, joins and processors.

use std::time::Duration;

use serde_json::json;
use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Doc, Say, Text, text};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("dedup", Build(|_| dedup())),
];

const MINUTE: Duration = Duration::from_secs(60);

/// Lets a value through that was not seen within a second.
#[processor]
fn first_of_a_second(
    record: Record<Text, String>,
    ctx: &mut ProcessorContext<'_, Text, String>,
    seen: &mut WindowStore<String, i64>,
) {
    let time = record.timestamp.as_millis();
    if seen.fetch(&record.value, time - 1000, time + 1000).next().is_none() {
        seen.put(record.value.clone(), time, record.timestamp);
        ctx.forward(record);
    }
}

topology!(
    fn dedup() -> Topology {
        let seen = store(WindowStore::<String, i64>::persistent("seen", ms(1000), ms(1000)));
        stream::<Text, String>("in").process(first_of_a_second, seen).to("out");
    }
);
