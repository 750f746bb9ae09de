//! What all threads of one broker share.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kafka_protocol::ResponseError as ErrorCode;

use crate::clock;
use crate::fault::Faults;
use crate::groups::Coordinator;
use crate::topics::Topics;
use crate::transactions::{Ended, Transactions};

/// The id of the only node.
pub(crate) const NODE_ID: i32 = 1;
/// The name of the cluster.
pub(crate) const CLUSTER_ID: &str = "streams-test-broker";
/// The address that clients are told.
pub(crate) const HOST: &str = "127.0.0.1";

/// What the builder has set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) auto_create_topics: bool,
    pub(crate) default_partitions: i32,
    pub(crate) session_timeout_min: Duration,
    pub(crate) request_bytes_max: usize,
}

/// State of the broker.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) port: u16,
    pub(crate) coordinator: Coordinator,
    pub(crate) faults: Faults,
    topics: Mutex<Topics>,
    transactions: Mutex<Transactions>,
    /// Told when a transaction may have begun, and when the broker stops.
    begun: Condvar,
    /// Told at every append, and when the broker stops.
    appended: Condvar,
    last_producer_id: AtomicI64,
    is_stopped: AtomicBool,
}

impl Shared {
    pub(crate) fn new(settings: Settings, port: u16) -> Self {
        Self {
            settings,
            port,
            coordinator: Coordinator::default(),
            faults: Faults::default(),
            topics: Mutex::default(),
            transactions: Mutex::default(),
            begun: Condvar::new(),
            appended: Condvar::new(),
            last_producer_id: AtomicI64::new(0),
            is_stopped: AtomicBool::new(false),
        }
    }

    /// Locks all topics. The lock is held for memory copies at most, never for I/O.
    pub(crate) fn topics(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks all transactions. The order of locks is transactions, topics, groups.
    pub(crate) fn transactions(&self) -> MutexGuard<'_, Transactions> {
        self.transactions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the timer see the deadline of a transaction that has begun.
    pub(crate) fn notify_transactions(&self) {
        self.begun.notify_all();
    }

    /// Writes the markers of a transaction that has ended, and applies or drops its offsets. The
    /// caller holds the lock of the transactions.
    pub(crate) fn apply(&self, ended: &Ended) {
        let now_ms = clock::wall_ms();
        let mut topics = self.topics();
        for (topic, partition) in &ended.partitions {
            // A topic that was deleted meanwhile needs no marker.
            let log = topics.get_mut(topic).and_then(|topic| topic.log_mut(*partition));
            let _ = log.and_then(|log| log.end_transaction(ended.by, ended.outcome, now_ms));
        }
        let mut groups = self.coordinator.lock();
        for id in &ended.groups {
            groups.get_or_create(id).end_transaction(ended.by.producer_id, ended.outcome);
        }
        drop((groups, topics));
        self.notify_appended();
    }

    /// Aborts transactions that run out of time until the broker stops.
    pub(crate) fn run_transaction_timers(&self) {
        const IDLE: Duration = Duration::from_secs(3600);
        let mut transactions = self.transactions();
        while !self.is_stopped() {
            for ended in transactions.expire(clock::now()) {
                self.apply(&ended);
            }
            let next = transactions.next_deadline();
            let wait = next.map_or(IDLE, |at| at.saturating_duration_since(clock::now()));
            let woken = self.begun.wait_timeout(transactions, wait);
            transactions = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Wakes the fetches that wait for records.
    pub(crate) fn notify_appended(&self) {
        self.appended.notify_all();
    }

    /// Waits for an append; false when the deadline has passed or the broker stops.
    pub(crate) fn await_append<'a>(
        &self,
        topics: MutexGuard<'a, Topics>,
        deadline: Instant,
    ) -> (MutexGuard<'a, Topics>, bool) {
        let left = deadline.saturating_duration_since(clock::now());
        if left.is_zero() || self.is_stopped() {
            return (topics, false);
        }
        let woken = self.appended.wait_timeout(topics, left);
        (woken.unwrap_or_else(PoisonError::into_inner).0, true)
    }

    /// Sleeps, unless the broker stops.
    pub(crate) fn sleep(&self, time: Duration) {
        let deadline = clock::now() + time;
        let mut topics = self.topics();
        loop {
            let (again, goes_on) = self.await_append(topics, deadline);
            if !goes_on {
                return;
            }
            topics = again;
        }
    }

    /// Deletes a topic together with what groups have committed for it.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition`.
    pub(crate) fn delete_topic(&self, name: &str) -> Result<(), ErrorCode> {
        let mut topics = self.topics();
        topics.delete(name)?;
        for group in self.coordinator.lock().by_id.values_mut() {
            group.forget_topic(name);
        }
        drop(topics);
        // A fetch that waits for this topic has an error to tell.
        self.notify_appended();
        Ok(())
    }

    /// A producer id that nobody has.
    pub(crate) fn new_producer_id(&self) -> i64 {
        self.last_producer_id.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }

    /// Lets every waiting thread return. Setting the flag under the locks loses no wake-up.
    pub(crate) fn stop(&self) {
        let locked = (self.transactions(), self.topics());
        self.is_stopped.store(true, Ordering::SeqCst);
        drop(locked);
        self.appended.notify_all();
        self.begun.notify_all();
        self.coordinator.stop();
    }
}
