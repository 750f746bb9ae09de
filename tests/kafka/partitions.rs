//! Which partitions results go to on a broker: windowed keys, partitioners, topics that a function names.

use std::time::Duration;

use streams_runtime::client::{KafkaStreams, State};
use streams_runtime::prelude::*;
use streams_runtime::serdes::partition_for_key;

use crate::world::{PATIENCE, Seen, World, eventually, wait_for};

const KEYS: [&str; 6] = ["a", "b", "c", "Rome", "Oslo", "Lima"];

/// Runs a topology until each of these topics has so many records; returns them.
fn run(world: &World, topology: &Topology, wanted: &[(&str, usize)]) -> Vec<Vec<Seen>> {
    let streams = KafkaStreams::new(topology, world.config("a")).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    for (topic, count) in wanted {
        eventually("the results are there", || world.records(topic).len() >= *count);
    }
    assert!(streams.close(PATIENCE));
    wanted.iter().map(|(topic, _)| world.records(topic)).collect()
}

fn text(bytes: Option<&Vec<u8>>) -> String {
    String::from_utf8(bytes.unwrap().clone()).unwrap()
}

topology!(
    fn windows(input: String, output: String) -> Topology {
        stream::<String, String>(input)
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(10)))
            .count(Materialized::as_("counts").with_caching_disabled())
            .to_stream()
            .to(output);
    }
);

#[test]
fn all_windows_of_a_key_share_its_partition() {
    let world = World::new("windowed-keys");
    let (input, output) = (world.create_topic("in", 3), world.create_topic("out", 7));
    let records = [1, 25, 99].into_iter().flat_map(|time| KEYS.map(|key| (key, time)));
    world.produce_at(records.map(|(key, time)| (input.clone(), key, Some("v"), time)));
    let count = 3 * KEYS.len();
    let found = run(&world, &windows(input, output.clone()), &[(&output, count)]);
    for record in &found[0] {
        let key = record.key.as_ref().unwrap();
        let own = &key[..key.len() - size_of::<i64>()];
        assert_eq!(record.partition, partition_for_key(own, 7), "{key:?}");
    }
}

topology!(
    fn chosen(input: String, output: String) -> Topology {
        let lines = stream::<String, String>(input);
        let by_length = |_: &str, key: &String, _: &String, count: i32| {
            Some(vec![i32::try_from(key.len()).unwrap_or(0) % count])
        };
        lines.to(output.clone(), Produced::default().with_stream_partitioner(by_length));
        let last = |_: &str, _: &String, _: &String, count: i32| Some(vec![count - 1]);
        lines.to(
            move |key: &String, _: &String, _: &RecordContext| format!("{output}-{}", key.len()),
            Produced::default().with_stream_partitioner(last),
        );
    }
);

#[test]
fn partitioners_know_the_partitions_of_every_topic() {
    let world = World::new("partitioners");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 3));
    let computed = [1, 4].map(|length| format!("{output}-{length}"));
    world.create_exactly(&computed[0], 2);
    world.create_exactly(&computed[1], 5);
    world.produce(&input, KEYS.map(|key| (key, Some("v"))));
    let wanted = [(output.as_str(), 6), (&computed[0], 3), (&computed[1], 3)];
    let found = run(&world, &chosen(input, output.clone()), &wanted);
    for record in &found[0] {
        let length = i32::try_from(record.key.as_ref().unwrap().len()).unwrap();
        assert_eq!(record.partition, length % 3);
    }
    assert!(found[1].iter().all(|record| record.partition == 1));
    assert!(found[2].iter().all(|record| record.partition == 4));
}

topology!(
    fn foreign(people: String, cities: String, output: String) -> Topology {
        let by_length = |_: &str, key: &String, _: &(), count: i32| {
            Some(vec![i32::try_from(key.len()).unwrap_or(0) % count])
        };
        let cities = table::<String, String>(cities);
        table::<String, String>(people)
            .join(
                cities,
                |city| city.clone(),
                |_, size| size,
                TableJoined::as_("fk").with_other_partitioner(by_length),
            )
            .to_stream()
            .to(output);
    }
);

/// The table of cities is not partitioned by hash, so only its own partitioner finds the rows.
#[test]
fn a_foreign_key_join_follows_the_partitioners_of_its_tables() {
    let world = World::new("foreign-partitioner");
    let (people, cities) = (world.create_topic("people", 3), world.create_topic("cities", 4));
    let output = world.create_topic("out", 2);
    world.produce_to(&cities, KEYS.map(|key| (key, key, i32::try_from(key.len()).unwrap() % 4)));
    world.produce(&people, KEYS.map(|key| (key, Some(key))));
    let found = run(&world, &foreign(people, cities, output.clone()), &[(&output, KEYS.len())]);
    let mut joined: Vec<_> = found[0].iter().map(|record| text(record.value.as_ref())).collect();
    joined.sort();
    assert_eq!(joined, ["Lima", "Oslo", "Rome", "a", "b", "c"]);
}

/// Task n reads partition n of all topics, though `range` gives the partitions of the smaller one to others.
#[test]
fn a_smaller_topic_feeds_the_state_of_a_larger_one() {
    for guarantee in ["at_least_once", "exactly_once_v2"] {
        let world = World::new("smaller").under(guarantee);
        let (left, right) = (world.create_topic("left", 4), world.create_topic("right", 2));
        let output = world.create_topic("out", 1);
        let topology = crate::topologies::count_both(left.clone(), right.clone(), output.clone());
        let instances = ["a", "b"].map(|instance| {
            let streams = KafkaStreams::new(&topology, world.config(instance)).unwrap();
            streams.start().unwrap();
            streams
        });
        let tasks = || instances.iter().map(|s| s.thread_metadata()[0].tasks.len());
        eventually("both have tasks", || tasks().collect::<Vec<_>>() == [2, 2]);
        for _ in 0..3 {
            world.produce_to(&left, [("a", "", 0), ("b", "", 1), ("c", "", 2), ("d", "", 3)]);
            world.produce_to(&right, [("a", "", 0), ("b", "", 1)]);
        }
        let expected = [("a", 6), ("b", 6), ("c", 3), ("d", 3)];
        world.expect_counts(&output, &expected.map(|(key, n)| (key.to_owned(), n)).into());
        eventually("all is committed", || world.is_consumed(&[left.clone(), right.clone()]));
        assert!(instances.iter().all(|streams| streams.close(PATIENCE)));
    }
}
