//! The transaction coordinator, as facts in and effects out: no threads, no clock, no log.
//!
//! **Invariant**: only the newest epoch of a transactional id changes anything. What a transaction
//! has touched is handed out exactly once, as [`Ended`], when it commits, aborts or runs out of time.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kafka_protocol::ResponseError as ErrorCode;

/// Kafka's default `transaction.max.timeout.ms`.
const TIMEOUT_MAX: Duration = Duration::from_secs(900);
/// Leaves room for the two steps of an abort by a newer producer.
const EPOCH_MAX: i16 = i16::MAX - 2;

/// A producer and its life: a higher epoch has replaced all lower ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Identity {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Abort,
    Commit,
}

/// What a transaction that has ended leaves to be done: a marker in each partition, and pending
/// offsets of each group to be applied or dropped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Ended {
    pub(crate) by: Identity,
    pub(crate) outcome: Outcome,
    pub(crate) partitions: BTreeSet<(String, i32)>,
    pub(crate) groups: BTreeSet<String>,
}

#[derive(Debug)]
struct Transaction {
    identity: Identity,
    timeout: Duration,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Nothing has been written since the producer has begun.
    Fresh,
    Ongoing(Touched),
    Done(Outcome),
}

#[derive(Debug)]
struct Touched {
    deadline: Instant,
    partitions: BTreeSet<(String, i32)>,
    groups: BTreeSet<String>,
}

/// All transactional ids.
#[derive(Debug, Default)]
pub(crate) struct Transactions {
    by_id: BTreeMap<String, Transaction>,
}

impl Transactions {
    /// Gives the newest producer of an id its identity, and aborts what an older one left open.
    ///
    /// `known` is what a producer that is still alive had, when it asks for a new epoch.
    ///
    /// # Errors
    /// `InvalidTransactionTimeout`; `ProducerFenced` when `known` is not the newest.
    pub(crate) fn init(
        &mut self,
        id: &str,
        timeout: Duration,
        known: Option<Identity>,
        fresh_id: impl Fn() -> i64,
    ) -> Result<(Identity, Option<Ended>), ErrorCode> {
        if timeout.is_zero() || timeout > TIMEOUT_MAX {
            return Err(ErrorCode::InvalidTransactionTimeout);
        }
        let fresh = || Identity { producer_id: fresh_id(), epoch: 0 };
        let Some(transaction) = self.by_id.get_mut(id) else {
            let identity = fresh();
            let phase = Phase::Fresh;
            self.by_id.insert(id.to_owned(), Transaction { identity, timeout, phase });
            return Ok((identity, None));
        };
        if known.is_some_and(|known| known != transaction.identity) {
            return Err(ErrorCode::ProducerFenced);
        }
        let ended = transaction.fence();
        let old = transaction.identity;
        let next = || Identity { epoch: old.epoch + 1, ..old };
        transaction.identity = if old.epoch >= EPOCH_MAX { fresh() } else { next() };
        transaction.timeout = timeout;
        transaction.phase = Phase::Fresh;
        Ok((transaction.identity, ended))
    }

    /// Takes partitions into the transaction, beginning it if need be.
    ///
    /// # Errors
    /// See [`Transactions::check`].
    pub(crate) fn add_partitions(
        &mut self,
        id: &str,
        by: Identity,
        partitions: impl IntoIterator<Item = (String, i32)>,
        now: Instant,
    ) -> Result<(), ErrorCode> {
        self.touch(id, by, now)?.partitions.extend(partitions);
        Ok(())
    }

    /// Takes a group's offsets into the transaction, beginning it if need be.
    ///
    /// # Errors
    /// See [`Transactions::check`].
    pub(crate) fn add_group(
        &mut self,
        id: &str,
        by: Identity,
        group: &str,
        now: Instant,
    ) -> Result<(), ErrorCode> {
        self.touch(id, by, now)?.groups.insert(group.to_owned());
        Ok(())
    }

    /// Ends the transaction; asking again for the same outcome is answered, but does nothing.
    ///
    /// # Errors
    /// See [`Transactions::check`]; `InvalidTxnState` when there is nothing to end so.
    pub(crate) fn end(
        &mut self,
        id: &str,
        by: Identity,
        outcome: Outcome,
    ) -> Result<Option<Ended>, ErrorCode> {
        let transaction = self.check(id, by)?;
        match &transaction.phase {
            Phase::Done(done) if *done == outcome => Ok(None),
            Phase::Done(_) | Phase::Fresh => Err(ErrorCode::InvalidTxnState),
            Phase::Ongoing(_) => Ok(transaction.finish(by, outcome)),
        }
    }

