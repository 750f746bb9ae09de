//! Names of windows, joins, cogroups and processors.

use std::time::Duration;

use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Doc, Text, text, upper};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("names-process", Build(|_| process())),
];

#[processor]
fn pass(
    record: Record<Text, Text>,
    ctx: &mut ProcessorContext<'_, Text, Text>,
    _store: &mut KeyValueStore<String, String>,
) {
    ctx.forward(record);
}

#[processor]
fn pass_value(
    record: FixedKeyRecord<Text, Text>,
    ctx: &mut FixedKeyProcessorContext<'_, Text, Text>,
    _store: &mut KeyValueStore<String, String>,
) {
    ctx.forward(record);
}

#[processor]
fn pass_without_store(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, Text>) {
    ctx.forward(record);
}

topology!(
    fn process() -> Topology {
        let st = store(KeyValueStore::<String, String>::persistent("st"));
        let s = stream::<Text, Text>("in");
        s.process(pass, st).process_values(pass_value, st).to("o1");
        s.process(pass_without_store, Named::as_("named-p"))
            .repartition()
            .repartition("rp")
            .to("o2");
        s.to_table(Named::as_("tbl"), Materialized::as_("tt"))
            .suppress(Suppressed::until_time_limit(ms(0), BufferConfig::unbounded()))
            .to_stream()
            .foreach(|_, _| ());
        s.merge(stream::<Text, Text>("in2")).peek(|_, _| ()).to(|_, _, _| "dyn".to_owned());
    }
);
