//! Topics that match a pattern, some of which are created and deleted while the application runs.

use std::collections::BTreeMap;

use streams_runtime::client::{KafkaStreams, State};
use streams_runtime::config::StreamsConfig;
use streams_runtime::prelude::*;
use streams_test_broker::{ApiKey, Fault};

use crate::world::{PATIENCE, World, eventually, wait_for};

topology!(
    /// Counts per key of all topics that match, without a repartition topic.
    fn count(pattern: String, output: String) -> Topology {
        let counts = stream::<String, String>(Pattern::new(pattern)).group_by_key().count("counts");
        counts.to_stream().to(output);
    }
);

topology!(
    /// Counts per value of all topics that match, through a repartition topic.
    fn count_values(pattern: String, output: String) -> Topology {
        let values = stream::<Option<String>, String>(Pattern::new(pattern));
        values.group_by(|_, value| value.clone()).count("counts").to_stream().to(output);
    }
);

topology!(
    /// What matches passes, with the topic that it came from.
    fn copy(patterns: [String; 2], output: String) -> Topology {
        let [one, other] = patterns.map(Pattern::new);
        let other = stream::<Option<String>, String>(other);
        stream::<Option<String>, String>(one, OffsetReset::Earliest).merge(other).to(output);
    }
);

/// Looks at the broker's topics several times a second.
fn looks_often(world: &World, instance: &str) -> StreamsConfig {
    world.config(instance).set("metadata.max.age.ms", "200")
}

fn start(topology: &Topology, config: StreamsConfig) -> KafkaStreams {
    let streams = KafkaStreams::new(topology, config).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    streams
}

/// What is put in, and what must come out.
#[derive(Default)]
struct Expected(BTreeMap<String, i64>);

impl Expected {
    /// Each of five keys per partition once more; a key is in the same partition of every topic.
    fn produce(&mut self, world: &World, topic: &str) {
        let partitions = 0..world.partitions(topic);
        let keys: Vec<(String, i32)> =
            partitions.flat_map(|p| (0..5).map(move |n| (format!("key-{p}-{n}"), p))).collect();
        world.produce_to(topic, keys.iter().map(|(key, p)| (key.as_str(), key.as_str(), *p)));
        for (key, _) in keys {
            *self.0.entry(key).or_default() += 1;
        }
    }

    #[track_caller]
    fn come(&self, world: &World, output: &str) {
        world.expect_counts(output, &self.0);
    }
}

fn a_topic_comes_while_the_application_runs_and_is_there_after_a_restart(
    world: &World,
    topology: fn(String, String) -> Topology,
) {
    let (first, output) = (world.create_topic("lines-a", 3), world.create_topic("out", 1));
    let topology = topology(world.topic("lines-.*"), output.clone());
    let mut expected = Expected::default();
    expected.produce(world, &first);
    let streams = start(&topology, looks_often(world, "a"));
    expected.come(world, &output);
    let equal = world.create_topic("lines-b", 3);
    expected.produce(world, &equal);
    expected.come(world, &output);
    // not as many partitions as there are tasks
    let smaller = world.create_topic("lines-c", 2);
    let not_matching = world.create_topic("my-lines", 3);
    expected.produce(world, &smaller);
    expected.produce(world, &first);
    Expected::default().produce(world, &not_matching);
    expected.come(world, &output);
    assert!(streams.close(PATIENCE));

    world.wipe("a");
    for topic in [&first, &equal, &smaller] {
        expected.produce(world, topic);
    }
    let while_away = world.create_topic("lines-d", 1);
    expected.produce(world, &while_away);
    let streams = start(&topology, looks_often(world, "a"));
    expected.come(world, &output);
    let last = world.create_topic("lines-e", 3);
    for topic in [&last, &equal, &smaller, &while_away] {
        expected.produce(world, topic);
    }
    expected.come(world, &output);
    eventually("all is committed", || world.is_consumed(&[last.clone(), smaller.clone()]));
    assert!(streams.close(PATIENCE));
}

#[test]
fn topics_come_to_state() {
    let world = World::new("pattern-state");
    a_topic_comes_while_the_application_runs_and_is_there_after_a_restart(&world, count);
}

#[test]
fn topics_come_to_a_repartition() {
    let world = World::new("pattern-repartition").under("exactly_once_v2");
    a_topic_comes_while_the_application_runs_and_is_there_after_a_restart(&world, count_values);
}

