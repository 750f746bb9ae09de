//! What happens to a record for which a user function returned an error.

use super::{ErrorHandlerContext, Failure, HandlerResponse};

/// Decides about a record for which the function of a `try_` operator returned an error.
///
/// Called at the failing operator, once per failure. Config: `processing.exception.handler`.
pub trait ProcessingExceptionHandler: Send + Sync + 'static {
    /// Decides: drop the record at this operator and go on, or stop.
    fn handle(&self, context: &ErrorHandlerContext<'_>, failure: Failure<'_>) -> HandlerResponse;
}

/// Logs the failure and goes on without the record; writes the input record to the dead-letter topic
/// if one is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogAndContinueProcessingExceptionHandler;

impl ProcessingExceptionHandler for LogAndContinueProcessingExceptionHandler {
    fn handle(&self, context: &ErrorHandlerContext<'_>, failure: Failure<'_>) -> HandlerResponse {
        tracing::warn!(
            task = %context.task_id, topic = context.topic, partition = context.partition,
            offset = context.offset, operator = context.processor_node_id,
            "dropping a record that an operator failed on: {failure}"
        );
        HandlerResponse::resume().with_dead_letters(context.dead_letter(failure))
    }
}

/// Logs the failure and stops the task; the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogAndFailProcessingExceptionHandler;

impl ProcessingExceptionHandler for LogAndFailProcessingExceptionHandler {
    fn handle(&self, context: &ErrorHandlerContext<'_>, failure: Failure<'_>) -> HandlerResponse {
        tracing::error!(
            task = %context.task_id, topic = context.topic, partition = context.partition,
            offset = context.offset, operator = context.processor_node_id,
            "stopping at a record that an operator failed on: {failure}"
        );
        HandlerResponse::fail().with_dead_letters(context.dead_letter(failure))
    }
}
