//! Window stores that retain duplicates: rows of one key and time stand beside each other.

use super::byte_store::ByteStore;
use super::typed::{RowFormat, TypedStore};
use super::{Order, StoreError};
use crate::outbox::Outbox;
use crate::record::RecordContext;
use crate::serdes::Windowed;

/// Bytes of the number at the end of a window's key.
const NUMBER: usize = size_of::<i32>();

impl ByteStore {
    /// True when writes of one key and time do not replace each other.
    #[inline]
    pub(crate) fn retains_duplicates(&self) -> bool {
        self.segments.as_ref().is_some_and(|segments| segments.layout.duplicates)
    }

    /// Gives a row's key a number that no row has, in the place of its last four bytes.
    ///
    /// Each write takes one number and one record of the changelog, so no number of the rows that a store has
    /// when it opens is above the count of the changelog's records, and it goes on behind that. Java begins anew
    /// after a restart, and overwrites rows (`RocksDBWindowStore`). Without a changelog nothing bounds the
    /// numbers, so taken ones are passed over.
    pub(crate) fn number(&mut self, key: &mut Vec<u8>) -> Result<(), StoreError> {
        let Some(segments) = &self.segments else { return Ok(()) };
        let mut last = match segments.sequence {
            0 => self.committed_offset(self.partition)?.map_or(0, |last| last + 1),
            last => i64::from(last),
        };
        let mut taken = Vec::new();
        loop {
            let next = last.wrapping_add(1) & i64::from(i32::MAX);
            let number = i32::try_from(next).expect("invariant: masked to 31 bits");
            key.truncate(key.len().saturating_sub(NUMBER));
            key.extend_from_slice(&number.to_be_bytes());
            if self.is_logged() || !self.get_hidden(key, &mut taken)? {
                if let Some(segments) = &mut self.segments {
                    segments.sequence = number;
                }
                return Ok(());
            }
            last = next;
        }
    }

    /// Keeps a numbered row; one without a value is none, and deletes none.
    ///
    /// In memory it still moves the store's time (Java: `InMemoryWindowStore.put`).
    pub(crate) fn put_numbered(&mut self, key: &[u8], row: Option<&[u8]>) {
        if row.is_some() || !self.backend.persistent() {
            self.put(key, row);
        }
    }
}

impl<K, R, F> TypedStore<Windowed<K>, R, F>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
    F: RowFormat<R>,
{
    /// Writes a row beside those of the same key and window; `None` is logged, and deletes nothing.
    pub(crate) fn put_beside(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        window: &Windowed<K>,
        row: Option<&R>,
    ) -> Result<(), StoreError> {
        let mut key = self.key_bytes(window)?;
        let stored = self.row_bytes(row)?;
        self.bytes.number(&mut key)?;
        self.bytes.put_numbered(&key, stored.as_deref());
        let format = &self.format;
        let time = row.and_then(|row| format.timestamp(row)).unwrap_or(context.timestamp);
        let logged = stored.as_deref().map(|row| format.logged(row));
        self.bytes.log(out, &key, logged, time.as_millis(), format.headers(row, context));
        Ok(())
    }

    /// The row that was put last into that window.
    ///
    /// Java's store on disk finds it only until the next put, and the one in memory never.
    pub(crate) fn last_of_window(&mut self, window: &Windowed<K>) -> Result<Option<R>, StoreError> {
        let start = window.window.start;
        let rows = self.rows_of(window, start, start, Order::Descending)?;
        Ok(rows.into_iter().next().map(|(_, row)| row))
    }
}
