//! What librdkafka tells between two polls, kept as values until the stream thread asks.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

use crate::record::TopicPartition;

/// A step of the group protocol, answered by the stream thread after the poll that brought it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Rebalance {
    /// These partitions are ours: assign them, then start their tasks.
    Assigned(Vec<TopicPartition>),
    /// All partitions are to be given back: commit and close, then unassign.
    Revoked,
    /// All partitions belong to somebody else already: close without a commit, then unassign.
    Lost,
    /// The group protocol failed; the consumer tries again after an unassign.
    Failed(RDKafkaErrorCode),
}

/// The context of a consumer: queues the rebalances, keeps the last error.
#[derive(Debug, Default)]
pub(super) struct ConsumerEvents {
    rebalances: Mutex<VecDeque<Rebalance>>,
    closing: AtomicBool,
    last_error: LastError,
    served: AtomicU64,
}

/// The last error that a client reported, for messages about brokers that do not answer.
#[derive(Clone, Debug, Default)]
pub(super) struct LastError(Arc<Mutex<Option<String>>>);

impl LastError {
    fn set(&self, text: &str) {
        *lock(&self.0) = Some(text.to_owned());
    }

    /// The text of the last error.
    pub(super) fn get(&self) -> Option<String> {
        lock(&self.0).clone()
    }
}

/// A mutex whose holder never panics while it holds it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ConsumerEvents {
    /// The oldest rebalance step that is not answered.
    pub(super) fn next_rebalance(&self) -> Option<Rebalance> {
        lock(&self.rebalances).pop_front()
    }

    /// From now on the consumer closes: revocations are answered at once.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// What the client last complained about.
    pub(super) fn last_error(&self) -> Option<String> {
        self.last_error.get()
    }

    /// How many events polls have served so far.
    pub(super) fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.served.fetch_add(1, Ordering::Relaxed);
    }

    fn push(&self, rebalance: Rebalance) {
        lock(&self.rebalances).push_back(rebalance);
    }
}

impl ClientContext for ConsumerEvents {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.count();
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.count();
        report(&self.last_error, &error, reason);
    }
}

impl ConsumerContext for ConsumerEvents {
    /// Only notes the step; the stream thread answers it with assign or unassign, so that it can
    /// commit first. That is allowed, as the answer is not bound to this callback.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        code: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        self.count();
        if self.closing.load(Ordering::Acquire) {
            let _answered = consumer.unassign();
            return;
        }
        self.push(match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Rebalance::Assigned(
                partitions
                    .elements()
                    .iter()
                    .map(|element| TopicPartition::new(element.topic(), element.partition()))
                    .collect(),
            ),
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS if consumer.assignment_lost() => {
                Rebalance::Lost
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS => Rebalance::Revoked,
            other => Rebalance::Failed(other.into()),
        });
    }
}

/// A record that the broker did not take.
#[derive(Clone, Debug)]
pub(super) struct FailedDelivery {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) code: Option<RDKafkaErrorCode>,
    pub(super) reason: String,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) timestamp: Option<i64>,
}

/// The context of a producer: keeps what failed.
#[derive(Debug, Default)]
pub(super) struct ProducerEvents {
    failed: Mutex<Vec<FailedDelivery>>,
    any_failed: AtomicBool,
    last_error: LastError,
}

/// More failed records than this are not kept one by one.
const FAILURES_MAX: usize = 100;

impl ProducerEvents {
    /// The deliveries that failed since the last call; costs one load when there is none.
    #[inline]
    pub(super) fn take_failed(&self) -> Vec<FailedDelivery> {
        if !self.any_failed.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut failed = lock(&self.failed);
        self.any_failed.store(false, Ordering::Release);
        std::mem::take(&mut *failed)
    }

    /// What the client last complained about.
    pub(super) fn last_error(&self) -> Option<String> {
        self.last_error.get()
    }
}

impl ClientContext for ProducerEvents {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        report(&self.last_error, &error, reason);
    }
}

impl ProducerContext for ProducerEvents {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let Err((error, message)) = result else { return };
        let mut failed = lock(&self.failed);
        if failed.len() < FAILURES_MAX {
            failed.push(FailedDelivery {
                topic: message.topic().to_owned(),
                partition: message.partition(),
                code: error.rdkafka_error_code(),
                reason: error.to_string(),
                key: message.key().map(<[u8]>::to_vec),
                value: message.payload().map(<[u8]>::to_vec),
                timestamp: message.timestamp().to_millis(),
            });
        }
        self.any_failed.store(true, Ordering::Release);
    }
}

/// The context of the admin client.
#[derive(Clone, Debug, Default)]
pub(super) struct AdminEvents {
    last_error: LastError,
}

impl ClientContext for AdminEvents {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        report(&self.last_error, &error, reason);
    }
}

fn report(last: &LastError, error: &KafkaError, reason: &str) {
    let reason = if reason.is_empty() { error.to_string() } else { reason.to_owned() };
    tracing::warn!(target: "streams_runtime::kafka", "{reason}");
    // the reason of one broker says more than that all are down
    let vague = error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown);
    if !vague || last.get().is_none() {
        last.set(&reason);
    }
}

fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            tracing::error!(target: "librdkafka", "{facility}: {message}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", "{facility}: {message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
            tracing::info!(target: "librdkafka", "{facility}: {message}");
        }
        RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", "{facility}: {message}"),
    }
}
