//! Typed ways in and out of a test driver.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ProducedRecord, TopologyTestDriver, encode};
use crate::dsl::{IntoTopics, TopicDecl};
use crate::error::{StreamsError, StreamsErrorKind};
use crate::record::{Headers, Record};
use crate::serdes::{HasSerde, Serde, SerdeError, SerdeRef};
use crate::time::Timestamp;

/// A topic's name and serdes, for a test.
pub struct TestTopicSerdes<K, V> {
    name: String,
    key: SerdeRef<K>,
    value: SerdeRef<V>,
}

/// What a test can name a topic with: a declared topic, a name as text, or a name with two serdes.
pub trait TestTopic<K, V> {
    /// The name and the serdes.
    fn serdes(self) -> TestTopicSerdes<K, V>;
}

impl<T: TopicDecl> TestTopic<T::Key, T::Value> for T {
    fn serdes(self) -> TestTopicSerdes<T::Key, T::Value> {
        let serdes = self.into_topics().serdes;
        let (key, value) = (serdes.key.at_topic(), serdes.value.at_topic());
        TestTopicSerdes { name: T::NAME.to_owned(), key, value }
    }
}

impl<K: HasSerde, V: HasSerde> TestTopic<K, V> for &str {
    fn serdes(self) -> TestTopicSerdes<K, V> {
        TestTopicSerdes { name: self.to_owned(), key: K::serde(), value: V::serde() }
    }
}

impl<K: HasSerde, V: HasSerde> TestTopic<K, V> for String {
    fn serdes(self) -> TestTopicSerdes<K, V> {
        self.as_str().serdes()
    }
}

impl<K: 'static, V: 'static, S: Serde<K>, T: Serde<V>> TestTopic<K, V> for (&str, S, T) {
    fn serdes(self) -> TestTopicSerdes<K, V> {
        TestTopicSerdes { name: self.0.to_owned(), key: Arc::new(self.1), value: Arc::new(self.2) }
    }
}

/// A key or value as a test writes it: itself, without its `Some`, or text for a `String`.
pub trait IntoPart<T> {
    /// The key or value.
    fn into_part(self) -> T;
}

impl<T> IntoPart<T> for T {
    fn into_part(self) -> T {
        self
    }
}

impl<T> IntoPart<Option<T>> for T {
    fn into_part(self) -> Option<T> {
        Some(self)
    }
}

impl IntoPart<String> for &str {
    fn into_part(self) -> String {
        self.to_owned()
    }
}

impl IntoPart<Option<String>> for &str {
    fn into_part(self) -> Option<String> {
        Some(self.to_owned())
    }
}

/// A typed way in.
pub struct TestInputTopic<'d, K, V> {
    driver: &'d mut TopologyTestDriver,
    topic: TestTopicSerdes<K, V>,
}

impl<'d, K: 'static, V: 'static> TestInputTopic<'d, K, V> {
    pub(super) fn new(driver: &'d mut TopologyTestDriver, topic: TestTopicSerdes<K, V>) -> Self {
        Self { driver, topic }
    }

    /// Pipes a record in and runs it to its end. The time is in milliseconds since the epoch.
    ///
    /// # Errors
    /// When the topology does not read the topic, when a part does not encode, and when processing
    /// fails.
    pub fn pipe(
        &mut self,
        key: impl IntoPart<K>,
        value: impl IntoPart<V>,
        timestamp: i64,
    ) -> Result<(), StreamsError> {
        self.pipe_with_headers(key, value, timestamp, Headers::default())
    }

    /// Pipes a record with headers in.
    ///
    /// # Errors
    /// As [`pipe`](Self::pipe).
    pub fn pipe_with_headers(
        &mut self,
        key: impl IntoPart<K>,
        value: impl IntoPart<V>,
        timestamp: i64,
        headers: Headers,
    ) -> Result<(), StreamsError> {
        let topic = &self.topic;
        let key = encode(&topic.name, "key", &*topic.key, &key.into_part())?;
        let value = encode(&topic.name, "value", &*topic.value, &value.into_part())?;
        self.driver.pipe_raw(&topic.name, key.as_deref(), value.as_deref(), timestamp, headers)
    }

