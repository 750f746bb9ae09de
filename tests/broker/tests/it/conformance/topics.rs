//! Topics and their configs by the admin API.

use rdkafka::Offset;
use rdkafka::admin::{
    AlterConfig, ConfigSource, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::BaseRecord;
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::client::{
    TestProducer, admin, await_true, list, options, read, reader, topic, topic_with, unique, wait,
};

super::checks!(
    a_topic_is_made_once,
    wrong_topics_are_refused,
    configs_are_described_and_altered,
    partitions_grow_and_never_shrink,
    a_deleted_topic_is_gone,
    an_unknown_topic_is_made_on_demand,
    records_before_an_offset_are_deleted,
);

fn partition_count(bootstrap: &str, topic: &str) -> usize {
    let metadata = admin(bootstrap).inner().fetch_metadata(Some(topic), crate::client::SOON);
    metadata.unwrap().topics()[0].partitions().len()
}

fn create(bootstrap: &str, new: &NewTopic<'_>) -> Result<(), RDKafkaErrorCode> {
    let mut results = wait(admin(bootstrap).create_topics([new], &options())).unwrap();
    results.remove(0).map(drop).map_err(|(_, code)| code)
}

fn a_topic_is_made_once(bootstrap: &str) {
    let name = unique("once");
    let new = NewTopic::new(&name, 7, TopicReplication::Fixed(1)).set("cleanup.policy", "compact");
    assert_eq!(create(bootstrap, &new), Ok(()));
    await_true("the topic has 7 partitions", || partition_count(bootstrap, &name) == 7);
    assert_eq!(create(bootstrap, &new), Err(Code::TopicAlreadyExists));
}

fn wrong_topics_are_refused(bootstrap: &str) {
    let name = unique("wrong");
    let one = || TopicReplication::Fixed(1);
    let refused = |new: NewTopic<'_>| create(bootstrap, &new).unwrap_err();
    assert_eq!(refused(NewTopic::new("no spaces", 1, one())), Code::InvalidTopic);
    assert_eq!(refused(NewTopic::new(&name, 0, one())), Code::InvalidPartitions);
    let many = TopicReplication::Fixed(3);
    assert_eq!(refused(NewTopic::new(&name, 1, many)), Code::InvalidReplicationFactor);
    let new = NewTopic::new(&name, 1, one()).set("cleanup.policy", "shred");
    assert_eq!(refused(new), Code::InvalidConfig);
    let new = NewTopic::new(&name, 1, one()).set("no.such.config", "1");
    assert_eq!(refused(new), Code::InvalidConfig);
}

/// Value and whether it is a default.
fn config_of(bootstrap: &str, topic: &str, name: &str) -> Option<(String, bool)> {
    let admin = admin(bootstrap);
    let described = wait(admin.describe_configs(&[ResourceSpecifier::Topic(topic)], &options()));
    let resource = described.unwrap().remove(0).unwrap();
    assert!(resource.entries.len() > 20, "all configs are listed");
    let entry = resource.get(name)?;
    Some((entry.value.clone()?, entry.source == ConfigSource::Default))
}

fn configs_are_described_and_altered(bootstrap: &str) {
    let name = topic_with(bootstrap, "configs", 1, &[("cleanup.policy", "compact")]);
    let config = |config| config_of(bootstrap, &name, config);
    assert_eq!(config("cleanup.policy"), Some(("compact".to_owned(), false)));
    assert_eq!(config("segment.index.bytes"), Some(("10485760".to_owned(), true)));
    let change = AlterConfig::new(ResourceSpecifier::Topic(&name)).set("retention.ms", "5000");
    let changed = wait(admin(bootstrap).alter_configs([&change], &options())).unwrap();
    assert!(changed.iter().all(Result::is_ok), "{changed:?}");
    await_true("the new retention", || config("retention.ms") == Some(("5000".to_owned(), false)));
    assert_eq!(config("cleanup.policy").map(|(value, _)| value).as_deref(), Some("delete"));
}

fn partitions_grow_and_never_shrink(bootstrap: &str) {
    let name = topic(bootstrap, "grow", 2);
    let grow = |count| {
        let wanted = NewPartitions::new(&name, count);
        let mut results = wait(admin(bootstrap).create_partitions([&wanted], &options())).unwrap();
        results.remove(0).map(drop).map_err(|(_, code)| code)
    };
    assert_eq!(grow(5), Ok(()));
    await_true("5 partitions", || partition_count(bootstrap, &name) == 5);
    assert_eq!(grow(3), Err(Code::InvalidPartitions));
}

fn a_deleted_topic_is_gone(bootstrap: &str) {
    let name = topic(bootstrap, "gone", 2);
    let delete = || {
        let mut results = wait(admin(bootstrap).delete_topics(&[&name], &options())).unwrap();
        results.remove(0).map(drop).map_err(|(_, code)| code)
    };
    assert_eq!(delete(), Ok(()));
    await_true("no topic in the metadata", || {
        let metadata = admin(bootstrap).inner().fetch_metadata(None, crate::client::SOON).unwrap();
        metadata.topics().iter().all(|topic| topic.name() != name)
    });
    assert_eq!(delete(), Err(Code::UnknownTopicOrPartition));
}

fn an_unknown_topic_is_made_on_demand(bootstrap: &str) {
    let producer = TestProducer::new(bootstrap, &[]);
    let name = unique("auto");
    producer.send(BaseRecord::to(&name).key(&b"k"[..]).payload(&b"v"[..]));
    producer.flush_all(1);
}

fn records_before_an_offset_are_deleted(bootstrap: &str) {
    let name = topic(bootstrap, "delete", 1);
    let producer = TestProducer::new(bootstrap, &[]);
    producer.send_values(&name, 0..1000);
    producer.flush_all(1000);
    let delete = |topic: &str, offset| {
        let before = list(topic, 1, Offset::Offset(offset));
        let deleted = wait(admin(bootstrap).delete_records(&before, &options())).unwrap();
        deleted.elements()[0].error()
    };
    assert_eq!(delete(&name, 500), Ok(()));
    let consumer = reader(bootstrap, &name, 1, Offset::Beginning);
    read(&consumer, 1, |message| assert_eq!(rdkafka::Message::offset(message), 500));
    assert!(delete(&name, 1001).is_err(), "beyond the end");
    let compact = topic_with(bootstrap, "compact", 1, &[("cleanup.policy", "compact")]);
    assert!(delete(&compact, 0).is_err(), "the clean-up policy forbids it");
}
