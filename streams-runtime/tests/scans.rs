//! What processors read from their stores: every scan, forward and backward, of every kind of store, on disk and
//! in memory, with a cache and without.

use std::time::Duration;

use streams_runtime::prelude::*;

const KEPT: Duration = Duration::from_secs(3600);

fn drive(topology: &Topology, values: &[&str]) -> Vec<String> {
    let mut driver =
        TopologyTestDriver::new(topology, TestDriverConfig::default()).expect("a valid topology");
    for value in values {
        driver.input::<String, String>("in").pipe("k", *value, 0).expect("it runs");
    }
    driver.output::<String, String>("out").values().expect("text")
}

fn rows(rows: impl Iterator<Item = (String, i64)>) -> String {
    rows.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

fn windows(rows: impl Iterator<Item = (Windowed<String>, i64)>) -> String {
    let show = |(at, value): (Windowed<String>, i64)| format!("{}@{}={value}", at.key, at.start);
    rows.map(show).collect::<Vec<_>>().join(" ")
}

fn sessions(rows: impl Iterator<Item = (Windowed<String>, i64)>) -> String {
    let show = |(at, value): (Windowed<String>, i64)| {
        format!("{}@{}-{}={value}", at.key, at.start, at.end)
    };
    rows.map(show).collect::<Vec<_>>().join(" ")
}

/// Runs `topology` with a store of both places, cached or not, and compares what it reads.
macro_rules! check {
    ($store:ident, $kept:tt, |$kept_as:ident| $topology:expr, $values:expr, $expected:expr) => {
        for cached in [false, true] {
            for in_memory in [false, true] {
                let made = match in_memory {
                    true => check!(@make $store in_memory $kept),
                    false => check!(@make $store persistent $kept),
                };
                let $kept_as = if cached { made.with_caching_enabled() } else { made };
                let found = drive(&$topology, $values);
                assert_eq!(found, $expected(in_memory), "in memory: {in_memory}, cached: {cached}");
            }
        }
    };
    (@make $store:ident $method:ident ($($argument:expr),*)) => {
        $store::<String, i64>::$method("s" $(, $argument)*)
    };
}

fn name(text: &str) -> String {
    text.to_owned()
}

#[processor]
fn key_values(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    s: &mut KeyValueStore<String, i64>,
) {
    match record.value.as_str() {
        "fill" => {
            s.put_all([(name("b"), 2), (name("ab"), 1), (name("a"), 0), (name("c"), 3)]);
            s.delete(&name("c"));
            return;
        }
        "scan" => {}
        other => panic!("{other}"),
    }
    for line in [
        rows(s.all()),
        rows(s.reverse_all()),
        rows(s.range(name("ab")..)),
        rows(s.range(name("a")..name("b"))),
        rows(s.reverse_range(..=name("ab"))),
        rows(s.range(name("b")..name("a"))),
        rows(s.prefix_scan(&name("a"), &StringSerde::default())),
    ] {
        ctx.forward(record.clone().with_value(line));
    }
}

#[test]
fn key_value_stores_are_scanned_both_ways() {
    let expected =
        |_| ["a=0 ab=1 b=2", "b=2 ab=1 a=0", "ab=1 b=2", "a=0 ab=1", "ab=1 a=0", "", "a=0 ab=1"];
    check!(
        KeyValueStore,
        (),
        |s| topology!({
            let kept = store(s);
            stream::<String, String>("in").process(key_values, kept).to("out");
        }),
        &["fill", "scan"],
        expected
    );
}

#[processor]
fn timestamped(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    s: &mut TimestampedKeyValueStore<String, i64>,
) {
    if record.value == "fill" {
        for (key, value) in [("b", 2), ("ab", 1), ("a", 0)] {
            s.put(name(key), value, Timestamp::from(7));
        }
        return;
    }
    let plain = |rows: std::vec::IntoIter<(String, _)>| {
        let value = |row: streams_runtime::store::ValueAndTimestamp<i64>| {
            assert_eq!(row.timestamp, Timestamp::from(7));
            row.value
        };
        self::rows(rows.map(|(key, row)| (key, value(row))))
    };
    for line in [
        plain(s.all()),
        plain(s.reverse_all()),
        plain(s.range(name("a")..name("b"))),
        plain(s.reverse_range(name("ab")..)),
        plain(s.prefix_scan(&name("a"), &StringSerde::default())),
    ] {
        ctx.forward(record.clone().with_value(line));
    }
}

#[test]
fn timestamped_stores_are_scanned_both_ways() {
    let expected = |_| ["a=0 ab=1 b=2", "b=2 ab=1 a=0", "a=0 ab=1", "b=2 ab=1", "a=0 ab=1"];
    check!(
        TimestampedKeyValueStore,
        (),
        |s| topology!({
            let kept = store(s);
            stream::<String, String>("in").process(timestamped, kept).to("out");
        }),
        &["fill", "scan"],
        expected
    );
}

#[test]
fn an_lru_store_forgets_what_was_used_least() {
    let topology = topology!({
        let kept = store(KeyValueStore::<String, i64>::lru_map("s", 2));
        stream::<String, String>("in").process(key_values, kept).to("out");
    });
    let found = drive(&topology, &["fill", "scan"]);
    assert_eq!(found[..2], ["a=0", "a=0"], "b and ab left for a and c, and c was deleted");
}

#[processor]
fn window_rows(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    s: &mut WindowStore<String, i64>,
) {
    if record.value == "fill" {
        for (value, (key, start)) in (0..).zip([("b", 10), ("a", 20), ("a", 10), ("ab", 15)]) {
            s.put(name(key), value, Timestamp::from(start));
        }
        return;
    }
    let starts = |rows: std::vec::IntoIter<(i64, i64)>| {
        rows.map(|(start, value)| format!("{start}={value}")).collect::<Vec<_>>().join(" ")
    };
    for line in [
        format!("{:?}", s.fetch_one(&name("a"), Timestamp::from(20))),
        format!("{:?}", s.fetch_one(&name("a"), Timestamp::from(21))),
        starts(s.fetch(&name("a"), 0, 20)),
        starts(s.backward_fetch(&name("a"), 10, 99)),
        windows(s.all()),
        windows(s.backward_all()),
        windows(s.fetch_all(11, 20)),
        windows(s.backward_fetch_all(10, 15)),
        windows(s.fetch_range(name("a")..=name("ab"), 0, 15)),
        windows(s.backward_fetch_range(name("ab").., 0, 99)),
    ] {
        ctx.forward(record.clone().with_value(line));
    }
}

/// What a scan of windows reads: on disk by segment, key and start; in memory by start and key.
fn expected_windows(in_memory: bool) -> Vec<&'static str> {
    let (all, back, some, first) = match in_memory {
        true => (
            "a@10=2 b@10=0 ab@15=3 a@20=1",
            "a@20=1 ab@15=3 b@10=0 a@10=2",
            "ab@15=3 a@20=1",
            "ab@15=3 b@10=0 a@10=2",
        ),
        false => (
            "a@10=2 a@20=1 ab@15=3 b@10=0",
            "b@10=0 ab@15=3 a@20=1 a@10=2",
            "a@20=1 ab@15=3",
            "b@10=0 ab@15=3 a@10=2",
        ),
    };
    let keys = "a@10=2 ab@15=3";
    let back_keys = if in_memory { "ab@15=3 b@10=0" } else { "b@10=0 ab@15=3" };
    let of_a = ["Some(1)", "None", "10=2 20=1", "20=1 10=2"];
    [&of_a[..], &[all, back, some, first, keys, back_keys]].concat()
}

