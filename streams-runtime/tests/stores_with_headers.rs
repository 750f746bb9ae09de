//! Stores of processors whose values carry headers. What they read and log was recorded on Kafka Streams 4.3.1.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::time::Duration;

use streams_runtime::prelude::*;

const KEPT: Duration = Duration::from_secs(100);
const SIZE: Duration = Duration::from_millis(10);

fn name(text: &str) -> String {
    text.to_owned()
}

fn at(ms: u32) -> Timestamp {
    Timestamp::from(ms)
}

fn headers(all: &[(&str, Option<&str>)]) -> Headers {
    let header = |(key, value): &(&str, Option<&str>)| Header {
        key: name(key),
        value: value.map(|value| value.as_bytes().to_vec()),
    };
    all.iter().map(header).collect()
}

fn text(headers: &Headers) -> String {
    let value = |value: &Option<Vec<u8>>| match value {
        Some(value) => String::from_utf8(value.clone()).unwrap(),
        None => "null".to_owned(),
    };
    headers.iter().map(|header| format!("{}={};", header.key, value(&header.value))).collect()
}

fn row(value: i64, time: u32, of: &[(&str, Option<&str>)]) -> ValueTimestampHeaders<i64> {
    ValueTimestampHeaders { value, timestamp: at(time), headers: headers(of) }
}

fn shown(row: Option<ValueTimestampHeaders<i64>>) -> String {
    row.map_or("null".to_owned(), |row| {
        format!("{}@{}[{}]", row.value, row.timestamp.as_millis(), text(&row.headers))
    })
}

fn session(key: &str, start: i64, end: i64) -> Windowed<String> {
    Windowed { key: name(key), window: Window { start, end } }
}

#[processor]
fn keep(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    kv: &mut TimestampedKeyValueStoreWithHeaders<String, i64>,
    w: &mut TimestampedWindowStoreWithHeaders<String, i64>,
    ss: &mut SessionStoreWithHeaders<String, i64>,
) {
    let mut lines = Vec::new();
    if record.value == "fill" {
        kv.put(name("a"), row(1, 71, &[("x", Some("1")), ("y", None)]));
        kv.put(name("b"), row(2, 72, &[]));
        kv.put(name("c"), row(3, 73, &[("x", Some("2"))]));
        let known = kv.put_if_absent(name("a"), row(9, 79, &[("z", Some("9"))]));
        let new = kv.put_if_absent(name("d"), row(4, 74, &[("z", Some(""))]));
        lines.push(format!("absent {} {}", shown(known), shown(new)));
        lines.push(format!("delete {}", shown(kv.delete(&name("c")))));
        kv.delete(&name("e"));
        w.put(name("a"), row(1, 71, &[("x", Some("1"))]), at(10));
        w.put(name("a"), row(2, 72, &[]), at(20));
        w.put(name("b"), row(3, 73, &[("q", Some("r"))]), at(10));
        w.delete(&name("b"), at(10));
        let of = headers(&[("x", Some("1")), ("y", None)]);
        ss.put(session("a", 5, 10), AggregationWithHeaders { aggregation: 5, headers: of });
        let of = Headers::default();
        ss.put(session("b", 6, 11), AggregationWithHeaders { aggregation: 6, headers: of });
        ss.remove(&session("a", 7, 9));
        ss.remove(&session("a", 1, 2));
    } else {
        let got = ["a", "b", "c", "d"].map(|key| shown(kv.get(&name(key))));
        lines.push(format!("get {}", got.join(" ")));
        let got = [("a", 10), ("a", 20), ("b", 10)];
        let got = got.map(|(key, start)| shown(w.fetch_one(&name(key), at(start))));
        lines.push(format!("win {}", got.join(" ")));
        let got = [session("a", 5, 10), session("b", 6, 11)].map(|of| {
            let row = ss.fetch_session(&of).unwrap();
            format!("{}[{}]", row.aggregation, text(&row.headers))
        });
        lines.push(format!("ses {}", got.join(" ")));
    }
    for line in lines {
        ctx.forward(record.clone().with_value(line).with_headers(Headers::default()));
    }
}

