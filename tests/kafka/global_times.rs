//! Global stores of windows, sessions and versions: loaded before the first record, kept up to date, found again.

use std::time::Duration;

use streams_runtime::client::{KafkaStreams, State};
use streams_runtime::prelude::*;

use crate::world::{PATIENCE, World, eventually, wait_for};

const KEPT: Duration = Duration::from_secs(100);

fn size(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

#[processor]
fn keep_window(record: Record<String, String>, rows: &mut TimestampedWindowStore<String, i64>) {
    let start = record.timestamp;
    rows.put(record.key, size(&record.value), start, start);
}

#[processor]
fn keep_session(record: Record<String, String>, rows: &mut SessionStore<String, i64>) {
    let end = record.timestamp.as_millis();
    let window = Window { start: end - size(&record.value), end };
    rows.put(Windowed { key: record.key, window }, size(&record.value));
}

#[processor]
fn keep_version(record: Record<String, String>, rows: &mut VersionedKeyValueStore<String, i64>) {
    rows.put(record.key, Some(size(&record.value)), record.timestamp);
}

/// Tells what the three stores have of the key that the value names, at the record's time.
#[processor]
fn tell(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    windows: &GlobalStore<TimestampedWindowStore<String, i64>>,
    sessions: &GlobalStore<SessionStore<String, i64>>,
    versions: &GlobalStore<VersionedKeyValueStore<String, i64>>,
) {
    let key = &record.value;
    let starts: Vec<_> = windows.fetch(key, 0, i64::MAX).map(|(start, _)| start).collect();
    let ends: Vec<_> = sessions.fetch(key).map(|(at, _)| at.end).collect();
    let version = versions.get_as_of(key, record.timestamp).map(|row| row.value);
    let value = format!("{starts:?} {ends:?} {version:?}");
    ctx.forward(record.with_value(value));
}

topology!(
    /// Three global stores of one topic's kind of records, and what reads them.
    fn times([w, s, v]: [String; 3], input: String, output: String) -> Topology {
        let windows = TimestampedWindowStore::persistent("w", KEPT, Duration::from_secs(1));
        let windows = global_store(windows, w, keep_window);
        let sessions = global_store(SessionStore::persistent("s", KEPT), s, keep_session);
        let versions = VersionedKeyValueStore::persistent("v", KEPT);
        let versions = global_store(versions, v, keep_version);
        stream::<String, String>(input).process(tell, windows, sessions, versions).to(output);
    }
);

#[test]
fn stores_with_times_are_loaded_kept_up_to_date_and_found_again() {
    let world = World::new("global-times");
    let topics = ["w", "s", "v"].map(|name| world.create_topic(name, 1));
    let [input, output] = ["in", "out"].map(|name| world.create_topic(name, 1));
    let write = |value: &'static str, time: i64| {
        let records = topics.iter().map(|topic| (topic.clone(), "k", Some(value), time));
        world.produce_at(records.collect::<Vec<_>>());
    };
    let ask = |time: i64, wanted: &str| {
        eventually(&format!("at {time}: {wanted}"), || {
            world.produce_at([(input.clone(), "ask", Some("k"), time)]);
            let told = world.records(&output).pop().and_then(|record| record.value);
            told.is_some_and(|told| told == wanted.as_bytes())
        });
    };
    let start = || {
        let topology = times(topics.clone(), input.clone(), output.clone());
        let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
        streams.start().unwrap();
        wait_for(&streams, State::Running);
        streams
    };

    for (value, time) in [("1", 1_000), ("22", 50_000)] {
        write(value, time);
    }
    let streams = start();
    ask(20_000, "[1000, 50000] [1000, 50000] Some(1)");
    write("333", 110_000);
    // seconds 1 to 10 are too old now; the version of second 1 still held at second 20
    ask(20_000, "[50000, 110000] [50000, 110000] Some(1)");
    ask(9_000, "[50000, 110000] [50000, 110000] None");
    assert!(streams.close(PATIENCE));

    write("4444", 120_000);
    for wiped in [false, true] {
        if wiped {
            world.wipe("a");
        }
        let streams = start();
        ask(130_000, "[50000, 110000, 120000] [50000, 110000, 120000] Some(4)");
        ask(115_000, "[50000, 110000, 120000] [50000, 110000, 120000] Some(3)");
        assert!(streams.close(PATIENCE));
    }
}