#[test]
fn window_stores_are_scanned_both_ways() {
    check!(
        WindowStore,
        (KEPT, Duration::from_millis(10)),
        |s| topology!({
            let kept = store(s);
            stream::<String, String>("in").process(window_rows, kept).to("out");
        }),
        &["fill", "scan"],
        expected_windows
    );
}

#[processor]
fn stamped_windows(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    s: &mut TimestampedWindowStore<String, i64>,
) {
    if record.value == "fill" {
        for (value, (key, start)) in (0..).zip([("b", 10), ("a", 20), ("a", 10), ("ab", 15)]) {
            s.put(name(key), value, Timestamp::from(70 + start), Timestamp::from(start));
        }
        s.put(name("z"), 9, Timestamp::from(1), Timestamp::from(11));
        s.delete(&name("z"), Timestamp::from(11));
        return;
    }
    type Row = streams_runtime::store::ValueAndTimestamp<i64>;
    let plain = |rows: std::vec::IntoIter<(Windowed<String>, Row)>| {
        windows(rows.map(|(at, row)| {
            assert_eq!(row.timestamp.as_millis(), 70 + at.start);
            assert_eq!(at.end, at.start + 10);
            (at, row.value)
        }))
    };
    let starts = |rows: std::vec::IntoIter<(i64, Row)>| {
        rows.map(|(start, row)| format!("{start}={}", row.value)).collect::<Vec<_>>().join(" ")
    };
    let one = |start| s.fetch_one(&name("a"), Timestamp::from(start)).map(|row| row.value);
    for line in [
        format!("{:?}", one(20)),
        format!("{:?}", one(21)),
        starts(s.fetch(&name("a"), 0, 20)),
        starts(s.backward_fetch(&name("a"), 10, 99)),
        plain(s.all()),
        plain(s.backward_all()),
        plain(s.fetch_all(11, 20)),
        plain(s.backward_fetch_all(10, 15)),
        plain(s.fetch_range(name("a")..=name("ab"), 0, 15)),
        plain(s.backward_fetch_range(name("ab").., 0, 99)),
    ] {
        ctx.forward(record.clone().with_value(line));
    }
}

