//! How a join of tables on a foreign key is named and kept.

use super::{AddTo, KeyValueSupplier, Materialized, Named, made_of};

/// The name of a join of tables on a foreign key: of its processors, topics and the store of subscriptions.
///
/// Java: `org.apache.kafka.streams.kstream.TableJoined`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let cities = table::<String, i64>("cities");
///     table::<String, String>("people")
///         .join(cities, |city| city.clone(), |_, size| size, TableJoined::as_("city-size"))
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
#[derive(Clone, Debug, Default)]
pub struct TableJoined {
    pub(crate) name: Option<String>,
}

impl TableJoined {
    /// Names the join.
    pub fn as_(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()) }
    }
}

/// What a join on a foreign key may be told: its name ([`TableJoined`] or [`Named`]), and how its result
/// is kept ([`Materialized`], or the store's name as text).
#[derive(Debug)]
pub struct ForeignJoinOptions<K, V> {
    pub(crate) name: Option<String>,
    pub(crate) materialized: Materialized<K, V>,
}

impl<K, V> Default for ForeignJoinOptions<K, V> {
    fn default() -> Self {
        Self { name: None, materialized: Materialized::default() }
    }
}

impl<K, V> AddTo<ForeignJoinOptions<K, V>> for TableJoined {
    fn add_to(self, options: &mut ForeignJoinOptions<K, V>) {
        options.name = self.name;
    }
}

impl<K, V> AddTo<ForeignJoinOptions<K, V>> for Named {
    fn add_to(self, options: &mut ForeignJoinOptions<K, V>) {
        options.name = self.given().map(str::to_owned);
    }
}

impl<K, V> AddTo<ForeignJoinOptions<K, V>> for Materialized<K, V> {
    fn add_to(self, options: &mut ForeignJoinOptions<K, V>) {
        options.materialized.overlay(self);
    }
}

impl<K, V> AddTo<ForeignJoinOptions<K, V>> for KeyValueSupplier {
    fn add_to(self, options: &mut ForeignJoinOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

impl<K, V> AddTo<ForeignJoinOptions<K, V>> for &str {
    fn add_to(self, options: &mut ForeignJoinOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

impl<K, V> AddTo<ForeignJoinOptions<K, V>> for String {
    fn add_to(self, options: &mut ForeignJoinOptions<K, V>) {
        Materialized::as_(self).add_to(options);
    }
}

made_of!(ForeignJoinOptions, |K, V|
    &str,
    String,
    Named,
    TableJoined,
    Materialized<K, V>,
    KeyValueSupplier,
);
