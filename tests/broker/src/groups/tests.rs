//! The rules of groups, played without threads: each step is one request at one time.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError as ErrorCode;

use super::Committed;
use super::answer::{Answer, JoinReply, SyncReply, Ticket};
use super::group::{Group, Speaker, State};
use super::join::JoinRequest;
use super::sync::SyncRequest;

const SESSION: Duration = Duration::from_secs(10);
const REBALANCE: Duration = Duration::from_secs(60);

/// A group with a clock that only tests move.
struct Stage {
    group: Group,
    now: Instant,
}

impl Stage {
    fn new() -> Self {
        Self { group: Group::new(), now: crate::clock::now() }
    }

    fn request(id: &str, instance: Option<&str>, metadata: &str) -> JoinRequest {
        JoinRequest {
            member_id: id.to_owned(),
            instance_id: instance.map(str::to_owned),
            client_id: "client".to_owned(),
            client_host: "/host".to_owned(),
            session_timeout: SESSION,
            rebalance_timeout: REBALANCE,
            protocol_type: "consumer".to_owned(),
            protocols: vec![("range".to_owned(), Bytes::copy_from_slice(metadata.as_bytes()))],
            id_required: true,
            fresh_id: "unused".to_owned(),
        }
    }

    fn join(&mut self, request: JoinRequest) -> Answer<JoinReply> {
        self.group.join(request, self.now)
    }

    /// The two steps of a new dynamic member.
    fn join_as(&mut self, id: &str) -> Ticket {
        let fresh_id = id.to_owned();
        let first = JoinRequest { fresh_id, ..Self::request("", None, "m") };
        let reply = self.join(first).now().unwrap();
        assert_eq!(
            (reply.error, reply.member_id.as_str()),
            (Some(ErrorCode::MemberIdRequired), id)
        );
        self.rejoin(id)
    }

    fn rejoin(&mut self, id: &str) -> Ticket {
        later(self.join(Self::request(id, None, "m")))
    }

    fn join_static(&mut self, fresh_id: &str, instance: &str) -> Answer<JoinReply> {
        let fresh_id = fresh_id.to_owned();
        self.join(JoinRequest { fresh_id, ..Self::request("", Some(instance), "m") })
    }

    fn joined(&mut self, ticket: Ticket) -> Option<JoinReply> {
        self.group.take_join_reply(ticket)
    }

