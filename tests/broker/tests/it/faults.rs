//! Faults strike what they name, and librdkafka gets over them as it does with Kafka.

use std::time::{Duration, Instant};

use rdkafka::Offset;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::Producer;
use streams_test_broker::{ApiKey, Broker, ErrorCode, Fault};

use crate::client::{
    TestProducer, await_assigned, await_true, consumer, list, read, read_for, reader, unique,
};

fn broker() -> (Broker, String) {
    let broker = Broker::start().unwrap();
    broker.create_topic("t", 1).unwrap();
    broker.create_topic("other", 1).unwrap();
    let bootstrap = broker.bootstrap_servers();
    (broker, bootstrap)
}

/// Values of the topic in order.
fn values(broker: &Broker) -> Vec<u32> {
    let value = |bytes: Vec<u8>| u32::from_be_bytes(bytes.try_into().unwrap());
    let records = broker.records("t").unwrap();
    records.into_iter().map(|record| value(record.value.unwrap())).collect()
}

#[test]
fn a_retriable_error_is_retried_and_written_once() {
    let (broker, bootstrap) = broker();
    let fault = Fault::on(ApiKey::Produce).topic("t").times(2);
    let fault = broker.inject(fault.error(ErrorCode::NotLeaderOrFollower));
    let producer = TestProducer::new(&bootstrap, &[("enable.idempotence", "true")]);
    producer.send_values("t", 0..10);
    producer.flush_all(10);
    assert_eq!(fault.hits(), 2);
    assert_eq!(values(&broker), (0..10).collect::<Vec<_>>());
}

#[test]
fn a_final_error_reaches_the_producer_and_writes_nothing() {
    let (broker, bootstrap) = broker();
    let fault = Fault::on(ApiKey::Produce).error(ErrorCode::TopicAuthorizationFailed);
    let fault = broker.inject(fault);
    let producer = TestProducer::new(&bootstrap, &[]);
    producer.send_values("t", [1]);
    producer.flush();
    assert_eq!(producer.events.failed(), [RDKafkaErrorCode::TopicAuthorizationFailed]);
    assert_eq!((fault.hits(), broker.end_offset("t", 0)), (1, Some(0)));
}

#[test]
fn a_dropped_response_leaves_the_result_unknown_and_sequences_settle_it() {
    let (broker, bootstrap) = broker();
    let fault = broker.inject(Fault::on(ApiKey::Produce).drop_response());
    let producer = TestProducer::new(&bootstrap, &[("enable.idempotence", "true")]);
    producer.send_values("t", 0..10);
    producer.flush_all(10);
    assert_eq!(fault.hits(), 1);
    assert_eq!(values(&broker), (0..10).collect::<Vec<_>>(), "each record once");
}

#[test]
fn without_sequences_a_dropped_response_writes_twice() {
    let (broker, bootstrap) = broker();
    let fault = broker.inject(Fault::on(ApiKey::Produce).drop_response());
    let producer = TestProducer::new(&bootstrap, &[("enable.idempotence", "false")]);
    producer.send_values("t", [7]);
    producer.flush_all(1);
    assert_eq!((fault.hits(), values(&broker)), (1, vec![7, 7]));
}

#[test]
fn a_cut_connection_applies_nothing() {
    let (broker, bootstrap) = broker();
    let fault = broker.inject(Fault::on(ApiKey::Produce).disconnect());
    let producer = TestProducer::new(&bootstrap, &[("enable.idempotence", "false")]);
    producer.send_values("t", [7]);
    producer.flush_all(1);
    assert_eq!((fault.hits(), values(&broker)), (1, vec![7]));
}

#[test]
fn a_delay_holds_a_request_back() {
    let (broker, bootstrap) = broker();
    let delay = Duration::from_millis(600);
    let fault = broker.inject(Fault::on(ApiKey::Produce).delay(delay));
    let producer = TestProducer::new(&bootstrap, &[]);
    let start = Instant::now();
    producer.send_values("t", [1]);
    producer.flush_all(1);
    assert!(start.elapsed() >= delay && fault.hits() == 1, "{:?}", start.elapsed());
}

#[test]
fn filters_let_other_topics_groups_and_clients_pass() {
    let (broker, bootstrap) = broker();
    let topic = broker.inject(
        Fault::on(ApiKey::Produce).topic("t").always().error(ErrorCode::TopicAuthorizationFailed),
    );
    let client = Fault::on(ApiKey::Produce).client_id("nobody").always();
    let client = broker.inject(client.error(ErrorCode::TopicAuthorizationFailed));
    let group = Fault::on(ApiKey::OffsetCommit).group("bad").always();
    let group = broker.inject(group.error(ErrorCode::GroupAuthorizationFailed));
    let producer = TestProducer::new(&bootstrap, &[]);
    producer.send_values("other", [1]);
    producer.flush_all(1);
    assert_eq!((topic.hits(), client.hits()), (0, 0));
    producer.send_values("t", [1]);
    producer.flush();
    assert_eq!(topic.hits(), 1);
    let commit = |name| {
        let (consumer, _) = consumer(&bootstrap, name, &[]);
        let committed = consumer.commit(&list("t", 1, Offset::Offset(1)), CommitMode::Sync);
        committed.map_err(|error| error.rdkafka_error_code().unwrap())
    };
    assert_eq!(commit("good"), Ok(()));
    assert_eq!(commit("bad"), Err(RDKafkaErrorCode::GroupAuthorizationFailed));
    assert_eq!(group.hits(), 1);
    assert_eq!(broker.committed_offset("bad", "t", 0), None);
}

