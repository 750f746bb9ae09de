//! Global tables: every instance holds all rows, from before its first record on.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use streams_runtime::client::{KafkaStreams, State, UncaughtExceptionResponse};
use streams_runtime::error::StreamsErrorKind;
use streams_runtime::prelude::*;

use crate::notes::Notes;
use crate::world::{PATIENCE, World, eventually, wait_for};

topology!(
    /// Joins each record with the row that its value names.
    fn lookup(rows: String, input: String, output: String) -> Topology {
        let rows = global_table::<String, String>(rows, "rows");
        stream::<String, String>(input)
            .left_join(
                rows,
                |_, value| value.clone(),
                |value, row| format!("{value}={}", row.unwrap_or_else(|| "none".to_owned())),
            )
            .to(output);
    }
);

/// `count` rows: key `k<n>`, value `<text><n>`.
fn produce_rows(world: &World, topic: &str, count: usize, text: &str) {
    let rows: Vec<_> = (0..count).map(|n| (format!("k{n}"), format!("{text}{n}"))).collect();
    world.produce(topic, rows.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))));
}

/// The last result of each key of the stream.
fn results(world: &World, output: &str) -> BTreeMap<String, String> {
    let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap()).unwrap();
    let records = world.records(output).into_iter();
    records.map(|record| (text(record.key), text(record.value))).collect()
}

/// Asks for a row by a new record until the answer is this one.
#[track_caller]
fn expect_row(world: &World, input: &str, output: &str, (key, row): (&str, &str)) {
    eventually(&format!("row {key} is {row}"), || {
        world.produce(input, [("ask", Some(key))]);
        results(world, output).get("ask").map(String::as_str) == Some(&*format!("{key}={row}"))
    });
}

fn running(topology: &Topology, world: &World, instance: &str, notes: &Notes) -> KafkaStreams {
    let streams = KafkaStreams::new(topology, world.config(instance)).unwrap();
    streams.set_restore_listener(notes.clone());
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    streams
}

#[test]
fn rows_of_before_the_start_meet_the_first_record() {
    let world = World::new("global");
    let [rows, input, output] = ["rows", "in", "out"].map(|name| world.create_topic(name, 3));
    produce_rows(&world, &rows, 1_000, "old");
    let asked: Vec<_> = (0..1_000).map(|n| (format!("a{n}"), format!("k{n}"))).collect();
    let asked = asked.iter().map(|(key, value)| (key.as_str(), Some(value.as_str())));
    world.produce(&input, asked.clone());
    let topology = lookup(rows.clone(), input.clone(), output.clone());
    let streams = KafkaStreams::new(&topology, world.config("a").num_stream_threads(2)).unwrap();
    streams.start().unwrap();
    eventually("all are joined", || results(&world, &output).len() == 1_000);
    let expected = (0..1_000).map(|n| (format!("a{n}"), format!("k{n}=old{n}"))).collect();
    assert_eq!(results(&world, &output), expected);
    // and the table is kept up to date
    world.produce(&rows, [("k7", Some("new")), ("k8", None), ("k9", Some("newer"))]);
    for row in [("k7", "new"), ("k8", "none"), ("k9", "newer")] {
        expect_row(&world, &input, &output, row);
    }
    assert_eq!(streams.thread_metadata().len(), 2);
    assert!(streams.close(PATIENCE));
    assert_eq!(streams.state(), State::NotRunning);
}

