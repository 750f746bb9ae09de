//! How a sink writes its topic.

use std::marker::PhantomData;
use std::sync::Arc;

use super::{AddTo, made_of};
use crate::dsl::serdes::{SerdePair, SerdeSlot};
use crate::operator::{StreamPartitioner, StreamPartitionerRef};
use crate::serdes::{Nullable, Serde};

/// How a sink writes: serdes, partitioner and name.
///
/// The serdes are those of the types without null. What is not said comes from the topic's
/// declaration, then from upstream, then from the type. Without a partitioner the key's hash
/// decides as in every Kafka client. Java: `org.apache.kafka.streams.kstream.Produced`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").to("out", Produced::as_("results"));
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct Produced<K, V> {
    pub(crate) serdes: SerdePair,
    pub(crate) name: Option<String>,
    pub(crate) partitioner: Option<StreamPartitionerRef<K, V>>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Default for Produced<K, V> {
    fn default() -> Self {
        Self { serdes: SerdePair::default(), name: None, partitioner: None, types: PhantomData }
    }
}

impl<K, V> Produced<K, V> {
    /// Names the sink node.
    pub fn as_(name: impl Into<String>) -> Self {
        Self::default().with_name(name)
    }

    /// Writes with these serdes.
    pub fn with(key: impl Serde<K::NonNull>, value: impl Serde<V::NonNull>) -> Self
    where
        K: Nullable,
        V: Nullable,
    {
        Self::default().with_key_serde(key).with_value_serde(value)
    }

    /// Writes the key with this serde.
    #[must_use]
    pub fn with_key_serde(mut self, serde: impl Serde<K::NonNull>) -> Self
    where
        K: Nullable,
    {
        self.serdes.key = SerdeSlot::given(serde);
        self
    }

    /// Writes the value with this serde.
    #[must_use]
    pub fn with_value_serde(mut self, serde: impl Serde<V::NonNull>) -> Self
    where
        V: Nullable,
    {
        self.serdes.value = SerdeSlot::given(serde);
        self
    }

    /// Lets `partitioner` choose the partitions of each record.
    #[must_use]
    pub fn with_stream_partitioner(mut self, partitioner: impl StreamPartitioner<K, V>) -> Self {
        self.partitioner = Some(Arc::new(partitioner));
        self
    }

    /// Names the sink node.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl<K, V> std::fmt::Debug for Produced<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Produced")
            .field("serdes", &self.serdes)
            .field("name", &self.name)
            .field("partitioner", &self.partitioner.is_some())
            .finish_non_exhaustive()
    }
}

impl<K, V> AddTo<Self> for Produced<K, V> {
    fn add_to(self, options: &mut Self) {
        options.serdes.key = self.serdes.key.or(&options.serdes.key);
        options.serdes.value = self.serdes.value.or(&options.serdes.value);
        options.name = self.name.or(options.name.take());
        options.partitioner = self.partitioner.or(options.partitioner.take());
    }
}

impl<K, V> AddTo<Produced<K, V>> for &str {
    fn add_to(self, options: &mut Produced<K, V>) {
        options.name = Some(self.to_owned());
    }
}

impl<K, V> AddTo<Produced<K, V>> for String {
    fn add_to(self, options: &mut Produced<K, V>) {
        options.name = Some(self);
    }
}

made_of!(Produced, |K, V| &str, String);