#[test]
fn a_commit_whose_response_is_lost_is_applied() {
    let (broker, bootstrap) = broker();
    let fault = broker.inject(Fault::on(ApiKey::OffsetCommit).drop_response());
    let (consumer, _) = consumer(&bootstrap, "g", &[]);
    let committed = consumer.commit(&list("t", 1, Offset::Offset(5)), CommitMode::Sync);
    assert_eq!(fault.hits(), 1, "{committed:?}");
    assert_eq!(broker.committed_offset("g", "t", 0), Some(5));
}

#[test]
fn a_transaction_whose_end_is_unknown_has_ended_once() {
    let (broker, bootstrap) = broker();
    let producer = TestProducer::new(&bootstrap, &[("transactional.id", "t")]);
    producer.client().init_transactions(crate::client::SOON).unwrap();
    let faults = [
        broker.inject(Fault::on(ApiKey::AddPartitionsToTxn).topic("t").drop_response()),
        broker.inject(Fault::on(ApiKey::EndTxn).drop_response()),
    ];
    producer.client().begin_transaction().unwrap();
    producer.send_values("t", 0..3);
    producer.client().commit_transaction(crate::client::SOON).unwrap();
    assert_eq!(faults.map(|fault| fault.hits()), [1, 1]);
    assert_eq!(values(&broker), [0, 1, 2]);
    assert_eq!(broker.end_offset("t", 0), Some(4), "one marker");
}

#[test]
fn fetches_recover_from_errors_and_cuts() {
    let (broker, bootstrap) = broker();
    let on = || Fault::on(ApiKey::Fetch).topic("t").times(2);
    let faults = [
        broker.inject(on().error(ErrorCode::NotLeaderOrFollower)),
        broker.inject(on().disconnect()),
        broker.inject(on().drop_response()),
    ];
    let producer = TestProducer::new(&bootstrap, &[]);
    producer.send_values("t", 0..10);
    producer.flush_all(10);
    let (mut next, consumer) = (0, reader(&bootstrap, "t", 1, Offset::Beginning));
    let start = Instant::now();
    while next < 10 && start.elapsed() < crate::client::SOON {
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) {
            assert_eq!(rdkafka::Message::offset(&message), next);
            next += 1;
        }
    }
    assert_eq!((next, faults.map(|fault| fault.hits())), (10, [2, 2, 2]));
}

#[test]
fn a_member_told_to_rejoin_does_so() {
    let (broker, bootstrap) = broker();
    let (consumer, events) = consumer(&bootstrap, "g", &[]);
    consumer.subscribe(&["t"]).unwrap();
    await_assigned(&[(&consumer, 1)]);
    let member = broker.group_members("g").remove(0).member_id;
    let fault = Fault::on(ApiKey::Heartbeat).group("g").error(ErrorCode::UnknownMemberId);
    let fault = broker.inject(fault);
    await_true("a new member id", || {
        let _ = consumer.poll(Duration::from_millis(10));
        broker.group_members("g").last().is_some_and(|last| last.member_id != member)
    });
    assert_eq!(fault.hits(), 1);
    await_true("a lost and a new assignment", || {
        let _ = consumer.poll(Duration::from_millis(10));
        events.rebalances() == ["+1", "-1", "+1"]
    });
}

#[test]
fn a_member_that_is_not_heard_is_expelled_after_its_session() {
    let session = Duration::from_secs(1);
    let broker = Broker::builder().session_timeout_min(session).start().unwrap();
    broker.create_topic("t", 2).unwrap();
    let member = |client_id| {
        let settings = [("client.id", client_id), ("session.timeout.ms", "1000")];
        let (consumer, _) = consumer(&broker.bootstrap_servers(), "g", &settings);
        consumer.subscribe(&["t"]).unwrap();
        consumer
    };
    let (heard, silent) = (member("heard"), member("silent"));
    await_assigned(&[(&heard, 1), (&silent, 1)]);
    let start = Instant::now();
    for api in [ApiKey::Heartbeat, ApiKey::JoinGroup, ApiKey::LeaveGroup] {
        broker.inject(Fault::on(api).client_id("silent").always().disconnect());
    }
    await_assigned(&[(&heard, 2)]);
    assert!(start.elapsed() > session / 2, "{:?}", start.elapsed());
    assert_eq!(broker.group_members("g").len(), 1);
}

#[test]
fn clients_survive_that_all_connections_are_cut() {
    let (broker, bootstrap) = broker();
    let producer = TestProducer::new(&bootstrap, &[("enable.idempotence", "true")]);
    let (consumer, _) = consumer(&bootstrap, &unique("cut"), &[]);
    consumer.subscribe(&["t"]).unwrap();
    for round in 0..5 {
        producer.send_values("t", [round]);
        broker.disconnect_all();
    }
    producer.flush_all(5);
    let mut seen = Vec::new();
    let see = |message: &rdkafka::message::BorrowedMessage<'_>| {
        let payload = rdkafka::Message::payload(message).unwrap();
        seen.push(u32::from_be_bytes(payload.try_into().unwrap()));
    };
    read(&consumer, 5, see);
    assert_eq!(seen, [0, 1, 2, 3, 4]);
    assert_eq!(read_for(&consumer, 1, Duration::from_millis(200), |_| {}), 0);
}
