//! How an explicit repartition is done.

use std::marker::PhantomData;
use std::sync::Arc;

use super::{AddTo, made_of, named_serdes};
use crate::dsl::serdes::SerdePair;
use crate::operator::{StreamPartitioner, StreamPartitionerRef};

/// A repartition's name, serdes, number of partitions and partitioner.
///
/// The topic is called `<application id>-<name>-repartition`. Without a number of partitions it
/// gets that of the topics upstream. Java: `org.apache.kafka.streams.kstream.Repartitioned`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in")
///         .select_key(|_, n| n % 2)
///         .repartition(Repartitioned::as_("parity").with_number_of_partitions(2))
///         .to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe_all([("a", 3)], 0)?;
/// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(1, 3)]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct Repartitioned<K, V> {
    pub(crate) serdes: SerdePair,
    pub(crate) name: Option<String>,
    pub(crate) partitions: Option<u32>,
    pub(crate) partitioner: Option<StreamPartitionerRef<K, V>>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Default for Repartitioned<K, V> {
    fn default() -> Self {
        Self {
            serdes: SerdePair::default(),
            name: None,
            partitions: None,
            partitioner: None,
            types: PhantomData,
        }
    }
}

named_serdes!(Repartitioned {
    /// Names the topic.
    name,
    /// Uses these serdes at the topic.
    both,
    /// Uses this serde for the key.
    key,
    /// Uses this serde for the value.
    value,
});

impl<K, V> Repartitioned<K, V> {
    /// Creates the topic with that many partitions.
    pub fn number_of_partitions(partitions: u32) -> Self {
        Self::default().with_number_of_partitions(partitions)
    }

    /// Lets `partitioner` choose the partition of each record.
    pub fn stream_partitioner(partitioner: impl StreamPartitioner<K, V>) -> Self {
        Self::default().with_stream_partitioner(partitioner)
    }

    /// Creates the topic with that many partitions.
    #[must_use]
    pub fn with_number_of_partitions(mut self, partitions: u32) -> Self {
        self.partitions = Some(partitions);
        self
    }

    /// Lets `partitioner` choose the partition of each record.
    #[must_use]
    pub fn with_stream_partitioner(mut self, partitioner: impl StreamPartitioner<K, V>) -> Self {
        self.partitioner = Some(Arc::new(partitioner));
        self
    }
}

impl<K, V> std::fmt::Debug for Repartitioned<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repartitioned")
            .field("serdes", &self.serdes)
            .field("name", &self.name)
            .field("partitions", &self.partitions)
            .field("partitioner", &self.partitioner.is_some())
            .finish_non_exhaustive()
    }
}

impl<K, V> AddTo<Self> for Repartitioned<K, V> {
    fn add_to(self, options: &mut Self) {
        options.serdes.key = self.serdes.key.or(&options.serdes.key);
        options.serdes.value = self.serdes.value.or(&options.serdes.value);
        options.name = self.name.or(options.name.take());
        options.partitions = self.partitions.or(options.partitions);
        options.partitioner = self.partitioner.or(options.partitioner.take());
    }
}

made_of!(Repartitioned, |K, V| &str, String);
