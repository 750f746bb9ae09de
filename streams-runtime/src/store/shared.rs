//! A backend for one writer and many readers: where global stores lie.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::backend::{Cursor, KeyRange, Order, OrderedBytes};
use super::{StoreError, StoreErrorKind, Times};

/// Rows that one store writes and the stores of many tasks read, on any thread.
///
/// Readers see whole batches only: what the writer stages is its own until `apply`. A lookup takes a
/// read lock for as long as it copies one value; a range copies its rows, so it sees one moment and holds
/// nobody up.
pub struct SharedBytes {
    store: Arc<str>,
    place: Arc<RwLock<Place>>,
    role: Role,
}

/// The rows and what their writer told of them with the last batch.
struct Place {
    rows: Box<dyn OrderedBytes>,
    times: Option<Arc<Times>>,
}

enum Role {
    Writer(Staged),
    /// How many writes were refused.
    Reader(usize),
}

/// The writes of the next batch, in order.
#[derive(Default)]
struct Staged {
    arena: Vec<u8>,
    writes: Vec<Write>,
    times: Option<Arc<Times>>,
}

enum Write {
    Row { key: Range<usize>, value: Option<Range<usize>> },
    Drop(KeyRange),
}

impl Staged {
    fn add(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        start..self.arena.len()
    }

    fn clear(&mut self) {
        self.arena.clear();
        self.writes.clear();
    }
}

impl SharedBytes {
    /// The writer of a store's rows; [`reader`](Self::reader) gives the others.
    pub fn new(store: &str, place: Box<dyn OrderedBytes>) -> Self {
        let place = Arc::new(RwLock::new(Place { rows: place, times: None }));
        Self { store: store.into(), place, role: Role::Writer(Staged::default()) }
    }

    /// Another look at the same rows, which cannot write.
    #[must_use]
    pub fn reader(&self) -> Self {
        let (store, place) = (Arc::clone(&self.store), Arc::clone(&self.place));
        Self { store, place, role: Role::Reader(0) }
    }

