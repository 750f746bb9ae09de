//! Why a stream thread cannot simply go on.

use crate::error::StreamsError;

/// What interrupts the work of a thread, named by the reaction.
#[derive(Debug)]
pub(super) enum Interrupt {
    /// The thread ends with this error.
    Fail(StreamsError),
    /// Somebody else owns the partitions: close without a commit and wait for the next assignment.
    Migrated(String),
    /// Results did not arrive: close without a commit and start again from the last one.
    Restart(String),
}

impl From<StreamsError> for Interrupt {
    fn from(error: StreamsError) -> Self {
        Self::Fail(error)
    }
}

impl From<crate::store::StoreError> for Interrupt {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Fail(error.into())
    }
}