#[test]
fn timestamped_window_stores_are_scanned_both_ways() {
    check!(
        TimestampedWindowStore,
        (KEPT, Duration::from_millis(10)),
        |s| topology!({
            let kept = store(s);
            stream::<String, String>("in").process(stamped_windows, kept).to("out");
        }),
        &["fill", "scan"],
        expected_windows
    );
}

#[processor]
fn session_rows(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    s: &mut SessionStore<String, i64>,
) {
    let session =
        |key: &str, start, end| Windowed { key: name(key), window: Window { start, end } };
    if record.value == "fill" {
        let all = [("b", 5, 10), ("a", 15, 20), ("a", 1, 4), ("ab", 7, 12), ("a", 30, 31)];
        for (value, (key, start, end)) in (0..).zip(all) {
            s.put(session(key, start, end), value);
        }
        s.remove(&session("a", 30, 31));
        return;
    }
    for line in [
        format!("{:?}", s.fetch_session(&session("a", 15, 20))),
        format!("{:?}", s.fetch_session(&session("a", 15, 21))),
        sessions(s.fetch(&name("a"))),
        sessions(s.backward_fetch(&name("a"))),
        sessions(s.find_sessions(&name("a"), 4, 10)),
        sessions(s.backward_find_sessions(&name("a"), 0, 15)),
        sessions(s.fetch_range(name("a")..name("b"))),
        sessions(s.backward_fetch_range(..)),
        sessions(s.find_sessions_in(.., 10, 7)),
        sessions(s.backward_find_sessions_in(name("ab").., 0, 99)),
        sessions(s.find_ended(5, 12)),
    ] {
        ctx.forward(record.clone().with_value(line));
    }
}

#[test]
fn session_stores_are_scanned_both_ways() {
    // on disk by segment, key and end; in memory by end and key
    let expected = |in_memory| {
        let of_a = [
            "Some(1)",
            "None",
            "a@1-4=2 a@15-20=1",
            "a@15-20=1 a@1-4=2",
            "a@1-4=2",
            "a@15-20=1 a@1-4=2",
        ];
        let others = match in_memory {
            true => [
                "a@1-4=2 ab@7-12=3 a@15-20=1",
                "a@15-20=1 ab@7-12=3 b@5-10=0 a@1-4=2",
                "b@5-10=0 ab@7-12=3",
                "ab@7-12=3 b@5-10=0",
                "b@5-10=0 ab@7-12=3",
            ],
            false => [
                "a@1-4=2 a@15-20=1 ab@7-12=3",
                "b@5-10=0 ab@7-12=3 a@15-20=1 a@1-4=2",
                "ab@7-12=3 b@5-10=0",
                "b@5-10=0 ab@7-12=3",
                "ab@7-12=3 b@5-10=0",
            ],
        };
        [&of_a[..], &others].concat()
    };
    check!(
        SessionStore,
        (KEPT),
        |s| topology!({
            let kept = store(s);
            stream::<String, String>("in").process(session_rows, kept).to("out");
        }),
        &["fill", "scan"],
        expected
    );
}
