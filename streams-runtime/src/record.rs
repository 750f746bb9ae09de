//! What travels: records, headers, and where a record came from.

mod batch;

use std::sync::Arc;

pub use batch::{RawRecord, RecordBatch, RecordMeta};

use crate::time::Timestamp;

/// One message inside the topology: key, value, event time and headers.
///
/// A null key or value is a type: `Option<K>`, `Option<V>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<K, V> {
    /// The key.
    pub key: K,
    /// The value.
    pub value: V,
    /// Event time.
    pub timestamp: Timestamp,
    /// Headers, in the order they were written.
    pub headers: Headers,
}

impl<K, V> Record<K, V> {
    /// A record without headers.
    pub fn new(key: K, value: V, timestamp: Timestamp) -> Self {
        Self { key, value, timestamp, headers: Headers::default() }
    }

    /// The same record with another key.
    #[inline]
    pub fn with_key<L>(self, key: L) -> Record<L, V> {
        Record { key, value: self.value, timestamp: self.timestamp, headers: self.headers }
    }

    /// The same record with another value.
    #[inline]
    pub fn with_value<W>(self, value: W) -> Record<K, W> {
        Record { key: self.key, value, timestamp: self.timestamp, headers: self.headers }
    }

    /// The same record at another time.
    #[must_use]
    pub fn with_timestamp(self, timestamp: Timestamp) -> Self {
        Self { timestamp, ..self }
    }

    /// The same record with other headers.
    #[must_use]
    pub fn with_headers(self, headers: Headers) -> Self {
        Self { headers, ..self }
    }
}

/// An update of a table inside the topology: the value now and the value before.
///
/// `old` is filled only where an operator downstream needs it.
/// `KTable` nodes exchange `Record<K, Change<V>>` (Java: `internals.Change`).
#[derive(Clone, Debug, PartialEq)]
pub struct Change<V> {
    /// The value after the update; `None` means the row is gone.
    pub new: Option<V>,
    /// The value before the update, when somebody downstream asked for it.
    pub old: Option<V>,
    /// False when a versioned table received an update for its past.
    pub is_latest: bool,
}

impl<V> Change<V> {
    /// The latest update of a row.
    pub fn latest(new: Option<V>, old: Option<V>) -> Self {
        Self { new, old, is_latest: true }
    }
}

/// One header of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// The name; several headers may share it.
    pub key: String,
    /// The bytes, or `None` for a header without a value.
    pub value: Option<Vec<u8>>,
}

/// The headers of a record. Empty headers cost nothing; clones share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Option<Arc<Vec<Header>>>);

impl Headers {
    /// No headers.
    pub(crate) fn none() -> &'static Self {
        static NONE: Headers = Headers(None);
        &NONE
    }

    /// True when the record has no header.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|all| all.is_empty())
    }

    /// How many headers there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |all| all.len())
    }

    /// All headers in order.
    pub fn iter(&self) -> impl Iterator<Item = &Header> {
        self.0.iter().flat_map(|all| all.iter())
    }

    /// The value of the last header of that name.
    pub fn last(&self, key: &str) -> Option<&Header> {
        self.0.as_ref()?.iter().rev().find(|header| header.key == key)
    }

    /// Adds a header at the end.
    pub fn push(&mut self, key: impl Into<String>, value: Option<Vec<u8>>) {
        let all = self.0.get_or_insert_with(Arc::default);
        Arc::make_mut(all).push(Header { key: key.into(), value });
    }
}

impl FromIterator<Header> for Headers {
    fn from_iter<I: IntoIterator<Item = Header>>(headers: I) -> Self {
        let all: Vec<Header> = headers.into_iter().collect();
        if all.is_empty() { Self(None) } else { Self(Some(Arc::new(all))) }
    }
}

/// A topic and one of its partitions.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number, from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// Names a partition.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        Self { topic: topic.into(), partition }
    }
}

impl std::fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// Where a record came from: what operators, stores and messages know of it.
///
/// Cheap to clone: the topic's name and the headers are shared.
/// Java: `org.apache.kafka.streams.processor.RecordContext`.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordContext {
    /// The topic of the input record; empty when there is none (a punctuation).
    pub topic: Arc<str>,
    /// The partition of the input record, -1 when there is none.
    pub partition: i32,
    /// The offset of the input record, -1 when there is none.
    pub offset: i64,
    /// Event time of the record as it came to this operator.
    pub timestamp: Timestamp,
    /// Headers of the record as it came to this operator.
    pub headers: Headers,
}

impl RecordContext {
    /// The context of work that no record caused.
    pub fn none() -> Self {
        Self {
            topic: Arc::from(""),
            partition: -1,
            offset: -1,
            timestamp: Timestamp::ZERO,
            headers: Headers::default(),
        }
    }
}

impl std::fmt::Display for RecordContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "topic={} partition={} offset={}", self.topic, self.partition, self.offset)
    }
}
