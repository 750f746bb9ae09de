//! Exactly-once (`exactly_once_v2`, KIP-447): one transaction of a thread holds the results, the
//! changelog records and the positions of all its tasks between two commits.
//!
//! The group's generation travels with the positions, so a thread that lost its partitions cannot
//! commit. The transactional id is the thread's own and lives as long as the process; what a crashed
//! process left open is ended by the broker after `transaction.timeout.ms`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaError;
use rdkafka::producer::{Producer as _, PurgeConfig};
use rdkafka::topic_partition_list::TopicPartitionList;

use super::clients::Producer;
use super::errors;
use super::interrupt::Interrupt;
use super::member::Member;
use super::time::now;

/// One step of a wait; between two of them other duties are served.
const STEP: Duration = Duration::from_millis(500);
/// How long an abort may take; after that the broker's own timeout ends the transaction.
const ABORT_MAX: Duration = Duration::from_secs(5);

/// What stands behind the results of a thread.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Nothing was written since the last commit.
    Idle,
    /// There are results that nobody may see yet.
    Open,
    /// The producer is of no use any more; a new one takes over its id and ends what it began.
    Broken,
}

/// The transactions of one producer.
pub(super) struct Transactions {
    producer: Arc<Producer>,
    state: State,
    /// `transaction.timeout.ms`: after it the broker has ended what was not committed.
    timeout: Duration,
}

impl Transactions {
    /// Claims the producer's transactional id and waits for the end of what it had begun before.
    ///
    /// `stop` is asked between two attempts.
    pub(super) fn claim(
        producer: Arc<Producer>,
        timeout: Duration,
        deadline: Instant,
        stop: impl Fn() -> bool,
    ) -> Result<Self, Interrupt> {
        let mut this = Self { producer, state: State::Idle, timeout };
        this.until_done("claim its transactional id", deadline, stop, |producer| {
            producer.init_transactions(STEP)
        })?;
        Ok(this)
    }

    /// True when a new producer is needed.
    pub(super) fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Makes sure that what is written next belongs to a transaction.
    #[inline]
    pub(super) fn begin(&mut self) -> Result<(), Interrupt> {
        match self.state {
            State::Open => Ok(()),
            State::Idle | State::Broken => self.begin_new(),
        }
    }

    #[cold]
    fn begin_new(&mut self) -> Result<(), Interrupt> {
        if let Err(error) = self.producer.begin_transaction() {
            return Err(self.failed("begin a transaction", &error));
        }
        self.state = State::Open;
        Ok(())
    }

    /// Adds the positions and commits; all results must have arrived.
    ///
    /// When the outcome stays unknown, the next producer's claim settles it before positions and
    /// changelogs are read again.
    pub(super) fn commit(
        &mut self,
        positions: &TopicPartitionList,
        group: &ConsumerGroupMetadata,
        deadline: Instant,
        member: &Member,
    ) -> Result<(), Interrupt> {
        self.begin()?;
        // trying longer than the transaction lives is of no use
        let deadline = deadline.min(now() + self.timeout);
        let stop = || {
            member.poll();
            member.out_of_patience()
        };
        self.until_done("add the positions to the transaction", deadline, stop, |producer| {
            producer.send_offsets_to_transaction(positions, group, STEP)
        })?;
        self.until_done("commit the transaction", deadline, stop, |producer| {
            producer.commit_transaction(STEP)
        })?;
        self.state = State::Idle;
        Ok(())
    }

    /// Takes back everything since the last commit.
    pub(super) fn abort(&mut self) {
        if self.state != State::Open {
            return;
        }
        // records that wait would keep the abort waiting
        self.producer.purge(PurgeConfig::default().queue().inflight());
        self.producer.poll(Duration::ZERO);
        let deadline = now() + ABORT_MAX;
        let aborted = self.until_done(
            "abort the transaction",
            deadline,
            || false,
            |producer| {
                producer.poll(Duration::ZERO);
                producer.abort_transaction(STEP)
            },
        );
        // the purged records were reported as failures, which they are not
        self.producer.poll(Duration::ZERO);
        self.producer.context().take_failed();
        self.state = match aborted {
            Ok(()) => State::Idle,
            Err(_) => State::Broken,
        };
    }

    /// Notes that the producer failed for good.
    pub(super) fn give_up(&mut self) {
        self.state = State::Broken;
    }

    fn until_done(
        &mut self,
        what: &str,
        deadline: Instant,
        stop: impl Fn() -> bool,
        call: impl Fn(&Producer) -> Result<(), KafkaError>,
    ) -> Result<(), Interrupt> {
        loop {
            let Err(error) = call(&self.producer) else { return Ok(()) };
            let again = match &error {
                KafkaError::Transaction(known) => known.is_retriable(),
                // the flush before a commit ran out of its step
                other => other.rdkafka_error_code().is_some_and(errors::is_retriable),
            };
            if !again {
                return Err(self.failed(what, &error));
            }
            if stop() || now() >= deadline {
                // unknown outcome: only a new claim of the id can tell
                self.state = State::Broken;
                return Err(Interrupt::Restart(told(what, &error)));
            }
            tracing::debug!("{} (trying again)", told(what, &error));
        }
    }

    /// What a final error means for the thread.
    fn failed(&mut self, what: &str, error: &KafkaError) -> Interrupt {
        let KafkaError::Transaction(known) = error else {
            self.state = State::Broken;
            return Interrupt::Restart(told(what, error));
        };
        if known.is_fatal() || !known.txn_requires_abort() {
            self.state = State::Broken;
        }
        match known.code() {
            code if errors::is_denied(code) => {
                let mend = "give the principal WRITE and DESCRIBE on the transactional ids that \
                            begin with the application.id, and READ on the group";
                Interrupt::Fail(errors::denied(what, mend, code))
            }
            code if errors::is_migrated(code) => Interrupt::Migrated(told(what, error)),
            _ => Interrupt::Restart(told(what, error)),
        }
    }
}

fn told(what: &str, error: &KafkaError) -> String {
    let detail = match error {
        KafkaError::Transaction(known) => known.to_string(),
        other => other.to_string(),
    };
    format!("the producer could not {what}: {detail}")
}
