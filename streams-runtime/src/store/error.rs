//! Why a store could not do its work, and the mend.

use std::fmt;
#[cfg(feature = "rocksdb")]
use std::path::Path;

use crate::error::{Stop, StreamsError, StreamsErrorKind};
use crate::serdes::{SerdeError, Window};

/// Why a state store, or the directory it lives in, cannot be used; the message names store, path and mend.
///
/// Java: `org.apache.kafka.streams.errors.ProcessorStateException`.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
}

/// What kind of trouble a store is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreErrorKind {
    /// A key or value and its bytes do not fit.
    Serde,
    /// No store takes such a key.
    Key,
    /// The disk or the database under the store refused an operation.
    Io,
    /// The files of the store are damaged; wiping and restoring mends it.
    Damaged,
    /// The files belong to something else.
    Foreign,
    /// The files come from a newer version of this library.
    Newer,
    /// Another process uses the directory.
    InUse,
    /// The store is kept by somebody else and can only be read.
    ReadOnly,
    /// A processor works with the store already.
    AtWork,
    /// The write came later than a versioned store's history goes back; it was not made.
    Late,
}

impl StoreError {
    /// An error of a kind in words.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// True when deleting the store's files and restoring it from its changelog mends it.
    pub fn wipe_mends(&self) -> bool {
        self.kind == StoreErrorKind::Damaged
    }

    pub(crate) fn serde(store: &str, part: &str, error: &SerdeError) -> Self {
        Self::new(
            StoreErrorKind::Serde,
            format!(
                "the {part} of store `{store}` does not fit its serde: {error}; \
                 give the store the serde that its data was written with"
            ),
        )
    }

    /// A session ends before it begins (Java: the constructor of `Window`).
    #[cold]
    pub(crate) fn backwards(store: &str, window: Window) -> Self {
        Self::new(
            StoreErrorKind::Key,
            format!(
                "store `{store}` takes no session that ends at {} ms, before it starts at {} ms; check the order \
                 of the window's start and end",
                window.end, window.start
            ),
        )
    }

    #[cold]
    pub(crate) fn late(store: &str) -> Self {
        Self::new(
            StoreErrorKind::Late,
            format!(
                "it is older than the history retention of the versioned store `{store}`; raise the \
                 history retention to take later records"
            ),
        )
    }

    #[cfg(feature = "rocksdb")]
    pub(crate) fn io(path: &Path, what: &str, cause: &dyn fmt::Display) -> Self {
        Self::new(
            StoreErrorKind::Io,
            format!(
                "cannot {what} `{}`: {cause}; check the rights and the free space of that place",
                path.display()
            ),
        )
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}

impl From<StoreError> for StreamsError {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind {
            StoreErrorKind::InUse => StreamsErrorKind::StateDirectory,
            StoreErrorKind::ReadOnly | StoreErrorKind::AtWork => StreamsErrorKind::Processing,
            StoreErrorKind::Serde
            | StoreErrorKind::Key
            | StoreErrorKind::Io
            | StoreErrorKind::Damaged
            | StoreErrorKind::Foreign
            | StoreErrorKind::Newer
            | StoreErrorKind::Late => StreamsErrorKind::Store,
        };
        Self::new(kind, error.message)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::new(StreamsError::from(error))
    }
}
