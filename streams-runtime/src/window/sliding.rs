//! Sliding windows.

use std::time::Duration;

use super::millis;

/// Windows that records open themselves: whatever lies within a time of each other shares a window.
///
/// Each record is the last of one window and lies just before another one; start and end belong to a
/// window. Java: `org.apache.kafka.streams.kstream.SlidingWindows`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let ten = Duration::from_millis(10);
///     stream::<String, i64>("in")
///         .group_by_key()
///         .windowed_by(SlidingWindows::of_time_difference_and_grace(ten, ten))
///         .count("counts")
///         .to_stream(|windowed, _| windowed.start)
///         .to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe("a", 1, 20)?;
/// driver.input::<String, i64>("in").pipe("a", 1, 25)?;
/// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(10, 1), (21, 1), (15, 2)]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SlidingWindows {
    difference_ms: i64,
    grace_ms: i64,
}

impl SlidingWindows {
    /// Records at most that far apart share a window, which takes late ones until `grace` after its end.
    pub fn of_time_difference_and_grace(difference: Duration, grace: Duration) -> Self {
        Self { difference_ms: millis(difference), grace_ms: millis(grace) }
    }

    /// The same without a time for late records.
    pub fn of_time_difference_with_no_grace(difference: Duration) -> Self {
        Self::of_time_difference_and_grace(difference, Duration::ZERO)
    }

    /// The most that records of one window are apart, in milliseconds.
    pub fn time_difference_ms(self) -> i64 {
        self.difference_ms
    }

    /// The grace period in milliseconds.
    pub fn grace_ms(self) -> i64 {
        self.grace_ms
    }

    /// The shortest time for which a store has to keep the windows.
    pub fn least_retention_ms(self) -> i64 {
        self.difference_ms.saturating_mul(2).saturating_add(self.grace_ms)
    }
}
