//! How a source reads its topics.

use std::marker::PhantomData;
use std::sync::Arc;

use super::{AddTo, made_of, named_serdes};
use crate::dsl::serdes::SerdePair;
use crate::task::{
    FailOnInvalidTimestamp, LogAndSkipOnInvalidTimestamp, TimestampExtractor,
    TimestampExtractorRef, UsePartitionTimeOnInvalidTimestamp, WallclockTimestampExtractor,
};
use crate::topology::graph::OffsetReset;

/// How a source reads: serdes, timestamp extractor, name, and where it begins.
///
/// The serdes are those of the types without null: for `stream::<Option<String>, i64>` the key's is
/// `StringSerde`. What is not said comes from the topic's declaration, or from the type.
/// Java: `org.apache.kafka.streams.kstream.Consumed`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let by_value = |record: &ConsumerRecord<'_, String, i64>, _: i64| *record.value;
///     stream::<String, i64>("in", Consumed::as_("orders").with_timestamp_extractor(by_value))
///         .to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe_all([("a", 77)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [77]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct Consumed<K, V> {
    pub(crate) serdes: SerdePair,
    pub(crate) name: Option<String>,
    pub(crate) extractor: Option<TimestampExtractorRef<K, V>>,
    pub(crate) offset_reset: Option<OffsetReset>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Default for Consumed<K, V> {
    fn default() -> Self {
        Self {
            serdes: SerdePair::default(),
            name: None,
            extractor: None,
            offset_reset: None,
            types: PhantomData,
        }
    }
}

named_serdes!(Consumed {
    /// Names the source node.
    name,
    /// Reads with these serdes.
    both,
    /// Reads the key with this serde.
    key,
    /// Reads the value with this serde.
    value,
});

impl<K, V> Consumed<K, V> {
    /// Takes the time of each record from `extractor`: one of the named ones, or a closure of the
    /// record and the partition's time so far.
    #[must_use]
    pub fn with_timestamp_extractor(mut self, extractor: impl TimestampExtractor<K, V>) -> Self {
        self.extractor = Some(Arc::new(extractor));
        self
    }

    /// Begins there when the application has no committed offset for a partition.
    #[must_use]
    pub fn with_offset_reset_policy(mut self, reset: OffsetReset) -> Self {
        self.offset_reset = Some(reset);
        self
    }
}

impl<K, V> std::fmt::Debug for Consumed<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumed")
            .field("serdes", &self.serdes)
            .field("name", &self.name)
            .field("extractor", &self.extractor.is_some())
            .field("offset_reset", &self.offset_reset)
            .finish_non_exhaustive()
    }
}

impl<K, V> AddTo<Self> for Consumed<K, V> {
    fn add_to(self, options: &mut Self) {
        options.serdes.key = self.serdes.key.or(&options.serdes.key);
        options.serdes.value = self.serdes.value.or(&options.serdes.value);
        options.name = self.name.or(options.name.take());
        options.extractor = self.extractor.or(options.extractor.take());
        options.offset_reset = self.offset_reset.or(options.offset_reset);
    }
}

impl<K, V> AddTo<Consumed<K, V>> for OffsetReset {
    fn add_to(self, options: &mut Consumed<K, V>) {
        options.offset_reset = Some(self);
    }
}

macro_rules! extractors {
    ($($extractor:ident)*) => { $(
        impl<K: 'static, V: 'static> AddTo<Consumed<K, V>> for $extractor {
            fn add_to(self, options: &mut Consumed<K, V>) {
                options.extractor = Some(Arc::new(self));
            }
        }
        impl<K: 'static, V: 'static> From<$extractor> for Consumed<K, V> {
            fn from(extractor: $extractor) -> Self {
                Self::default().with_timestamp_extractor(extractor)
            }
        }
    )* };
}
extractors! {
    FailOnInvalidTimestamp
    LogAndSkipOnInvalidTimestamp
    UsePartitionTimeOnInvalidTimestamp
    WallclockTimestampExtractor
}

made_of!(Consumed, |K, V| &str, String, OffsetReset);
