//! Windows of event time: pure arithmetic, no state.
//!
//! | kind | constructor | which windows a record at `t` belongs to |
//! |---|---|---|
//! | tumbling | [`TimeWindows::of_size_and_grace`] | the one of fixed size around `t` |
//! | hopping | [`TimeWindows::advance_by`] | all of fixed size around `t`, a step apart |
//! | sliding | [`SlidingWindows`] | one that ends at `t`, and one behind each earlier record |
//! | session | [`SessionWindows`] | one with all records that no gap divides from it |
//! | unlimited | [`UnlimitedWindows`] | the one that never ends |
//! | the user's | [`Windows`] | those that a function of `t` gives |
//! | join | [`JoinWindows`] | the span in which another stream's record joins it |
//!
//! Every constructor says how long results stay open for late records: the grace period, or none.

mod clock;
mod emit;
mod join;
mod own;
mod session;
mod sliding;
mod tumbling;
mod unlimited;

use std::time::Duration;

pub use clock::WindowClock;
pub use emit::EmitStrategy;
pub use join::JoinWindows;
pub use own::{OwnWindows, Windows};
pub use session::SessionWindows;
pub(crate) use session::span;
pub use sliding::SlidingWindows;
pub use tumbling::{Starts, TimeWindows};
pub use unlimited::UnlimitedWindows;

use crate::serdes::Window;

/// The milliseconds of a duration, at most `i64::MAX`.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Windows that a record's time tells, or data-driven sliding ones.
///
/// What a time-windowed stream is aggregated over.
#[derive(Clone, Debug)]
pub enum WindowSpan {
    /// Tumbling or hopping.
    Time(TimeWindows),
    /// One without an end.
    Unlimited(UnlimitedWindows),
    /// Sliding.
    Sliding(SlidingWindows),
    /// The user's own.
    Own(OwnWindows),
}

impl WindowSpan {
    /// How far the end of a window lies behind its start.
    pub fn size_ms(&self) -> i64 {
        match self {
            Self::Time(windows) => windows.size_ms(),
            Self::Unlimited(_) => i64::MAX,
            Self::Sliding(windows) => windows.time_difference_ms(),
            Self::Own(windows) => windows.size_ms(),
        }
    }

    /// How long late records are taken.
    pub fn grace_ms(&self) -> i64 {
        match self {
            Self::Time(windows) => windows.grace_ms(),
            Self::Unlimited(_) => 0,
            Self::Sliding(windows) => windows.grace_ms(),
            Self::Own(windows) => windows.grace_ms(),
        }
    }

    /// The shortest time for which a store has to keep the windows.
    pub fn least_retention_ms(&self) -> i64 {
        match self {
            Self::Time(_) | Self::Unlimited(_) | Self::Own(_) => {
                self.size_ms().saturating_add(self.grace_ms())
            }
            Self::Sliding(windows) => windows.least_retention_ms(),
        }
    }

    /// What is wrong with the windows, with its mend.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Time(windows) => windows.problem(),
            Self::Own(windows) => windows.problem(),
            Self::Unlimited(_) | Self::Sliding(_) => None,
        }
    }

    /// The key's window that starts there.
    pub fn window_at(&self, start: i64) -> Window {
        Window { start, end: start.saturating_add(self.size_ms()) }
    }
}

/// What is wrong with a store's retention for windows that need at least `needed` ms.
pub fn retention_problem(store: &str, retention_ms: i64, needed_ms: i64) -> Option<String> {
    (retention_ms < needed_ms).then(|| {
        format!(
            "store `{store}` keeps its windows for {retention_ms} ms, but they need {needed_ms} ms \
             (window and grace period together); raise `Materialized::with_retention`, or leave it out"
        )
    })
}
