//! Questions to the broker are asked again for a while.

use std::time::Duration;

use rdkafka::error::KafkaError;

use super::errors;
use super::handle::ThreadHandle;
use super::interrupt::Interrupt;
use super::time::now;
use crate::error::{StreamsError, StreamsErrorKind};

const PAUSE: Duration = Duration::from_millis(100);

/// Asks until there is an answer, an error that will stay, `patience` is over, or the thread is to stop.
///
/// `meanwhile` is called between two attempts.
pub(super) fn retry<T>(
    what: &str,
    handle: &ThreadHandle,
    patience: Duration,
    meanwhile: impl Fn(),
    ask: impl Fn() -> Result<T, KafkaError>,
) -> Result<T, Interrupt> {
    let start = now();
    loop {
        let error = match ask() {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let code = error.rdkafka_error_code();
        if code.is_some_and(errors::is_migrated) {
            return Err(Interrupt::Migrated(error.to_string()));
        }
        let retriable = code.is_some_and(errors::is_retriable);
        if !retriable || start.elapsed() > patience || handle.stopping() {
            return Err(Interrupt::Fail(unanswered(what, error)));
        }
        tracing::warn!("the broker does not {what} ({error}), trying again");
        meanwhile();
        std::thread::sleep(PAUSE);
    }
}

fn unanswered(what: &str, error: KafkaError) -> StreamsError {
    let code = error.rdkafka_error_code();
    if let Some(code) = code.filter(|code| errors::is_denied(*code)) {
        let mend = "give the principal READ and DESCRIBE on the group, the source topics and the \
                    internal topics";
        return errors::denied(&format!("ask the broker to {what}"), mend, code);
    }
    let message = format!("the broker does not {what}");
    StreamsError::new(StreamsErrorKind::Broker, message).caused_by(error)
}
