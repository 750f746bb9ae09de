//! Stores whose values carry headers: bytes, what the changelog gets of them, and makers (KIP-1271).

use std::sync::Arc;

use super::key_value::{Plain, key_value_store_maker_of};
use super::plain_window::plain_window_store_maker_of;
use super::session::session_store_maker_of;
use super::{ChangelogRecord, StoreMaker, WindowLayout};
use crate::record::Headers;
use crate::serdes::headers::{
    put_headers_and_time, put_sized_headers, read_headers_and_time, read_sized_headers,
};
use crate::serdes::{Encoded, Serde, SerdeError, SerdeRef};
use crate::time::Timestamp;

/// A value, the time it is of, and headers.
///
/// Java: `org.apache.kafka.streams.state.ValueTimestampHeaders`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ValueTimestampHeaders<V> {
    /// The value.
    pub value: V,
    /// The time of the record that it comes from.
    pub timestamp: Timestamp,
    /// Headers, in order.
    pub headers: Headers,
}

/// The aggregate of a session, and headers.
///
/// Java: `org.apache.kafka.streams.state.AggregationWithHeaders`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AggregationWithHeaders<A> {
    /// The aggregate.
    pub aggregation: A,
    /// Headers, in order.
    pub headers: Headers,
}

/// How a value with headers is split between a changelog record and its value.
pub(crate) struct HeadersForm<V> {
    /// True when the value's own time stands behind the headers.
    timestamped: bool,
    pub(crate) headers: fn(&V) -> &Headers,
    pub(crate) timestamp: fn(&V) -> Option<Timestamp>,
}

impl<V> Clone for HeadersForm<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for HeadersForm<V> {}

impl<V> HeadersForm<V> {
    /// The value's own bytes at the end of a stored row.
    pub(crate) fn value<'r>(&self, row: &'r [u8]) -> &'r [u8] {
        let value = match self.timestamped {
            true => read_headers_and_time(row).map(|(_, _, value)| value),
            false => read_sized_headers(row).map(|(_, value)| value),
        };
        value.expect("invariant: this store has written the row")
    }

    /// Appends the stored form of a changelog record's value.
    pub(crate) fn restored(&self, record: &ChangelogRecord<'_>, value: &[u8], out: &mut Vec<u8>) {
        let written = match self.timestamped {
            true => put_headers_and_time(record.headers, record.timestamp, out),
            false => put_sized_headers(record.headers, out),
        };
        written.expect("invariant: headers of a record of Kafka are smaller than 2 GiB");
        out.extend_from_slice(value);
    }
}

/// Headers' size and block, time, value. Java: `ValueTimestampHeadersSerializer`.
struct ValueSerde<V>(SerdeRef<V>);

impl<V: 'static> Serde<ValueTimestampHeaders<V>> for ValueSerde<V> {
    fn serialize(
        &self,
        topic: &str,
        row: &ValueTimestampHeaders<V>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        put_headers_and_time(&row.headers, row.timestamp.as_millis(), out)?;
        self.0.serialize(topic, &row.value, out)
    }

    fn deserialize(
        &self,
        topic: &str,
        bytes: Option<&[u8]>,
    ) -> Result<ValueTimestampHeaders<V>, SerdeError> {
        let (headers, timestamp, value) = read_headers_and_time(bytes.unwrap_or_default())?;
        let value = self.0.deserialize(topic, Some(value))?;
        // an unknown time (-1 in Java) reads as the epoch
        let timestamp = Timestamp::from_millis(timestamp).unwrap_or_default();
        Ok(ValueTimestampHeaders { value, timestamp, headers })
    }
}

/// Headers' size and block, aggregate. Java: `AggregationWithHeadersSerializer`.
struct AggregationSerde<A>(SerdeRef<A>);

impl<A: 'static> Serde<AggregationWithHeaders<A>> for AggregationSerde<A> {
    fn serialize(
        &self,
        topic: &str,
        row: &AggregationWithHeaders<A>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        put_sized_headers(&row.headers, out)?;
        self.0.serialize(topic, &row.aggregation, out)
    }

    fn deserialize(
        &self,
        topic: &str,
        bytes: Option<&[u8]>,
    ) -> Result<AggregationWithHeaders<A>, SerdeError> {
        let (headers, aggregation) = read_sized_headers(bytes.unwrap_or_default())?;
        let aggregation = self.0.deserialize(topic, Some(aggregation))?;
        Ok(AggregationWithHeaders { aggregation, headers })
    }
}

fn values<V: 'static>(value: SerdeRef<V>) -> Plain<ValueTimestampHeaders<V>> {
    let form = HeadersForm {
        timestamped: true,
        headers: |row: &ValueTimestampHeaders<V>| &row.headers,
        timestamp: |row| Some(row.timestamp),
    };
    Plain::with_headers(Arc::new(ValueSerde(value)), form)
}

/// Makes a store of values with times and headers, with these serdes, for each task.
pub fn headers_store_maker<K, V>(key: SerdeRef<K>, value: SerdeRef<V>) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    key_value_store_maker_of(key, values(value))
}

/// Makes a store of windows whose values have times and headers, with these serdes, for each task.
pub fn headers_window_store_maker<K, V>(
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    layout: WindowLayout,
) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    plain_window_store_maker_of(key, values(value), layout)
}

/// Makes a store of sessions whose aggregates have headers, with these serdes, for each task.
pub fn headers_session_store_maker<K, A>(
    key: SerdeRef<K>,
    value: SerdeRef<A>,
    retention_ms: i64,
) -> StoreMaker
where
    K: Clone + Send + 'static,
    A: Clone + Send + 'static,
{
    let form = HeadersForm {
        timestamped: false,
        headers: |row: &AggregationWithHeaders<A>| &row.headers,
        timestamp: |_| None,
    };
    let format = Plain::with_headers(Arc::new(AggregationSerde(value)), form);
    session_store_maker_of(key, format, retention_ms, false)
}
