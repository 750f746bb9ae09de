//! How a join of tables on a foreign key is named, partitioned and kept.

use std::sync::Arc;

use super::{AddTo, KeyValueSupplier, Materialized, Named, made_of};
use crate::operator::{StreamPartitioner, StreamPartitionerRef};

/// The name of a join of tables on a foreign key, and the partitioners of its two tables.
///
/// The name is that of its processors, topics and the store of subscriptions. A partitioner is needed where a
/// table's topic was not partitioned by the hash of its key: results are wrong when a subscription or an answer
/// reaches another partition than the row it concerns. It sees key and topic, but no value, and must choose
/// exactly one partition, or `None` for the default; anything else goes to the processing exception handler.
/// Java: `org.apache.kafka.streams.kstream.TableJoined`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let cities = table::<String, i64>("cities");
///     let by_length = |_: &str, city: &String, _: &(), partitions: i32| {
///         Some(vec![i32::try_from(city.len()).unwrap_or(0) % partitions])
///     };
///     table::<String, String>("people")
///         .join(
///             cities,
///             |city| city.clone(),
///             |_, size| size,
///             TableJoined::as_("city-size").with_other_partitioner(by_length),
///         )
///         .to_stream()
///         .to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("cities").pipe("Rome", 3, 0)?;
/// driver.input::<String, String>("people").pipe("ann", "Rome", 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [3]);
/// let topics = driver.produced_topic_names();
/// assert!(topics.contains(&"app-city-size-subscription-registration-topic".to_owned()));
/// # Ok::<(), StreamsError>(())
/// ```
pub struct TableJoined<K, KO> {
    pub(crate) name: Option<String>,
    pub(crate) partitioner: Option<StreamPartitionerRef<K, ()>>,
    pub(crate) other_partitioner: Option<StreamPartitionerRef<KO, ()>>,
}

impl<K, KO> Default for TableJoined<K, KO> {
    fn default() -> Self {
        Self { name: None, partitioner: None, other_partitioner: None }
    }
}

impl<K, KO> std::fmt::Debug for TableJoined<K, KO> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableJoined")
            .field("name", &self.name)
            .field("partitioner", &self.partitioner.is_some())
            .field("other_partitioner", &self.other_partitioner.is_some())
            .finish()
    }
}

impl<K, KO> TableJoined<K, KO> {
    /// Names the join.
    pub fn as_(name: impl Into<String>) -> Self {
        Self::default().with_name(name)
    }

    /// Says how this table's topic and the other table's topic are partitioned.
    pub fn with(
        partitioner: impl StreamPartitioner<K, ()>,
        other: impl StreamPartitioner<KO, ()>,
    ) -> Self {
        Self::default().with_partitioner(partitioner).with_other_partitioner(other)
    }

    /// Names the join.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says how this table's topic is partitioned: answers go to the partition that it chooses for the row's
    /// key. Without it they go back to the partition that the subscription came from.
    #[must_use]
    pub fn with_partitioner(mut self, partitioner: impl StreamPartitioner<K, ()>) -> Self {
        self.partitioner = Some(Arc::new(partitioner));
        self
    }

    /// Says how the other table's topic is partitioned: subscriptions go to the partition that it chooses for
    /// the foreign key. Without it the key's hash decides. It is not asked about null foreign keys.
    #[must_use]
    pub fn with_other_partitioner(mut self, partitioner: impl StreamPartitioner<KO, ()>) -> Self {
        self.other_partitioner = Some(Arc::new(partitioner));
        self
    }
}

/// What a join on a foreign key may be told: its name and partitioners ([`TableJoined`], [`Named`]), and how
/// its result is kept ([`Materialized`], or the store's name as text).
#[derive(Debug)]
pub struct ForeignJoinOptions<K, KO, V> {
    pub(crate) joined: TableJoined<K, KO>,
    pub(crate) materialized: Materialized<K, V>,
}

impl<K, KO, V> Default for ForeignJoinOptions<K, KO, V> {
    fn default() -> Self {
        Self { joined: TableJoined::default(), materialized: Materialized::default() }
    }
}

impl<K, KO, V> AddTo<ForeignJoinOptions<K, KO, V>> for TableJoined<K, KO> {
    fn add_to(self, options: &mut ForeignJoinOptions<K, KO, V>) {
        options.joined = self;
    }
}

impl<K, KO, V> AddTo<ForeignJoinOptions<K, KO, V>> for Named {
    fn add_to(self, options: &mut ForeignJoinOptions<K, KO, V>) {
        options.joined.name = self.given().map(str::to_owned);
    }
}

impl<K, KO, V> AddTo<ForeignJoinOptions<K, KO, V>> for Materialized<K, V> {
    fn add_to(self, options: &mut ForeignJoinOptions<K, KO, V>) {
        options.materialized.overlay(self);
    }
}

impl<K, KO, V> AddTo<ForeignJoinOptions<K, KO, V>> for KeyValueSupplier {
    fn add_to(self, options: &mut ForeignJoinOptions<K, KO, V>) {
        Materialized::as_(self).add_to(options);
    }
}

impl<K, KO, V> AddTo<ForeignJoinOptions<K, KO, V>> for &str {
    fn add_to(self, options: &mut ForeignJoinOptions<K, KO, V>) {
        Materialized::as_(self).add_to(options);
    }
}

impl<K, KO, V> AddTo<ForeignJoinOptions<K, KO, V>> for String {
    fn add_to(self, options: &mut ForeignJoinOptions<K, KO, V>) {
        Materialized::as_(self).add_to(options);
    }
}

made_of!(ForeignJoinOptions, |K, KO, V|
    &str,
    String,
    Named,
    TableJoined<K, KO>,
    Materialized<K, V>,
    KeyValueSupplier,
);
