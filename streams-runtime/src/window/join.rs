//! How far apart records of two streams may be to be joined.

use std::time::Duration;

use super::millis;

/// The span of time in which a record of the right stream joins a record of the left one.
///
/// With a left record at `t` join right records from `t - before` to `t + after`, both included. One of
/// the two may be negative: `before_ms(-5).after_ms(10)` joins what is 5 to 10 ms later. Records without
/// a match leave a left or outer join once the span, and then the grace period, has passed.
/// Java: `org.apache.kafka.streams.kstream.JoinWindows`.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// let hour = Duration::from_secs(3600);
/// let within = JoinWindows::of_time_difference_with_no_grace(hour).before(Duration::ZERO);
/// assert_eq!((within.earliest(5_000), within.latest(5_000)), (5_000, 3_605_000));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct JoinWindows {
    before_ms: i64,
    after_ms: i64,
    grace_ms: i64,
}

impl JoinWindows {
    /// Joins records that are at most so far apart, and waits for late ones until `grace` after.
    pub fn of_time_difference_and_grace(difference: Duration, grace: Duration) -> Self {
        let difference = millis(difference);
        Self { before_ms: difference, after_ms: difference, grace_ms: millis(grace) }
    }

    /// Joins records that are at most so far apart, and waits no longer for late ones.
    pub fn of_time_difference_with_no_grace(difference: Duration) -> Self {
        Self::of_time_difference_and_grace(difference, Duration::ZERO)
    }

    /// How much earlier than the left record the right one may be.
    #[must_use]
    pub fn before(self, before: Duration) -> Self {
        self.before_ms(millis(before))
    }

    /// How much later than the left record the right one may be.
    #[must_use]
    pub fn after(self, after: Duration) -> Self {
        self.after_ms(millis(after))
    }

    /// [`before`](Self::before) in milliseconds; a negative one excludes records of the same time.
    #[must_use]
    pub fn before_ms(mut self, before_ms: i64) -> Self {
        self.before_ms = before_ms;
        self
    }

    /// [`after`](Self::after) in milliseconds; a negative one excludes records of the same time.
    #[must_use]
    pub fn after_ms(mut self, after_ms: i64) -> Self {
        self.after_ms = after_ms;
        self
    }

    /// The size of the span in milliseconds.
    pub fn size_ms(self) -> i64 {
        self.before_ms.saturating_add(self.after_ms)
    }

    /// The grace period in milliseconds.
    pub fn grace_ms(self) -> i64 {
        self.grace_ms
    }

    /// How long each side's records are kept.
    pub fn retention_ms(self) -> i64 {
        self.size_ms().saturating_add(self.grace_ms)
    }

    /// The earliest time that joins a left record at `time`; never negative.
    #[inline]
    pub fn earliest(self, time: i64) -> i64 {
        time.saturating_sub(self.before_ms).max(0)
    }

    /// The latest time that joins a left record at `time`; never negative.
    #[inline]
    pub fn latest(self, time: i64) -> i64 {
        time.saturating_add(self.after_ms).max(0)
    }

    /// How long after a record others may join it.
    pub(crate) fn reach_ms(self) -> i64 {
        self.after_ms
    }

    /// The same span as the right stream sees it.
    #[must_use]
    pub(crate) fn reversed(self) -> Self {
        Self { before_ms: self.after_ms, after_ms: self.before_ms, ..self }
    }

    /// What is wrong with the span, with its mend.
    pub(crate) fn problem(self) -> Option<String> {
        (self.size_ms() < 0).then(|| {
            format!(
                "join windows with before = {} ms and after = {} ms join nothing; their sum must be at \
                 least 0",
                self.before_ms, self.after_ms
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_side_sees_it_the_other_way_round() {
        let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(10));
        let within = within.before_ms(-5).after_ms(20);
        assert_eq!((within.earliest(100), within.latest(100)), (105, 120));
        let right = within.reversed();
        assert_eq!((right.earliest(105), right.latest(120)), (85, 115));
        assert_eq!(within.size_ms(), 15);
        assert!(within.problem().is_none());
        assert!(within.after_ms(4).problem().unwrap().contains("before = -5 ms"));
    }
}
