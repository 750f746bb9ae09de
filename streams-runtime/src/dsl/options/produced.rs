//! How a sink writes its topic.

use std::marker::PhantomData;
use std::sync::Arc;

use super::{AddTo, made_of, named_serdes};
use crate::dsl::serdes::SerdePair;
use crate::operator::{StreamPartitioner, StreamPartitionerRef};

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

named_serdes!(Produced {
    /// Names the sink node.
    name,
    /// Writes with these serdes.
    both,
    /// Writes the key with this serde.
    key,
    /// Writes the value with this serde.
    value,
});

impl<K, V> Produced<K, V> {
    /// Lets `partitioner` choose the partitions of each record.
    #[must_use]
    pub fn with_stream_partitioner(mut self, partitioner: impl StreamPartitioner<K, V>) -> Self {
        self.partitioner = Some(Arc::new(partitioner));
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

made_of!(Produced, |K, V| &str, String);
