//! Window stores of processors that retain duplicates. What they read and log was recorded on Kafka Streams 4.3.1.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::time::Duration;

use streams_runtime::prelude::*;
use streams_runtime::topology::TopologyConfig;

const KEPT: Duration = Duration::from_secs(100);
const SIZE: Duration = Duration::from_millis(10);

/// Keys, windows and values; the fifth one deletes.
const WRITES: [(&str, i64, Option<i64>); 7] = [
    ("b", 10, Some(1)),
    ("a", 10, Some(2)),
    ("a", 10, Some(3)),
    ("a", 20, Some(2)),
    ("ab", 10, Some(4)),
    ("a", 10, None),
    ("a", 10, Some(3)),
];

fn name(text: &str) -> String {
    text.to_owned()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).expect("not negative")
}

fn starts(rows: impl Iterator<Item = (i64, i64)>) -> String {
    rows.map(|(start, value)| format!("{start}={value}")).collect::<Vec<_>>().join(" ")
}

fn windows(rows: impl Iterator<Item = (Windowed<String>, i64)>) -> String {
    let show = |(at, value): (Windowed<String>, i64)| {
        assert_eq!(at.end, at.start + 10);
        format!("{}@{}={value}", at.key, at.start)
    };
    rows.map(show).collect::<Vec<_>>().join(" ")
}

/// What both kinds of store are asked.
macro_rules! scan {
    ($s:ident, $ctx:ident, $record:ident, $row:expr) => {
        let row = $row;
        let of_key = |rows: std::vec::IntoIter<(i64, _)>| starts(rows.map(|(at, r)| (at, row(r))));
        let of_all = |rows: std::vec::IntoIter<(_, _)>| windows(rows.map(|(at, r)| (at, row(r))));
        for line in [
            of_key($s.fetch(&name("a"), 0, 20)),
            of_key($s.backward_fetch(&name("a"), 0, 20)),
            of_all($s.all()),
            of_all($s.backward_all()),
            of_all($s.fetch_range(name("a")..=name("ab"), 0, 15)),
            of_all($s.backward_fetch_range(name("a")..=name("ab"), 0, 15)),
            format!("{:?}", $s.fetch_one(&name("a"), at(10)).map(row)),
        ] {
            $ctx.forward($record.clone().with_value(line));
        }
    };
}

#[processor]
fn plain(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    s: &mut WindowStore<String, i64>,
) {
    if record.value == "fill" {
        for (key, start, value) in WRITES {
            match value {
                Some(value) => s.put(name(key), value, at(start)),
                None => s.delete(&name(key), at(start)),
            }
        }
        return;
    }
    scan!(s, ctx, record, |value: i64| value);
}

#[processor]
fn timestamped(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    s: &mut TimestampedWindowStore<String, i64>,
) {
    if record.value == "fill" {
        for (time, (key, start, value)) in (71..).zip(WRITES) {
            match value {
                Some(value) => s.put(name(key), value, at(time), at(start)),
                None => s.delete(&name(key), at(start)),
            }
        }
        return;
    }
    scan!(s, ctx, record, |row: streams_runtime::store::ValueAndTimestamp<i64>| {
        assert!((71..78).contains(&row.timestamp.as_millis()));
        row.value
    });
}

fn supplier(in_memory: bool) -> streams_runtime::dsl::WindowSupplier {
    match in_memory {
        true => Stores::in_memory_window_store("s", KEPT, SIZE, true),
        false => Stores::persistent_window_store("s", KEPT, SIZE, true),
    }
}

fn of_plain(in_memory: bool, change: impl Fn(PlainBuilder) -> PlainBuilder) -> Topology {
    topology!({
        let s = Stores::window_store_builder(supplier(in_memory), StringSerde::default(), I64Serde);
        let s = store(change(s));
        stream::<String, String>("in").process(plain, s).to("out");
    })
}

type PlainBuilder = StoreBuilder<WindowStore<'static, String, i64>>;

fn of_timestamped(in_memory: bool) -> Topology {
    topology!({
        let s = Stores::timestamped_window_store_builder(
            supplier(in_memory),
            StringSerde::default(),
            I64Serde,
        );
        let s = store(s.with_caching_enabled());
        stream::<String, String>("in").process(timestamped, s).to("out");
    })
}

fn expected(in_memory: bool) -> [&'static str; 7] {
    let [all, backward] = match in_memory {
        true => [
            "a@10=2 a@10=3 a@10=3 ab@10=4 b@10=1 a@20=2",
            "a@20=2 b@10=1 ab@10=4 a@10=3 a@10=3 a@10=2",
        ],
        false => [
            "a@10=2 a@10=3 a@10=3 a@20=2 ab@10=4 b@10=1",
            "b@10=1 ab@10=4 a@20=2 a@10=3 a@10=3 a@10=2",
        ],
    };
    [
        "10=2 10=3 10=3 20=2",
        "20=2 10=3 10=3 10=2",
        all,
        backward,
        "a@10=2 a@10=3 a@10=3 ab@10=4",
        "ab@10=4 a@10=3 a@10=3 a@10=2",
        "Some(3)",
    ]
}

fn pipe(driver: &mut TopologyTestDriver, values: &[&str]) -> Vec<String> {
    for value in values {
        driver.input::<String, String>("in").pipe("k", *value, 5).expect("it runs");
    }
    driver.output::<String, String>("out").values().expect("text")
}

