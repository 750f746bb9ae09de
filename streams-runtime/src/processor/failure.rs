//! What went wrong behind a processor's back, until the processor returns.

use crate::error::{Stop, UserError};
use crate::store::StoreError;

/// A failure of a forward or of a store, noted while user code runs: neither returns a `Result`.
#[derive(Debug)]
pub(crate) enum ProcessorFailure {
    /// A child stopped the task.
    Stop(Stop),
    /// A store could not be read or written, or a part has no bytes in its serde.
    Store(StoreError),
    /// The processor asked for what is not there.
    Processor(UserError),
}

impl From<Stop> for ProcessorFailure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<StoreError> for ProcessorFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
