//! Topologies built from sources, processors, stores and sinks.

use streams_runtime::prelude::*;

use crate::support::lang::{Text, text};
use crate::support::registry::{Builder::Build, Entry};

pub(super) const BUILDERS: &[Entry] = &[
    ("low-level", Build(|_| low_level())),
    ("low-level-chain", Build(|_| low_level_chain())),
    ("low-level-shared-store", Build(|_| low_level_shared_store())),
];

/// To both children, or to the one that the value names; no name names both, as in Java.
#[processor]
fn route(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, Text>) {
    match record.value.as_deref() {
        Some("both") | None => ctx.forward(record),
        Some(child) => {
            let child = child.to_owned();
            ctx.forward_to(&child, record);
        }
    }
}

#[processor]
fn left(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, String>) {
    let value = text!("left ", record.value);
    ctx.forward(record.with_value(value));
}

#[processor]
fn right(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, String>) {
    let value = text!("right ", record.value);
    ctx.forward(record.with_value(value));
}

fn low_level() -> Topology {
    let mut t = TopologyBuilder::new();
    let src = t.add_source::<Text, Text>("src", "in", ());
    let routed = t.add_processor("route", route, [&src], ());
    let l = t.add_processor("left", left, [&routed], ());
    let r = t.add_processor("right", right, [&routed], ());
    t.add_sink("sl", "out-l", [&l], ());
    t.add_sink("sr", "out-r", [&r], ());
    t.finish()
}

fn a_second_later(record: &ConsumerRecord<'_, Text, Text>, _: i64) -> i64 {
    record.timestamp + 1000
}

#[processor]
fn with_topic(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, String>) {
    let value = text!(record.value, "@", &*ctx.topic());
    ctx.forward(record.with_value(value));
}

#[processor]
fn twice(record: Record<Text, String>, ctx: &mut ProcessorContext<'_, Text, String>) {
    ctx.forward(record.clone());
    let again = text!(record.value, " again");
    ctx.forward(record.with_value(again));
}

fn low_level_chain() -> Topology {
    let mut t = TopologyBuilder::new();
    let later = Consumed::as_("a").with_timestamp_extractor(a_second_later);
    let a = t.add_source::<Text, Text>("a", "in-a", later);
    let b = t.add_source::<Text, Text>("b", "in-b", ());
    let p = t.add_processor("p", with_topic, [&a, &b], ());
    let q = t.add_processor("q", twice, [&p], ());
    t.add_sink_with("z", |k: &Text, _: &String, _: &RecordContext| text!("to-", k), [&q, &p], ());
    t.finish()
}

#[processor]
fn deposit(record: Record<String, i64>, balance: &mut KeyValueStore<String, i64>) {
    let sum = balance.get(&record.key).unwrap_or(0).wrapping_add(record.value);
    balance.put(record.key, sum);
}

#[processor]
fn ask(
    record: Record<String, Text>,
    ctx: &mut ProcessorContext<'_, String, Option<i64>>,
    balance: &mut KeyValueStore<String, i64>,
) {
    let sum = balance.get(&record.key);
    ctx.forward(record.with_value(sum));
}

fn low_level_shared_store() -> Topology {
    let mut t = TopologyBuilder::new();
    let balance = t.add_state_store(KeyValueStore::<String, i64>::persistent("balance"));
    let deposits = t.add_source::<String, i64>("s1", "deposits", ());
    t.add_processor("add", deposit, [&deposits], balance);
    let queries = t.add_source::<String, Text>("s2", "queries", ());
    let asked = t.add_processor("ask", ask, [&queries], balance);
    t.add_sink("out", "answers", [&asked], ());
    t.finish()
}
