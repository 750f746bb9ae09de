//! What a user meets first: each error names the place and the mend.

use std::time::{Duration, Instant};

use futures_executor::block_on;
use streams_runtime::client::{KafkaStreams, State};
use streams_runtime::config::StreamsConfig;
use streams_runtime::dsl::Topology;
use streams_runtime::error::{StreamsError, StreamsErrorKind};
use streams_test_broker::{ApiKey, ErrorCode, Fault};

use crate::topologies::{copy, count_both_unlogged, numbers, reads_longs, word_count};
use crate::world::{PATIENCE, World, eventually, wait_for};

#[track_caller]
fn says(error: &StreamsError, kind: StreamsErrorKind, words: &[&str]) {
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "the message should say {word:?}: {text}");
    }
    assert_eq!(error.kind(), kind, "{text}");
}

/// The error of a start that must fail.
#[track_caller]
fn refused(topology: &Topology, config: StreamsConfig) -> StreamsError {
    let streams = KafkaStreams::new(topology, config).unwrap();
    let error = streams.start().expect_err("the start must fail");
    assert_eq!(streams.state(), State::Error);
    error
}

/// The error that stops an instance that did start.
#[track_caller]
fn stops(topology: &Topology, config: StreamsConfig) -> StreamsError {
    let streams = KafkaStreams::new(topology, config).unwrap();
    streams.start().unwrap();
    let error = block_on(streams.closed()).expect_err("the instance must stop with an error");
    assert_eq!(streams.state(), State::Error);
    assert!(streams.close(PATIENCE));
    error
}

#[test]
fn broker_not_reachable() {
    let config = StreamsConfig::new("app").bootstrap_servers("127.0.0.1:1");
    let start = Instant::now();
    let error = refused(&copy("in".into(), "out".into()), config);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    says(
        &error,
        StreamsErrorKind::Broker,
        &["127.0.0.1:1", "bootstrap.servers", "Connection refused"],
    );
}

#[test]
fn bootstrap_servers_missing() {
    let error = KafkaStreams::new(&copy("in".into(), "out".into()), StreamsConfig::new("app"));
    says(&error.unwrap_err(), StreamsErrorKind::Config, &["bootstrap.servers", "localhost:9092"]);
}

#[test]
fn source_topic_missing() {
    let world = World::new("missing");
    let (input, output) = (world.topic("nowhere"), world.create_topic("out", 1));
    let error = refused(&copy(input.clone(), output), world.config("a"));
    let words =
        [input.as_str(), "MissingSourceTopicException", "kafka-topics.sh", world.bootstrap()];
    says(&error, StreamsErrorKind::Topics, &words);
}

#[test]
fn output_topic_missing() {
    let world = World::new("missing-out");
    let (input, output) = (world.create_topic("in", 1), world.topic("nowhere"));
    let error = refused(&copy(input, output.clone()), world.config("a"));
    says(&error, StreamsErrorKind::Topics, &[&output, "writes", "kafka-topics.sh"]);
}

#[test]
fn internal_topic_with_another_partition_count() {
    let world = World::new("count");
    let (input, output) = (world.create_topic("lines", 4), world.create_topic("counts", 4));
    let internal = format!("{}-counts-repartition", world.application_id());
    world.create_exactly(&internal, 3);
    let error = refused(&word_count(input, output), world.config("a"));
    says(&error, StreamsErrorKind::Topics, &[&internal, "has 3", "needs 4", "application.id"]);
}

#[test]
fn topics_of_one_state_without_a_changelog_and_with_other_partition_counts() {
    let world = World::new("uneven");
    let (left, right) = (world.create_topic("left", 2), world.create_topic("right", 3));
    let output = world.create_topic("out", 1);
    let topology = count_both_unlogged(left.clone(), right.clone(), output);
    let error = refused(&topology, world.config("a"));
    says(
        &error,
        StreamsErrorKind::Topics,
        &[&left, &right, "equal partition counts", "repartition", "leave logging on"],
    );
}

#[test]
fn replication_that_the_broker_cannot_give() {
    let world = World::new("replication");
    let (input, output) = (world.create_topic("lines", 1), world.create_topic("counts", 1));
    let config = world.config("a").set("replication.factor", "3");
    let error = refused(&word_count(input, output), config);
    says(&error, StreamsErrorKind::Topics, &["replication.factor 3", "counts"]);
}

#[test]
fn no_right_to_create_internal_topics() {
    let world = World::new("rights");
    let Some(broker) = world.embedded() else { return };
    let (input, output) = (world.create_topic("lines", 1), world.create_topic("counts", 1));
    let denied = Fault::on(ApiKey::CreateTopics).error(ErrorCode::TopicAuthorizationFailed);
    let _fault = broker.inject(denied);
    let error = refused(&word_count(input, output), world.config("a"));
    let prefix = format!("{}-", world.application_id());
    says(
        &error,
        StreamsErrorKind::Broker,
        &["no right to create", "CREATE", &prefix, "cleanup.policy"],
    );
}

