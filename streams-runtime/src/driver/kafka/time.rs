//! The clocks, which only drivers read.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::time::Timestamp;

/// The steady clock, for intervals and deadlines.
#[expect(clippy::disallowed_methods, reason = "drivers read clocks")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// The wall clock, for tasks.
#[expect(clippy::disallowed_methods, reason = "drivers read clocks")]
pub(super) fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Timestamp::ZERO.saturating_add_millis(ms)
}

/// The wall clock as files are stamped with.
#[cfg(feature = "rocksdb")]
#[expect(clippy::disallowed_methods, reason = "drivers read clocks")]
pub(super) fn system_time() -> SystemTime {
    SystemTime::now()
}