/// One instance looks often; the other learns of new topics by the rebalances that follow.
fn instances_agree(world: &World) {
    let (first, output) = (world.create_topic("lines-a", 4), world.create_topic("out", 1));
    let topology = count(world.topic("lines-.*"), output.clone());
    let mut expected = Expected::default();
    expected.produce(world, &first);
    let one = start(&topology, looks_often(world, "a").num_stream_threads(2));
    let other = start(&topology, world.config("b"));
    for (name, partitions) in [("lines-b", 4), ("lines-0", 4), ("lines-c", 3), ("lines-d", 1)] {
        let topic = world.create_topic(name, partitions);
        expected.produce(world, &topic);
        expected.produce(world, &first);
        expected.come(world, &output);
    }
    let tasks = |streams: &KafkaStreams| -> Vec<String> {
        let threads = streams.thread_metadata();
        threads.iter().flat_map(|t| t.tasks.iter().map(|task| task.id.to_string())).collect()
    };
    eventually("each task runs once", || {
        let mut all = tasks(&one);
        all.extend(tasks(&other));
        all.sort();
        all == ["0_0", "0_1", "0_2", "0_3"]
    });
    assert!(one.close(PATIENCE));
    expected.produce(world, &first);
    expected.come(world, &output);
    assert!(other.close(PATIENCE));
}

#[test]
fn instances_agree_on_topics_at_least_once() {
    instances_agree(&World::new("pattern-instances"));
}

#[test]
fn instances_agree_on_topics_exactly_once() {
    instances_agree(&World::new("pattern-instances-eos").under("exactly_once_v2"));
}

/// The values that came out, sorted.
fn values(world: &World, output: &str) -> Vec<String> {
    let records = world.records(output).into_iter();
    let mut values: Vec<String> =
        records.map(|record| String::from_utf8(record.value.unwrap()).unwrap()).collect();
    values.sort();
    values
}

#[test]
fn nothing_matches_until_later_and_no_longer_in_the_end() {
    let world = World::new("pattern-none");
    let output = world.create_topic("out", 1);
    let patterns = ["in-.*", "other-[0-9]"].map(|pattern| world.topic(pattern));
    let streams = start(&copy(patterns, output.clone()), looks_often(&world, "a"));
    assert_eq!(streams.thread_metadata()[0].tasks.len(), 0);
    let first = world.create_topic("in-a", 2);
    world.produce_lines(&first, ["one", "two"]);
    eventually("the first topic", || values(&world, &output) == ["one", "two"]);
    let other = world.create_topic("other-1", 1);
    world.produce_lines(&other, ["three"]);
    eventually("the other pattern", || values(&world, &output) == ["one", "three", "two"]);
    world.delete_topic(&first);
    eventually("the topic is given up", || {
        let tasks = &streams.thread_metadata()[0].tasks;
        let places = tasks.iter().flat_map(|task| &task.partitions);
        streams.state() == State::Running
            && places.map(|place| &*place.topic).collect::<Vec<_>>() == [other.as_str()]
    });
    world.produce_lines(&other, ["four"]);
    eventually("the other goes on", || values(&world, &output) == ["four", "one", "three", "two"]);
    assert!(streams.close(PATIENCE));
}