fn drive(topology: &Topology) -> TopologyTestDriver {
    TopologyTestDriver::new(topology, TestDriverConfig::new("app")).expect("a valid topology")
}

/// The changelog: key and value as hexadecimal digits, and the time.
fn changelog(driver: &mut TopologyTestDriver) -> Vec<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let records = driver.take_output().into_iter();
    let records = records.filter(|record| record.topic.ends_with("-changelog"));
    records
        .map(|record| {
            assert!(record.headers.is_empty());
            let part = |part: &Option<Vec<u8>>| part.as_deref().map_or("null".to_owned(), hex);
            let time = record.timestamp.expect("a time");
            format!("{} {} @{time}", part(&record.key), part(&record.value))
        })
        .collect()
}

fn logged(times: [i64; 7]) -> Vec<String> {
    let rows = [
        "62000000000000000a00000001 0000000000000001",
        "61000000000000000a00000002 0000000000000002",
        "61000000000000000a00000003 0000000000000003",
        "61000000000000001400000004 0000000000000002",
        "6162000000000000000a00000005 0000000000000004",
        "61000000000000000a00000006 null",
        "61000000000000000a00000007 0000000000000003",
    ];
    rows.iter().zip(times).map(|(row, time)| format!("{row} @{time}")).collect()
}

#[test]
fn rows_of_one_window_stand_beside_each_other() {
    for in_memory in [false, true] {
        let mut driver = drive(&of_plain(in_memory, PlainBuilder::with_caching_enabled));
        assert_eq!(pipe(&mut driver, &["fill"]), [""; 0]);
        assert_eq!(changelog(&mut driver), logged([5; 7]), "in memory: {in_memory}");
        assert_eq!(pipe(&mut driver, &["scan"]), expected(in_memory), "in memory: {in_memory}");
    }
}

#[test]
fn rows_with_times_stand_beside_each_other() {
    for in_memory in [false, true] {
        let mut driver = drive(&of_timestamped(in_memory));
        assert_eq!(pipe(&mut driver, &["fill"]), [""; 0]);
        let times = [71, 72, 73, 74, 75, 5, 77];
        assert_eq!(changelog(&mut driver), logged(times), "in memory: {in_memory}");
        assert_eq!(pipe(&mut driver, &["scan"]), expected(in_memory), "in memory: {in_memory}");
    }
}

/// Ends a task in one of the three ways, then writes and reads once more: nothing is lost, nothing overwritten.
#[track_caller]
fn check_goes_on(mut driver: TopologyTestDriver, ways: &[&str]) {
    pipe(&mut driver, &["fill"]);
    driver.commit().expect("committed");
    for (round, way) in (2..).zip(ways) {
        match *way {
            "restart" => driver.restart(),
            "crash" => driver.restart_from_last_commit(),
            _ => driver.rebalance(),
        }
        .expect("it goes on");
        let found = pipe(&mut driver, &["fill", "scan"]);
        let all = |row: &str, count: usize| {
            found[0].split(' ').filter(|r| *r == row).count() == count * round
        };
        assert!(all("10=2", 1) && all("10=3", 2) && all("20=2", 1), "after {ways:?}: {}", found[0]);
        driver.commit().expect("committed");
    }
}

const WAYS: [&str; 4] = ["restart", "crash", "rebalance", "restart"];

#[test]
fn numbers_go_on_behind_a_restart() {
    for in_memory in [false, true] {
        check_goes_on(drive(&of_plain(in_memory, |s| s)), &WAYS);
        check_goes_on(drive(&of_timestamped(in_memory)), &WAYS);
    }
}

#[cfg(feature = "rocksdb")]
#[test]
fn numbers_go_on_in_rocksdb_with_a_changelog_and_without() {
    for logging in [true, false] {
        let name = format!("streams-duplicates-{}-{logging}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let config = TestDriverConfig::new("app").with_state_dir(&folder);
        let topology = of_plain(false, |s| if logging { s } else { s.with_logging_disabled() });
        let driver = TopologyTestDriver::new(&topology, config).expect("a valid topology");
        check_goes_on(driver, &WAYS);
        std::fs::remove_dir_all(&folder).expect("a folder to remove");
    }
}

#[test]
fn a_kept_store_without_a_changelog_passes_taken_numbers_over() {
    for in_memory in [false, true] {
        let topology = of_plain(in_memory, PlainBuilder::with_logging_disabled);
        check_goes_on(drive(&topology), &["rebalance", "rebalance"]);
    }
}

#[test]
fn the_changelog_of_duplicates_is_not_compacted() {
    let policy = |topology: &Topology| {
        let plan = topology.plan(&TopologyConfig::new("app")).expect("a valid topology");
        plan.sub_topologies[0].changelogs[0].config["cleanup.policy"].clone()
    };
    assert_eq!(policy(&of_plain(true, |s| s)), "delete");
    // as in Java, where only the builder of plain windows sees to it
    assert_eq!(policy(&of_timestamped(true)), "compact,delete");
    let given = of_plain(true, |s| s.with_logging_enabled([("cleanup.policy", "compact")]));
    assert_eq!(policy(&given), "compact");
}
