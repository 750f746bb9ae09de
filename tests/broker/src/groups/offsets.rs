//! Committed offsets of a group. A group without members takes commits from anybody who names no
//! generation; otherwise only a member of the current generation may commit.

use std::time::Instant;

use kafka_protocol::ResponseError as ErrorCode;

use crate::groups::group::{Group, Speaker, State};
use crate::transactions::Outcome;

/// Kafka's default limit (`offset.metadata.max.bytes`).
pub(crate) const METADATA_BYTES_MAX: usize = 4096;

/// A committed offset.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Committed {
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: String,
}

impl Group {
    /// Whether this speaker may commit now.
    ///
    /// # Errors
    /// `IllegalGeneration`, `UnknownMemberId`, `FencedInstanceId`, or `RebalanceInProgress` between
    /// join and sync.
    pub(crate) fn may_commit(
        &mut self,
        speaker: Speaker<'_>,
        generation: i32,
        now: Instant,
    ) -> Result<(), ErrorCode> {
        if generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        let (group_generation, state) = (self.generation, self.state);
        let member = self.member(speaker)?;
        if generation != group_generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        member.touch(now);
        match state {
            State::CompletingRebalance => Err(ErrorCode::RebalanceInProgress),
            State::Empty | State::PreparingRebalance | State::Stable => Ok(()),
        }
    }

    /// Whether this speaker may write offsets in a transaction now. As in Kafka, who names neither
    /// member nor generation always may, and a rebalance between join and sync is no obstacle.
    ///
    /// # Errors
    /// `IllegalGeneration`, `UnknownMemberId`, `FencedInstanceId`.
    pub(crate) fn may_commit_in_transaction(
        &mut self,
        speaker: Speaker<'_>,
        generation: i32,
        now: Instant,
    ) -> Result<(), ErrorCode> {
        if generation < 0 && speaker.member_id.is_empty() && speaker.instance_id.is_none() {
            return Ok(());
        }
        match self.may_commit(speaker, generation, now) {
            Err(ErrorCode::RebalanceInProgress) => Ok(()),
            other => other,
        }
    }

    /// Stores an offset that counts only once the producer's transaction commits.
    ///
    /// # Errors
    /// `OffsetMetadataTooLarge`.
    pub(crate) fn commit_pending(
        &mut self,
        producer_id: i64,
        topic: &str,
        partition: i32,
        committed: Committed,
    ) -> Result<(), ErrorCode> {
        check_metadata(&committed)?;
        let pending = self.pending_offsets.entry(producer_id).or_default();
        pending.insert((topic.to_owned(), partition), committed);
        Ok(())
    }

    /// Applies or drops the offsets of a producer's transaction.
    pub(crate) fn end_transaction(&mut self, producer_id: i64, outcome: Outcome) {
        let pending = self.pending_offsets.remove(&producer_id).unwrap_or_default();
        match outcome {
            Outcome::Commit => self.offsets.extend(pending),
            Outcome::Abort => {}
        }
    }

    /// Whether an open transaction may yet change the offset.
    pub(crate) fn is_unstable(&self, topic: &str, partition: i32) -> bool {
        let key = (topic.to_owned(), partition);
        self.pending_offsets.values().any(|pending| pending.contains_key(&key))
    }

    /// Stores an offset; the caller has asked [`Group::may_commit`].
    ///
    /// # Errors
    /// `OffsetMetadataTooLarge`.
    pub(crate) fn commit(
        &mut self,
        topic: &str,
        partition: i32,
        committed: Committed,
    ) -> Result<(), ErrorCode> {
        check_metadata(&committed)?;
        self.offsets.insert((topic.to_owned(), partition), committed);
        Ok(())
    }

    /// What is committed for one partition.
    pub(crate) fn committed(&self, topic: &str, partition: i32) -> Option<&Committed> {
        self.offsets.get(&(topic.to_owned(), partition))
    }

    /// All committed offsets by topic and partition.
    pub(crate) fn all_committed(&self) -> impl Iterator<Item = (&str, i32, &Committed)> {
        self.offsets.iter().map(|((topic, partition), c)| (topic.as_str(), *partition, c))
    }

    /// Forgets the offsets of a topic that was deleted.
    pub(crate) fn forget_topic(&mut self, topic: &str) {
        self.offsets.retain(|(known, _), _| known != topic);
        for pending in self.pending_offsets.values_mut() {
            pending.retain(|(known, _), _| known != topic);
        }
    }
}

fn check_metadata(committed: &Committed) -> Result<(), ErrorCode> {
    let fits = committed.metadata.len() <= METADATA_BYTES_MAX;
    if fits { Ok(()) } else { Err(ErrorCode::OffsetMetadataTooLarge) }
}