#[test]
fn a_new_topic_that_cannot_be_read_is_told() {
    let world = World::new("pattern-refused");
    let output = world.create_topic("out", 1);
    world.create_topic("in-a", 2);
    let patterns = ["in-.*", ".*-z"].map(|pattern| world.topic(pattern));
    let streams = start(&copy(patterns, output.clone()), looks_often(&world, "a"));
    let both = world.create_topic("in-z", 1);
    let told = streams.wait().unwrap_err().to_string();
    assert!(told.contains(&both) && told.contains("matches two patterns"), "{told}");

    world.delete_topic(&both);
    eventually("it is gone", || !world.topics().contains(&both));
    let topology = count(world.topic("in-.*"), output);
    let streams = start(&topology, looks_often(&world, "b"));
    eventually("it has partitions", || streams.thread_metadata()[0].tasks.len() == 2);
    world.create_topic("in-larger", 3);
    let told = streams.wait().unwrap_err().to_string();
    let changelog = format!("{}-counts-changelog", world.application_id());
    for words in [&changelog, "has 2 partition(s), but the topology needs 3"] {
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn a_repartition_needs_a_topic_that_matches() {
    let world = World::new("pattern-early");
    let output = world.create_topic("out", 1);
    let topology = count_values(world.topic("lines-.*"), output);
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    let told = streams.start().unwrap_err().to_string();
    assert!(told.contains("as no topic matches") && told.contains("lines-.*"), "{told}");
}

#[test]
fn a_look_that_fails_is_repeated() {
    let world = World::new("pattern-trouble");
    let Some(broker) = world.embedded() else { return };
    let output = world.create_topic("out", 1);
    let patterns = ["in-.*", "other"].map(|pattern| world.topic(pattern));
    let streams = start(&copy(patterns, output.clone()), looks_often(&world, "a"));
    let asks = format!("{}-admin", streams.client_id());
    let names = ["a", "b", "c"];
    for name in names {
        let topic = world.create_topic(&format!("in-{name}"), 1);
        let asks = Fault::on(ApiKey::Metadata).client_id(&asks).times(2);
        let fault = broker.inject(asks.disconnect());
        broker.disconnect_all();
        eventually("the broker was asked", || fault.hits() >= 2);
        world.produce_to(&topic, [("key", name, 0)]);
    }
    eventually("all topics are read", || values(&world, &output) == names);
    assert!(streams.close(PATIENCE));
}

/// One instance looks often; the other learns of more partitions by the rebalances that follow.
#[test]
fn topics_with_and_without_state_grow() {
    let world = World::new("pattern-grows").under("exactly_once_v2");
    let (first, output) = (world.create_topic("lines-a", 3), world.create_topic("out", 1));
    let small = world.create_topic("lines-b", 1);
    let topology = count(world.topic("lines-.*"), output.clone());
    let mut expected = Expected::default();
    expected.produce(&world, &small);
    let one = start(&topology, looks_often(&world, "a"));
    let other = start(&topology, world.config("b"));
    for partitions in [2, 3] {
        world.grow_topic(&small, partitions);
        eventually("it has grown", || world.partitions(&small) == partitions as i32);
        expected.produce(&world, &small);
        expected.produce(&world, &first);
        expected.come(&world, &output);
    }
    world.delete_topic(&small);
    expected.produce(&world, &first);
    expected.come(&world, &output);
    assert!(other.close(PATIENCE));

    world.grow_topic(&first, 4);
    let told = one.wait().unwrap_err().to_string();
    assert!(told.contains("-counts-changelog") && told.contains("needs 4"), "{told}");
}

#[test]
fn topics_without_state_grow() {
    let world = World::new("pattern-grows-plain");
    let (first, output) = (world.create_topic("in-a", 1), world.create_topic("out", 1));
    let patterns = ["in-.*", "other"].map(|pattern| world.topic(pattern));
    let topology = copy(patterns, output.clone());
    let one = start(&topology, looks_often(&world, "a"));
    let other = start(&topology, world.config("b"));
    world.grow_topic(&first, 3);
    world.produce_to(&first, [("k", "0", 0), ("k", "1", 1), ("k", "2", 2)]);
    eventually("all partitions are read", || values(&world, &output) == ["0", "1", "2"]);
    assert!(one.close(PATIENCE) && other.close(PATIENCE));
}

#[test]
fn a_pattern_that_matches_the_applications_own_topics_passes_them_over() {
    let world = World::new("pattern-own");
    let (first, output) = (world.create_topic("lines-a", 2), world.create_topic("out", 1));
    let own = format!("{}|app-{}", world.topic("lines-.*"), world.topic(".*"));
    let topology = count_values(own, output.clone());
    let mut expected = Expected::default();
    for _ in 0..2 {
        let streams = start(&topology, looks_often(&world, "a"));
        expected.produce(&world, &first);
        expected.come(&world, &output);
        // a real Kafka has the topics of other tests, too
        let (topics, internal) = (world.topics(), format!("app-{}", world.topic("")));
        let made = topics.iter().filter(|topic| topic.starts_with(&internal)).count();
        assert_eq!(made, 2, "{topics:?}");
        eventually("all is committed", || world.is_consumed(std::slice::from_ref(&first)));
        expected.come(&world, &output);
        assert!(streams.close(PATIENCE));
    }
}
