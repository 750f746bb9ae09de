//! State comes back from its changelog.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use streams_runtime::client::{KafkaStreams, State};

use crate::notes::Notes;
use crate::topologies::count_by_key;
use crate::world::{PATIENCE, World, eventually, wait_for};

/// `count` records over `keys` keys.
fn records(count: usize, keys: usize) -> Vec<(String, String)> {
    (0..count).map(|ix| (format!("k{}", ix % keys), "v".to_owned())).collect()
}

fn counts_of(records: &[(String, String)]) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for (key, _) in records {
        *counts.entry(key.clone()).or_insert(0) += 1;
    }
    counts
}

fn produce(world: &World, topic: &str, records: &[(String, String)]) {
    world.produce(topic, records.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))));
}

#[test]
fn state_that_was_wiped_is_restored() {
    let world = World::new("wiped");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let topology = count_by_key(input.clone(), output.clone());
    let (first, second) = (records(500, 50), records(700, 70));
    produce(&world, &input, &first);
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    streams.start().unwrap();
    world.expect_counts(&output, &counts_of(&first));
    assert!(streams.close(PATIENCE));

    world.wipe("a");
    let notes = Notes::default();
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    streams.set_restore_listener(notes.clone());
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    let changelog = format!("{}-counts-changelog", world.application_id());
    let end = world.ends(&changelog, 0).1;
    assert_eq!(notes.text(), format!("start counts-0 0..{end}; end counts-0 {end}"));
    produce(&world, &input, &second);
    world.expect_counts(&output, &counts_of(&[first, second].concat()));
    assert!(streams.close(PATIENCE));
}

#[cfg(feature = "rocksdb")]
#[test]
fn state_that_is_current_is_not_restored() {
    let world = World::new("current");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let topology = count_by_key(input.clone(), output.clone());
    let (first, second) = (records(500, 50), records(700, 70));
    produce(&world, &input, &first);
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    streams.start().unwrap();
    world.expect_counts(&output, &counts_of(&first));
    assert!(streams.close(PATIENCE));

    let notes = Notes::default();
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    streams.set_restore_listener(notes.clone());
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    assert_eq!(notes.text(), "");
    produce(&world, &input, &second);
    world.expect_counts(&output, &counts_of(&[first, second].concat()));
    assert!(streams.close(PATIENCE));
}

#[cfg(feature = "rocksdb")]
#[test]
fn state_behind_a_truncated_changelog_starts_over() {
    let world = World::new("truncated");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let topology = count_by_key(input.clone(), output.clone());
    let run = |instance: &str, records: &[(String, String)], expected: &BTreeMap<String, i64>| {
        produce(&world, &input, records);
        // Kafka deletes records on demand only where time may delete them, too
        let config = world.config(instance).set("topic.cleanup.policy", "compact,delete");
        let streams = KafkaStreams::new(&topology, config).unwrap();
        streams.start().unwrap();
        world.expect_counts(&output, expected);
        assert!(streams.close(PATIENCE));
    };
    let (first, second) = (records(100, 10), records(100, 10));
    run("a", &first, &counts_of(&first));
    // another instance goes on, so that the first one's state is behind
    run("b", &second, &counts_of(&[first.clone(), second.clone()].concat()));
    // and then the changelog loses everything
    let changelog = format!("{}-counts-changelog", world.application_id());
    let end = world.ends(&changelog, 0).1;
    world.delete_records_before(&changelog, end);
    let third = records(10, 10);
    run("a", &third, &counts_of(&third));
}

#[test]
fn a_rebalance_in_the_middle_of_a_restore() {
    let world = World::new("middle");
    let (input, output) = (world.create_topic("in", 4), world.create_topic("out", 4));
    let topology = count_by_key(input.clone(), output.clone());
    let first = records(20_000, 5_000);
    produce(&world, &input, &first);
    let config = |instance| world.config(instance).set("statestore.cache.max.bytes", "0");
    let streams = KafkaStreams::new(&topology, config("a")).unwrap();
    streams.start().unwrap();
    world.expect_counts(&output, &counts_of(&first));
    assert!(streams.close(PATIENCE));

    world.wipe("a");
    let notes = Notes { slow: Duration::from_millis(200), ..Notes::default() };
    let one = KafkaStreams::new(&topology, config("a")).unwrap();
    one.set_restore_listener(notes.clone());
    one.start().unwrap();
    eventually("a restore has begun", || notes.restored.load(Ordering::Relaxed) > 0);
    let two = KafkaStreams::new(&topology, config("b")).unwrap();
    two.start().unwrap();
    let second = records(3_000, 6_000);
    produce(&world, &input, &second);
    world.expect_counts(&output, &counts_of(&[first, second].concat()));
    assert!(notes.text().contains("suspended"), "{}", notes.text());
    assert!(one.close(PATIENCE) && two.close(PATIENCE));
}
