//! What happens to a failure: the exception handlers decide, the context acts.

use std::sync::Arc;

use super::Context;
use crate::error::{Stop, StreamsError, StreamsErrorKind, UserError};
use crate::handler::{
    DeadLetterRecord, ErrorHandlerContext, Failure, HandlerResult, SerializationOrigin, failure,
};
use crate::outbox::Destination;
use crate::record::{Headers, RawRecord, Record};
use crate::serdes::SerdeError;
use crate::time::Timestamp;
use crate::topology::NodeId;

impl Context {
    /// Gives the error of a user's function to the processing exception handler.
    ///
    /// # Errors
    /// When the handler says fail. Otherwise the record is dropped, counted and logged.
    #[cold]
    pub fn processing_failed<E: Into<UserError>>(
        &mut self,
        node: NodeId,
        timestamp: Timestamp,
        headers: &Headers,
        error: E,
    ) -> Result<(), Stop> {
        self.record.timestamp = timestamp;
        self.record.headers = headers.clone();
        self.failed(node, std::any::type_name::<E>(), error.into())
    }

    /// Gives an error at a node to the processing exception handler.
    #[cold]
    pub(crate) fn failed(
        &mut self,
        node: NodeId,
        type_name: &str,
        error: UserError,
    ) -> Result<(), Stop> {
        let facts = Arc::clone(&self.facts);
        let response =
            facts.handlers.processing.handle(&self.error_context(node), failure(type_name, &error));
        self.send_dead_letters(response.dead_letters());
        if response.result() == HandlerResult::Resume {
            self.dropped += 1;
            return Ok(());
        }
        let message = format!(
            "task {}: operator `{}` failed at {}; mend the function, or set \
             processing.exception.handler to LogAndContinueProcessingExceptionHandler to go on \
             without such records",
            facts.task_id,
            self.nodes[node.index()].name,
            self.record
        );
        Err(Box::new(StreamsError::new(StreamsErrorKind::Processing, message).caused_by(error)))
    }

    /// Gives bytes that do not decode to the deserialization exception handler.
    ///
    /// # Errors
    /// When the handler says fail.
    #[cold]
    pub(crate) fn deserialization_failed(
        &mut self,
        node: NodeId,
        raw: &RawRecord<'_>,
        part: SerializationOrigin,
        error: &SerdeError,
    ) -> Result<(), Stop> {
        let facts = Arc::clone(&self.facts);
        let context = ErrorHandlerContext {
            topic: raw.topic,
            partition: raw.partition,
            offset: raw.offset,
            timestamp: raw.timestamp,
            headers: raw.headers,
            processor_node_id: &self.nodes[node.index()].name,
            task_id: facts.task_id,
            source_raw_key: raw.key,
            source_raw_value: raw.value,
            dead_letter_topic: facts.handlers.dead_letter_topic.as_deref(),
        };
        let failure = Failure { type_name: std::any::type_name::<SerdeError>(), error };
        let response = facts.handlers.deserialization.handle(&context, failure);
        self.send_dead_letters(response.dead_letters());
        if response.result() == HandlerResult::Resume {
            self.dropped += 1;
            return Ok(());
        }
        let message = format!(
            "task {}: the {part} of the record at topic={} partition={} offset={} does not decode; \
             give the source the serde that the topic was written with, or set \
             deserialization.exception.handler to LogAndContinueExceptionHandler to skip such records",
            facts.task_id, raw.topic, raw.partition, raw.offset
        );
        let stop = StreamsError::new(StreamsErrorKind::Deserialization, message);
        Err(Box::new(stop.caused_by(error.clone())))
    }

    #[cold]
    pub(super) fn serialization_failed<K, X>(
        &mut self,
        node: NodeId,
        record: &Record<K, X>,
        topic: &str,
        origin: SerializationOrigin,
        error: SerdeError,
    ) -> Result<(), Stop> {
        self.at(record);
        let facts = Arc::clone(&self.facts);
        let type_name = std::any::type_name::<SerdeError>();
        let failure = Failure { type_name, error: &error };
        let context = self.error_context(node);
        let response =
            facts.handlers.production.handle_serialization(&context, topic, origin, failure);
        self.send_dead_letters(response.dead_letters());
        if response.result() == HandlerResult::Resume {
            let reason = format!("its {origin} does not encode for topic `{topic}`: {error}");
            self.drop_record(node, &reason);
            return Ok(());
        }
        let message = format!(
            "the {origin} of a result for topic `{topic}` does not encode; give the sink a serde \
             that fits its type (`Produced`)"
        );
        let error = StreamsError::new(StreamsErrorKind::Serialization, message).caused_by(error);
        self.failed(node, type_name, Box::new(error))
    }

    fn error_context(&self, node: NodeId) -> ErrorHandlerContext<'_> {
        let (raw, ix) = (self.raw.batch.as_ref(), self.raw.ix);
        ErrorHandlerContext {
            topic: &self.record.topic,
            partition: self.record.partition,
            offset: self.record.offset,
            timestamp: self.record.timestamp.as_millis(),
            headers: &self.record.headers,
            processor_node_id: &self.nodes[node.index()].name,
            task_id: self.facts.task_id,
            source_raw_key: raw.and_then(|batch| batch.key(ix)),
            source_raw_value: raw.and_then(|batch| batch.value(ix)),
            dead_letter_topic: self.facts.handlers.dead_letter_topic.as_deref(),
        }
    }

    fn send_dead_letters(&mut self, records: &[DeadLetterRecord]) {
        for record in records {
            let to = Destination {
                topic: self.outbox.topic(&record.topic),
                partition: None,
                timestamp: Some(record.timestamp),
                headers: &record.headers,
            };
            self.outbox.push_bytes(to, record.key.as_deref(), record.value.as_deref());
        }
    }
}
