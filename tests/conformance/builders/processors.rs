//! The Processor API: annotated functions with their stores as parameters.

use serde_json::json;
use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Doc, Text, split, text};
use crate::support::registry::{Builder::Build, Entry};

pub(super) const BUILDERS: &[Entry] = &[
    ("process-global-store", Build(|_| lookups())),
    ("table-transform-values", Build(|_| transform_values())),
    ("table-transform-values-plain", Build(|_| transform_values_plain())),
    ("process-session-store", Build(|_| session_store())),
    ("process-window-store", Build(|_| window_store())),
    ("process-cached-store", Build(|_| cached_store())),
    ("process-repartition", Build(|_| repartition())),
    ("process-forward-ts", Build(|_| forward_timestamps())),
    ("process-headers", Build(|_| headers())),
    ("process-count", Build(|_| count())),
    ("process-meta", Build(|_| metadata())),
    ("process-stores-in-table", Build(|_| reads_table())),
    ("process-ts-store", Build(|_| timestamped_store())),
    ("process-values", Build(|_| values())),
    ("process-range", Build(|p| ranges(p.flag("in_memory")))),
    ("process-time-order", Build(|_| time_order())),
    ("task-order", Build(|_| task_order())),
];

#[processor]
fn count_keys<V>(
    record: Record<String, V>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    n: &mut KeyValueStore<String, i64>,
) {
    let count = n.get(&record.key).unwrap_or(0).wrapping_add(1);
    n.put(record.key.clone(), count);
    ctx.forward(record.with_value(count));
}

topology!(
    fn cached_store() -> Topology {
        let n = store(KeyValueStore::<String, i64>::persistent("n").with_caching_enabled());
        stream::<String, String>("in")
            .flat_map_values(|v| split(&v, ","))
            .process(count_keys, n)
            .to("out");
    }
);

#[processor]
fn pass(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, Text>) {
    ctx.forward(record);
}

topology!(
    fn repartition() -> Topology {
        stream::<Text, Text>("in").process(pass).group_by_key().count("n").to_stream().to("out");
    }
);

#[processor]
fn three_times(record: Record<Text, Option<i64>>, ctx: &mut ProcessorContext<'_, Text, String>) {
    let say = |what: &str| record.clone().with_value(what.to_owned());
    ctx.forward(say("at"));
    let by = record.value.expect("null is no number");
    let later = Timestamp::from_millis(record.timestamp.as_millis() + by);
    ctx.forward(say("plus").with_timestamp(later.expect("a record refuses a negative time")));
    let capital = record.key.as_ref().expect("null has no capitals").to_uppercase();
    let absolute = Timestamp::from_millis(by).unwrap_or_default();
    ctx.forward(say("abs").with_key(Some(capital)).with_timestamp(absolute));
}

topology!(
    fn forward_timestamps() -> Topology {
        stream::<Text, Option<i64>>("in").process(three_times).to("out");
    }
);

#[processor]
fn three_headers(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, String>) {
    let mut added = record.headers.clone();
    added.push("n", Some(record.headers.len().to_string().into_bytes()));
    let record = record.with_value(String::new());
    ctx.forward(record.clone().with_value("kept".to_owned()));
    ctx.forward(record.clone().with_value("added".to_owned()).with_headers(added));
    ctx.forward(record.with_value("cleared".to_owned()).with_headers(Headers::default()));
}

topology!(
    fn headers() -> Topology {
        stream::<Text, Text>("in").process(three_headers).map_values(|v| v + ".").to("out");
    }
);

topology!(
    fn count() -> Topology {
        let n = store(KeyValueStore::<String, i64>::persistent("n"));
        stream::<String, Text>("in").process(count_keys, n).to("out");
    }
);

#[processor]
fn describe_record(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, Doc>) {
    let facts = json!([
        &*ctx.topic(),
        ctx.partition(),
        ctx.offset(),
        ctx.current_stream_time_ms(),
        ctx.current_system_time_ms(),
        ctx.task_id().to_string(),
        ctx.application_id(),
    ]);
    ctx.forward(record.with_value(Doc(facts)));
}

topology!(
    fn metadata() -> Topology {
        stream::<Text, Text>(["in1", "in2"]).process(describe_record).to("out");
    }
);

#[processor]
fn ask_table(
    record: Record<String, Text>,
    ctx: &mut ProcessorContext<'_, String, String>,
    tbl: &mut TimestampedKeyValueStore<String, String>,
) {
    let answer = match tbl.get(&record.key) {
        Some(row) => text!(row.value, "@", row.timestamp.as_millis()),
        None => "none".to_owned(),
    };
    ctx.forward(record.with_value(answer));
}

