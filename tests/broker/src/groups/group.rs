//! One consumer group of the classic protocol, as facts in and answers out: no threads, no clock.
//!
//! The rules are those of Kafka's `GroupCoordinator`. **Invariant**: a member waits for at most one
//! answer; who is removed while waiting is answered first.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError as ErrorCode;

use crate::groups::answer::{Answer, JoinReply, SyncReply, Ticket};
use crate::groups::offsets::Committed;

/// Where a group stands; `Display` gives Kafka's own words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
}

impl State {
    /// The name that group descriptions carry.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }
}

/// Who speaks: the member id, and the instance id of a static member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker<'a> {
    pub(crate) member_id: &'a str,
    pub(crate) instance_id: Option<&'a str>,
}

/// A member with what it said when it joined last.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) session_timeout: Duration,
    pub(crate) rebalance_timeout: Duration,
    /// Names with metadata, the most wanted first.
    pub(crate) protocols: Vec<(String, Bytes)>,
    pub(crate) assignment: Bytes,
    pub(crate) session_deadline: Instant,
    pub(crate) awaiting_join: Option<Ticket>,
    pub(crate) awaiting_sync: Option<Ticket>,
    pub(crate) has_synced: bool,
}

impl Member {
    /// What the member sent along with `protocol`.
    pub(crate) fn metadata(&self, protocol: &str) -> Bytes {
        let found = self.protocols.iter().find(|(name, _)| name == protocol);
        found.map(|(_, metadata)| metadata.clone()).unwrap_or_default()
    }

    pub(crate) fn supports(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|(name, _)| name == protocol)
    }

    pub(crate) fn touch(&mut self, now: Instant) {
        self.session_deadline = now + self.session_timeout;
    }

    fn is_waiting(&self) -> bool {
        self.awaiting_join.is_some() || self.awaiting_sync.is_some()
    }
}

/// State of one group. The fields are open to the sibling modules, which hold its verbs.
#[derive(Debug)]
pub(crate) struct Group {
    pub(super) state: State,
    pub(super) generation: i32,
    pub(super) protocol_type: Option<String>,
    pub(super) protocol: Option<String>,
    pub(super) leader: Option<String>,
    /// In the order of joining.
    pub(super) members: Vec<Member>,
    /// Ids handed out by MEMBER_ID_REQUIRED that have not come back yet, with their deadlines.
    pub(super) pending: BTreeMap<String, Instant>,
    pub(super) offsets: BTreeMap<(String, i32), Committed>,
    /// Offsets of open transactions by producer id.
    pub(super) pending_offsets: BTreeMap<i64, BTreeMap<(String, i32), Committed>>,
    /// When members that have not rejoined are given up.
    pub(super) rebalance_deadline: Option<Instant>,
    /// When members that have not synced are given up.
    pub(super) sync_deadline: Option<Instant>,
    pub(super) join_replies: HashMap<Ticket, JoinReply>,
    pub(super) sync_replies: HashMap<Ticket, SyncReply>,
    pub(super) last_ticket: u64,
}

impl Group {
    /// A group without members.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Empty,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: Vec::new(),
            pending: BTreeMap::new(),
            offsets: BTreeMap::new(),
            pending_offsets: BTreeMap::new(),
            rebalance_deadline: None,
            sync_deadline: None,
            join_replies: HashMap::new(),
            sync_replies: HashMap::new(),
            last_ticket: 0,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(crate) fn protocol_type(&self) -> &str {
        self.protocol_type.as_deref().unwrap_or_default()
    }

    pub(crate) fn protocol(&self) -> &str {
        self.protocol.as_deref().unwrap_or_default()
    }

    /// Takes the answer that a waiting JoinGroup was promised.
    pub(crate) fn take_join_reply(&mut self, ticket: Ticket) -> Option<JoinReply> {
        self.join_replies.remove(&ticket)
    }

    /// Takes the answer that a waiting SyncGroup was promised.
    pub(crate) fn take_sync_reply(&mut self, ticket: Ticket) -> Option<SyncReply> {
        self.sync_replies.remove(&ticket)
    }

    /// Notes a sign of life.
    ///
    /// # Errors
    /// What the member must react to: `RebalanceInProgress` above all.
    pub(crate) fn heartbeat(
        &mut self,
        speaker: Speaker<'_>,
        generation: i32,
        now: Instant,
    ) -> Result<(), ErrorCode> {
        let (group_generation, state) = (self.generation, self.state);
        let member = self.member(speaker)?;
        if generation != group_generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        member.touch(now);
        match state {
            State::Empty => Err(ErrorCode::UnknownMemberId),
            State::PreparingRebalance => Err(ErrorCode::RebalanceInProgress),
            State::CompletingRebalance | State::Stable => Ok(()),
        }
    }