#[test]
fn no_right_to_join_the_group() {
    let world = World::new("group-rights");
    let Some(broker) = world.embedded() else { return };
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let denied = Fault::on(ApiKey::FindCoordinator)
        .group(&world.application_id())
        .always()
        .error(ErrorCode::GroupAuthorizationFailed);
    let _fault = broker.inject(denied);
    let error = stops(&copy(input, output), world.config("a"));
    says(&error, StreamsErrorKind::Broker, &["no right", &world.application_id(), "READ"]);
}

#[test]
fn record_that_does_not_decode() {
    let world = World::new("decode");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    world.produce_lines(&input, ["12345678", "abc"]);
    let error = stops(&reads_longs(input.clone(), output.clone()), world.config("a"));
    let words = [
        &format!("topic={input}")[..],
        "partition=0",
        "offset=1",
        "LogAndContinueExceptionHandler",
        "8 bytes",
    ];
    says(&error, StreamsErrorKind::Deserialization, &words);
    // the way out that the message names
    let config = world.config("a").set(
        "deserialization.exception.handler",
        "org.apache.kafka.streams.errors.LogAndContinueExceptionHandler",
    );
    let streams = KafkaStreams::new(&reads_longs(input.clone(), output.clone()), config).unwrap();
    streams.start().unwrap();
    world.produce_lines(&input, ["87654321"]);
    let seen = || {
        let records = world.records(&output);
        records.iter().any(|record| record.value.as_deref() == Some(b"87654321"))
    };
    eventually("the record behind the bad one", seen);
    assert!(streams.close(PATIENCE));
}

#[test]
fn function_that_fails() {
    let world = World::new("fails");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    world.produce_lines(&input, ["1", "two", "3"]);
    let error = stops(&numbers(input.clone(), output.clone()), world.config("a"));
    let words = [&format!("topic={input}")[..], "offset=1", "invalid digit"];
    says(&error, StreamsErrorKind::Processing, &words);
    let config = world.config("a").set("processing.exception.handler", "continue");
    let streams = KafkaStreams::new(&numbers(input, output.clone()), config).unwrap();
    streams.start().unwrap();
    eventually("the good numbers", || world.records(&output).len() >= 2);
    assert!(streams.close(PATIENCE));
}

#[test]
fn result_too_large_for_its_topic() {
    let world = World::new("large");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let config = world.config("a").set("producer.message.max.bytes", "2000");
    let large = "x".repeat(3_000);
    world.produce_lines(&input, [large.as_str()]);
    let error = stops(&copy(input, output.clone()), config);
    says(&error, StreamsErrorKind::Production, &[&output, "size"]);
}

#[cfg(feature = "rocksdb")]
#[test]
fn state_directory_in_use() {
    let world = World::new("in-use");
    let (input, output) = (world.create_topic("lines", 1), world.create_topic("counts", 1));
    let topology = word_count(input, output);
    let streams = KafkaStreams::new(&topology, world.config("same")).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    let error = refused(&topology, world.config("same"));
    says(&error, StreamsErrorKind::StateDirectory, &["in use", "state.dir"]);
    assert!(streams.close(PATIENCE));
}

#[test]
fn an_instance_starts_once() {
    let world = World::new("once");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let streams = KafkaStreams::new(&copy(input, output), world.config("a")).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    says(&streams.start().unwrap_err(), StreamsErrorKind::Config, &["starts once"]);
    assert!(streams.close(PATIENCE));
}

#[test]
fn source_topic_deleted_while_running() {
    let world = World::new("deleted");
    let Some(broker) = world.embedded() else { return };
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let config = world.config("a").set("consumer.topic.metadata.refresh.interval.ms", "500");
    let streams = KafkaStreams::new(&copy(input.clone(), output), config).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    broker.delete_topic(&input).unwrap();
    let error = block_on(streams.closed()).unwrap_err();
    says(&error, StreamsErrorKind::Topics, &[&input, "MissingSourceTopicException", "deleted"]);
}

#[test]
fn security_that_was_not_built_in() {
    let world = World::new("security");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let error = refused(&copy(input, output), world.config("a").set("security.protocol", "SSL"));
    says(&error, StreamsErrorKind::Config, &["client settings", "security.protocol"]);
}

#[test]
fn no_right_to_the_transactional_id() {
    let world = World::new("transactional-id");
    let Some(broker) = world.embedded() else { return };
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let denied = Fault::on(ApiKey::InitProducerId)
        .always()
        .error(ErrorCode::TransactionalIdAuthorizationFailed);
    let _denied = broker.inject(denied);
    let config = world.config("a").set("processing.guarantee", "exactly_once_v2");
    let error = stops(&copy(input, output), config);
    says(&error, StreamsErrorKind::Broker, &["transactional id", "WRITE and DESCRIBE"]);
}
