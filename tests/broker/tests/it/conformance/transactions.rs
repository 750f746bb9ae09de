//! Transactions: what committed readers see, what becomes of offsets, who is fenced.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer};
use rdkafka::{Message, Offset};

use crate::client::{
    SOON, TestConsumer, TestProducer, await_assigned, consumer, list, read, read_for, topic, unique,
};

super::checks!(
    an_open_transaction_is_invisible_until_it_commits,
    aborted_records_are_skipped_and_later_ones_are_not,
    offsets_of_a_transaction_count_once_it_commits,
    offsets_of_an_aborted_transaction_are_dropped,
    a_newer_producer_fences_the_older,
    a_fenced_producer_cannot_commit_what_it_wrote,
    a_stale_generation_cannot_send_offsets,
    a_transaction_that_takes_too_long_is_aborted,
    a_producer_that_restarts_goes_on,
);

const COMMITTED: (&str, &str) = ("isolation.level", "read_committed");
const UNCOMMITTED: (&str, &str) = ("isolation.level", "read_uncommitted");

fn producer(bootstrap: &str, id: &str) -> TestProducer {
    let producer = TestProducer::new(bootstrap, &[("transactional.id", id)]);
    producer.client().init_transactions(SOON).unwrap();
    producer
}

fn begin(producer: &TestProducer) {
    producer.client().begin_transaction().unwrap();
}

fn commit(producer: &TestProducer) -> KafkaResult<()> {
    producer.client().commit_transaction(SOON)
}

/// Sends one-byte values to both partitions of a topic in turn, and waits until they are written.
fn send(producer: &TestProducer, topic: &str, value: u8, count: i32) {
    for i in 0..count {
        producer.send(BaseRecord::to(topic).partition(i % 2).payload(&[value][..]));
    }
    producer.flush();
}

/// Values that a new reader sees in both partitions, sorted.
fn seen(bootstrap: &str, topic: &str, isolation: (&str, &str), wanted: usize) -> Vec<u8> {
    let reader = fresh_reader(bootstrap, topic, isolation);
    let mut values = Vec::new();
    read(&reader, wanted, |message| values.push(message.payload().unwrap()[0]));
    let more = read_for(&reader, 1, Duration::from_millis(400), |_| {});
    assert_eq!(more, 0, "records beyond the {wanted} wanted");
    values.sort_unstable();
    values
}

fn fresh_reader(bootstrap: &str, topic: &str, isolation: (&str, &str)) -> TestConsumer {
    let (reader, _) = consumer(bootstrap, &unique("reader"), &[isolation]);
    reader.assign(&list(topic, 2, Offset::Beginning)).unwrap();
    reader
}

#[track_caller]
fn transaction_error(result: KafkaResult<()>) -> RDKafkaError {
    match result {
        Err(KafkaError::Transaction(error)) => error,
        other => panic!("not a transaction error: {other:?}"),
    }
}

fn an_open_transaction_is_invisible_until_it_commits(bootstrap: &str) {
    let name = topic(bootstrap, "open", 2);
    let producer = producer(bootstrap, &unique("open"));
    begin(&producer);
    send(&producer, &name, b'a', 10);
    let reader = fresh_reader(bootstrap, &name, COMMITTED);
    assert_eq!(read_for(&reader, 1, Duration::from_millis(700), |_| {}), 0, "still open");
    assert_eq!(seen(bootstrap, &name, UNCOMMITTED, 10), [b'a'; 10]);
    commit(&producer).unwrap();
    read(&reader, 10, |_| {});
    // 5 records and a marker.
    assert_eq!(reader.fetch_watermarks(&name, 0, SOON).unwrap(), (0, 6));
}

fn aborted_records_are_skipped_and_later_ones_are_not(bootstrap: &str) {
    let name = topic(bootstrap, "abort", 2);
    let producer = producer(bootstrap, &unique("abort"));
    for (value, commits) in [(b'a', true), (b'x', false), (b'b', true), (b'y', false)] {
        begin(&producer);
        send(&producer, &name, value, 4);
        if commits {
            commit(&producer).unwrap();
        } else {
            producer.client().abort_transaction(SOON).unwrap();
        }
    }
    let plain = TestProducer::new(bootstrap, &[]);
    send(&plain, &name, b'c', 2);
    assert_eq!(seen(bootstrap, &name, COMMITTED, 10), *b"aaaabbbbcc");
    assert_eq!(seen(bootstrap, &name, UNCOMMITTED, 18), *b"aaaabbbbccxxxxyyyy");
}

/// Reads as a member, sends offset 77 in a transaction, and ends it as told.
fn send_offsets(bootstrap: &str, commits: bool) -> (Offset, String) {
    let (name, group) = (topic(bootstrap, "offsets", 2), unique("offsets"));
    let producer = producer(bootstrap, &group);
    let (member, _) = consumer(bootstrap, &group, &[]);
    member.subscribe(&[&name]).unwrap();
    await_assigned(&[(&member, 2)]);
    begin(&producer);
    send(&producer, &name, b'v', 2);
    let offsets = list(&name, 1, Offset::Offset(77));
    offsets.elements()[0].set_metadata("in the transaction");
    let metadata = member.group_metadata().unwrap();
    producer.client().send_offsets_to_transaction(&offsets, &metadata, SOON).unwrap();
    let wanted = || list(&name, 1, Offset::Invalid);
    let unstable = member.committed_offsets(wanted(), Duration::from_millis(500));
    assert!(unstable.is_err(), "readers wait for the end of the transaction: {unstable:?}");
    let client = producer.client();
    if commits { commit(&producer) } else { client.abort_transaction(SOON) }.unwrap();
    let committed = member.committed_offsets(wanted(), SOON).unwrap();
    let element = &committed.elements()[0];
    (element.offset(), element.metadata().to_owned())
}

