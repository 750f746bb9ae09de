//! What happens when a record does not decode, a user function fails, or a result does not encode:
//! the exception handlers, what they are told, and the dead-letter queue.
//!
//! | what fails | handler | default |
//! |---|---|---|
//! | bytes of an input record do not decode | [`DeserializationExceptionHandler`] | [`LogAndFailExceptionHandler`] |
//! | a `try_` function returns an error | [`ProcessingExceptionHandler`] | [`LogAndFailProcessingExceptionHandler`] |
//! | a result does not encode or is not accepted | [`ProductionExceptionHandler`] | [`DefaultProductionExceptionHandler`] |
//!
//! When `errors.dead.letter.queue.topic.name` is set, the built-in handlers also write the input
//! record that failed to that topic (KIP-1034), see [`ErrorHandlerContext::dead_letter`].

mod dead_letter;
mod deserialization;
mod processing;
mod production;

use std::sync::Arc;

pub use dead_letter::{DeadLetterRecord, headers};
pub use deserialization::{
    DeserializationExceptionHandler, LogAndContinueExceptionHandler, LogAndFailExceptionHandler,
};
pub use processing::{
    LogAndContinueProcessingExceptionHandler, LogAndFailProcessingExceptionHandler,
    ProcessingExceptionHandler,
};
pub use production::{
    DefaultProductionExceptionHandler, ProductionExceptionHandler, ProductionFailure,
    ProductionResult, SerializationOrigin,
};

use crate::error::UserError;
use crate::record::Headers;
use crate::topology::TaskId;

/// What a handler is told about the record that failed.
///
/// Java: `org.apache.kafka.streams.errors.ErrorHandlerContext`.
#[derive(Clone, Copy, Debug)]
pub struct ErrorHandlerContext<'a> {
    /// The topic of the input record.
    pub topic: &'a str,
    /// The partition of the input record.
    pub partition: i32,
    /// The offset of the input record.
    pub offset: i64,
    /// The record's time in milliseconds since the epoch, as the broker or the operators before say.
    pub timestamp: i64,
    /// The record's headers.
    pub headers: &'a Headers,
    /// The name of the node that failed, as `Topology::describe` shows it.
    pub processor_node_id: &'a str,
    /// The task that failed.
    pub task_id: TaskId,
    /// The input record's key, where it is still known.
    pub source_raw_key: Option<&'a [u8]>,
    /// The input record's value, where it is still known.
    pub source_raw_value: Option<&'a [u8]>,
    /// The configured dead-letter topic.
    pub dead_letter_topic: Option<&'a str>,
}

/// What failed, with the name of its type.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// The Rust type of the error.
    pub type_name: &'a str,
    /// The error.
    pub error: &'a (dyn std::error::Error + Send + Sync + 'static),
}

impl std::fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self.error, f)
    }
}

/// Go on without the record, or stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandlerResult {
    /// The record is dropped and counted, and processing goes on with the next one.
    Resume,
    /// The task stops with an error.
    Fail,
}

/// A handler's decision, and the records it wants in a dead-letter topic.
///
/// ```
/// use streams_runtime::handler::{HandlerResponse, HandlerResult};
///
/// assert_eq!(HandlerResponse::resume().result(), HandlerResult::Resume);
/// assert!(HandlerResponse::fail().dead_letters().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HandlerResponse {
    result: HandlerResult,
    dead_letters: Vec<DeadLetterRecord>,
}

impl HandlerResponse {
    /// Drop the record and go on.
    pub fn resume() -> Self {
        Self { result: HandlerResult::Resume, dead_letters: Vec::new() }
    }

    /// Stop with an error.
    pub fn fail() -> Self {
        Self { result: HandlerResult::Fail, dead_letters: Vec::new() }
    }

    /// The same decision, and these records are produced before it takes effect.
    #[must_use]
    pub fn with_dead_letters(
        mut self,
        records: impl IntoIterator<Item = DeadLetterRecord>,
    ) -> Self {
        self.dead_letters.extend(records);
        self
    }

    /// The decision.
    pub fn result(&self) -> HandlerResult {
        self.result
    }

    /// The records for the dead-letter topic.
    pub fn dead_letters(&self) -> &[DeadLetterRecord] {
        &self.dead_letters
    }
}

/// The handlers of an application, shared by all of its tasks.
#[derive(Clone)]
pub struct ExceptionHandlers {
    /// `deserialization.exception.handler`
    pub deserialization: Arc<dyn DeserializationExceptionHandler>,
    /// `processing.exception.handler`
    pub processing: Arc<dyn ProcessingExceptionHandler>,
    /// `production.exception.handler`
    pub production: Arc<dyn ProductionExceptionHandler>,
    /// `errors.dead.letter.queue.topic.name`
    pub dead_letter_topic: Option<Arc<str>>,
}

impl Default for ExceptionHandlers {
    fn default() -> Self {
        Self {
            deserialization: Arc::new(LogAndFailExceptionHandler),
            processing: Arc::new(LogAndFailProcessingExceptionHandler),
            production: Arc::new(DefaultProductionExceptionHandler),
            dead_letter_topic: None,
        }
    }
}

impl std::fmt::Debug for ExceptionHandlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExceptionHandlers")
            .field("dead_letter_topic", &self.dead_letter_topic)
            .finish_non_exhaustive()
    }
}

/// An error and all that caused it, one line each.
pub(crate) fn chain_of(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str("\ncaused by: ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Borrows a user's error for a handler.
pub(crate) fn failure<'a>(type_name: &'a str, error: &'a UserError) -> Failure<'a> {
    Failure { type_name, error: error.as_ref() }
}
