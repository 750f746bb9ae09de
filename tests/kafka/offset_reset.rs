//! Where a source begins that has no committed offset.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use streams_runtime::client::{KafkaStreams, State};
use streams_runtime::prelude::*;

use crate::world::{PATIENCE, World, eventually, wait_for};

topology!(
    /// Copies what is younger than an hour, and what comes.
    fn of_the_last_hour(input: String, output: String) -> Topology {
        let hour = OffsetReset::ByDuration(Duration::from_secs(3600));
        stream::<String, String>(input, hour).to(output);
    }
);

#[test]
fn a_source_begins_some_time_ago() {
    let world = World::new("by-duration");
    let [input, output] = ["in", "out"].map(|name| world.create_topic(name, 2));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let now = i64::try_from(now).unwrap();
    let minute = 60_000;
    let write = |key: &'static str, value: &'static str, time: i64| {
        world.produce_at([(input.clone(), key, Some(value), time)]);
    };
    // "a" and "b" lie in different partitions; that of "b" has nothing of the last hour
    write("a", "old", now - 90 * minute);
    write("b", "older", now - 95 * minute);
    write("a", "young", now - 30 * minute);
    write("a", "late", now - 80 * minute);
    let topology = of_the_last_hour(input.clone(), output.clone());
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    let copied = || {
        let records = world.records(&output).into_iter();
        let mut values: Vec<_> =
            records.map(|record| String::from_utf8(record.value.unwrap()).unwrap()).collect();
        values.sort();
        values
    };
    eventually("what is younger than an hour", || copied() == ["late", "young"]);
    write("b", "new", now);
    eventually("what comes", || copied() == ["late", "new", "young"]);
    assert!(streams.close(PATIENCE));
}