    /// Pipes a record in, with its own time and headers.
    ///
    /// # Errors
    /// As [`pipe`](Self::pipe).
    pub fn pipe_record(&mut self, record: Record<K, V>) -> Result<(), StreamsError> {
        let topic = &self.topic;
        let key = encode(&topic.name, "key", &*topic.key, &record.key)?;
        let value = encode(&topic.name, "value", &*topic.value, &record.value)?;
        let (time, headers) = (record.timestamp.as_millis(), record.headers);
        self.driver.pipe_raw(&topic.name, key.as_deref(), value.as_deref(), time, headers)
    }

    /// Pipes records in, one millisecond apart from `start` on.
    ///
    /// # Errors
    /// As [`pipe`](Self::pipe).
    pub fn pipe_all<A: IntoPart<K>, B: IntoPart<V>>(
        &mut self,
        records: impl IntoIterator<Item = (A, B)>,
        start: i64,
    ) -> Result<(), StreamsError> {
        self.pipe_every(records, start, 1)
    }

    /// Pipes records in, from `start` on, `step` milliseconds apart.
    ///
    /// # Errors
    /// As [`pipe`](Self::pipe).
    pub fn pipe_every<A: IntoPart<K>, B: IntoPart<V>>(
        &mut self,
        records: impl IntoIterator<Item = (A, B)>,
        start: i64,
        step: i64,
    ) -> Result<(), StreamsError> {
        let mut time = start;
        for (key, value) in records {
            self.pipe(key, value, time)?;
            time = time.saturating_add(step);
        }
        Ok(())
    }
}

/// A typed way out. Every record is read once.
pub struct TestOutputTopic<'d, K, V> {
    driver: &'d mut TopologyTestDriver,
    topic: TestTopicSerdes<K, V>,
}

impl<'d, K: 'static, V: 'static> TestOutputTopic<'d, K, V> {
    pub(super) fn new(driver: &'d mut TopologyTestDriver, topic: TestTopicSerdes<K, V>) -> Self {
        Self { driver, topic }
    }

    /// How many records wait to be read.
    pub fn len(&self) -> usize {
        self.driver.waiting_output(&self.topic.name)
    }

    /// True when no record waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next record, or `None`.
    ///
    /// # Errors
    /// When its bytes do not fit the types.
    pub fn read(&mut self) -> Result<Option<Record<K, V>>, StreamsError> {
        let Some(produced) = self.driver.next_output(&self.topic.name) else { return Ok(None) };
        self.decode(&produced).map(Some)
    }

    /// All records that wait, oldest first.
    ///
    /// # Errors
    /// When the bytes of one do not fit the types.
    pub fn read_all(&mut self) -> Result<Vec<Record<K, V>>, StreamsError> {
        std::iter::from_fn(|| self.read().transpose()).collect()
    }

    /// The keys and values of all records that wait, oldest first.
    ///
    /// # Errors
    /// When the bytes of one do not fit the types.
    pub fn key_values(&mut self) -> Result<Vec<(K, V)>, StreamsError> {
        let pair = |record: Record<K, V>| (record.key, record.value);
        Ok(self.read_all()?.into_iter().map(pair).collect())
    }

    /// The values of all records that wait, oldest first.
    ///
    /// # Errors
    /// When the bytes of one do not fit the types.
    pub fn values(&mut self) -> Result<Vec<V>, StreamsError> {
        Ok(self.read_all()?.into_iter().map(|record| record.value).collect())
    }

    /// The last value of each key among the records that wait: the topic as a table.
    ///
    /// # Errors
    /// When the bytes of one do not fit the types.
    pub fn to_map(&mut self) -> Result<BTreeMap<K, V>, StreamsError>
    where
        K: Ord,
    {
        Ok(self.key_values()?.into_iter().collect())
    }

    fn decode(&self, produced: &ProducedRecord) -> Result<Record<K, V>, StreamsError> {
        let topic = &self.topic;
        let misfit = |part: &str, error: SerdeError| {
            let message = format!(
                "the {part} of a record of topic `{}` does not decode in the test; read the topic with \
                 the types it is written with",
                topic.name
            );
            StreamsError::new(StreamsErrorKind::Deserialization, message).caused_by(error)
        };
        let key = topic.key.deserialize(&topic.name, produced.key.as_deref());
        let value = topic.value.deserialize(&topic.name, produced.value.as_deref());
        let timestamp = Timestamp::from_millis(produced.timestamp.unwrap_or_default());
        Ok(Record {
            key: key.map_err(|error| misfit("key", error))?,
            value: value.map_err(|error| misfit("value", error))?,
            timestamp: timestamp.unwrap_or_default(),
            headers: produced.headers.clone(),
        })
    }
}