topology!(
    fn reads_table() -> Topology {
        let t = table::<String, String>("t", "tbl");
        stream::<String, Text>("in").process(ask_table, t.store()).to("out");
    }
);

#[processor]
fn newest(
    record: Record<String, Text>,
    ctx: &mut ProcessorContext<'_, String, Text>,
    last: &mut TimestampedKeyValueStore<String, String>,
) {
    match last.get(&record.key) {
        Some(old) if old.timestamp > record.timestamp => {
            let stale = text!("stale:", old.value);
            ctx.forward(record.with_value(Some(stale)).with_timestamp(old.timestamp));
        }
        _ => {
            match record.value.clone() {
                Some(value) => last.put(record.key.clone(), value, record.timestamp),
                None => drop(last.delete(&record.key)),
            }
            ctx.forward(record);
        }
    }
}

topology!(
    fn timestamped_store() -> Topology {
        let last = store(TimestampedKeyValueStore::<String, String>::persistent("last"));
        stream::<String, Text>("in").process(newest, last, Named::as_("newest")).to("out");
    }
);

#[processor]
fn changes(
    record: FixedKeyRecord<String, Text>,
    ctx: &mut FixedKeyProcessorContext<'_, String, String>,
    seen: &mut KeyValueStore<String, String>,
) {
    if seen.get(record.key()) == record.value {
        return;
    }
    match record.value.clone() {
        Some(value) => seen.put(record.key().clone(), value),
        None => drop(seen.delete(record.key())),
    }
    let time = record.timestamp;
    let value = text!(record.value, " ts", time.as_millis());
    ctx.forward(record.clone().with_value(value));
    let later = time.saturating_add_millis(7);
    ctx.forward(record.with_value("later".to_owned()).with_timestamp(later));
}

topology!(
    fn values() -> Topology {
        let seen = store(KeyValueStore::<String, String>::persistent("seen"));
        stream::<String, Text>("in")
            .process_values(changes, seen)
            .group_by_key()
            .count("n")
            .to_stream()
            .to("out");
    }
);

#[processor]
fn store_ranges(
    record: Record<Text, Text>,
    ctx: &mut ProcessorContext<'_, String, Option<Doc>>,
    s: &mut KeyValueStore<String, String>,
) {
    let key = || record.key.clone().expect("a store refuses a null key");
    let keys = |rows: Vec<(String, String)>| {
        Some(Doc::from(rows.into_iter().map(|(key, _)| Doc::from(key)).collect::<Vec<_>>()))
    };
    let mut tell = |key: &str, value: Option<Doc>| {
        ctx.forward(record.clone().with_key(key.to_owned()).with_value(value));
    };
    match record.value.as_deref() {
        Some("?") => {
            tell("range", keys(s.range("b".to_owned()..="d".to_owned()).collect()));
            tell("all", keys(s.all().collect()));
            tell("rev", keys(s.reverse_all().collect()));
            tell("open", keys(s.range(..="b".to_owned()).collect()));
        }
        Some("once") => {
            let before = s.put_if_absent(key(), "once".to_owned());
            tell(&key(), before.map(Doc::from));
        }
        Some("del") => {
            let before = s.delete(&key());
            tell(&key(), before.map(Doc::from));
        }
        Some(value) => s.put(key(), value.to_owned()),
        None => drop(s.delete(&key())),
    }
}

topology!(
    fn ranges(in_memory: bool) -> Topology {
        let s = store(match in_memory {
            true => KeyValueStore::<String, String>::in_memory("s"),
            false => KeyValueStore::<String, String>::persistent("s"),
        });
        stream::<Text, Text>("in").process(store_ranges, s).to("out");
    }
);

#[processor]
fn with_stream_time(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, String>) {
    let value = text!(record.value, " st", ctx.current_stream_time_ms());
    ctx.forward(record.with_value(value));
}

topology!(
    fn time_order() -> Topology {
        stream::<Text, Text>("a")
            .merge(stream::<Text, Text>("b"))
            .process(with_stream_time)
            .to("out");
    }
);

#[processor]
fn unpack(record: Record<Text, Doc>, ctx: &mut ProcessorContext<'_, Text, Text>) {
    for x in record.value.clone().items() {
        let time = x.get("ts").long().and_then(|ms| Timestamp::from_millis(ms).ok());
        let record = record.clone().with_key(x.get("k").text()).with_value(x.get("to").text());
        ctx.forward(record.with_timestamp(time.unwrap_or_default()));
    }
}

