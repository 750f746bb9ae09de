//! A thread's membership in the consumer group: polled often enough, also during long waits.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;

use super::clients::Consumer;
use super::errors;
use super::events::Rebalance;
use super::handle::ThreadHandle;
use super::time::now;
use crate::error::{StreamsError, StreamsErrorKind};

/// Events served in one go; the next round goes on.
const EVENTS_MAX: usize = 1_000;

/// How long a new topic may be unknown to some brokers.
const PROPAGATION: Duration = Duration::from_secs(3);

/// The main consumer and what it has complained about.
pub(super) struct Member {
    pub(super) consumer: Arc<Consumer>,
    group: String,
    handle: Arc<ThreadHandle>,
    failure: RefCell<Option<StreamsError>>,
    /// Since when a source topic seems to be missing.
    missing_since: Cell<Option<Instant>>,
}

impl Member {
    pub(super) fn new(consumer: Arc<Consumer>, group: &str, handle: Arc<ThreadHandle>) -> Self {
        Self {
            consumer,
            group: group.to_owned(),
            handle,
            failure: RefCell::new(None),
            missing_since: Cell::new(None),
        }
    }

    /// Serves the group protocol; records never come this way.
    pub(super) fn poll(&self) {
        let events = self.consumer.client().context();
        for _ in 0..EVENTS_MAX {
            let served = events.served();
            // takes one event, and does not tell whether there was one
            match self.consumer.poll(Duration::ZERO) {
                None if events.served() == served => return,
                None => {}
                Some(Ok(message)) => self.fail(misplaced(&message)),
                Some(Err(error)) if errors::is_missing_topic(&error) => {
                    self.missing_since.set(self.missing_since.get().or(Some(now())));
                }
                Some(Err(error)) => match errors::of_consumer(&error, &self.group) {
                    Some(known) => self.fail(known),
                    None => tracing::warn!("consumer: {error}"),
                },
            }
        }
    }

    /// True when the client has waited long enough for the thread's last commit.
    pub(super) fn out_of_patience(&self) -> bool {
        self.handle.out_of_patience()
    }

    fn fail(&self, error: StreamsError) {
        self.failure.borrow_mut().get_or_insert(error);
    }

    /// The first error after which the thread cannot go on.
    pub(super) fn check(&self) -> Result<(), StreamsError> {
        self.failure.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// True once, some time after a source topic seemed to be missing: a new topic is not known to
    /// every broker at once.
    pub(super) fn suspects_missing_topic(&self) -> bool {
        let suspects = self.missing_since.get().is_some_and(|since| since.elapsed() > PROPAGATION);
        if suspects {
            self.missing_since.set(None);
        }
        suspects
    }

    /// The next step of the group protocol.
    pub(super) fn next_rebalance(&self) -> Option<Rebalance> {
        self.consumer.client().context().next_rebalance()
    }
}

/// A record outside of its partition's queue: the partition was assigned without a reader.
fn misplaced(message: &rdkafka::message::BorrowedMessage<'_>) -> StreamsError {
    use rdkafka::message::Message as _;
    StreamsError::new(
        StreamsErrorKind::Broker,
        format!(
            "a record of {}-{} at offset {} came without a reader; this is a bug, the record is \
             read again after a restart",
            message.topic(),
            message.partition(),
            message.offset()
        ),
    )
}