    /// Puts another place in the stead of this one; readers see its rows from now on.
    ///
    /// `renew` gets the old place, closes it and gives the new one. When it fails, an empty place is in
    /// its stead.
    ///
    /// # Errors
    /// Those of `renew`.
    pub fn replace(
        &self,
        renew: impl FnOnce(Box<dyn OrderedBytes>) -> Result<Box<dyn OrderedBytes>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut place = self.write();
        let old = std::mem::replace(&mut place.rows, Box::new(super::MemoryBytes::new()));
        place.times = None;
        place.rows = renew(old)?;
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Place> {
        self.place.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Place> {
        self.place.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_only(&self, writes: usize) -> StoreError {
        StoreError::new(
            StoreErrorKind::ReadOnly,
            format!(
                "a processor wrote {writes} rows to the global store `{}`, which tasks can only read; \
                 send such records to the topic that the store is made of",
                self.store
            ),
        )
    }
}

impl OrderedBytes for SharedBytes {
    fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        self.read().rows.get(key, out)
    }

    fn range(&self, range: &KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>, StoreError> {
        let place = self.read();
        let mut copied: VecDeque<OwnedRow> = VecDeque::new();
        let mut rows = place.rows.range(range, order)?;
        while let Some((key, value)) = rows.row() {
            copied.push_back((key.into(), value.into()));
            rows.advance()?;
        }
        Ok(Box::new(copied))
    }

    fn stage(&mut self, key: &[u8], value: Option<&[u8]>) {
        match &mut self.role {
            Role::Reader(refused) => *refused += 1,
            Role::Writer(staged) => {
                let (key, value) = (staged.add(key), value.map(|value| staged.add(value)));
                staged.writes.push(Write::Row { key, value });
            }
        }
    }

    fn stage_drop(&mut self, range: &KeyRange) -> Result<(), StoreError> {
        match &mut self.role {
            Role::Reader(refused) => *refused += 1,
            Role::Writer(staged) => staged.writes.push(Write::Drop(range.clone())),
        }
        Ok(())
    }

    fn apply(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        let staged = match &mut self.role {
            Role::Writer(staged) => staged,
            Role::Reader(0) => return Ok(()),
            Role::Reader(refused) => {
                let refused = std::mem::take(refused);
                return Err(self.read_only(refused));
            }
        };
        let mut place = self.place.write().unwrap_or_else(PoisonError::into_inner);
        for write in &staged.writes {
            match write {
                Write::Row { key, value } => {
                    let value = value.clone().map(|value| &staged.arena[value]);
                    place.rows.stage(&staged.arena[key.clone()], value);
                }
                Write::Drop(range) => place.rows.stage_drop(range)?,
            }
        }
        staged.clear();
        place.times = staged.times.take().or(place.times.take());
        place.rows.apply(offsets)
    }

    fn offset(&self, partition: i32) -> Result<Option<i64>, StoreError> {
        self.read().rows.offset(partition)
    }

    fn tell_times(&mut self, times: &dyn Fn() -> Times) {
        if let Role::Writer(staged) = &mut self.role {
            staged.times = Some(Arc::new(times()));
        }
    }

    fn told_times(&self) -> Option<Arc<Times>> {
        match self.role {
            Role::Writer(_) => None,
            Role::Reader(_) => self.read().times.clone(),
        }
    }

    fn approximate_rows(&self) -> u64 {
        self.read().rows.approximate_rows()
    }

    fn persistent(&self) -> bool {
        self.read().rows.persistent()
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        match self.role {
            Role::Writer(_) => self.write().rows.flush(),
            Role::Reader(_) => Ok(()),
        }
    }

    fn close(&mut self) -> Result<(), StoreError> {
        match self.role {
            Role::Writer(_) => self.write().rows.close(),
            Role::Reader(_) => Ok(()),
        }
    }
}

type OwnedRow = (Box<[u8]>, Box<[u8]>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryBytes;

    fn get(bytes: &SharedBytes, key: &[u8]) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        bytes.get(key, &mut value).expect("memory reads").then_some(value)
    }

    #[test]
    fn readers_see_whole_batches() {
        let mut writer = SharedBytes::new("g", Box::new(MemoryBytes::new()));
        let reader = writer.reader();
        writer.stage(b"a", Some(b"1"));
        writer.stage(b"b", Some(b"2"));
        assert_eq!(get(&reader, b"a"), None);
        writer.apply(&[(3, 7)]).expect("applied");
        assert_eq!(get(&reader, b"a"), Some(b"1".to_vec()));
        assert_eq!(reader.offset(3).expect("memory reads"), Some(7));
        let mut rows = reader.range(&KeyRange::all(), Order::Descending).expect("a range");
        // the range is of one moment, and the writer does not wait for its end
        writer.stage(b"a", None);
        writer.apply(&[]).expect("applied");
        assert_eq!(rows.row(), Some((&b"b"[..], &b"2"[..])));
        rows.advance().expect("memory reads");
        assert_eq!(rows.row(), Some((&b"a"[..], &b"1"[..])));
        assert_eq!(get(&reader, b"a"), None);
    }

    #[test]
    fn readers_do_not_write() {
        let writer = SharedBytes::new("g", Box::new(MemoryBytes::new()));
        let mut reader = writer.reader();
        reader.apply(&[]).expect("nothing was written");
        reader.stage(b"a", Some(b"1"));
        let error = reader.apply(&[]).expect_err("it wrote");
        assert!(error.to_string().contains("global store `g`"), "{error}");
        assert_eq!(get(&writer, b"a"), None);
        reader.apply(&[]).expect("the refused writes are gone");
        reader.close().expect("closed");
        assert_eq!(writer.approximate_rows(), 0);
    }

    #[test]
    fn a_place_is_replaced_under_its_readers() {
        let mut writer = SharedBytes::new("g", Box::new(MemoryBytes::new()));
        let reader = writer.reader();
        writer.stage(b"a", Some(b"1"));
        writer.apply(&[(0, 1)]).expect("applied");
        writer.replace(|_| Ok(Box::new(MemoryBytes::new()))).expect("replaced");
        assert_eq!(get(&reader, b"a"), None);
        assert_eq!(reader.offset(0).expect("memory reads"), None);
    }

    #[test]
    fn times_are_told_with_a_batch() {
        let mut writer = SharedBytes::new("g", Box::new(MemoryBytes::new()));
        let reader = writer.reader();
        let times = Times { stream_time: 7, segments: [0].into() };
        writer.tell_times(&|| times.clone());
        assert_eq!(reader.told_times(), None);
        writer.apply(&[]).expect("applied");
        assert_eq!(reader.told_times().as_deref(), Some(&times));
        assert_eq!(writer.told_times(), None, "the writer knows by itself");
    }
}
