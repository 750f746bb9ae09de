//! The bytes of a row: in the store, and on the changelog.

use super::{ChangelogRecord, StoreKind};
use crate::record::{Headers, RecordContext};
use crate::serdes::{Encoded, SerdeError};
use crate::time::Timestamp;

/// How rows of a kind lie in the store and on the changelog.
pub(crate) trait RowFormat<R>: Send + 'static {
    /// The kind of store.
    const KIND: StoreKind;
    /// How many bytes come before the value; the changelog has the value only.
    const PREFIX: usize;
    /// Appends the stored form of a row; `Null` when its value is a null.
    fn write(&self, topic: &str, row: &R, out: &mut Vec<u8>) -> Result<Encoded, SerdeError>;

    /// How many bytes `write` appends, when that is known without writing.
    fn len(&self, row: &R) -> Option<usize>;

    /// Reads the stored form.
    fn read(&self, topic: &str, bytes: &[u8]) -> Result<R, SerdeError>;

    /// The row's own time, where the kind has one.
    fn timestamp(&self, row: &R) -> Option<Timestamp>;

    /// Appends the stored form of a changelog record's value.
    fn restored(&self, record: &ChangelogRecord<'_>, value: &[u8], out: &mut Vec<u8>);

    /// What the changelog gets of a stored row.
    #[inline]
    fn logged<'r>(&self, row: &'r [u8]) -> &'r [u8] {
        row.get(Self::PREFIX..).unwrap_or_default()
    }

    /// The headers of the changelog record of a row, or of its deletion.
    #[inline]
    fn headers<'a>(&self, row: Option<&'a R>, context: &'a RecordContext) -> &'a Headers {
        let _ = (row, context);
        Headers::none()
    }

    /// True when a row that goes because the store is full gets a tombstone on the changelog.
    #[inline]
    fn logs_eviction(&self) -> bool {
        false
    }

    /// The kind of a store with this format, whose keys are those of `kind`.
    fn kind(&self, kind: StoreKind) -> StoreKind {
        kind
    }
}
