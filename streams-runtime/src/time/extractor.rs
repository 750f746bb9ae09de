//! Which time an input record has: timestamp extractors.

use std::sync::Arc;

use super::Timestamp;
use crate::error::UserError;
use crate::record::Headers;

/// An input record as a timestamp extractor sees it.
///
/// Java: `org.apache.kafka.clients.consumer.ConsumerRecord`.
#[derive(Debug)]
pub struct ConsumerRecord<'a, K, V> {
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The broker's time in milliseconds since the epoch; may be negative.
    pub timestamp: i64,
    /// The key.
    pub key: &'a K,
    /// The value.
    pub value: &'a V,
    /// Headers in order.
    pub headers: &'a Headers,
    /// The outside clock.
    pub wall_clock: Timestamp,
}

/// Decides which time an input record has.
///
/// `partition_time` is the highest time taken so far from a record of the partition, -1 before the
/// first one. A negative answer drops the record, counted and logged.
/// Every closure `Fn(&ConsumerRecord<K, V>, i64) -> i64` is an extractor.
///
/// ```
/// use streams_runtime::time::{ConsumerRecord, TimestampExtractor};
///
/// fn is_extractor<K, V>(_: &impl TimestampExtractor<K, V>) {}
/// let by_value = |record: &ConsumerRecord<'_, String, i64>, _: i64| *record.value;
/// is_extractor(&by_value);
/// ```
pub trait TimestampExtractor<K, V>: Send + Sync + 'static {
    /// The record's time in milliseconds since the epoch.
    ///
    /// # Errors
    /// When the record has no time and must not be skipped; this stops the task.
    fn extract(
        &self,
        record: &ConsumerRecord<'_, K, V>,
        partition_time: i64,
    ) -> Result<i64, UserError>;

    /// The extractor's name for messages.
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }
}

/// An extractor as a source holds it.
pub type TimestampExtractorRef<K, V> = Arc<dyn TimestampExtractor<K, V>>;

impl<K, V, F> TimestampExtractor<K, V> for F
where
    F: Fn(&ConsumerRecord<'_, K, V>, i64) -> i64 + Send + Sync + 'static,
{
    #[inline]
    fn extract(
        &self,
        record: &ConsumerRecord<'_, K, V>,
        partition_time: i64,
    ) -> Result<i64, UserError> {
        Ok(self(record, partition_time))
    }
}

/// Takes the broker's time; a negative one stops the task. The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct FailOnInvalidTimestamp;

/// Takes the broker's time; records with a negative one are dropped, counted and logged.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogAndSkipOnInvalidTimestamp;

/// Takes the broker's time, and for a negative one the partition's time so far. A partition whose
/// first record has a negative time stops the task.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsePartitionTimeOnInvalidTimestamp;

/// Takes the outside clock: processing time.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallclockTimestampExtractor;

impl<K: 'static, V: 'static> TimestampExtractor<K, V> for FailOnInvalidTimestamp {
    fn extract(&self, record: &ConsumerRecord<'_, K, V>, _: i64) -> Result<i64, UserError> {
        if record.timestamp >= 0 {
            return Ok(record.timestamp);
        }
        Err(format!(
            "the record at topic={} partition={} offset={} has the negative timestamp {}: a producer \
             older than 0.10 may have written it; use LogAndSkipOnInvalidTimestamp to skip such \
             records or a TimestampExtractor of your own",
            record.topic, record.partition, record.offset, record.timestamp
        )
        .into())
    }
}

impl<K: 'static, V: 'static> TimestampExtractor<K, V> for LogAndSkipOnInvalidTimestamp {
    fn extract(&self, record: &ConsumerRecord<'_, K, V>, _: i64) -> Result<i64, UserError> {
        Ok(record.timestamp)
    }
}

impl<K: 'static, V: 'static> TimestampExtractor<K, V> for UsePartitionTimeOnInvalidTimestamp {
    fn extract(
        &self,
        record: &ConsumerRecord<'_, K, V>,
        partition_time: i64,
    ) -> Result<i64, UserError> {
        match record.timestamp {
            own if own >= 0 => Ok(own),
            _ if partition_time >= 0 => Ok(partition_time),
            own => Err(format!(
                "the record at topic={} partition={} offset={} has the negative timestamp {own}, and \
                 the partition has no time yet; use LogAndSkipOnInvalidTimestamp to skip such records",
                record.topic, record.partition, record.offset
            )
            .into()),
        }
    }
}

impl<K: 'static, V: 'static> TimestampExtractor<K, V> for WallclockTimestampExtractor {
    fn extract(&self, record: &ConsumerRecord<'_, K, V>, _: i64) -> Result<i64, UserError> {
        Ok(record.wall_clock.as_millis())
    }
}

/// The extractor of sources that name none: `default.timestamp.extractor`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DefaultTimestampExtractor {
    /// [`FailOnInvalidTimestamp`]
    #[default]
    FailOnInvalidTimestamp,
    /// [`LogAndSkipOnInvalidTimestamp`]
    LogAndSkipOnInvalidTimestamp,
    /// [`UsePartitionTimeOnInvalidTimestamp`]
    UsePartitionTimeOnInvalidTimestamp,
    /// [`WallclockTimestampExtractor`]
    WallclockTimestampExtractor,
}

impl DefaultTimestampExtractor {
    /// True when the time comes from the outside clock whatever the record says.
    #[inline]
    pub(crate) fn reads_clock(self) -> bool {
        self == Self::WallclockTimestampExtractor
    }
}

impl<K: 'static, V: 'static> TimestampExtractor<K, V> for DefaultTimestampExtractor {
    fn extract(
        &self,
        record: &ConsumerRecord<'_, K, V>,
        partition_time: i64,
    ) -> Result<i64, UserError> {
        match self {
            Self::FailOnInvalidTimestamp => FailOnInvalidTimestamp.extract(record, partition_time),
            Self::LogAndSkipOnInvalidTimestamp => {
                LogAndSkipOnInvalidTimestamp.extract(record, partition_time)
            }
            Self::UsePartitionTimeOnInvalidTimestamp => {
                UsePartitionTimeOnInvalidTimestamp.extract(record, partition_time)
            }
            Self::WallclockTimestampExtractor => {
                WallclockTimestampExtractor.extract(record, partition_time)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        extractor: &impl TimestampExtractor<(), ()>,
        own: i64,
        partition_time: i64,
        want: Option<i64>,
    ) {
        let record = ConsumerRecord {
            topic: "t",
            partition: 0,
            offset: 0,
            timestamp: own,
            key: &(),
            value: &(),
            headers: &Headers::default(),
            wall_clock: Timestamp::from(99),
        };
        assert_eq!(extractor.extract(&record, partition_time).ok(), want);
    }

    #[test]
    fn the_four_of_kafka_streams() {
        check(&FailOnInvalidTimestamp, 5, -1, Some(5));
        check(&FailOnInvalidTimestamp, -1, 7, None);
        check(&LogAndSkipOnInvalidTimestamp, -3, 7, Some(-3));
        check(&UsePartitionTimeOnInvalidTimestamp, 5, 7, Some(5));
        check(&UsePartitionTimeOnInvalidTimestamp, -1, 7, Some(7));
        check(&UsePartitionTimeOnInvalidTimestamp, -1, -1, None);
        check(&WallclockTimestampExtractor, 5, 7, Some(99));
    }

    #[test]
    fn a_closure_is_an_extractor() {
        check(&|r: &ConsumerRecord<'_, (), ()>, time: i64| r.timestamp + time, 5, 7, Some(12));
    }
}
