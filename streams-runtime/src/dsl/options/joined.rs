//! How a stream passes to its join with a table.

use std::marker::PhantomData;
use std::time::Duration;

use super::{AddTo, Unset, named_serdes};
use crate::dsl::serdes::SerdePair;

/// The name of a stream's join with a table, and the serdes of the stream's side.
///
/// The name is that of the processor, and of the repartition topic where one is needed.
/// Java: `org.apache.kafka.streams.kstream.Joined`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let names = table::<String, String>("names");
///     stream::<String, i64>("in")
///         .select_key(|_, n| format!("id-{n}"))
///         .join(names, |n, name| format!("{name} {n}"), Joined::as_("named"))
///         .to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, String>("names").pipe("id-1", "ann", 0)?;
/// driver.input::<String, i64>("in").pipe("x", 1, 0)?;
/// assert_eq!(driver.output::<String, String>("out").values()?, ["ann 1"]);
/// assert!(driver.produced_topic_names().contains(&"app-named-repartition".to_owned()));
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct Joined<K, V> {
    pub(crate) name: Option<String>,
    pub(crate) serdes: SerdePair,
    pub(crate) grace: Option<Duration>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Default for Joined<K, V> {
    fn default() -> Self {
        Self { name: None, serdes: SerdePair::default(), grace: None, types: PhantomData }
    }
}

named_serdes!(Joined {
    /// Names the join.
    name,
    /// Uses these serdes for the stream's key and value.
    both,
    /// Uses this serde for the key.
    key,
    /// Uses this serde for the stream's value.
    value,
});

impl<K, V> Joined<K, V> {
    /// Lets records wait that long, by the stream's own time, for late updates of the table.
    ///
    /// The table must be versioned and its history at least as long, else building the topology fails. Records
    /// wait in a store `<name>-Buffer` with a changelog, and leave in order of time when a later record comes.
    /// KIP-923.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let hour = Duration::from_secs(3600);
    ///     let prices =
    ///         table::<String, i64>("prices", Stores::persistent_versioned_key_value_store("prices", hour));
    ///     let patient = Joined::as_("priced").with_grace_period(Duration::from_millis(100));
    ///     stream::<String, i64>("orders").join(prices, |count, price| count * price, patient).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("orders").pipe("tea", 2, 1_000)?;
    /// driver.input::<String, i64>("prices").pipe("tea", 3, 990)?; // late, but in time
    /// driver.input::<String, i64>("orders").pipe("rum", 1, 1_100)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [6]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[must_use]
    pub fn with_grace_period(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }
}

impl<K, V> From<Unset> for Joined<K, V> {
    fn from(_: Unset) -> Self {
        Self::default()
    }
}

impl<K, V> From<&str> for Joined<K, V> {
    fn from(name: &str) -> Self {
        Self::as_(name)
    }
}

impl<K, V> From<String> for Joined<K, V> {
    fn from(name: String) -> Self {
        Self::as_(name)
    }
}

impl<K, V> AddTo<Self> for Joined<K, V> {
    fn add_to(self, options: &mut Self) {
        *options = self;
    }
}
