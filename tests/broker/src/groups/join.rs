//! Joining: who is let in, when a rebalance begins, and when a new generation is complete.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError as ErrorCode;

use crate::groups::answer::{Answer, JoinReply, MemberMetadata};
use crate::groups::group::{Group, Member, Speaker, State};

/// A JoinGroup request.
#[derive(Clone, Debug)]
pub(crate) struct JoinRequest {
    /// Empty for a member that is new.
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) session_timeout: Duration,
    pub(crate) rebalance_timeout: Duration,
    pub(crate) protocol_type: String,
    pub(crate) protocols: Vec<(String, Bytes)>,
    /// A new dynamic member must come back with the id it is given (KIP-394).
    pub(crate) id_required: bool,
    /// The id for a member that is new.
    pub(crate) fresh_id: String,
}

impl JoinRequest {
    fn speaker(&self) -> Speaker<'_> {
        Speaker { member_id: &self.member_id, instance_id: self.instance_id.as_deref() }
    }
}

impl Group {
    /// Lets a member in, or back in.
    pub(crate) fn join(&mut self, request: JoinRequest, now: Instant) -> Answer<JoinReply> {
        if !self.accepts_protocols(&request) {
            return refused(ErrorCode::InconsistentGroupProtocol, &request.member_id);
        }
        if request.member_id.is_empty() {
            return self.join_new(request, now);
        }
        if self.pending.remove(&request.member_id).is_some() {
            let id = request.member_id.clone();
            return self.add_member(id, request, now);
        }
        self.join_known(request, now)
    }

    fn accepts_protocols(&self, request: &JoinRequest) -> bool {
        if request.protocol_type.is_empty() || request.protocols.is_empty() {
            return false;
        }
        if self.members.is_empty() {
            return true;
        }
        let shared = |name: &String| self.members.iter().all(|member| member.supports(name));
        self.protocol_type.as_ref() == Some(&request.protocol_type)
            && request.protocols.iter().any(|(name, _)| shared(name))
    }

    fn join_new(&mut self, request: JoinRequest, now: Instant) -> Answer<JoinReply> {
        let id = request.fresh_id.clone();
        if let Some(instance) = &request.instance_id {
            return match self.members.iter().position(|m| m.instance_id.as_ref() == Some(instance))
            {
                Some(at) => self.replace_static(at, id, request, now),
                None => self.add_member(id, request, now),
            };
        }
        if request.id_required {
            self.pending.insert(id.clone(), now + request.session_timeout);
            return refused(ErrorCode::MemberIdRequired, &id);
        }
        self.add_member(id, request, now)
    }

    fn add_member(&mut self, id: String, request: JoinRequest, now: Instant) -> Answer<JoinReply> {
        let ticket = self.new_ticket();
        self.members.push(Member {
            id: id.clone(),
            instance_id: request.instance_id,
            client_id: request.client_id,
            client_host: request.client_host,
            session_timeout: request.session_timeout,
            rebalance_timeout: request.rebalance_timeout,
            protocols: request.protocols,
            assignment: Bytes::new(),
            session_deadline: now + request.session_timeout,
            awaiting_join: Some(ticket),
            awaiting_sync: None,
            has_synced: false,
        });
        self.protocol_type.get_or_insert(request.protocol_type);
        self.leader.get_or_insert(id);
        self.rebalance(now);
        Answer::Later(ticket)
    }

    /// A static member has restarted: it takes over id-less what its predecessor had, and the
    /// group does not rebalance unless the choice of the protocol changes.
    fn replace_static(
        &mut self,
        at: usize,
        id: String,
        request: JoinRequest,
        now: Instant,
    ) -> Answer<JoinReply> {
        let old_leader = self.leader.clone();
        let Some(member) = self.members.get_mut(at) else {
            return refused(ErrorCode::UnknownMemberId, &id);
        };
        let old_id = std::mem::replace(&mut member.id, id.clone());
        let waiting = (member.awaiting_join.take(), member.awaiting_sync.take());
        member.client_id = request.client_id.clone();
        member.client_host = request.client_host.clone();
        if let Some(ticket) = waiting.0 {
            let fenced = JoinReply::refused(ErrorCode::FencedInstanceId, &old_id);
            self.join_replies.insert(ticket, fenced);
        }
        if let Some(ticket) = waiting.1 {
            self.sync_replies.insert(ticket, Err(ErrorCode::FencedInstanceId));
        }
        if old_leader.as_ref() == Some(&old_id) {
            self.leader = Some(id.clone());
        }
        let request = JoinRequest { member_id: id.clone(), ..request };
        if self.state != State::Stable {
            return self.update_member(request, now);
        }
        self.refresh(&request, now);
        if self.choose_protocol() != self.protocol {
            return self.update_member(request, now);
        }
        // The old leader's id keeps a restarted leader from assigning: nobody would hear of it.
        let leader = old_leader.unwrap_or_default();
        Answer::Now(JoinReply { leader, ..self.current_generation(&id, false) })
    }

    fn join_known(&mut self, request: JoinRequest, now: Instant) -> Answer<JoinReply> {
        let is_leader = self.leader.as_ref() == Some(&request.member_id);
        let member = match self.member(request.speaker()) {
            Ok(member) => member,
            Err(error) => return refused(error, &request.member_id),
        };
        let is_unchanged = member.protocols == request.protocols;
        match self.state {
            State::Empty => refused(ErrorCode::UnknownMemberId, &request.member_id),
            State::CompletingRebalance if is_unchanged => {
                Answer::Now(self.current_generation(&request.member_id, is_leader))
            }
            State::Stable if is_unchanged && !is_leader => {
                Answer::Now(self.current_generation(&request.member_id, false))
            }
            State::PreparingRebalance | State::CompletingRebalance | State::Stable => {
                self.update_member(request, now)
            }
        }
    }

