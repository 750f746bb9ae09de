//! The name of a processor.

use super::Unset;

/// Names the processor of an operator.
///
/// A name makes the operator's place in the topology safe against inserted operators. Text works
/// as well: `filter(.., "keep")`. Java: `org.apache.kafka.streams.kstream.Named`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").filter(|_, n| *n > 1, Named::as_("keep-big")).to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [2]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Named {
    name: Option<String>,
}

impl Named {
    /// Gives the name: ASCII letters, digits, `.`, `_` and `-`.
    pub fn as_(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()) }
    }

    pub(crate) fn given(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl From<Unset> for Named {
    fn from(_: Unset) -> Self {
        Self::default()
    }
}

impl From<&str> for Named {
    fn from(name: &str) -> Self {
        Self::as_(name)
    }
}

impl From<String> for Named {
    fn from(name: String) -> Self {
        Self::as_(name)
    }
}
