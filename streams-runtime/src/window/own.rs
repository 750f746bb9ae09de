//! Windows of the user's own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::millis;
use crate::error::UserError;
use crate::serdes::Window;
use crate::time::Timestamp;

/// Windows of your own: which ones a record belongs to is a function of its time alone.
///
/// For what [`TimeWindows`](super::TimeWindows) cannot say: days of a calendar, shifts, opening hours. Stores and topics keep
/// only the start of a window and have its end from `size`, so results that come out of a cache, a store or a topic
/// end `size` after their start; give windows of unequal length (days with a change of the clock) the longest as
/// their size. Results leave with each update: as in Kafka Streams, `EmitStrategy::on_window_close` is for
/// `TimeWindows` and `SlidingWindows` alone; `suppress` until the window closes works.
/// Java: a subclass of `org.apache.kafka.streams.kstream.Windows`.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// /// The shift from 6 to 14 o'clock (UTC) of each day; what happens later belongs to none.
/// struct EarlyShift;
///
/// const HOUR: i64 = 3_600_000;
///
/// impl Windows for EarlyShift {
///     fn windows_for(&self, time: Timestamp) -> Vec<Window> {
///         let time = time.as_millis();
///         let start = time - time % (24 * HOUR) + 6 * HOUR;
///         let shift = Window { start, end: start + 8 * HOUR };
///         Vec::from_iter((shift.start..shift.end).contains(&time).then_some(shift))
///     }
///
///     fn size(&self) -> Duration {
///         Duration::from_secs(8 * 3600)
///     }
///
///     fn grace_period(&self) -> Duration {
///         Duration::from_secs(3600)
///     }
/// }
///
/// let topology = topology!({
///     stream::<String, i64>("in")
///         .group_by_key()
///         .windowed_by(EarlyShift)
///         .count("per-shift")
///         .to_stream(|windowed, _| windowed.start / HOUR)
///         .to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe("a", 1, 5 * HOUR)?;
/// driver.input::<String, i64>("in").pipe("a", 1, 6 * HOUR)?;
/// driver.input::<String, i64>("in").pipe("a", 1, 30 * HOUR)?;
/// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(6, 1), (30, 1)]);
/// # Ok::<(), StreamsError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no windows",
    label = "`TimeWindows`, `SlidingWindows`, `SessionWindows`, `UnlimitedWindows` or a type that implements `Windows` \
             are wanted"
)]
pub trait Windows: Send + Sync + 'static {
    /// The windows that hold a time, in the order in which they are updated; none drops nothing, the record just
    /// belongs nowhere.
    ///
    /// Called once for each record. Each window begins at 0 or later and ends behind its start, and no two begin at
    /// one time, as the start is what a store knows of it; a window that breaks this goes to the processing
    /// exception handler, and the record changes nothing.
    fn windows_for(&self, time: Timestamp) -> Vec<Window>;

    /// How long the windows are; where lengths differ, the longest. Asked once, when the topology is made.
    ///
    /// A size of 0 is refused when the topology is built.
    fn size(&self) -> Duration;

    /// How long after its end a window takes late records. Asked once, when the topology is made.
    fn grace_period(&self) -> Duration;
}

/// The user's windows, with what they said of themselves.
#[derive(Clone)]
pub struct OwnWindows {
    windows: Arc<dyn Windows>,
    size_ms: i64,
    grace_ms: i64,
}

impl OwnWindows {
    pub(crate) fn new(windows: impl Windows) -> Self {
        let (size_ms, grace_ms) = (millis(windows.size()), millis(windows.grace_period()));
        Self { windows: Arc::new(windows), size_ms, grace_ms }
    }

    pub(super) fn size_ms(&self) -> i64 {
        self.size_ms
    }

    pub(super) fn grace_ms(&self) -> i64 {
        self.grace_ms
    }

    pub(super) fn problem(&self) -> Option<String> {
        (self.size_ms == 0)
            .then(|| "windows have a size of 0 ms; let `size` give at least 1 ms".to_owned())
    }

    /// The windows that hold a time.
    pub(crate) fn windows_for(&self, time: Timestamp) -> Result<Vec<Window>, UserError> {
        let windows = self.windows.windows_for(time);
        for (at, Window { start, end }) in windows.iter().enumerate() {
            if *start < 0 || end <= start {
                return Err(format!(
                    "`windows_for` gave a window from {start} to {end} ms for the time {} ms; let windows begin \
                     at 0 or later and end behind their start",
                    time.as_millis()
                )
                .into());
            }
            if windows[..at].iter().any(|before| before.start == *start) {
                return Err(format!(
                    "`windows_for` gave two windows that begin at {start} ms for the time {} ms; a store knows \
                     windows by their start, so leave one out",
                    time.as_millis()
                )
                .into());
            }
        }
        Ok(windows)
    }
}

impl fmt::Debug for OwnWindows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size_ms, grace_ms, .. } = self;
        f.debug_struct("OwnWindows").field("size_ms", size_ms).field("grace_ms", grace_ms).finish()
    }
}
