//! How fast a producer goes.

use std::time::{Duration, Instant};

/// Spaces records evenly in time.
#[derive(Debug)]
pub struct Pacing {
    start: Instant,
    every: Duration,
}

/// The time between two turns at `rate` turns a second; none when the rate is 0.
pub fn interval(rate: u32) -> Duration {
    if rate == 0 { Duration::ZERO } else { Duration::from_secs(1) / rate }
}

impl Pacing {
    /// `rate` records a second from now on; 0 is as fast as it goes.
    #[expect(clippy::disallowed_methods, reason = "a producer lives in real time")]
    pub fn new(rate: u32) -> Self {
        Self { start: Instant::now(), every: interval(rate) }
    }

    /// Waits until a turn, counted from 0, is due, and says how long after the first that is.
    pub fn wait(&self, turn: u32) -> Duration {
        let due = self.every * turn;
        if let Some(left) = due.checked_sub(self.start.elapsed()) {
            std::thread::sleep(left);
        }
        due
    }
}
