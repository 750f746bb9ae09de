//! The group coordinator: all groups behind one lock, one condition variable for whoever waits, and
//! the deadlines that a timer thread serves.

mod answer;
mod group;
mod join;
mod offsets;
mod sync;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kafka_protocol::ResponseError as ErrorCode;

pub(crate) use answer::{Answer, JoinReply, SyncReply, Ticket};
pub(crate) use group::{Group, Member, Speaker, State};
pub(crate) use join::JoinRequest;
pub(crate) use offsets::Committed;
pub(crate) use sync::SyncRequest;

use crate::clock;

/// Everything behind the coordinator's lock.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    pub(crate) by_id: BTreeMap<String, Group>,
    is_stopped: bool,
}

/// All groups of the broker.
#[derive(Debug, Default)]
pub(crate) struct Coordinator {
    groups: Mutex<Groups>,
    changed: Condvar,
}

impl Coordinator {
    /// Locks the groups for reading or for a change that nobody waits for.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins, and waits until the rebalance is complete.
    pub(crate) fn join(&self, group: &str, request: JoinRequest) -> JoinReply {
        let member_id = request.member_id.clone();
        let mut groups = self.lock();
        let is_new = request.member_id.is_empty();
        if is_new {
            groups.by_id.entry(group.to_owned()).or_insert_with(Group::new);
        }
        let Some(found) = groups.by_id.get_mut(group) else {
            return JoinReply::refused(ErrorCode::UnknownMemberId, &member_id);
        };
        let answer = found.join(request, clock::now());
        let reply = self.await_reply(groups, group, answer, Group::take_join_reply);
        reply.unwrap_or_else(|| JoinReply::refused(ErrorCode::NotCoordinator, &member_id))
    }

    /// Syncs, and waits until the leader has handed in the assignment.
    pub(crate) fn sync(&self, group: &str, request: SyncRequest<'_>) -> SyncReply {
        let mut groups = self.lock();
        let found = groups.by_id.get_mut(group).ok_or(ErrorCode::UnknownMemberId)?;
        let answer = found.sync(request, clock::now());
        let reply = self.await_reply(groups, group, answer, Group::take_sync_reply);
        reply.unwrap_or(Err(ErrorCode::NotCoordinator))
    }

    /// Removes a member.
    ///
    /// # Errors
    /// See [`Group::leave`].
    pub(crate) fn leave(&self, group: &str, speaker: Speaker<'_>) -> Result<(), ErrorCode> {
        let mut groups = self.lock();
        let found = groups.by_id.get_mut(group).ok_or(ErrorCode::UnknownMemberId)?;
        let left = found.leave(speaker, clock::now());
        self.changed.notify_all();
        left
    }

    /// Serves the deadlines of all groups until [`Coordinator::stop`].
    pub(crate) fn run_timers(&self) {
        const IDLE: Duration = Duration::from_secs(3600);
        let mut groups = self.lock();
        while !groups.is_stopped {
            let now = clock::now();
            let due = |group: &Group| group.next_deadline().is_some_and(|at| at <= now);
            let mut any = false;
            for group in groups.by_id.values_mut().filter(|group| due(group)) {
                group.tick(now);
                any = true;
            }
            if any {
                self.changed.notify_all();
            }
            let next = groups.by_id.values().filter_map(Group::next_deadline).min();
            let wait = next.map_or(IDLE, |at| at.saturating_duration_since(now));
            let woken = self.changed.wait_timeout(groups, wait);
            groups = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets every waiting thread return.
    pub(crate) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// None when the broker stops, or the group is deleted, before the answer is there.
    fn await_reply<T>(
        &self,
        mut groups: MutexGuard<'_, Groups>,
        group: &str,
        answer: Answer<T>,
        take: fn(&mut Group, Ticket) -> Option<T>,
    ) -> Option<T> {
        // Also wakes the timer thread, as there may be an earlier deadline now.
        self.changed.notify_all();
        let ticket = match answer {
            Answer::Now(reply) => return Some(reply),
            Answer::Later(ticket) => ticket,
        };
        loop {
            let found = groups.by_id.get_mut(group)?;
            if let Some(reply) = take(found, ticket) {
                return Some(reply);
            }
            if groups.is_stopped {
                return None;
            }
            groups = self.changed.wait(groups).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Groups {
    /// The group, made on the first use.
    pub(crate) fn get_or_create(&mut self, id: &str) -> &mut Group {
        self.by_id.entry(id.to_owned()).or_insert_with(Group::new)
    }

    /// Notes a sign of life, see [`Group::heartbeat`].
    ///
    /// # Errors
    /// `UnknownMemberId` for an unknown group, otherwise the group's own.
    pub(crate) fn heartbeat(
        &mut self,
        id: &str,
        speaker: Speaker<'_>,
        generation: i32,
        now: Instant,
    ) -> Result<(), ErrorCode> {
        let group = self.by_id.get_mut(id).ok_or(ErrorCode::UnknownMemberId)?;
        group.heartbeat(speaker, generation, now)
    }

    /// Forgets a group without members.
    ///
    /// # Errors
    /// `GroupIdNotFound`, `NonEmptyGroup`.
    pub(crate) fn delete(&mut self, id: &str) -> Result<(), ErrorCode> {
        match self.by_id.get(id) {
            None => Err(ErrorCode::GroupIdNotFound),
            Some(group) if group.state() != State::Empty => Err(ErrorCode::NonEmptyGroup),
            Some(_) => {
                self.by_id.remove(id);
                Ok(())
            }
        }
    }
}
