//! The name of a branch.

use super::Unset;

/// Names a branch of a split stream.
///
/// In `topology!` a branch may also be worked on in place: `Branched::with_function(|s| ..)` puts
/// the closure's stream in the branch's place, `Branched::with_consumer(|s| ..)` takes the branch
/// out of the result. Java: `org.apache.kafka.streams.kstream.Branched`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let [odd, even] = stream::<String, i64>("in")
///         .split("parity-")
///         .branch(|_, n| n % 2 == 1, Branched::as_("odd"))
///         .default_branch(Branched::as_("even"));
///     odd.to("odd");
///     even.to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [2]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Branched {
    name: Option<String>,
}

impl Branched {
    /// Gives the name that follows the split's name.
    pub fn as_(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()) }
    }

    pub(crate) fn given(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl From<Unset> for Branched {
    fn from(_: Unset) -> Self {
        Self::default()
    }
}

impl From<&str> for Branched {
    fn from(name: &str) -> Self {
        Self::as_(name)
    }
}

impl From<String> for Branched {
    fn from(name: String) -> Self {
        Self::as_(name)
    }
}
