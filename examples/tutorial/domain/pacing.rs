//! How fast a producer goes.

use std::time::{Duration, Instant};

/// Spaces records evenly in time.
#[derive(Debug)]
pub struct Pacing {
    start: Instant,
    every: Duration,
    sent: u32,
}

impl Pacing {
    /// `rate` records a second from now on; 0 is as fast as it goes.
    #[expect(clippy::disallowed_methods, reason = "a producer lives in real time")]
    pub fn new(rate: u32) -> Self {
        let every = if rate == 0 { Duration::ZERO } else { Duration::from_secs(1) / rate };
        Self { start: Instant::now(), every, sent: 0 }
    }

    /// Waits until the next record is due.
    pub fn wait(&mut self) {
        let due = self.every * self.sent;
        self.sent += 1;
        if let Some(left) = due.checked_sub(self.start.elapsed()) {
            std::thread::sleep(left);
        }
    }
}
