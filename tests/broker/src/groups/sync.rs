//! Syncing: the leader hands in the assignment, everyone takes theirs.

use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::ResponseError as ErrorCode;

use crate::groups::answer::{Answer, Assigned, SyncReply};
use crate::groups::group::{Group, Speaker, State};

/// A SyncGroup request.
#[derive(Clone, Debug)]
pub(crate) struct SyncRequest<'a> {
    pub(crate) speaker: Speaker<'a>,
    pub(crate) generation: i32,
    pub(crate) protocol_type: Option<&'a str>,
    pub(crate) protocol: Option<&'a str>,
    /// Member ids with their assignments; empty unless the leader speaks.
    pub(crate) assignments: Vec<(String, Bytes)>,
}

impl Group {
    /// Takes the leader's assignment, or gives a member its own.
    pub(crate) fn sync(&mut self, request: SyncRequest<'_>, now: Instant) -> Answer<SyncReply> {
        if let Err(error) = self.check_sync(&request) {
            return Answer::Now(Err(error));
        }
        match self.state {
            State::Empty => Answer::Now(Err(ErrorCode::UnknownMemberId)),
            State::PreparingRebalance => Answer::Now(Err(ErrorCode::RebalanceInProgress)),
            State::CompletingRebalance => self.sync_completing(request, now),
            State::Stable => Answer::Now(self.assigned(request.speaker, now)),
        }
    }

    fn check_sync(&mut self, request: &SyncRequest<'_>) -> Result<(), ErrorCode> {
        self.member(request.speaker)?;
        if request.generation != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        let differs = |said: Option<&str>, known: &Option<String>| {
            said.is_some_and(|said| Some(said) != known.as_deref())
        };
        let is_other = differs(request.protocol_type, &self.protocol_type)
            || differs(request.protocol, &self.protocol);
        if is_other { Err(ErrorCode::InconsistentGroupProtocol) } else { Ok(()) }
    }

    fn sync_completing(&mut self, request: SyncRequest<'_>, now: Instant) -> Answer<SyncReply> {
        let ticket = self.new_ticket();
        let member = match self.member(request.speaker) {
            Ok(member) => member,
            Err(error) => return Answer::Now(Err(error)),
        };
        member.has_synced = true;
        if let Some(older) = member.awaiting_sync.replace(ticket) {
            self.sync_replies.insert(older, Err(ErrorCode::RebalanceInProgress));
        }
        if self.leader.as_deref() == Some(request.speaker.member_id) {
            self.hand_out(request.assignments, now);
        }
        Answer::Later(ticket)
    }

    fn hand_out(&mut self, mut assignments: Vec<(String, Bytes)>, now: Instant) {
        for member in &mut self.members {
            let found = assignments.iter().position(|(id, _)| *id == member.id);
            member.assignment = found.map(|at| assignments.swap_remove(at).1).unwrap_or_default();
        }
        self.state = State::Stable;
        for at in 0..self.members.len() {
            let Some(member) = self.members.get_mut(at) else { continue };
            let Some(ticket) = member.awaiting_sync.take() else { continue };
            member.touch(now);
            let assignment = member.assignment.clone();
            let reply = self.assignment_reply(assignment);
            self.sync_replies.insert(ticket, Ok(reply));
        }
    }

    fn assigned(&mut self, speaker: Speaker<'_>, now: Instant) -> SyncReply {
        let member = self.member(speaker)?;
        member.has_synced = true;
        member.touch(now);
        let assignment = member.assignment.clone();
        Ok(self.assignment_reply(assignment))
    }

    fn assignment_reply(&self, assignment: Bytes) -> Assigned {
        let (protocol_type, protocol) = (self.protocol_type.clone(), self.protocol.clone());
        Assigned { protocol_type, protocol, assignment }
    }
}