#[test]
fn a_restart_loads_what_is_missing() {
    let world = World::new("global-restart");
    let rows = world.create_topic("rows", 1);
    let [input, output] = ["in", "out"].map(|name| world.create_topic(name, 1));
    produce_rows(&world, &rows, 10, "old");
    let topology = lookup(rows.clone(), input.clone(), output.clone());
    let notes = Notes::default();
    let streams = running(&topology, &world, "a", &notes);
    assert_eq!(notes.text(), "start rows-0 0..10; end rows-0 10");
    world.produce(&rows, [("k1", Some("while running"))]);
    expect_row(&world, &input, &output, ("k1", "while running"));
    assert!(streams.close(PATIENCE));

    world.produce(&rows, [("k2", Some("while down")), ("k3", None)]);
    let notes = Notes::default();
    let streams = running(&topology, &world, "a", &notes);
    let expected = match cfg!(feature = "rocksdb") {
        true => "start rows-0 11..13; end rows-0 2",
        false => "start rows-0 0..13; end rows-0 13",
    };
    assert_eq!(notes.text(), expected);
    for row in [("k0", "old0"), ("k1", "while running"), ("k2", "while down"), ("k3", "none")] {
        expect_row(&world, &input, &output, row);
    }
    assert!(streams.close(PATIENCE));

    world.wipe("a");
    let notes = Notes::default();
    let streams = running(&topology, &world, "a", &notes);
    assert_eq!(notes.text(), "start rows-0 0..13; end rows-0 13");
    expect_row(&world, &input, &output, ("k2", "while down"));
    assert!(streams.close(PATIENCE));
}

#[cfg(feature = "rocksdb")]
#[test]
fn a_truncated_topic_is_loaded_from_its_beginning() {
    let world = World::new("global-truncated");
    let rows = world.create_topic("rows", 1);
    let [input, output] = ["in", "out"].map(|name| world.create_topic(name, 1));
    produce_rows(&world, &rows, 10, "old");
    let topology = lookup(rows.clone(), input.clone(), output.clone());
    assert!(running(&topology, &world, "a", &Notes::default()).close(PATIENCE));
    produce_rows(&world, &rows, 5, "new");
    world.delete_records_before(&rows, 12);
    let notes = Notes::default();
    let streams = running(&topology, &world, "a", &notes);
    assert_eq!(notes.text(), "start rows-0 12..15; end rows-0 3");
    for row in [("k0", "none"), ("k2", "new2"), ("k9", "none")] {
        expect_row(&world, &input, &output, row);
    }
    assert!(streams.close(PATIENCE));
}

#[test]
fn both_instances_have_all_rows() {
    let world = World::new("global-two");
    let [rows, input, output] = ["rows", "in", "out"].map(|name| world.create_topic(name, 4));
    produce_rows(&world, &rows, 100, "row");
    let topology = lookup(rows.clone(), input.clone(), output.clone());
    let instances = ["a", "b"].map(|name| running(&topology, &world, name, &Notes::default()));
    let tasks = |streams: &KafkaStreams| streams.thread_metadata()[0].tasks.len();
    eventually("two tasks each", || instances.iter().all(|streams| tasks(streams) == 2));
    let asked: Vec<_> = (0..100).map(|n| (format!("a{n}"), format!("k{n}"))).collect();
    world.produce(&input, asked.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))));
    let expected = (0..100).map(|n| (format!("a{n}"), format!("k{n}=row{n}"))).collect();
    eventually("all are joined", || results(&world, &output) == expected);
    assert!(instances.iter().all(|streams| streams.close(PATIENCE)));
}

/// Keeps the length of each row's longest value.
#[processor]
fn keep_longest(record: Record<String, String>, longest: &mut KeyValueStore<String, i64>) {
    let length = i64::try_from(record.value.len()).unwrap_or(i64::MAX);
    let kept = longest.get(&record.key).unwrap_or(0);
    longest.put(record.key, kept.max(length));
}

#[processor]
fn tell_longest(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    longest: &GlobalStore<KeyValueStore<String, i64>>,
) {
    let found = longest.get(&record.value).map_or("none".to_owned(), |length| length.to_string());
    let value = format!("{}={found}", record.value);
    ctx.forward(record.with_value(value));
}

topology!(
    /// A global store that a processor fills, and one that reads it.
    fn longest(rows: String, input: String, output: String) -> Topology {
        let lengths = KeyValueStore::<String, i64>::persistent("longest").with_logging_disabled();
        let lengths = global_store(lengths, rows, keep_longest);
        stream::<String, String>(input).process(tell_longest, lengths).to(output);
    }
);