type Stores3 = (
    StoreBuilder<TimestampedKeyValueStoreWithHeaders<'static, String, i64>>,
    StoreBuilder<TimestampedWindowStoreWithHeaders<'static, String, i64>>,
    StoreBuilder<SessionStoreWithHeaders<'static, String, i64>>,
);

fn by_type(in_memory: bool) -> Stores3 {
    match in_memory {
        true => (
            TimestampedKeyValueStoreWithHeaders::in_memory_with_headers("kv"),
            TimestampedWindowStoreWithHeaders::in_memory_with_headers("w", KEPT, SIZE),
            SessionStoreWithHeaders::in_memory_with_headers("ss", KEPT),
        ),
        false => (
            TimestampedKeyValueStoreWithHeaders::persistent_with_headers("kv"),
            TimestampedWindowStoreWithHeaders::persistent_with_headers("w", KEPT, SIZE),
            SessionStoreWithHeaders::persistent_with_headers("ss", KEPT),
        ),
    }
}

fn by_supplier(in_memory: bool) -> Stores3 {
    let (kv, w, ss) = match in_memory {
        true => (
            Stores::in_memory_key_value_store("kv"),
            Stores::in_memory_window_store("w", KEPT, SIZE, false),
            Stores::in_memory_session_store("ss", KEPT),
        ),
        false => (
            Stores::persistent_key_value_store("kv"),
            Stores::persistent_window_store("w", KEPT, SIZE, false),
            Stores::persistent_session_store("ss", KEPT),
        ),
    };
    let key = StringSerde::default;
    (
        Stores::timestamped_key_value_store_with_headers_builder(kv, key(), I64Serde),
        Stores::timestamped_window_store_with_headers_builder(w, key(), I64Serde),
        Stores::session_store_with_headers_builder(ss, key(), I64Serde),
    )
}

fn topology((kv, w, ss): Stores3, cached: bool) -> Topology {
    topology!({
        let kv = store(if cached { kv.with_caching_enabled() } else { kv });
        let w = store(if cached { w.with_caching_enabled() } else { w });
        let ss = store(if cached { ss.with_caching_enabled() } else { ss });
        stream::<String, String>("in").process(keep, kv, w, ss).to("out");
    })
}

fn changelogs(driver: &mut TopologyTestDriver) -> Vec<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let produced = driver.take_output();
    let of = |store: &str| {
        let topic = format!("app-{store}-changelog");
        let records = produced.iter().filter(move |record| *record.topic == *topic);
        let part = |part: &Option<Vec<u8>>| part.as_deref().map_or("null".to_owned(), hex);
        let line = |record: &streams_runtime::driver::test::ProducedRecord| {
            let (key, value) = (part(&record.key), part(&record.value));
            let time = record.timestamp.unwrap();
            format!("{store} {key} {value} @{time} {}", text(&record.headers))
        };
        records.map(line).collect::<Vec<_>>()
    };
    ["kv", "w", "ss"].into_iter().flat_map(of).collect()
}

const LOGGED: [&str; 14] = [
    "kv 61 0000000000000001 @71 x=1;y=null;",
    "kv 62 0000000000000002 @72 ",
    "kv 63 0000000000000003 @73 x=2;",
    "kv 64 0000000000000004 @74 z=;",
    "kv 63 null @5 ctx=c;",
    "kv 65 null @5 ctx=c;",
    "w 61000000000000000a00000000 0000000000000001 @71 x=1;",
    "w 61000000000000001400000000 0000000000000002 @72 ",
    "w 62000000000000000a00000000 0000000000000003 @73 q=r;",
    "w 62000000000000000a00000000 null @5 ctx=c;",
    "ss 61000000000000000a0000000000000005 0000000000000005 @5 x=1;y=null;",
    "ss 62000000000000000b0000000000000006 0000000000000006 @5 ",
    "ss 6100000000000000090000000000000007 null @5 ctx=c;",
    "ss 6100000000000000020000000000000001 null @5 ctx=c;",
];

const READ: [&str; 3] = [
    "get 1@71[x=1;y=null;] 2@72[] null 4@74[z=;]",
    "win 1@71[x=1;] 2@72[] null",
    "ses 5[x=1;y=null;] 6[]",
];

fn scan(driver: &mut TopologyTestDriver) -> Vec<String> {
    driver.input::<String, String>("in").pipe("k", "scan", 6).expect("it runs");
    driver.output::<String, String>("out").values().expect("text")
}

