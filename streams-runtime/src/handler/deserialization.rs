//! What happens to an input record whose bytes do not decode.

use super::{ErrorHandlerContext, Failure, HandlerResponse};

/// Decides about an input record whose key or value does not decode.
///
/// Called on the thread of the task, once per record. Config: `deserialization.exception.handler`.
///
/// ```
/// use streams_runtime::handler::*;
///
/// struct SkipFirst100;
/// impl DeserializationExceptionHandler for SkipFirst100 {
///     fn handle(&self, context: &ErrorHandlerContext<'_>, _: Failure<'_>) -> HandlerResponse {
///         if context.offset < 100 { HandlerResponse::resume() } else { HandlerResponse::fail() }
///     }
/// }
/// ```
pub trait DeserializationExceptionHandler: Send + Sync + 'static {
    /// Decides: drop the record and go on, or stop.
    fn handle(&self, context: &ErrorHandlerContext<'_>, failure: Failure<'_>) -> HandlerResponse;
}

/// Logs the record's place and goes on without it; writes it to the dead-letter topic if one is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogAndContinueExceptionHandler;

impl DeserializationExceptionHandler for LogAndContinueExceptionHandler {
    fn handle(&self, context: &ErrorHandlerContext<'_>, failure: Failure<'_>) -> HandlerResponse {
        tracing::warn!(
            task = %context.task_id, topic = context.topic, partition = context.partition,
            offset = context.offset, operator = context.processor_node_id,
            "skipping a record that does not decode: {failure}"
        );
        HandlerResponse::resume().with_dead_letters(context.dead_letter(failure))
    }
}

/// Logs the record's place and stops the task; the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogAndFailExceptionHandler;

impl DeserializationExceptionHandler for LogAndFailExceptionHandler {
    fn handle(&self, context: &ErrorHandlerContext<'_>, failure: Failure<'_>) -> HandlerResponse {
        tracing::error!(
            task = %context.task_id, topic = context.topic, partition = context.partition,
            offset = context.offset, operator = context.processor_node_id,
            "stopping at a record that does not decode: {failure}"
        );
        HandlerResponse::fail().with_dead_letters(context.dead_letter(failure))
    }
}
