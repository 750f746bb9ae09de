//! The time that one operator has seen, and what it has emitted.

/// What a windowed operator remembers of time; each starts anew with its task.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WindowClock {
    /// The latest event time that the operator has seen, -1 before the first.
    pub observed: i64,
    /// The close time of the last emission, -1 before the first.
    pub last_close: i64,
    /// Wall-clock time of the next emission.
    next_emit: i64,
}

impl Default for WindowClock {
    fn default() -> Self {
        Self { observed: -1, last_close: -1, next_emit: i64::MIN }
    }
}

impl WindowClock {
    /// Sees a record's time; returns the latest so far.
    #[inline]
    pub fn observe(&mut self, time: i64) -> i64 {
        self.observed = self.observed.max(time);
        self.observed
    }

    /// True when windows that closed may be emitted now, at most once per `interval_ms` of wall clock.
    pub fn emits(&mut self, now: i64, interval_ms: i64, close: i64) -> bool {
        if now < self.next_emit {
            return false;
        }
        self.next_emit = now.saturating_add(interval_ms);
        self.last_close == -1 || self.last_close < close
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emission_waits_for_the_interval_and_for_progress() {
        let mut clock = WindowClock::default();
        assert!(clock.emits(0, 1000, 5));
        clock.last_close = 5;
        assert!(!clock.emits(999, 1000, 9), "too early");
        assert!(clock.emits(1000, 1000, 9));
        assert!(!clock.emits(2000, 1000, 5), "no progress");
    }
}
