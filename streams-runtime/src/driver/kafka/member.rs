//! A thread's membership in the consumer group: polled often enough, also during long waits.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;

use super::clients::Consumer;
use super::errors;
use super::events::Rebalance;
use crate::error::{StreamsError, StreamsErrorKind};

/// Events served in one go; the next round goes on.
const EVENTS_MAX: usize = 1_000;

/// The main consumer and what it has complained about.
pub(super) struct Member {
    pub(super) consumer: Arc<Consumer>,
    group: String,
    failure: RefCell<Option<StreamsError>>,
}

impl Member {
    pub(super) fn new(consumer: Arc<Consumer>, group: &str) -> Self {
        Self { consumer, group: group.to_owned(), failure: RefCell::new(None) }
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
                Some(Err(error)) => match errors::of_consumer(&error, &self.group) {
                    Some(known) => self.fail(known),
                    None => tracing::warn!("consumer: {error}"),
                },
            }
        }
    }

    fn fail(&self, error: StreamsError) {
        self.failure.borrow_mut().get_or_insert(error);
    }

    /// The first error after which the thread cannot go on.
    pub(super) fn check(&self) -> Result<(), StreamsError> {
        self.failure.borrow_mut().take().map_or(Ok(()), Err)
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
            "a record of {}-{} at offset {} came without a reader; this is a bug, the record is read again \
             after a restart",
            message.topic(),
            message.partition(),
            message.offset()
        ),
    )
}