    /// Removes a member; a static member may be named by its instance id alone.
    ///
    /// # Errors
    /// `UnknownMemberId`, or `FencedInstanceId` when the instance has another member id by now.
    pub(crate) fn leave(&mut self, speaker: Speaker<'_>, now: Instant) -> Result<(), ErrorCode> {
        if self.pending.remove(speaker.member_id).is_some() {
            self.complete_join_if_ready(now);
            return Ok(());
        }
        let by_instance = speaker.instance_id.filter(|_| speaker.member_id.is_empty());
        let id = match by_instance {
            Some(instance) => self.static_member(instance).ok_or(ErrorCode::UnknownMemberId)?,
            None => self.member(speaker)?,
        };
        let id = id.id.clone();
        self.remove(&id, now);
        Ok(())
    }

    /// Whether the group has to be told that time has passed.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let sessions = self.members.iter().filter(|m| !m.is_waiting()).map(|m| m.session_deadline);
        let others = self.rebalance_deadline.into_iter().chain(self.sync_deadline);
        sessions.chain(others).chain(self.pending.values().copied()).min()
    }

    /// Gives up on everyone whose time is over.
    pub(crate) fn tick(&mut self, now: Instant) {
        let pending = self.pending.len();
        self.pending.retain(|_, deadline| *deadline > now);
        if self.pending.len() < pending {
            self.complete_join_if_ready(now);
        }
        let is_over = |member: &Member| !member.is_waiting() && member.session_deadline <= now;
        while let Some(member) = self.members.iter().find(|member| is_over(member)) {
            let id = member.id.clone();
            self.remove(&id, now);
        }
        if self.rebalance_deadline.is_some_and(|deadline| deadline <= now) {
            self.complete_join(now);
        }
        if self.sync_deadline.is_some_and(|deadline| deadline <= now) {
            self.drop_unsynced(now);
        }
    }

    /// The member that speaks, if it is one and not replaced by a newer one of the same instance.
    pub(super) fn member(&mut self, speaker: Speaker<'_>) -> Result<&mut Member, ErrorCode> {
        if let Some(instance) = speaker.instance_id {
            let current = self.static_member(instance).ok_or(ErrorCode::UnknownMemberId)?;
            if current.id != speaker.member_id {
                return Err(ErrorCode::FencedInstanceId);
            }
        }
        let mut members = self.members.iter_mut();
        let found = members.find(|member| member.id == speaker.member_id);
        found.ok_or(ErrorCode::UnknownMemberId)
    }

    pub(super) fn static_member(&mut self, instance: &str) -> Option<&mut Member> {
        let is_it = |member: &&mut Member| member.instance_id.as_deref() == Some(instance);
        self.members.iter_mut().find(is_it)
    }

    pub(super) fn remove(&mut self, id: &str, now: Instant) {
        let Some(at) = self.members.iter().position(|member| member.id == id) else { return };
        let member = self.members.remove(at);
        self.refuse(&member, ErrorCode::UnknownMemberId);
        if self.leader.as_deref() == Some(id) {
            self.leader = self.members.first().map(|first| first.id.clone());
        }
        match self.state {
            State::Empty => {}
            State::Stable | State::CompletingRebalance => self.prepare_rebalance(now),
            State::PreparingRebalance => self.complete_join_if_ready(now),
        }
    }

    /// Answers whatever the member waits for with an error.
    pub(super) fn refuse(&mut self, member: &Member, error: ErrorCode) {
        if let Some(ticket) = member.awaiting_join {
            self.join_replies.insert(ticket, JoinReply::refused(error, &member.id));
        }
        if let Some(ticket) = member.awaiting_sync {
            self.sync_replies.insert(ticket, Err(error));
        }
    }

    pub(super) fn new_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    fn drop_unsynced(&mut self, now: Instant) {
        self.sync_deadline = None;
        let late = self.members.iter().filter(|member| !member.has_synced && !member.is_waiting());
        let late: Vec<_> = late.map(|member| member.id.clone()).collect();
        for id in late {
            self.remove(&id, now);
        }
    }
}

/// Finds the answer to a request that was handled at once.
impl<T> Answer<T> {
    /// The answer, unless it comes later.
    #[cfg(test)]
    pub(crate) fn now(self) -> Option<T> {
        match self {
            Self::Now(answer) => Some(answer),
            Self::Later(_) => None,
        }
    }
}
