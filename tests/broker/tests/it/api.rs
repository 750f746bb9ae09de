//! The broker's own API: topics, records, groups.

use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::Headers;
use rdkafka::producer::{BaseRecord, Producer};
use rdkafka::{Message, Offset};
use streams_test_broker::{Broker, CommittedOffset, ErrorCode, NewRecord};

use crate::client::{TestProducer, await_assigned, consumer, list, read, reader};

#[test]
fn records_produced_directly_reach_clients() {
    let broker = Broker::start().unwrap();
    broker.create_topic("t", 2).unwrap();
    let headers = vec![("h".to_owned(), Some(b"1".to_vec())), ("h".to_owned(), None)];
    let record = NewRecord { headers, ..NewRecord::new("k", "v").partition(1).timestamp(7) };
    assert_eq!(broker.produce("t", [record.clone(), record]).unwrap(), [(1, 0), (1, 1)]);
    let consumer = reader(&broker.bootstrap_servers(), "t", 2, Offset::Beginning);
    read(&consumer, 2, |message| {
        assert_eq!(message.key().zip(message.payload()), Some((&b"k"[..], &b"v"[..])));
        assert_eq!((message.partition(), message.timestamp().to_millis()), (1, Some(7)));
        let headers = message.headers().unwrap();
        assert_eq!((headers.get(0).value, headers.get(1).value), (Some(&b"1"[..]), None));
    });
}

#[test]
fn keys_without_a_partition_go_where_clients_put_them() {
    let broker = Broker::start().unwrap();
    broker.create_topic("t", 7).unwrap();
    let producer = TestProducer::new(&broker.bootstrap_servers(), &[]);
    for i in 0..100 {
        let key = format!("key-{i}");
        producer.send(BaseRecord::to("t").key(key.as_bytes()).payload(&b"client"[..]));
        broker.produce("t", [NewRecord::new(key, "direct")]).unwrap();
    }
    producer.flush_all(100);
    let places = |value: &[u8]| {
        let records = broker.records("t").unwrap().into_iter();
        let records = records.filter(|record| record.value.as_deref() == Some(value));
        let mut places: Vec<_> = records.map(|record| (record.key, record.partition)).collect();
        places.sort();
        places
    };
    assert_eq!(places(b"client").len(), 100);
    assert_eq!(places(b"client"), places(b"direct"));
}

#[test]
fn records_of_every_codec_are_shown_decoded() {
    for codec in ["none", "lz4", "gzip", "snappy"] {
        let broker = Broker::start().unwrap();
        broker.create_topic("t", 1).unwrap();
        let settings = [("compression.type", codec), ("linger.ms", "50")];
        let producer = TestProducer::new(&broker.bootstrap_servers(), &settings);
        producer.send_values("t", 0..1000);
        producer.flush_all(1000);
        let records = broker.records("t").unwrap();
        let values: Vec<_> = records.into_iter().map(|record| record.value.unwrap()).collect();
        let expected: Vec<_> = (0..1000u32).map(|i| i.to_be_bytes().to_vec()).collect();
        assert_eq!(values, expected, "{codec}");
    }
}

#[test]
fn records_of_open_transactions_are_shown_only_when_asked_for() {
    let broker = Broker::start().unwrap();
    broker.create_topic("t", 1).unwrap();
    let producer = TestProducer::new(&broker.bootstrap_servers(), &[("transactional.id", "x")]);
    producer.client().init_transactions(crate::client::SOON).unwrap();
    producer.client().begin_transaction().unwrap();
    producer.send_values("t", [1]);
    producer.flush_all(1);
    let counts = || {
        let all = broker.uncommitted_records("t").unwrap().len();
        (broker.records("t").unwrap().len(), all)
    };
    assert_eq!(counts(), (0, 1));
    producer.client().commit_transaction(crate::client::SOON).unwrap();
    assert_eq!(counts(), (1, 1));
}

#[test]
fn topics_are_not_made_on_demand_unless_asked_for() {
    let broker = Broker::start().unwrap();
    let producer =
        TestProducer::new(&broker.bootstrap_servers(), &[("message.timeout.ms", "1500")]);
    producer.send_values("nowhere", [1]);
    producer.flush();
    let failed = producer.events.failed();
    let expected = [RDKafkaErrorCode::UnknownTopic, RDKafkaErrorCode::MessageTimedOut];
    assert!(failed.len() == 1 && expected.contains(&failed[0]), "{failed:?}");
    assert_eq!(broker.topic_names(), [] as [&str; 0]);
}

#[test]
fn misuse_is_told_with_its_code() {
    let broker = Broker::start().unwrap();
    broker.create_topic("t", 1).unwrap();
    let error = broker.create_topic("t", 1).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TopicAlreadyExists);
    assert_eq!(error.to_string(), "create topic `t`: TopicAlreadyExists (code 36)");
    let error = broker.produce("t", [NewRecord::new("k", "v").partition(9)]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UnknownTopicOrPartition);
    let error = broker.create_topic_with("u", 1, &[("no.such", "x")]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidConfig);
    assert!(broker.records("u").is_err());
    assert_eq!(broker.end_offset("u", 0), None);
}

#[test]
fn groups_and_offsets_are_shown() {
    let broker = Broker::start().unwrap();
    broker.create_topic_with("t", 2, &[("cleanup.policy", "compact")]).unwrap();
    assert_eq!(broker.topic_config("t", "cleanup.policy").as_deref(), Some("compact"));
    assert_eq!(broker.partition_count("t"), Some(2));
    let (consumer, _) = consumer(&broker.bootstrap_servers(), "g", &[("client.id", "c1")]);
    consumer.subscribe(&["t"]).unwrap();
    await_assigned(&[(&consumer, 2)]);
    let commit = list("t", 1, Offset::Offset(0));
    commit.elements()[0].set_metadata("why");
    consumer.commit(&commit, rdkafka::consumer::CommitMode::Sync).unwrap();
    let member = broker.group_members("g").remove(0);
    let all = vec![("t".to_owned(), 0), ("t".to_owned(), 1)];
    assert_eq!((member.client_id.as_str(), member.assignment), ("c1", all));
    assert_eq!(broker.group_state("g"), Some("Stable"));
    assert_eq!(broker.group_names(), ["g"]);
    let committed = CommittedOffset { offset: 0, metadata: "why".to_owned() };
    assert_eq!(broker.committed("g", "t", 0), Some(committed));
    assert_eq!(broker.committed_offset("g", "t", 1), None);
    broker.delete_topic("t").unwrap();
    assert_eq!(broker.committed_offset("g", "t", 0), None, "gone with its topic");
}