topology!(
    fn task_order() -> Topology {
        let s = stream::<Text, Doc>("in").process(unpack);
        let [a, b] =
            s.split("p-").branch(|_, v| v.as_deref() == Some("A"), "a").default_branch("b");
        let x = a.repartition("ra").map_values(|v| text!("via ", v));
        let y = b.repartition("rb").map_values(|v| text!("via ", v));
        x.merge(y).to("out");
    }
);

#[processor]
fn find_sessions(
    record: Record<String, Doc>,
    ctx: &mut ProcessorContext<'_, String, Doc>,
    s: &mut SessionStore<String, i64>,
) {
    let long = |name: &str| record.value.get(name).long().unwrap_or_default();
    let (from, to) = (long("from"), long("to"));
    assert!(0 <= from && from <= to, "a session in Java does not end before it starts");
    let window = Window { start: from, end: to };
    let session = Windowed { key: record.key.clone(), window };
    match record.value.get("v").long() {
        Some(value) => s.put(session, value),
        None => s.remove(&session),
    }
    let found = s.find_sessions(&record.key, from - 10, to + 10);
    let found: Vec<_> = found.map(|(w, v)| json!([w.window.start, w.window.end, v])).collect();
    ctx.forward(record.with_value(Doc(found.into())));
}

topology!(
    fn session_store() -> Topology {
        let s = store(SessionStore::<String, i64>::persistent("s", ms(1000)));
        stream::<String, Doc>("in").process(find_sessions, s).to("out");
    }
);

#[processor]
fn around(
    record: Record<String, Option<i64>>,
    ctx: &mut ProcessorContext<'_, String, Doc>,
    w: &mut WindowStore<String, i64>,
) {
    let time = record.timestamp.as_millis();
    match record.value {
        Some(value) => w.put(record.key.clone(), value, record.timestamp),
        None => w.delete(&record.key, record.timestamp),
    }
    let found = w.fetch(&record.key, time - 20, time + 20);
    let found: Vec<_> = found.map(|(start, v)| json!({ "start": start, "value": v })).collect();
    ctx.forward(record.with_value(Doc(found.into())));
}

topology!(
    fn window_store() -> Topology {
        let w = store(WindowStore::<String, i64>::persistent("w", ms(100), ms(10)));
        stream::<String, Option<i64>>("in").process(around, w).to("out");
    }
);

/// Numbers the updates of each key.
struct Numbered(StoreHandle<KeyValueStore<'static, String, i64>>);

impl ValueTransformerWithKey<String, String, String> for Numbered {
    fn transform(
        &mut self,
        key: &String,
        value: Option<String>,
        ctx: &ProcessingContext<'_>,
    ) -> Option<String> {
        let mut seen = ctx.store(self.0);
        let count = seen.get(key).unwrap_or(0).wrapping_add(1);
        seen.put(key.clone(), count);
        Some(text!(value, "#", count))
    }
}

topology!(
    fn transform_values() -> Topology {
        let seen = store(KeyValueStore::<String, i64>::persistent("seen"));
        table::<String, String>("in")
            .transform_values(move || Numbered(seen), seen, Materialized::as_("tv"))
            .to_stream()
            .to("out");
    }
);

/// The value with its record's time.
fn timed() -> impl ValueTransformerWithKey<String, String, String> {
    |_: &String, value: Option<String>, ctx: &ProcessingContext<'_>| {
        value.map(|value| text!(value, "@", ctx.timestamp().as_millis()))
    }
}

topology!(
    fn transform_values_plain() -> Topology {
        table::<String, String>("in").transform_values(timed).to_stream().to("out");
    }
);

#[processor]
fn keep_config(record: Record<String, Text>, lookup: &mut KeyValueStore<String, String>) {
    match record.value {
        Some(value) => lookup.put(record.key, value),
        None => drop(lookup.delete(&record.key)),
    }
}

#[processor]
fn look_up(
    record: Record<Text, Text>,
    ctx: &mut ProcessorContext<'_, Text, String>,
    lookup: &GlobalStore<KeyValueStore<String, String>>,
) {
    let found = lookup.get(record.value.as_ref().expect("a store refuses a null key"));
    let value = text!(record.value, "=", found);
    ctx.forward(record.with_value(value));
}

topology!(
    fn lookups() -> Topology {
        let lookup = KeyValueStore::<String, String>::persistent("lookup");
        let lookup = global_store(lookup.with_logging_disabled(), "config", keep_config);
        stream::<Text, Text>("in").process(look_up, lookup).to("out");
    }
);
