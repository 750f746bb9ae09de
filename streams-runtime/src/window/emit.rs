//! When results of windows leave.

/// When an aggregation of windows sends its results on.
///
/// Java: `org.apache.kafka.streams.kstream.EmitStrategy`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in")
///         .group_by_key()
///         .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(10)))
///         .emit_strategy(EmitStrategy::on_window_close())
///         .count("counts")
///         .to_stream(|windowed, _| windowed.key.clone())
///         .to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe("a", 1, 1)?;
/// driver.input::<String, i64>("in").pipe("a", 1, 2)?;
/// assert!(driver.output::<String, i64>("out").values()?.is_empty());
/// driver.input::<String, i64>("in").pipe("a", 1, 10)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [2]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum EmitStrategy {
    /// With each update.
    #[default]
    OnWindowUpdate,
    /// Once, when the window is closed: its end and the grace period have passed.
    OnWindowClose,
}

impl EmitStrategy {
    /// Sends each update of a window on.
    pub const fn on_window_update() -> Self {
        Self::OnWindowUpdate
    }

    /// Sends a window's result on once, when no record can change it any more.
    pub const fn on_window_close() -> Self {
        Self::OnWindowClose
    }

    /// True for results that leave once.
    pub const fn is_on_close(self) -> bool {
        matches!(self, Self::OnWindowClose)
    }
}