    fn update_member(&mut self, request: JoinRequest, now: Instant) -> Answer<JoinReply> {
        self.refresh(&request, now);
        let ticket = self.new_ticket();
        let member = match self.member(request.speaker()) {
            Ok(member) => member,
            Err(error) => return refused(error, &request.member_id),
        };
        if let Some(older) = member.awaiting_join.replace(ticket) {
            let reply = JoinReply::refused(ErrorCode::RebalanceInProgress, &request.member_id);
            self.join_replies.insert(older, reply);
        }
        self.rebalance(now);
        Answer::Later(ticket)
    }

    fn refresh(&mut self, request: &JoinRequest, now: Instant) {
        if let Ok(member) = self.member(request.speaker()) {
            member.protocols.clone_from(&request.protocols);
            member.session_timeout = request.session_timeout;
            member.rebalance_timeout = request.rebalance_timeout;
            member.touch(now);
        }
    }

    fn rebalance(&mut self, now: Instant) {
        if self.state == State::PreparingRebalance {
            self.complete_join_if_ready(now);
        } else {
            self.prepare_rebalance(now);
        }
    }

    /// Asks all members to join again; the first member of a group waits for nobody.
    pub(super) fn prepare_rebalance(&mut self, now: Instant) {
        for at in 0..self.members.len() {
            let waiting = self.members.get_mut(at).and_then(|member| member.awaiting_sync.take());
            if let Some(ticket) = waiting {
                self.sync_replies.insert(ticket, Err(ErrorCode::RebalanceInProgress));
            }
        }
        let was_empty = self.state == State::Empty;
        self.state = State::PreparingRebalance;
        self.sync_deadline = None;
        self.rebalance_deadline = Some(now + self.rebalance_timeout());
        if was_empty {
            self.complete_join(now);
        } else {
            self.complete_join_if_ready(now);
        }
    }

    pub(super) fn complete_join_if_ready(&mut self, now: Instant) {
        let all_joined = self.members.iter().all(|member| member.awaiting_join.is_some());
        if self.state == State::PreparingRebalance && all_joined && self.pending.is_empty() {
            self.complete_join(now);
        }
    }

    /// Starts the next generation without the dynamic members that have not rejoined.
    pub(super) fn complete_join(&mut self, now: Instant) {
        self.members.retain(|m| m.awaiting_join.is_some() || m.instance_id.is_some());
        if !self.members.is_empty() && !self.elect_leader() {
            self.rebalance_deadline = Some(now + self.rebalance_timeout());
            return;
        }
        self.rebalance_deadline = None;
        self.generation += 1;
        if self.members.is_empty() {
            self.state = State::Empty;
            (self.protocol, self.protocol_type, self.leader) = (None, None, None);
            return;
        }
        self.protocol = self.choose_protocol();
        self.state = State::CompletingRebalance;
        self.sync_deadline = Some(now + self.rebalance_timeout());
        self.answer_joins(now);
    }

    /// The leader must be among those who joined; false when nobody has.
    fn elect_leader(&mut self) -> bool {
        let has_joined = |m: &&Member| m.awaiting_join.is_some();
        let is_leader = |m: &&Member| Some(&m.id) == self.leader.as_ref();
        if self.members.iter().filter(has_joined).any(|m| is_leader(&m)) {
            return true;
        }
        let next = self.members.iter().find(has_joined).map(|member| member.id.clone());
        let found = next.is_some();
        self.leader = next.or(self.leader.take());
        found
    }

    fn answer_joins(&mut self, now: Instant) {
        let leader = self.leader.clone().unwrap_or_default();
        for at in 0..self.members.len() {
            let Some(member) = self.members.get_mut(at) else { continue };
            member.touch(now);
            member.has_synced = false;
            let Some(ticket) = member.awaiting_join.take() else { continue };
            let id = member.id.clone();
            let reply = self.current_generation(&id, id == leader);
            self.join_replies.insert(ticket, reply);
        }
    }

    fn current_generation(&self, member_id: &str, with_members: bool) -> JoinReply {
        let member_metadata = |member: &Member| MemberMetadata {
            member_id: member.id.clone(),
            instance_id: member.instance_id.clone(),
            metadata: member.metadata(self.protocol()),
        };
        let members = self.members.iter().filter(|_| with_members);
        JoinReply {
            error: None,
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            member_id: member_id.to_owned(),
            members: members.map(member_metadata).collect(),
        }
    }

    /// Each member votes for the first protocol it has that all others have too.
    fn choose_protocol(&self) -> Option<String> {
        let shared = |name: &str| self.members.iter().all(|member| member.supports(name));
        let mut votes: Vec<(&str, usize)> = Vec::new();
        for member in &self.members {
            let choice = member.protocols.iter().find(|(name, _)| shared(name));
            let Some((name, _)) = choice else { continue };
            match votes.iter_mut().find(|(known, _)| known == name) {
                Some((_, count)) => *count += 1,
                None => votes.push((name, 1)),
            }
        }
        let winner = votes.into_iter().rev().max_by_key(|(_, count)| *count);
        winner.map(|(name, _)| name.to_owned())
    }

    fn rebalance_timeout(&self) -> Duration {
        self.members.iter().map(|member| member.rebalance_timeout).max().unwrap_or_default()
    }
}

fn refused(error: ErrorCode, member_id: &str) -> Answer<JoinReply> {
    Answer::Now(JoinReply::refused(error, member_id))
}
