//! The record that failed, as the dead-letter topic gets it (KIP-1034).

use super::{ErrorHandlerContext, Failure, chain_of};
use crate::record::Headers;

/// Names of the headers that the built-in handlers add; values are text.
pub mod headers {
    /// The type of the error.
    pub const EXCEPTION: &str = "__streams.errors.exception";
    /// The error's message.
    pub const MESSAGE: &str = "__streams.errors.message";
    /// The error with everything that caused it.
    pub const STACKTRACE: &str = "__streams.errors.stacktrace";
    /// The topic of the input record.
    pub const TOPIC: &str = "__streams.errors.topic";
    /// The partition of the input record.
    pub const PARTITION: &str = "__streams.errors.partition";
    /// The offset of the input record.
    pub const OFFSET: &str = "__streams.errors.offset";
}

/// A record for a dead-letter topic, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetterRecord {
    /// The dead-letter topic.
    pub topic: String,
    /// The key's bytes.
    pub key: Option<Vec<u8>>,
    /// The value's bytes.
    pub value: Option<Vec<u8>>,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// Headers in order.
    pub headers: Headers,
}

impl ErrorHandlerContext<'_> {
    /// The failed record for the configured dead-letter topic, or `None` when none is configured.
    ///
    /// Key, value and time are those of the input record; its headers are kept and followed by the
    /// six of [`headers`]. Unlike Java's, the record keeps its key and value when an operator before
    /// has already produced a result.
    pub fn dead_letter(&self, failure: Failure<'_>) -> Option<DeadLetterRecord> {
        let topic = self.dead_letter_topic?;
        let mut headers = self.headers.clone();
        let mut push = |name: &str, text: String| headers.push(name, Some(text.into_bytes()));
        push(headers::EXCEPTION, failure.type_name.to_owned());
        push(headers::MESSAGE, failure.error.to_string());
        push(headers::STACKTRACE, chain_of(failure.error));
        push(headers::TOPIC, self.topic.to_owned());
        push(headers::PARTITION, self.partition.to_string());
        push(headers::OFFSET, self.offset.to_string());
        Some(DeadLetterRecord {
            topic: topic.to_owned(),
            key: self.source_raw_key.map(<[u8]>::to_vec),
            value: self.source_raw_value.map(<[u8]>::to_vec),
            timestamp: self.timestamp,
            headers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serdes::SerdeError;
    use crate::topology::TaskId;

    fn context<'a>(headers: &'a Headers, topic: Option<&'a str>) -> ErrorHandlerContext<'a> {
        ErrorHandlerContext {
            topic: "in",
            partition: 0,
            offset: 7,
            timestamp: 12,
            headers,
            processor_node_id: "KSTREAM-SOURCE-0000000000",
            task_id: TaskId { sub_topology: 0, partition: 0 },
            source_raw_key: Some(b"k"),
            source_raw_value: None,
            dead_letter_topic: topic,
        }
    }

    #[test]
    fn the_record_keeps_its_bytes_and_gains_six_headers() {
        let mut own = Headers::default();
        own.push("mine", Some(b"1".to_vec()));
        let error = SerdeError::new("boom");
        let failure = Failure { type_name: "SerdeError", error: &error };
        let record = context(&own, Some("dlq")).dead_letter(failure).expect("a topic is set");
        assert_eq!((record.topic.as_str(), record.timestamp), ("dlq", 12));
        assert_eq!((record.key.as_deref(), record.value.as_deref()), (Some(&b"k"[..]), None));
        let text = |header: &crate::record::Header| {
            (header.key.clone(), String::from_utf8(header.value.clone().unwrap()).unwrap())
        };
        let all: Vec<_> = record.headers.iter().map(text).collect();
        assert_eq!(all[0], ("mine".into(), "1".into()));
        assert_eq!(all[1], (headers::EXCEPTION.into(), "SerdeError".into()));
        assert_eq!(all[2].1, "boom");
        assert_eq!(all[6], (headers::OFFSET.into(), "7".into()));
    }

    #[test]
    fn without_a_topic_there_is_no_record() {
        let error = SerdeError::new("boom");
        let failure = Failure { type_name: "SerdeError", error: &error };
        assert_eq!(context(&Headers::default(), None).dead_letter(failure), None);
    }
}
