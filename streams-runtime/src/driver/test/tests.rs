//! The driver itself: ways in and out, the clock, errors, restarts.

use super::*;
use crate::dsl::{StreamsBuilder, Unset};
use crate::handler::headers as names;
use crate::plumbing;
use crate::record::Header;
use crate::serdes::{I64Serde, StringSerde};

/// `in` -> one more -> `mid`, which is read again -> `out`.
fn chain() -> Topology {
    let mut b = StreamsBuilder::new();
    let (numbers, source) = b.stream::<String, i64>("in", Unset);
    let (more, plus_one) = numbers.map_values(&mut b, |n| n + 1, Unset);
    let to_mid = more.to(&mut b, "mid", Unset);
    let (mids, mid_source) = b.stream::<String, i64>("mid", Unset);
    let to_out = mids.to(&mut b, "out", Unset);
    b.source(source, move |cx, record| {
        let record = plus_one.run(cx, record);
        to_mid.run(cx, record)
    });
    b.source(mid_source, move |cx, record| to_out.run(cx, record));
    b.finish()
}

/// Text that must be a number, as a number.
fn parsed() -> Topology {
    let mut b = StreamsBuilder::new();
    let (texts, source) = b.stream::<String, String>("in", Unset);
    let (numbers, parse) = texts.try_map_values(&mut b, |text: String| text.parse::<i64>(), Unset);
    let to_out = numbers.to(&mut b, "out", Unset);
    b.source(source, move |cx, record| match parse.run(cx, record)? {
        Some(record) => to_out.run(cx, record),
        None => Ok(()),
    });
    b.finish()
}

/// A table of `in` in the store `rows`.
fn table() -> Topology {
    let mut b = StreamsBuilder::new();
    let (rows, source, table) = b.table::<String, i64>("in", "rows");
    let (updates, to_stream) = rows.to_stream(&mut b, Unset);
    let to_out = updates.to(&mut b, "out", Unset);
    let after = plumbing::seam(rows, move |cx, record| {
        let record = to_stream.run(cx, record);
        to_out.run(cx, record)
    });
    let flush = after.clone();
    b.on_flush(&table, rows, move |cx, record| flush(cx, record));
    b.source(source, move |cx, record| match table.run(cx, record)? {
        Some(record) => after(cx, record),
        None => Ok(()),
    });
    b.finish()
}

fn driver(topology: &Topology, config: &[(&str, &str)]) -> TopologyTestDriver {
    let config = TestDriverConfig::from_map(config.iter().copied()).unwrap();
    TopologyTestDriver::new(topology, config).unwrap()
}

#[test]
fn what_the_topology_reads_again_runs_in_the_same_call() {
    let mut driver = driver(&chain(), &[]);
    driver.input::<String, i64>("in").pipe("a", 1, 5).unwrap();
    let topics: Vec<_> = driver.take_output().iter().map(|r| r.topic.to_string()).collect();
    assert_eq!(topics, ["mid", "out"]);
    driver
        .input(("in", StringSerde::default(), I64Serde))
        .pipe_all([("a", 1), ("b", 2)], 7)
        .unwrap();
    let mut out = driver.output::<String, i64>("out");
    assert_eq!(out.len(), 2);
    let first = out.read().unwrap().unwrap();
    assert_eq!((first.key.as_str(), first.value, first.timestamp.as_millis()), ("a", 2, 7));
    assert_eq!(out.values().unwrap(), [3]);
    assert!(out.is_empty() && out.read().unwrap().is_none());
    assert_eq!(driver.output::<String, i64>("mid").to_map().unwrap()["b"], 3);
    assert_eq!(driver.produced_topic_names(), ["mid", "out"]);
}

#[test]
fn unknown_topics_and_misfit_types_are_named() {
    let mut driver = driver(&chain(), &[]);
    let error = driver.input::<String, i64>("inn").pipe("a", 1, 5).unwrap_err();
    assert_eq!(error.to_string(), "the topology does not read topic `inn`; it reads: in, mid");
    driver.input::<String, i64>("in").pipe("a", 1, 5).unwrap();
    let error = driver.output::<i64, i64>("out").read_all().unwrap_err().to_string();
    assert!(error.starts_with("the key of a record of topic `out` does not decode"), "{error}");
    let error = driver.key_value_store::<String, i64>("rows").err().unwrap().to_string();
    assert!(error.starts_with("there is no store `rows`"), "{error}");
}

