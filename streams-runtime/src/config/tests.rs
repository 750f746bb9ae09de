use super::*;

#[track_caller]
fn problem(key: &str, value: &str, words: &[&str]) {
    let error = StreamsConfig::new("app").set(key, value).check().unwrap_err();
    assert_eq!(error.kind(), StreamsErrorKind::Config);
    for word in words {
        assert!(error.to_string().contains(word), "{error} should say {word:?}");
    }
}

#[test]
fn defaults_are_kafka_streams() {
    let config = StreamsConfig::new("app");
    let settings = config.settings();
    assert_eq!(settings.commit_interval(), Duration::from_secs(30));
    assert_eq!(settings.num_stream_threads, 1);
    assert_eq!(settings.cache_max_bytes, 10_485_760);
    assert_eq!(settings.buffered_records_per_partition, 1_000);
    assert_eq!(settings.max_task_idle, Some(Duration::ZERO));
    assert_eq!(settings.replication_factor, -1);
    assert!(settings.state_dir.ends_with("kafka-streams"));
    assert!(config.check().is_ok());
}

#[test]
fn typed_methods_and_keys_set_the_same() {
    let typed = StreamsConfig::new("app")
        .bootstrap_servers("b:1")
        .num_stream_threads(3)
        .commit_interval(Duration::from_millis(7))
        .cache_max_bytes(0);
    let keyed = StreamsConfig::from_map([
        ("application.id", "app"),
        ("bootstrap.servers", "b:1"),
        ("num.stream.threads", "3"),
        ("commit.interval.ms", "7"),
        ("statestore.cache.max.bytes", "0"),
    ])
    .unwrap();
    assert_eq!(format!("{:?}", typed.settings()), format!("{:?}", keyed.settings()));
}

#[test]
fn wrong_keys_name_the_nearest() {
    problem("commit.intervall.ms", "5", &["did you mean `commit.interval.ms`?"]);
    problem("consumer.fetch.wait.ms", "5", &["did you mean `consumer.fetch.wait.max.ms`?"]);
    problem("something.else.entirely", "5", &["neither Kafka Streams nor librdkafka"]);
}

#[test]
fn wrong_values_say_what_is_expected() {
    problem("commit.interval.ms", "soon", &["milliseconds"]);
    problem("num.stream.threads", "0", &["at least 1"]);
    problem("topology.optimization", "some", &["merge.repartition.topics"]);
    problem("deserialization.exception.handler", "com.acme.Mine", &["set in code"]);
}

#[test]
fn retired_guarantees_name_their_successor() {
    problem("processing.guarantee", "exactly_once", &["retired", "exactly_once_v2"]);
    problem("processing.guarantee", "exactly_once_beta", &["retired"]);
}

#[test]
fn all_problems_are_told_at_once() {
    let error = StreamsConfig::new("").set("poll.ms", "x").set("poll", "1").check().unwrap_err();
    let text = error.to_string();
    for word in ["application.id", "poll.ms", "did you mean `poll.ms`?"] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn prefixes_override_from_weak_to_strong() {
    let config = StreamsConfig::new("app")
        .set("security.protocol", "SSL")
        .set("fetch.wait.max.ms", "1")
        .set("consumer.fetch.wait.max.ms", "2")
        .set("main.consumer.fetch.wait.max.ms", "3")
        .set("producer.linger.ms", "9")
        .set("topic.retention.ms", "5");
    assert!(config.check().is_ok());
    let get = |kind, key: &str| config.client_properties(kind).get(key).cloned();
    assert_eq!(get(ClientKind::MainConsumer, "fetch.wait.max.ms").as_deref(), Some("3"));
    assert_eq!(get(ClientKind::RestoreConsumer, "fetch.wait.max.ms").as_deref(), Some("2"));
    assert_eq!(get(ClientKind::Producer, "linger.ms").as_deref(), Some("9"));
    assert_eq!(get(ClientKind::Producer, "fetch.wait.max.ms"), None);
    assert_eq!(get(ClientKind::Admin, "security.protocol").as_deref(), Some("SSL"));
    assert_eq!(config.topic_properties().get("retention.ms").map(String::as_str), Some("5"));
}

#[test]
fn keys_of_java_clients_are_translated_or_refused() {
    let config = StreamsConfig::new("app")
        .set("producer.buffer.memory", "1048576")
        .set("consumer.fetch.max.wait.ms", "20")
        .set("consumer.auto.offset.reset", "none")
        .set("default.key.serde", "org.apache.kafka.common.serialization.Serdes$StringSerde");
    assert!(config.check().is_ok());
    assert_eq!(config.notes().len(), 1);
    let get = |kind, key: &str| config.client_properties(kind).get(key).cloned();
    assert_eq!(get(ClientKind::Producer, "queue.buffering.max.kbytes").as_deref(), Some("1024"));
    assert_eq!(get(ClientKind::MainConsumer, "auto.offset.reset").as_deref(), Some("error"));
    let refresh = "topic.metadata.refresh.interval.ms";
    for (given, wanted) in [("0", "1"), ("200", "200"), ("86400000", "3600000")] {
        let config = StreamsConfig::new("app").set("metadata.max.age.ms", given);
        let all = config.client_properties(ClientKind::MainConsumer);
        assert_eq!(all.get(refresh).map(String::as_str), Some(wanted));
        assert_eq!(all.get("metadata.max.age.ms"), None);
    }
    problem("metadata.max.age.ms", "soon", &["a number of milliseconds"]);
    problem("consumer.group.id", "mine", &["application.id"]);
    problem("consumer.enable.auto.commit", "true", &["commit.interval.ms"]);
    problem("consumer.linger.ms", "1", &["producers"]);
    problem("num.standby.replicas", "1", &["later version"]);
}

#[test]
fn java_class_names_choose_handlers() {
    let config = StreamsConfig::new("app").set(
        "deserialization.exception.handler",
        "org.apache.kafka.streams.errors.LogAndContinueExceptionHandler",
    );
    assert!(config.check().is_ok());
}

#[test]
fn memory_of_rocksdb_is_a_whole_with_parts() {
    let config = StreamsConfig::new("app")
        .rocksdb_memory(64 << 20)
        .set("rocksdb.write.buffers.bytes", "16777216")
        .set("rocksdb.store.buffer.bytes", "1048576");
    assert!(config.check().is_ok());
    assert_eq!(config.settings().rocksdb.write_buffers, Some(16 << 20));
    problem("rocksdb.memory.bytes", "1000", &["at least 65536"]);
    problem("rocksdb.config.setter", "com.example.Setter", &["rocksdb.memory.bytes"]);
    let config = config.set("rocksdb.memory.bytes", "1048576");
    let error = config.check().unwrap_err().to_string();
    assert!(error.contains("part of `rocksdb.memory.bytes`"), "{error}");
}
