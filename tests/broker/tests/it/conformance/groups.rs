//! Consumer groups of the classic protocol, and their offsets.

use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::BaseRecord;
use rdkafka::{Message, Offset};

use crate::client::{
    SOON, TestConsumer, TestProducer, admin, await_assigned, await_true, consumer, list, options,
    partitions, read, topic, unique, wait,
};

super::checks!(
    members_share_by_range,
    members_share_cooperatively,
    a_static_member_restarts_without_a_rebalance,
    a_stalled_member_is_expelled_and_cannot_commit,
    a_group_is_described_with_client_ids,
    offsets_come_back_with_their_metadata,
    offsets_of_unknown_topics_are_refused,
    a_group_is_deleted_only_when_empty,
    ten_members_settle,
);

const RANGE: (&str, &str) = ("partition.assignment.strategy", "range");
const STICKY: (&str, &str) = ("partition.assignment.strategy", "cooperative-sticky");

fn member(bootstrap: &str, group: &str, topic: &str, extra: &[(&str, &str)]) -> TestConsumer {
    let (consumer, _) = consumer(bootstrap, group, extra);
    consumer.subscribe(&[topic]).unwrap();
    consumer
}

/// One joins, a second joins, the second leaves.
fn share(bootstrap: &str, strategy: (&str, &str)) -> (TestConsumer, Vec<i32>, Vec<i32>) {
    let (name, group) = (topic(bootstrap, "share", 4), unique("share"));
    let a = member(bootstrap, &group, &name, &[strategy]);
    await_assigned(&[(&a, 4)]);
    let b = member(bootstrap, &group, &name, &[strategy]);
    await_assigned(&[(&a, 2), (&b, 2)]);
    let shares = (partitions(&a), partitions(&b));
    drop(b);
    await_assigned(&[(&a, 4)]);
    a.commit(&list(&name, 4, Offset::Offset(0)), CommitMode::Sync).unwrap();
    (a, shares.0, shares.1)
}

fn members_share_by_range(bootstrap: &str) {
    let (_a, first, second) = share(bootstrap, RANGE);
    let mut shares = [first, second];
    shares.sort();
    assert_eq!(shares, [[0, 1], [2, 3]]);
}

fn members_share_cooperatively(bootstrap: &str) {
    let (_a, first, second) = share(bootstrap, STICKY);
    let mut all = [first, second].concat();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3]);
}

fn a_static_member_restarts_without_a_rebalance(bootstrap: &str) {
    let (name, group) = (topic(bootstrap, "static", 4), unique("static"));
    let instance = |id| [RANGE, ("group.instance.id", id)];
    let a = member(bootstrap, &group, &name, &instance("one"));
    await_assigned(&[(&a, 4)]);
    let (b, events) = consumer(bootstrap, &group, &instance("two"));
    b.subscribe(&[&name]).unwrap();
    await_assigned(&[(&a, 2), (&b, 2)]);
    let (before, own) = (events.rebalances(), partitions(&a));
    drop(a);
    let a = member(bootstrap, &group, &name, &instance("one"));
    await_assigned(&[(&a, 2), (&b, 2)]);
    assert_eq!(events.rebalances(), before, "the other member noticed nothing");
    assert_eq!(partitions(&a), own, "the restarted member has its old partitions");
}

fn a_stalled_member_is_expelled_and_cannot_commit(bootstrap: &str) {
    let (name, group) = (topic(bootstrap, "stall", 4), unique("stall"));
    let a = member(bootstrap, &group, &name, &[RANGE, ("max.poll.interval.ms", "6000")]);
    await_assigned(&[(&a, 4)]);
    let b = member(bootstrap, &group, &name, &[RANGE, ("max.poll.interval.ms", "6000")]);
    await_assigned(&[(&a, 2), (&b, 2)]);
    let stalled = await_assigned(&[(&a, 4)]);
    assert!(stalled > Duration::from_secs(3), "too early: {stalled:?}");
    let commit = b.commit(&list(&name, 4, Offset::Offset(1)), CommitMode::Sync);
    let code = commit.unwrap_err().rdkafka_error_code().unwrap();
    let expected = [
        RDKafkaErrorCode::UnknownMemberId,
        RDKafkaErrorCode::IllegalGeneration,
        RDKafkaErrorCode::RebalanceInProgress,
        RDKafkaErrorCode::AssignmentLost,
    ];
    assert!(expected.contains(&code), "{code:?}");
    let committed = a.committed_offsets(list(&name, 1, Offset::Invalid), SOON).unwrap();
    assert_eq!(committed.elements()[0].offset(), Offset::Invalid);
}

