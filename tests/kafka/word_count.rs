//! Word count end to end: through a repartition topic, over restarts, on two instances.

use std::collections::BTreeMap;
use std::time::Duration;

use streams_runtime::client::{KafkaStreams, State};

use crate::topologies::{split_words, word_count};
use crate::world::{PATIENCE, World, eventually, wait_for};

/// Lines of words with very different frequencies, always the same ones.
fn lines(count: usize) -> Vec<String> {
    let mut seed = 42_u64;
    let mut word = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = seed >> 40;
        format!("w{}", number % (1 + number % 500))
    };
    (0..count).map(|_| (0..8).map(|_| word()).collect::<Vec<_>>().join(" ")).collect()
}

/// The count that knows nothing of Kafka.
fn count<'l>(lines: impl IntoIterator<Item = &'l String>) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for line in lines {
        for word in split_words(line.clone()) {
            *counts.entry(word).or_insert(0) += 1;
        }
    }
    counts
}

fn texts(lines: &[String]) -> impl Iterator<Item = &str> {
    lines.iter().map(String::as_str)
}

#[test]
fn counts_equal_an_independent_count() {
    let world = World::new("counts");
    let (input, output) = (world.create_topic("lines", 4), world.create_topic("counts", 4));
    let lines = lines(5_000);
    world.produce_lines(&input, texts(&lines));
    let config = world.config("a").num_stream_threads(2);
    let streams = KafkaStreams::new(&word_count(input, output.clone()), config).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    world.expect_counts(&output, &count(&lines));
    assert!(streams.close(PATIENCE));
    assert_eq!(streams.state(), State::NotRunning);
    let id = world.application_id();
    assert_eq!(world.partitions(&format!("{id}-counts-repartition")), 4);
    assert_eq!(world.partitions(&format!("{id}-counts-changelog")), 4);
}

#[test]
fn a_restart_in_the_middle_counts_everything_once() {
    let world = World::new("restart");
    let (input, output) = (world.create_topic("lines", 2), world.create_topic("counts", 2));
    let lines = lines(6_000);
    let (first, second) = lines.split_at(3_000);
    let topology = word_count(input.clone(), output.clone());
    world.produce_lines(&input, texts(first));
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    streams.start().unwrap();
    eventually("some output", || !world.records(&output).is_empty());
    assert!(streams.close(PATIENCE));
    world.produce_lines(&input, texts(second));
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    streams.start().unwrap();
    world.expect_counts(&output, &count(&lines));
    assert!(streams.close(PATIENCE));
}

#[test]
fn two_instances_share_the_partitions_and_one_takes_over() {
    let world = World::new("two");
    let (input, output) = (world.create_topic("lines", 4), world.create_topic("counts", 4));
    let lines = lines(9_000);
    let topology = word_count(input.clone(), output.clone());
    let one = KafkaStreams::new(&topology, world.config("one")).unwrap();
    one.start().unwrap();
    world.produce_lines(&input, texts(&lines[..3_000]));
    world.expect_counts(&output, &count(&lines[..3_000]));

    let two = KafkaStreams::new(&topology, world.config("two")).unwrap();
    two.start().unwrap();
    let tasks = |streams: &KafkaStreams| -> usize {
        let threads = streams.thread_metadata();
        threads.iter().map(|thread| thread.tasks.iter().filter(|t| !t.restoring).count()).sum()
    };
    eventually("four of eight tasks each", || tasks(&one) == 4 && tasks(&two) == 4);
    world.produce_lines(&input, texts(&lines[3_000..6_000]));
    world.expect_counts(&output, &count(&lines[..6_000]));

    assert!(one.close(PATIENCE));
    eventually("all tasks on the second", || tasks(&two) == 8);
    world.produce_lines(&input, texts(&lines[6_000..]));
    world.expect_counts(&output, &count(&lines));
    assert!(two.close(PATIENCE));
}

#[test]
fn an_instance_that_is_idle_uses_no_cpu_and_wakes_at_once() {
    let world = World::new("idle");
    let (input, output) = (world.create_topic("lines", 4), world.create_topic("copies", 4));
    let topology = crate::topologies::copy(input.clone(), output.clone());
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    std::thread::sleep(Duration::from_millis(500));
    world.produce_lines(&input, ["one"]);
    eventually("the copy", || world.records(&output).len() == 1);
    assert!(streams.close(PATIENCE));
}