fn offsets_of_a_transaction_count_once_it_commits(bootstrap: &str) {
    let committed = send_offsets(bootstrap, true);
    assert_eq!(committed, (Offset::Offset(77), "in the transaction".to_owned()));
}

fn offsets_of_an_aborted_transaction_are_dropped(bootstrap: &str) {
    assert_eq!(send_offsets(bootstrap, false).0, Offset::Invalid);
}

fn a_newer_producer_fences_the_older(bootstrap: &str) {
    let (name, id) = (topic(bootstrap, "fence", 2), unique("fence"));
    let old = producer(bootstrap, &id);
    begin(&old);
    send(&old, &name, b'o', 2);
    let new = producer(bootstrap, &id);
    begin(&new);
    send(&new, &name, b'n', 2);
    commit(&new).unwrap();
    // The old one may notice when it writes or when it commits.
    old.send(BaseRecord::to(&name).partition(0).payload(&b"z"[..]));
    let error = transaction_error(commit(&old));
    assert!(error.is_fatal(), "{error:?}");
    assert_eq!(old.client().client().fatal_error().unwrap().0, RDKafkaErrorCode::Fenced);
    assert_eq!(seen(bootstrap, &name, COMMITTED, 2), *b"nn");
}

fn a_fenced_producer_cannot_commit_what_it_wrote(bootstrap: &str) {
    let (name, id) = (topic(bootstrap, "zombie", 2), unique("zombie"));
    let old = producer(bootstrap, &id);
    begin(&old);
    send(&old, &name, b'o', 2);
    let new = producer(bootstrap, &id);
    begin(&new);
    send(&new, &name, b'n', 2);
    let error = transaction_error(commit(&old));
    assert!(error.is_fatal(), "{error:?}");
    assert!(seen(bootstrap, &name, COMMITTED, 0).is_empty(), "the new one has not committed");
    commit(&new).unwrap();
    assert_eq!(seen(bootstrap, &name, COMMITTED, 2), *b"nn");
}

fn a_stale_generation_cannot_send_offsets(bootstrap: &str) {
    let (name, group) = (topic(bootstrap, "stale", 4), unique("stale"));
    let producer = producer(bootstrap, &group);
    let member = || {
        let (member, _) = consumer(bootstrap, &group, &[]);
        member.subscribe(&[&name]).unwrap();
        member
    };
    let a = member();
    await_assigned(&[(&a, 4)]);
    let stale = a.group_metadata().unwrap();
    let b = member();
    await_assigned(&[(&a, 2), (&b, 2)]);
    begin(&producer);
    send(&producer, &name, b'v', 2);
    let offsets = list(&name, 1, Offset::Offset(1));
    let client = producer.client();
    let error = transaction_error(client.send_offsets_to_transaction(&offsets, &stale, SOON));
    assert_eq!(error.code(), RDKafkaErrorCode::IllegalGeneration);
    assert!(error.txn_requires_abort());
    client.abort_transaction(SOON).unwrap();
    begin(&producer);
    let current = a.group_metadata().unwrap();
    client.send_offsets_to_transaction(&offsets, &current, SOON).unwrap();
    commit(&producer).unwrap();
}

fn a_transaction_that_takes_too_long_is_aborted(bootstrap: &str) {
    let name = topic(bootstrap, "slow", 2);
    let id = unique("slow");
    let settings = [
        ("transactional.id", id.as_str()),
        ("transaction.timeout.ms", "2000"),
        ("message.timeout.ms", "1500"),
    ];
    let producer = TestProducer::new(bootstrap, &settings);
    producer.client().init_transactions(SOON).unwrap();
    begin(&producer);
    send(&producer, &name, b's', 2);
    // A committed reader stands before the open transaction, and gets past it without its producer.
    let plain = TestProducer::new(bootstrap, &[]);
    send(&plain, &name, b'p', 2);
    let reader = fresh_reader(bootstrap, &name, COMMITTED);
    let start = Instant::now();
    // Real Kafka looks for such transactions every 10 s only.
    let mut values = Vec::new();
    let see = |message: &rdkafka::message::BorrowedMessage<'_>| {
        values.push(message.payload().unwrap()[0]);
    };
    assert_eq!(read_for(&reader, 2, Duration::from_secs(25), see), 2);
    assert_eq!(values, *b"pp");
    assert!(start.elapsed() > Duration::from_millis(500), "{:?}", start.elapsed());
    let error = transaction_error(commit(&producer));
    assert!(error.is_fatal(), "{error:?}");
}

fn a_producer_that_restarts_goes_on(bootstrap: &str) {
    let (name, id) = (topic(bootstrap, "restart", 2), unique("restart"));
    for value in b"abc" {
        let producer = producer(bootstrap, &id);
        begin(&producer);
        send(&producer, &name, *value, 2);
        commit(&producer).unwrap();
    }
    assert_eq!(seen(bootstrap, &name, COMMITTED, 6), *b"aabbcc");
}
