//! How a grouping passes through its repartition topic.

use std::marker::PhantomData;

use super::{AddTo, made_of};
use crate::dsl::serdes::{SerdePair, SerdeSlot};
use crate::serdes::{Nullable, Serde};

/// A grouping's name and serdes.
///
/// The name becomes that of the repartition topic, and of the node that selects the key. Several
/// aggregations of one named grouping share the topic; without a name each has its own.
/// Java: `org.apache.kafka.streams.kstream.Grouped`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let parity = stream::<String, i64>("in").group_by(|_, n| n % 2, Grouped::as_("parity"));
///     parity.count("counts").to_stream().to("out");
///     parity.reduce(|a, b| a + b, "sums").to_stream().to("sums");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 3)], 0)?;
/// assert_eq!(driver.output::<i64, i64>("out").values()?, [1, 2]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct Grouped<K, V> {
    pub(crate) serdes: SerdePair,
    pub(crate) name: Option<String>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Default for Grouped<K, V> {
    fn default() -> Self {
        Self { serdes: SerdePair::default(), name: None, types: PhantomData }
    }
}

impl<K, V> Grouped<K, V> {
    /// Names the grouping.
    pub fn as_(name: impl Into<String>) -> Self {
        Self::default().with_name(name)
    }

    /// Uses these serdes at the repartition topic, and for the key in the store.
    pub fn with(key: impl Serde<K::NonNull>, value: impl Serde<V::NonNull>) -> Self
    where
        K: Nullable,
        V: Nullable,
    {
        Self::default().with_key_serde(key).with_value_serde(value)
    }

    /// Uses this serde for the key.
    #[must_use]
    pub fn with_key_serde(mut self, serde: impl Serde<K::NonNull>) -> Self
    where
        K: Nullable,
    {
        self.serdes.key = SerdeSlot::given(serde);
        self
    }

    /// Uses this serde for the value.
    #[must_use]
    pub fn with_value_serde(mut self, serde: impl Serde<V::NonNull>) -> Self
    where
        V: Nullable,
    {
        self.serdes.value = SerdeSlot::given(serde);
        self
    }

    /// Names the grouping.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl<K, V> AddTo<Self> for Grouped<K, V> {
    fn add_to(self, options: &mut Self) {
        options.serdes.key = self.serdes.key.or(&options.serdes.key);
        options.serdes.value = self.serdes.value.or(&options.serdes.value);
        options.name = self.name.or(options.name.take());
    }
}

impl<K, V> AddTo<Grouped<K, V>> for &str {
    fn add_to(self, options: &mut Grouped<K, V>) {
        options.name = Some(self.to_owned());
    }
}

impl<K, V> AddTo<Grouped<K, V>> for String {
    fn add_to(self, options: &mut Grouped<K, V>) {
        options.name = Some(self);
    }
}

made_of!(Grouped, |K, V| &str, String);
