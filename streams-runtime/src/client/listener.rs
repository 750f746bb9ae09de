//! Who decides what happens after an error.

use crate::error::StreamsError;

/// What happens after a thread ended with an error.
///
/// Java: `StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UncaughtExceptionResponse {
    /// The thread starts again from the last commit; what failed is tried again.
    ReplaceThread,
    /// This instance stops, with state `Error`.
    #[default]
    ShutdownClient,
    /// As `ShutdownClient`. The group protocol of the client library has no way to tell the other
    /// instances, so they go on and take the partitions over; a warning says so.
    ShutdownApplication,
}

/// Decides what happens after a thread ended with an error.
pub type UncaughtExceptionHandler =
    dyn Fn(&StreamsError) -> UncaughtExceptionResponse + Send + Sync;