#[test]
fn a_processor_fills_a_global_store_before_and_after_the_start() {
    let world = World::new("global-store");
    let rows = world.create_topic("rows", 2);
    let [input, output] = ["in", "out"].map(|name| world.create_topic(name, 1));
    world.produce(&rows, [("k", Some("1234")), ("k", Some("12")), ("l", Some("1"))]);
    let topology = longest(rows.clone(), input.clone(), output.clone());
    let streams = running(&topology, &world, "a", &Notes::default());
    expect_row(&world, &input, &output, ("k", "4"));
    world.produce(&rows, [("l", Some("12345678")), ("m", Some(""))]);
    for row in [("l", "8"), ("m", "0"), ("k", "4")] {
        expect_row(&world, &input, &output, row);
    }
    assert!(streams.close(PATIENCE));
    world.produce(&rows, [("k", Some("123456"))]);
    for wiped in [false, true] {
        if wiped {
            world.wipe("a");
        }
        let streams = running(&topology, &world, "a", &Notes::default());
        expect_row(&world, &input, &output, ("k", "6"));
        expect_row(&world, &input, &output, ("l", "8"));
        assert!(streams.close(PATIENCE));
    }
}

topology!(
    /// A table of numbers, and nothing else.
    fn numbers(rows: String) -> Topology {
        global_table::<String, i64>(rows, "numbers");
    }
);

#[test]
fn a_topology_of_global_tables_alone_runs_without_stream_threads() {
    let world = World::new("global-alone");
    let rows = world.create_topic("rows", 2);
    let streams = running(&numbers(rows), &world, "a", &Notes::default());
    assert!(streams.thread_metadata().is_empty());
    assert_eq!(streams.add_stream_thread().unwrap(), None);
    assert!(streams.close(PATIENCE));
    assert_eq!(streams.state(), State::NotRunning);
}

#[test]
fn a_row_that_does_not_decode_stops_the_instance_or_is_skipped() {
    let world = World::new("global-decode");
    let rows = world.create_topic("rows", 1);
    let topology = numbers(rows.clone());
    let streams = running(&topology, &world, "a", &Notes::default());
    // that thread has no successor
    streams.set_uncaught_exception_handler(|_| UncaughtExceptionResponse::ReplaceThread);
    world.produce(&rows, [("a", Some("abc"))]);
    let error = streams.wait().unwrap_err();
    assert_eq!(error.kind(), StreamsErrorKind::Deserialization, "{error}");
    assert!(error.to_string().contains(&format!("topic={rows}")), "{error}");
    assert_eq!(streams.state(), State::Error);

    let config = world.config("a").set("deserialization.exception.handler", "continue");
    let streams = KafkaStreams::new(&topology, config).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    world.produce(&rows, [("b", Some("def")), ("c", Some("12345678"))]);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(streams.state(), State::Running);
    assert!(streams.close(PATIENCE));
}

#[test]
fn an_instance_can_be_closed_while_it_loads() {
    let world = World::new("global-close");
    let [rows, input, output] = ["rows", "in", "out"].map(|name| world.create_topic(name, 1));
    produce_rows(&world, &rows, 5_000, "row");
    let config = world.config("a").set("max.poll.records", "10");
    let streams = KafkaStreams::new(&lookup(rows, input, output), config).unwrap();
    let notes = Notes { slow: Duration::from_millis(100), ..Notes::default() };
    streams.set_restore_listener(notes.clone());
    std::thread::scope(|scope| {
        let start = scope.spawn(|| streams.start());
        eventually("loading has begun", || notes.restored.load(Ordering::Relaxed) > 0);
        assert!(streams.close(PATIENCE));
        start.join().unwrap().unwrap();
    });
    assert_eq!(streams.state(), State::NotRunning);
    assert!(!notes.text().contains("end"), "{}", notes.text());
}

#[test]
fn a_missing_global_topic_is_told_at_the_start() {
    let world = World::new("global-missing");
    let streams = KafkaStreams::new(&numbers(world.topic("rows")), world.config("a")).unwrap();
    let error = streams.start().unwrap_err();
    assert_eq!(error.kind(), StreamsErrorKind::Topics);
    assert!(error.to_string().contains("MissingSourceTopicException"), "{error}");
}
