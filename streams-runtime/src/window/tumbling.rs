//! Tumbling and hopping windows.

use std::time::Duration;

use super::millis;

/// Windows of one size: side by side (tumbling), or a step apart and overlapping (hopping).
///
/// A window holds the records from its start up to its end, which does not belong to it. Starts are
/// multiples of the step. Java: `org.apache.kafka.streams.kstream.TimeWindows`.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// let hour = Duration::from_secs(3600);
/// let windows = TimeWindows::of_size_and_grace(hour, Duration::from_secs(60)).advance_by(hour / 4);
/// assert_eq!(windows.starts_at(3_600_000).count(), 4);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeWindows {
    size_ms: i64,
    advance_ms: i64,
    grace_ms: i64,
}

impl TimeWindows {
    /// Windows of that size, open for late records until `grace` after their end.
    ///
    /// A size of 0 is refused when the topology is built.
    pub fn of_size_and_grace(size: Duration, grace: Duration) -> Self {
        let size_ms = millis(size);
        Self { size_ms, advance_ms: size_ms, grace_ms: millis(grace) }
    }

    /// Windows of that size that take no record after their end.
    pub fn of_size_with_no_grace(size: Duration) -> Self {
        Self::of_size_and_grace(size, Duration::ZERO)
    }

    /// Starts a window each `advance`, so that they overlap.
    ///
    /// A step of 0, or one longer than the windows, is refused when the topology is built.
    #[must_use]
    pub fn advance_by(mut self, advance: Duration) -> Self {
        self.advance_ms = millis(advance);
        self
    }

    /// The windows' size in milliseconds.
    pub fn size_ms(self) -> i64 {
        self.size_ms
    }

    /// The step between two starts in milliseconds.
    pub fn advance_ms(self) -> i64 {
        self.advance_ms
    }

    /// The grace period in milliseconds.
    pub fn grace_ms(self) -> i64 {
        self.grace_ms
    }

    /// What is wrong with the windows, with its mend.
    pub fn problem(self) -> Option<String> {
        if self.size_ms <= 0 {
            return Some("windows have a size of 0 ms; give them at least 1 ms".to_owned());
        }
        if self.advance_ms <= 0 || self.advance_ms > self.size_ms {
            return Some(format!(
                "windows of {} ms cannot advance by {} ms: records would be counted endlessly or lost; \
                 advance by 1 to {} ms",
                self.size_ms, self.advance_ms, self.size_ms
            ));
        }
        None
    }

    /// The starts of the windows that a time belongs to, earliest first; none is negative.
    #[inline]
    pub fn starts_at(self, time: i64) -> Starts {
        let step = self.advance_ms.max(1);
        let first = (time.saturating_sub(self.size_ms).saturating_add(step)).max(0) / step * step;
        Starts { next: first, last: time, step }
    }
}

/// The starts of the windows around a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Starts {
    next: i64,
    last: i64,
    step: i64,
}

impl Iterator for Starts {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        if self.next > self.last {
            return None;
        }
        let start = self.next;
        self.next = start.saturating_add(self.step);
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[track_caller]
    fn check(windows: TimeWindows, time: i64, starts: &[i64]) {
        assert_eq!(windows.starts_at(time).collect::<Vec<_>>(), starts);
    }

    #[test]
    fn a_time_is_in_one_tumbling_window() {
        let windows = TimeWindows::of_size_with_no_grace(ms(10));
        check(windows, 0, &[0]);
        check(windows, 9, &[0]);
        check(windows, 10, &[10]);
    }

    #[test]
    fn hopping_windows_never_start_before_zero() {
        let windows = TimeWindows::of_size_with_no_grace(ms(10)).advance_by(ms(3));
        check(windows, 5, &[0, 3]);
        check(windows, 20, &[12, 15, 18]);
    }

    #[test]
    fn impossible_windows_say_what_is_possible() {
        let of = TimeWindows::of_size_with_no_grace;
        assert!(of(ms(0)).problem().unwrap().contains("size of 0 ms"));
        for step in [0, 11] {
            let problem = of(ms(10)).advance_by(ms(step)).problem().unwrap();
            assert!(problem.contains("advance by 1 to 10 ms"), "{problem}");
        }
        assert_eq!(of(ms(10)).advance_by(ms(10)).problem(), None);
    }
}
