//! How a grouping passes through its repartition topic.

use std::marker::PhantomData;

use super::{AddTo, made_of, named_serdes};
use crate::dsl::serdes::SerdePair;

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

named_serdes!(Grouped {
    /// Names the grouping.
    name,
    /// Uses these serdes at the repartition topic, and for the key in the store.
    both,
    /// Uses this serde for the key.
    key,
    /// Uses this serde for the value.
    value,
});

impl<K, V> AddTo<Self> for Grouped<K, V> {
    fn add_to(self, options: &mut Self) {
        options.serdes.key = self.serdes.key.or(&options.serdes.key);
        options.serdes.value = self.serdes.value.or(&options.serdes.value);
        options.name = self.name.or(options.name.take());
    }
}

made_of!(Grouped, |K, V| &str, String);