#[test]
fn failures_stop_or_go_to_the_dead_letter_topic() {
    let mut strict = driver(&parsed(), &[]);
    let error = strict.input::<String, String>("in").pipe("a", "x", 5).unwrap_err().to_string();
    for part in ["KSTREAM-MAPVALUES-0000000001", "topic=in partition=0 offset=0", "invalid digit"] {
        assert!(error.contains(part), "{error}");
    }
    let continuing = [
        ("processing.exception.handler", "LogAndContinueProcessingExceptionHandler"),
        ("errors.dead.letter.queue.topic.name", "dlq"),
    ];
    let mut driver = driver(&parsed(), &continuing);
    let headers: Headers = [Header { key: "mine".into(), value: None }].into_iter().collect();
    driver.pipe_raw("in", Some(b"a"), Some(b"1"), 4, Headers::default()).unwrap();
    driver.pipe_raw("in", Some(b"a"), Some(b"x"), 5, headers).unwrap();
    assert_eq!(driver.dropped_records(), 1);
    let dead = driver.output::<String, String>("dlq").read().unwrap().unwrap();
    assert_eq!((dead.key.as_str(), dead.value.as_str(), dead.timestamp.as_millis()), ("a", "x", 5));
    let keys: Vec<_> = dead.headers.iter().map(|header| header.key.as_str()).collect();
    let six = [
        names::EXCEPTION,
        names::MESSAGE,
        names::STACKTRACE,
        names::TOPIC,
        names::PARTITION,
        names::OFFSET,
    ];
    assert_eq!(keys[0], "mine");
    assert_eq!(keys[1..], six);
    let kind = dead.headers.last(names::EXCEPTION).unwrap().value.clone().unwrap();
    assert_eq!(String::from_utf8(kind).unwrap(), "core::num::error::ParseIntError");
}

#[test]
fn stores_show_rows_with_their_times() {
    let mut driver = driver(&table(), &[("statestore.cache.max.bytes", "0")]);
    let mut rows = driver.input::<Option<String>, Option<i64>>("in");
    rows.pipe("b", 2, 7).unwrap();
    rows.pipe("a", 1, 5).unwrap();
    rows.pipe("b", None, 9).unwrap();
    rows.pipe(None, 3, 9).unwrap();
    assert_eq!((driver.dropped_records(), driver.store_names()), (1, vec!["rows".to_owned()]));
    let mut store = driver.key_value_store::<String, i64>("rows").unwrap();
    assert_eq!(store.all().unwrap(), [("a".to_owned(), 1)]);
    assert_eq!(store.get(&"b".to_owned()).unwrap(), None);
    assert_eq!(store.get_with_time(&"a".to_owned()).unwrap(), Some((1, Some(5))));
    let row = driver.store_rows("rows").unwrap().remove(0);
    assert_eq!((row.key.as_slice(), row.timestamp), (&b"a"[..], Some(5)));
    let error = driver.key_value_store::<String, String>("rows").err().unwrap().to_string();
    assert!(error.contains("no key-value store of `alloc::string::String`"), "{error}");
}

#[test]
fn a_restart_restores_stores_and_partition_times() {
    let mut driver = driver(&table(), &[]);
    driver.input::<String, i64>("in").pipe("a", 1, 50).unwrap();
    driver.restart().unwrap();
    assert_eq!(driver.stream_time_ms(), 50);
    let mut store = driver.key_value_store::<String, i64>("rows").unwrap();
    assert_eq!(store.get_with_time(&"a".to_owned()).unwrap(), Some((1, Some(50))));
}

#[test]
fn the_clock_moves_only_when_told() {
    let config = TestDriverConfig::new("app").initial_wall_clock(1_000);
    let mut driver = TopologyTestDriver::new(&chain(), config).unwrap();
    assert_eq!(driver.wall_clock().as_millis(), 1_000);
    driver.advance_wall_clock(500).unwrap();
    assert_eq!(driver.wall_clock().as_millis(), 1_500);
}

#[test]
fn records_wait_for_an_empty_input_as_long_as_configured() {
    let mut driver = driver(&chain(), &[("max.task.idle.ms", "100")]);
    driver.input::<String, i64>("in").pipe("a", 1, 5).unwrap();
    assert!(driver.output::<String, i64>("mid").is_empty());
    driver.advance_wall_clock(100).unwrap();
    assert_eq!(driver.output::<String, i64>("mid").len(), 1);
}

/// All topics that begin with `in-`, with where each record came from; those of `again` go to `in-z` once.
fn matching() -> Topology {
    let mut b = StreamsBuilder::new();
    let (texts, source) = b.stream::<String, String>(crate::dsl::Pattern::new("in-.*"), Unset);
    let to = texts.to_with(
        &mut b,
        |_, text: &String, cx| match (text.as_str(), &*cx.topic) {
            ("again", "in-a") => "in-z".to_owned(),
            (_, topic) => format!("out-{topic}-{}", cx.offset),
        },
        Unset,
    );
    b.source(source, move |cx, record| to.run(cx, record));
    b.finish()
}

#[test]
fn topics_that_match_a_pattern_are_read_when_a_test_names_them() {
    let mut driver = driver(&matching(), &[]);
    for (topic, text) in [("in-a", "1"), ("in-b", "2"), ("in-a", "again"), ("in-b", "3")] {
        driver.input::<String, String>(topic).pipe("k", text, 0).unwrap();
    }
    let expected = ["out-in-a-0", "out-in-b-0", "in-z", "out-in-z-0", "out-in-b-1"];
    let produced = |driver: &mut TopologyTestDriver| {
        driver.take_output().into_iter().map(|record| record.topic.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(produced(&mut driver), expected);
    let told = driver.input::<String, String>("my-in-a").pipe("k", "4", 0).unwrap_err().to_string();
    assert!(
        told.contains("does not read topic `my-in-a`; it reads: in-a, in-b, in-z, in-.*"),
        "{told}"
    );
    driver.restart().unwrap();
    driver.input::<String, String>("in-b").pipe("k", "5", 0).unwrap();
    assert_eq!(produced(&mut driver), ["out-in-b-2"]);
}
