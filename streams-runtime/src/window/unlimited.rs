//! The window without an end.

use crate::time::Timestamp;

/// One window that begins at a time and never ends: all records from there on belong to it.
///
/// Java: `org.apache.kafka.streams.kstream.UnlimitedWindows`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in")
///         .group_by_key()
///         .windowed_by(UnlimitedWindows::of().start_on(Timestamp::from(100)))
///         .count("counts")
///         .to_stream(|windowed, _| windowed.key.clone())
///         .to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe("a", 1, 99)?;
/// driver.input::<String, i64>("in").pipe("a", 1, 100)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct UnlimitedWindows {
    start_ms: i64,
}

impl UnlimitedWindows {
    /// The window that begins with the epoch.
    pub const fn of() -> Self {
        Self { start_ms: 0 }
    }

    /// Begins the window at that time; earlier records belong to none.
    #[must_use]
    pub const fn start_on(self, start: Timestamp) -> Self {
        Self { start_ms: start.as_millis() }
    }

    /// The start in milliseconds.
    pub const fn start_ms(self) -> i64 {
        self.start_ms
    }
}
