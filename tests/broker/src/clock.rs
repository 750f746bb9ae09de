//! The only place that reads a clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The clock for deadlines.
#[allow(clippy::disallowed_methods, reason = "the broker is a driver: it owns its clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since the Unix epoch, for record times.
#[allow(clippy::disallowed_methods, reason = "the broker is a driver: it owns its clock")]
pub(crate) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