fn a_group_is_described_with_client_ids(bootstrap: &str) {
    let (name, group) = (topic(bootstrap, "describe", 4), unique("describe"));
    let a = member(bootstrap, &group, &name, &[RANGE, ("client.id", "host-1:8080|uuid")]);
    await_assigned(&[(&a, 4)]);
    let listed = a.fetch_group_list(Some(&group), SOON).unwrap();
    let described = &listed.groups()[0];
    assert_eq!((described.state(), described.protocol()), ("Stable", "range"));
    let member = &described.members()[0];
    assert_eq!(member.client_id(), "host-1:8080|uuid");
    assert!(member.id().starts_with("host-1:8080|uuid-"), "{}", member.id());
    assert!(member.metadata().unwrap().len() > 20);
    assert!(member.assignment().unwrap().len() > 20);
    let all = a.fetch_group_list(None, SOON).unwrap();
    assert!(all.groups().iter().any(|listed| listed.name() == group));
}

fn offsets_come_back_with_their_metadata(bootstrap: &str) {
    let (name, group) = (topic(bootstrap, "commit", 1), unique("commit"));
    let producer = TestProducer::new(bootstrap, &[]);
    producer.send_values(&name, 0..200);
    producer.flush_all(200);
    let commit = list(&name, 1, Offset::Offset(123));
    commit.elements()[0].set_metadata("AQAAAYvP5WgAe30=");
    let (first, _) = consumer(bootstrap, &group, &[]);
    first.commit(&commit, CommitMode::Sync).unwrap();
    drop(first);
    let (second, _) = consumer(bootstrap, &group, &[]);
    let committed = second.committed_offsets(list(&name, 1, Offset::Invalid), SOON).unwrap();
    assert_eq!(committed.elements()[0].offset(), Offset::Offset(123));
    assert_eq!(committed.elements()[0].metadata(), "AQAAAYvP5WgAe30=");
    second.assign(&list(&name, 1, Offset::Stored)).unwrap();
    read(&second, 1, |message| assert_eq!(message.offset(), 123));
}

fn offsets_of_unknown_topics_are_refused(bootstrap: &str) {
    let (consumer, _) = consumer(bootstrap, &unique("unknown"), &[]);
    let commit = consumer.commit(&list(&unique("unknown"), 1, Offset::Offset(1)), CommitMode::Sync);
    let code = commit.unwrap_err().rdkafka_error_code();
    assert_eq!(code, Some(RDKafkaErrorCode::UnknownTopicOrPartition));
}

fn a_group_is_deleted_only_when_empty(bootstrap: &str) {
    let (name, group) = (topic(bootstrap, "empty", 1), unique("empty"));
    let a = member(bootstrap, &group, &name, &[RANGE]);
    await_assigned(&[(&a, 1)]);
    let delete = || {
        let mut results = wait(admin(bootstrap).delete_groups(&[&group], &options())).unwrap();
        results.remove(0).map(drop).map_err(|(_, code)| code)
    };
    assert_eq!(delete(), Err(RDKafkaErrorCode::NonEmptyGroup));
    drop(a);
    await_true("an empty group", || delete().is_ok());
    assert_eq!(delete(), Err(RDKafkaErrorCode::GroupIdNotFound));
}

fn ten_members_settle(bootstrap: &str) {
    let (name, group) = (topic(bootstrap, "ten", 20), unique("ten"));
    let producer = TestProducer::new(bootstrap, &[]);
    for partition in 0..20 {
        producer.send(BaseRecord::to(&name).partition(partition).payload(&b"v"[..]));
    }
    producer.flush_all(20);
    let start = Instant::now();
    let members: Vec<_> = (0..10).map(|_| member(bootstrap, &group, &name, &[STICKY])).collect();
    let wanted: Vec<_> = members.iter().map(|member| (member, 2)).collect();
    await_assigned(&wanted);
    let mut all: Vec<_> = members.iter().flat_map(partitions).collect();
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>(), "after {:?}", start.elapsed());
}
