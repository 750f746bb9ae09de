//! A script of records, played on a broker and in the test driver: both must give the same results.
//!
//! Every step is processed to its end before the next one, and there are no caches, so that each key has
//! one right sequence of results, times included. A restart wipes the local state or keeps it; either
//! way the results go on as if there had been none, and so they do when another instance takes over.

use std::collections::BTreeMap;
use std::time::Duration;

use streams_runtime::client::{KafkaStreams, State};
use streams_runtime::config::StreamsConfig;
use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
use streams_runtime::prelude::*;

use crate::world::{PATIENCE, World, eventually, wait_for};

/// A record of a script: topic, key, value (`-` is none), and milliseconds after the script's start.
pub type Row<'s> = (&'s str, &'s str, &'s str, i64);

/// What happens next.
#[derive(Clone, Copy, Debug)]
pub enum Step<'s> {
    /// Records arrive; all of them are processed before the next step.
    Put(&'s [Row<'s>]),
    /// Windows that close leave at most once a second.
    Pause,
    /// The instance stops and starts again with the state that it has.
    Restart,
    /// The instance stops, loses its local state, and starts again.
    Wipe,
    /// Another instance joins, and the first one leaves: the tasks go over with their state.
    Move,
}

/// The sequence of each key's results: value and milliseconds after the start, as text.
type Results = BTreeMap<Vec<u8>, Vec<String>>;

/// Runs a test twice, each time in a place of its own.
pub fn under_both_guarantees(name: &str, test: impl Fn(&World) + Sync) {
    std::thread::scope(|scope| {
        for guarantee in ["at_least_once", "exactly_once_v2"] {
            let test = &test;
            scope.spawn(move || test(&World::new(name).under(guarantee)));
        }
    });
}

/// Plays the script on both, compares the records of `output`, and gives them as `key=value@time`.
///
/// The topics are known to the script by their short names. `config` is for the broker alone: what it
/// changes must not change the results.
#[track_caller]
pub fn play(
    world: &World,
    topology: &Topology,
    output: &str,
    config: impl Fn(StreamsConfig) -> StreamsConfig,
    steps: &[Step<'_>],
) -> Vec<String> {
    let start = start_time();
    let plain = |name: &str| world.config(name).cache_max_bytes(0);
    let mut driver = TopologyTestDriver::new(topology, TestDriverConfig::from(plain(""))).unwrap();
    let sources = sources(&driver);
    let begin = |name: &str| {
        let streams = KafkaStreams::new(topology, config(plain(name))).unwrap();
        streams.start().unwrap();
        wait_for(&streams, State::Running);
        streams
    };
    let mut name = "a".to_owned();
    let mut streams = begin(&name);
    for step in steps {
        match step {
            Step::Put(rows) => {
                world.produce_at(rows.iter().map(|row| at(world, row, start)));
                for row in *rows {
                    pipe(&mut driver, world, row, start);
                }
                eventually("everything is processed", || world.is_consumed(&sources));
            }
            Step::Pause => std::thread::sleep(Duration::from_millis(1_100)),
            Step::Restart | Step::Wipe => {
                assert!(streams.close(PATIENCE));
                if let Step::Wipe = step {
                    world.wipe(&name);
                }
                driver.restart().unwrap();
                streams = begin(&name);
            }
            Step::Move => {
                name.push('a');
                let next = begin(&name);
                assert!(streams.close(PATIENCE));
                wait_for(&next, State::Running);
                driver.restart().unwrap();
                streams = next;
            }
        }
    }
    assert!(streams.close(PATIENCE));
    compare(world, &mut driver, output, start)
}

#[track_caller]
fn compare(
    world: &World,
    driver: &mut TopologyTestDriver,
    output: &str,
    start: i64,
) -> Vec<String> {
    let output = world.topic(output);
    let mut broker = Results::new();
    for record in world.records(&output) {
        let shown = show(record.value.as_deref(), record.timestamp - start);
        broker.entry(record.key.unwrap_or_default()).or_default().push(shown);
    }
    let mut expected = Results::new();
    let mut lines = Vec::new();
    for record in driver.take_output().into_iter().filter(|record| *record.topic == *output) {
        let shown = show(record.value.as_deref(), record.timestamp.unwrap_or_default() - start);
        let key = record.key.unwrap_or_default();
        lines.push(format!("{}={shown}", String::from_utf8_lossy(&key)));
        expected.entry(key).or_default().push(shown);
    }
    assert_eq!(broker, expected, "the broker (left) against the test driver (right)");
    lines
}

fn show(value: Option<&[u8]>, time: i64) -> String {
    let value = value.map_or("-".into(), String::from_utf8_lossy);
    format!("{value}@{time}")
}

/// A few minutes ago, so that Kafka keeps the records: at a full hour of 10 s windows.
fn start_time() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let minutes = i64::try_from(since.as_secs()).unwrap() / 60 - 10;
    minutes * 60_000
}

fn value<'s>(row: &Row<'s>) -> Option<&'s str> {
    (row.2 != "-").then_some(row.2)
}

fn at<'s>(world: &World, row: &Row<'s>, start: i64) -> (String, &'s str, Option<&'s str>, i64) {
    (world.topic(row.0), row.1, value(row), start + row.3)
}

#[track_caller]
fn pipe(driver: &mut TopologyTestDriver, world: &World, row: &Row<'_>, start: i64) {
    let (topic, key, value, time) = at(world, row, start);
    let value = value.map(str::as_bytes);
    driver.pipe_raw(&topic, Some(key.as_bytes()), value, time, Headers::default()).unwrap();
}

/// The topics that the group consumes, repartition topics included.
fn sources(driver: &TopologyTestDriver) -> Vec<String> {
    let parts = driver.topology().plan.sub_topologies.iter().filter(|part| !part.global);
    parts.flat_map(|part| part.source_topics.iter().cloned()).collect()
}