    /// Whether a transactional batch may be appended to a partition.
    ///
    /// # Errors
    /// `InvalidProducerEpoch` from a producer that was replaced, `InvalidTxnState` when the
    /// partition is not in the transaction.
    pub(crate) fn may_append(
        &self,
        by: Identity,
        topic: &str,
        partition: i32,
    ) -> Result<(), ErrorCode> {
        let is_it = |known: &&Transaction| known.identity.producer_id == by.producer_id;
        let known = self.by_id.values().find(is_it).ok_or(ErrorCode::InvalidTxnState)?;
        if known.identity.epoch != by.epoch {
            return Err(ErrorCode::InvalidProducerEpoch);
        }
        match &known.phase {
            Phase::Ongoing(touched)
                if touched.partitions.contains(&(topic.to_owned(), partition)) =>
            {
                Ok(())
            }
            Phase::Fresh | Phase::Ongoing(_) | Phase::Done(_) => Err(ErrorCode::InvalidTxnState),
        }
    }

    /// Whether offsets of a group may be written in the transaction.
    ///
    /// # Errors
    /// See [`Transactions::check`]; `InvalidTxnState` when the group is not in the transaction.
    pub(crate) fn may_commit(
        &mut self,
        id: &str,
        by: Identity,
        group: &str,
    ) -> Result<(), ErrorCode> {
        match &self.check(id, by)?.phase {
            Phase::Ongoing(touched) if touched.groups.contains(group) => Ok(()),
            Phase::Fresh | Phase::Ongoing(_) | Phase::Done(_) => Err(ErrorCode::InvalidTxnState),
        }
    }

    /// Aborts what has run out of time; its producers are replaced by nobody.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Ended> {
        let is_due = |transaction: &Transaction| transaction.deadline().is_some_and(|at| at <= now);
        let due = self.by_id.values_mut().filter(|transaction| is_due(transaction));
        due.filter_map(Transaction::fence).collect()
    }

    /// When the next open transaction runs out of time.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.by_id.values().filter_map(Transaction::deadline).min()
    }

    /// The transaction, if `by` is the newest producer of its id.
    ///
    /// # Errors
    /// `InvalidProducerIdMapping` for an unknown id or another producer, `InvalidProducerEpoch`
    /// for one that was replaced.
    fn check(&mut self, id: &str, by: Identity) -> Result<&mut Transaction, ErrorCode> {
        let found = self.by_id.get_mut(id).ok_or(ErrorCode::InvalidProducerIdMapping)?;
        if found.identity.producer_id != by.producer_id {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        if found.identity.epoch != by.epoch {
            return Err(ErrorCode::InvalidProducerEpoch);
        }
        Ok(found)
    }

    fn touch(&mut self, id: &str, by: Identity, now: Instant) -> Result<&mut Touched, ErrorCode> {
        let transaction = self.check(id, by)?;
        if !matches!(transaction.phase, Phase::Ongoing(_)) {
            let deadline = now + transaction.timeout;
            let (partitions, groups) = Default::default();
            transaction.phase = Phase::Ongoing(Touched { deadline, partitions, groups });
        }
        match &mut transaction.phase {
            Phase::Ongoing(touched) => Ok(touched),
            Phase::Fresh | Phase::Done(_) => Err(ErrorCode::InvalidTxnState),
        }
    }
}

impl Transaction {
    fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Ongoing(touched) => Some(touched.deadline),
            Phase::Fresh | Phase::Done(_) => None,
        }
    }

    /// Aborts an open transaction under a new epoch, so that its producer can write no more.
    fn fence(&mut self) -> Option<Ended> {
        if !matches!(self.phase, Phase::Ongoing(_)) {
            return None;
        }
        self.identity.epoch += 1;
        self.finish(self.identity, Outcome::Abort)
    }

    fn finish(&mut self, by: Identity, outcome: Outcome) -> Option<Ended> {
        match std::mem::replace(&mut self.phase, Phase::Done(outcome)) {
            Phase::Ongoing(Touched { partitions, groups, .. }) => {
                Some(Ended { by, outcome, partitions, groups })
            }
            Phase::Fresh | Phase::Done(_) => None,
        }
    }
}