fn check(stores: Stores3, cached: bool, config: TestDriverConfig) {
    let mut driver = TopologyTestDriver::new(&topology(stores, cached), config).expect("ok");
    let of = headers(&[("ctx", Some("c"))]);
    driver.input::<String, String>("in").pipe_with_headers("k", "fill", 5, of).expect("it runs");
    let filled = driver.output::<String, String>("out").values().expect("text");
    assert_eq!(filled, ["absent 1@71[x=1;y=null;] null", "delete 3@73[x=2;]"]);
    // a cache logs the last write of a row
    let replaced = [LOGGED[2], LOGGED[8]];
    let logged = LOGGED.into_iter().filter(|line| !cached || !replaced.contains(line));
    assert_eq!(changelogs(&mut driver), logged.collect::<Vec<_>>());
    assert_eq!(scan(&mut driver), READ);
    driver.restart().expect("it goes on");
    assert_eq!(scan(&mut driver), READ, "restored from the changelogs");
    driver.rebalance().expect("it goes on");
    assert_eq!(scan(&mut driver), READ);
}

#[test]
fn rows_keep_their_headers_and_log_them() {
    for cached in [false, true] {
        for in_memory in [false, true] {
            for stores in [by_type(in_memory), by_supplier(in_memory)] {
                check(stores, cached, TestDriverConfig::new("app"));
            }
        }
    }
}

#[cfg(feature = "rocksdb")]
#[test]
fn rows_keep_their_headers_in_rocksdb() {
    for cached in [false, true] {
        let folder = format!("streams-headers-{}-{cached}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        check(by_type(false), cached, TestDriverConfig::new("app").with_state_dir(&folder));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn the_driver_shows_rows_with_and_without_their_headers() {
    let topology = topology(by_type(true), false);
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app")).expect("ok");
    driver.input::<String, String>("in").pipe("k", "fill", 5).expect("it runs");
    let mut kv = driver.key_value_store::<String, ValueTimestampHeaders<i64>>("kv").expect("kv");
    assert_eq!(kv.get(&name("d")).expect("a row"), Some(row(4, 74, &[("z", Some(""))])));
    let mut w = driver.window_store::<String, ValueTimestampHeaders<i64>>("w").expect("w");
    assert_eq!(w.fetch(&name("a"), 0, 99).expect("rows")[1], (20, row(2, 72, &[])));
    let mut ss = driver.session_store::<String, AggregationWithHeaders<i64>>("ss").expect("ss");
    assert_eq!(ss.fetch(&name("b")).expect("rows")[0].1.aggregation, 6);
    let rows = driver.store_rows("kv").expect("rows");
    assert_eq!((rows[0].timestamp, &rows[0].value), (Some(71), &1_i64.to_be_bytes().to_vec()));
    let rows = driver.store_rows("w").expect("rows");
    assert_eq!(rows[0].window.map(|window| (window.start, window.end)), Some((10, 20)));
    let rows = driver.store_rows("ss").expect("rows");
    assert_eq!((rows[0].timestamp, &rows[0].value), (None, &5_i64.to_be_bytes().to_vec()));
}

#[processor]
fn keep_one(
    record: Record<String, String>,
    kv: &mut TimestampedKeyValueStoreWithHeaders<String, i64>,
) {
    kv.put(record.key, row(1, 1, &[("h", None)]));
}

#[test]
fn a_full_store_logs_no_tombstone() {
    // as in Java, where the store with headers hides the one that would log
    let topology = topology!({
        let kv = Stores::lru_map("kv", 1);
        let kv = store(Stores::timestamped_key_value_store_with_headers_builder(
            kv,
            StringSerde::default(),
            I64Serde,
        ));
        stream::<String, String>("in").process(keep_one, kv);
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app")).expect("ok");
    driver.input::<String, String>("in").pipe_all([("a", ""), ("b", "")], 5).expect("it runs");
    let logged = changelogs(&mut driver);
    assert_eq!(logged, ["kv 61 0000000000000001 @1 h=null;", "kv 62 0000000000000001 @1 h=null;"]);
    assert_eq!(driver.store_rows("kv").expect("rows").len(), 1);
}
