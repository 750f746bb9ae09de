//! What happens to a result that does not encode or that the broker does not accept.

use super::{ErrorHandlerContext, Failure, HandlerResponse};

/// Which half of a result does not encode.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SerializationOrigin {
    /// The key.
    Key,
    /// The value.
    Value,
}

impl std::fmt::Display for SerializationOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::Value => "value",
        })
    }
}

/// A result that could not be produced.
#[derive(Clone, Copy, Debug)]
pub struct ProductionFailure<'a> {
    /// The topic it was meant for.
    pub topic: &'a str,
    /// The key's bytes.
    pub key: Option<&'a [u8]>,
    /// The value's bytes.
    pub value: Option<&'a [u8]>,
    /// Its time in milliseconds since the epoch.
    pub timestamp: Option<i64>,
    /// True when another attempt may succeed (a time-out, no leader).
    pub retriable: bool,
}

/// Go on, stop, or try again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProductionResult {
    /// The result is dropped and counted.
    Resume,
    /// The task stops with an error.
    Fail,
    /// The task starts again from its last commit.
    Retry,
}

/// Decides about a result that does not encode or that the broker does not accept.
///
/// Config: `production.exception.handler`.
pub trait ProductionExceptionHandler: Send + Sync + 'static {
    /// Decides about a result that the broker did not accept, or that never reached it.
    fn handle(
        &self,
        context: &ErrorHandlerContext<'_>,
        record: &ProductionFailure<'_>,
        failure: Failure<'_>,
    ) -> ProductionResult;

    /// Decides about a result for `topic` that its serde cannot write. Fails unless overridden.
    fn handle_serialization(
        &self,
        context: &ErrorHandlerContext<'_>,
        topic: &str,
        origin: SerializationOrigin,
        failure: Failure<'_>,
    ) -> HandlerResponse {
        tracing::error!(
            task = %context.task_id, topic = context.topic, partition = context.partition,
            offset = context.offset, operator = context.processor_node_id,
            "stopping: the {origin} of a result for topic `{topic}` does not encode: {failure}"
        );
        HandlerResponse::fail().with_dead_letters(context.dead_letter(failure))
    }
}

/// Tries again what may succeed, and fails otherwise; the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultProductionExceptionHandler;

impl ProductionExceptionHandler for DefaultProductionExceptionHandler {
    fn handle(
        &self,
        _: &ErrorHandlerContext<'_>,
        record: &ProductionFailure<'_>,
        _: Failure<'_>,
    ) -> ProductionResult {
        if record.retriable { ProductionResult::Retry } else { ProductionResult::Fail }
    }
}