    fn sync(&mut self, id: &str, given: &[(&str, &'static str)]) -> Answer<SyncReply> {
        let given = given.iter().map(|(id, bytes)| ((*id).to_owned(), Bytes::from(*bytes)));
        let request = SyncRequest {
            speaker: speaker(id),
            generation: self.group.generation,
            protocol_type: None,
            protocol: None,
            assignments: given.collect(),
        };
        self.group.sync(request, self.now)
    }

    fn beat(&mut self, id: &str) -> Result<(), ErrorCode> {
        let generation = self.group.generation;
        self.group.heartbeat(speaker(id), generation, self.now)
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.group.tick(self.now);
    }

    /// Members a (the leader) and b, both assigned.
    fn stable() -> Self {
        let mut stage = Self::new();
        let first = stage.join_as("a");
        assert!(stage.joined(first).is_some());
        stage.sync("a", &[("a", "A")]);
        let (b, a) = (stage.join_as("b"), stage.rejoin("a"));
        assert!(stage.joined(a).is_some() && stage.joined(b).is_some());
        stage.sync("b", &[]);
        stage.sync("a", &[("a", "A"), ("b", "B")]);
        assert_eq!(stage.group.state(), State::Stable);
        stage
    }

    fn ids(&self) -> Vec<&str> {
        self.group.members().iter().map(|member| member.id.as_str()).collect()
    }
}

fn speaker(id: &str) -> Speaker<'_> {
    Speaker { member_id: id, instance_id: None }
}

fn later<T>(answer: Answer<T>) -> Ticket {
    match answer {
        Answer::Later(ticket) => ticket,
        Answer::Now(_) => panic!("answered at once"),
    }
}

#[test]
fn the_first_member_waits_for_nobody_and_leads() {
    let mut stage = Stage::new();
    let ticket = stage.join_as("a");
    let reply = stage.joined(ticket).unwrap();
    assert_eq!((reply.generation, reply.leader.as_str(), reply.members.len()), (1, "a", 1));
    let ticket = later(stage.sync("a", &[("a", "all")]));
    let assigned = stage.group.take_sync_reply(ticket).unwrap().unwrap();
    assert_eq!(assigned.assignment, "all");
}

#[test]
fn a_second_member_waits_until_the_first_has_rejoined() {
    let mut stage = Stage::new();
    let first = stage.join_as("a");
    stage.joined(first);
    stage.sync("a", &[("a", "A")]);
    let b = stage.join_as("b");
    assert_eq!(stage.joined(b), None);
    assert_eq!(stage.beat("a"), Err(ErrorCode::RebalanceInProgress));
    let a = stage.rejoin("a");
    let (a, b) = (stage.joined(a).unwrap(), stage.joined(b).unwrap());
    assert_eq!((a.generation, b.generation), (2, 2));
    assert_eq!((a.members.len(), b.members.len()), (2, 0), "only the leader sees all");
}

#[test]
fn a_follower_syncs_only_after_the_leader() {
    let mut stage = Stage::stable();
    let (b, a) = (stage.rejoin("a"), later(stage.join(Stage::request("b", None, "m"))));
    stage.joined(a);
    stage.joined(b);
    let b = later(stage.sync("b", &[]));
    assert_eq!(stage.group.take_sync_reply(b), None);
    stage.sync("a", &[("b", "new")]);
    assert_eq!(stage.group.take_sync_reply(b).unwrap().unwrap().assignment, "new");
}

#[test]
fn a_silent_member_is_removed_after_its_session() {
    let mut stage = Stage::stable();
    stage.pass(SESSION / 2);
    assert_eq!(stage.beat("a"), Ok(()));
    stage.pass(SESSION / 2);
    assert_eq!(stage.ids(), ["a"]);
    assert_eq!(stage.beat("a"), Err(ErrorCode::RebalanceInProgress));
    assert_eq!(stage.beat("b"), Err(ErrorCode::UnknownMemberId));
    let a = stage.rejoin("a");
    assert_eq!(stage.joined(a).unwrap().members.len(), 1);
}

#[test]
fn a_rebalance_gives_up_on_who_does_not_rejoin() {
    let mut stage = Stage::stable();
    let c = stage.join_as("c");
    for _ in 0..11 {
        stage.pass(SESSION / 2);
        let _ = (stage.beat("a"), stage.beat("b"));
    }
    assert_eq!(stage.joined(c), None, "a and b still have time");
    stage.pass(SESSION / 2);
    let reply = stage.joined(c).unwrap();
    assert_eq!((reply.leader.as_str(), reply.members.len()), ("c", 1));
    assert_eq!(stage.ids(), ["c"]);
}

#[test]
fn an_id_that_never_comes_back_blocks_only_for_a_session() {
    let mut stage = Stage::stable();
    let fresh_id = "ghost".to_owned();
    stage.join(JoinRequest { fresh_id, ..Stage::request("", None, "m") });
    let (a, b) = (stage.rejoin("a"), stage.rejoin("b"));
    assert_eq!(stage.joined(a), None);
    stage.pass(SESSION);
    assert!(stage.joined(a).is_some() && stage.joined(b).is_some());
}

#[test]
fn members_that_do_not_sync_are_given_up() {
    let mut stage = Stage::stable();
    let (a, b) = (stage.rejoin("a"), stage.rejoin("b"));
    assert!(stage.joined(a).is_some() && stage.joined(b).is_some());
    let b = later(stage.sync("b", &[]));
    for _ in 0..12 {
        stage.pass(SESSION / 2);
        let _ = stage.beat("a");
    }
    assert_eq!(stage.group.take_sync_reply(b), Some(Err(ErrorCode::RebalanceInProgress)));
    assert_eq!(stage.ids(), ["b"]);
}

#[test]
fn leaving_makes_the_others_rejoin_and_the_last_empties_the_group() {
    let mut stage = Stage::stable();
    assert_eq!(stage.group.leave(speaker("a"), stage.now), Ok(()));
    assert_eq!(stage.beat("b"), Err(ErrorCode::RebalanceInProgress));
    assert_eq!(stage.group.leave(speaker("a"), stage.now), Err(ErrorCode::UnknownMemberId));
    stage.group.leave(speaker("b"), stage.now).unwrap();
    assert_eq!(stage.group.state(), State::Empty);
}

#[test]
fn a_restarted_static_member_takes_over_without_a_rebalance() {
    let mut stage = Stage::new();
    let one = later(stage.join_static("one-1", "one"));
    stage.joined(one);
    stage.sync("one-1", &[("one-1", "mine")]);
    let reply = stage.join_static("one-2", "one").now().unwrap();
    assert_eq!((reply.error, reply.generation), (None, 1));
    assert_eq!((reply.member_id.as_str(), reply.leader.as_str()), ("one-2", "one-1"));
    let assigned = stage.sync("one-2", &[]).now().unwrap().unwrap();
    assert_eq!(assigned.assignment, "mine");
    let old = Speaker { member_id: "one-1", instance_id: Some("one") };
    assert_eq!(stage.group.heartbeat(old, 1, stage.now), Err(ErrorCode::FencedInstanceId));
    assert_eq!(stage.group.may_commit(old, 1, stage.now), Err(ErrorCode::FencedInstanceId));
}

#[test]
fn a_static_member_is_kept_through_a_rebalance_it_misses_but_not_past_its_session() {
    let mut stage = Stage::new();
    let one = later(stage.join_static("one-1", "one"));
    stage.joined(one);
    stage.sync("one-1", &[("one-1", "mine")]);
    let b = stage.join_as("b");
    stage.pass(SESSION / 2);
    assert_eq!(stage.joined(b), None);
    stage.pass(SESSION / 2);
    assert_eq!(stage.joined(b).unwrap().members.len(), 1);
}

#[test]
fn protocols_must_agree() {
    let mut stage = Stage::stable();
    let mut request = Stage::request("", None, "m");
    request.protocols = vec![("sticky".to_owned(), Bytes::new())];
    let reply = stage.join(request).now().unwrap();
    assert_eq!(reply.error, Some(ErrorCode::InconsistentGroupProtocol));
}

#[test]
fn unchanged_followers_may_ask_again_without_a_rebalance_and_changed_ones_start_one() {
    let mut stage = Stage::stable();
    let reply = stage.join(Stage::request("b", None, "m")).now().unwrap();
    assert_eq!((reply.error, reply.generation), (None, 2));
    assert_eq!(stage.group.state(), State::Stable);
    later(stage.join(Stage::request("b", None, "changed")));
    assert_eq!(stage.group.state(), State::PreparingRebalance);
}

#[test]
fn only_current_members_may_commit_while_there_are_members() {
    let mut stage = Stage::new();
    let now = stage.now;
    assert_eq!(stage.group.may_commit(speaker(""), -1, now), Ok(()), "nobody is there");
    let mut stage = Stage::stable();
    let mut may = |id, generation| stage.group.may_commit(speaker(id), generation, now);
    assert_eq!(may("", -1), Err(ErrorCode::UnknownMemberId));
    assert_eq!(may("a", 1), Err(ErrorCode::IllegalGeneration));
    assert_eq!(may("a", 2), Ok(()));
    let (a, b) = (stage.rejoin("a"), stage.rejoin("b"));
    assert!(stage.joined(a).is_some() && stage.joined(b).is_some());
    let between = stage.group.may_commit(speaker("a"), 3, now);
    assert_eq!(between, Err(ErrorCode::RebalanceInProgress));
}

#[test]
fn offsets_keep_their_metadata_up_to_the_limit() {
    let mut group = Group::new();
    let with = |n| Committed { offset: 5, leader_epoch: 0, metadata: "x".repeat(n) };
    assert_eq!(group.commit("t", 0, with(4096)), Ok(()));
    assert_eq!(group.commit("t", 0, with(4097)), Err(ErrorCode::OffsetMetadataTooLarge));
    assert_eq!(group.committed("t", 0).map(|committed| committed.metadata.len()), Some(4096));
    group.forget_topic("t");
    assert_eq!(group.committed("t", 0), None);
}
