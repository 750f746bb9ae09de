//! Session windows.

use std::time::Duration;

use super::millis;
use crate::serdes::Window;

/// Windows of activity: records that no inactivity gap divides belong to one session.
///
/// A session reaches from its first to its last record, both included; a record between two sessions
/// merges them. Java: `org.apache.kafka.streams.kstream.SessionWindows`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("clicks")
///         .group_by_key()
///         .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(Duration::from_millis(5)))
///         .count("sessions")
///         .to_stream(|session, _| session.end)
///         .to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("clicks").pipe("a", 1, 5)?;
/// driver.input::<String, i64>("clicks").pipe("a", 1, 10)?;
/// let out = driver.output::<i64, Option<i64>>("out").key_values()?;
/// assert_eq!(out, [(5, Some(1)), (5, None), (10, Some(2))]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionWindows {
    gap_ms: i64,
    grace_ms: i64,
}

impl SessionWindows {
    /// Sessions that a gap of inactivity ends, open for late records until `grace` after that.
    pub fn of_inactivity_gap_and_grace(gap: Duration, grace: Duration) -> Self {
        Self { gap_ms: millis(gap), grace_ms: millis(grace) }
    }

    /// The same without a time for late records.
    pub fn of_inactivity_gap_with_no_grace(gap: Duration) -> Self {
        Self::of_inactivity_gap_and_grace(gap, Duration::ZERO)
    }

    /// The gap that ends a session, in milliseconds.
    pub fn gap_ms(self) -> i64 {
        self.gap_ms
    }

    /// The grace period in milliseconds.
    pub fn grace_ms(self) -> i64 {
        self.grace_ms
    }

    /// How long after its last record a session is closed.
    pub fn closes_after_ms(self) -> i64 {
        self.gap_ms.saturating_add(self.grace_ms)
    }
}

/// The session that spans two.
pub(crate) fn span(one: Window, other: Window) -> Window {
    Window { start: one.start.min(other.start), end: one.end.max(other.end) }
}
