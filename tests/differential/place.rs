//! Places of a user's own that survive a restart as a disk survives a crash: not with the last batch.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use streams_runtime::prelude::StoreType;
use streams_runtime::store::{
    BytesStoreSupplier, Cursor, KeyRange, Order, OrderedBytes, StoreError, StorePlace,
};

/// Every so many batches a place is durable.
const DURABLE_OF: usize = 3;

/// What a place holds after a batch.
#[derive(Clone, Debug, Default)]
struct Rows {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    offsets: BTreeMap<i32, i64>,
}

/// What survives, by the place's name.
#[derive(Default)]
struct Disk(Arc<Mutex<BTreeMap<String, Rows>>>);

/// Places that lie on a disk of their own; clones share it.
pub(crate) fn places() -> StoreType {
    StoreType::own(Disk::default())
}

impl BytesStoreSupplier for Disk {
    fn open(&self, place: &StorePlace<'_>) -> Result<Box<dyn OrderedBytes>, StoreError> {
        let name = format!("{:?} {}", place.task, place.store);
        let rows = self.0.lock().unwrap().get(&name).cloned().unwrap_or_default();
        let disk = Arc::clone(&self.0);
        Ok(Box::new(Place { name, disk, rows, staged: Vec::new(), applied: 0 }))
    }

    fn delete(&self, place: &StorePlace<'_>) -> Result<(), StoreError> {
        self.0.lock().unwrap().remove(&format!("{:?} {}", place.task, place.store));
        Ok(())
    }
}

struct Place {
    name: String,
    disk: Arc<Mutex<BTreeMap<String, Rows>>>,
    rows: Rows,
    staged: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    applied: usize,
}

impl OrderedBytes for Place {
    fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        let row = self.rows.rows.get(key);
        out.extend_from_slice(row.map_or(&[], Vec::as_slice));
        Ok(row.is_some())
    }

    fn range(&self, range: &KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>, StoreError> {
        let rows = self.rows.rows.iter().filter(|(key, _)| range.contains(key));
        Ok(Box::new(match order {
            Order::Ascending => rows.collect::<VecDeque<_>>(),
            Order::Descending => rows.rev().collect(),
        }))
    }

    fn stage(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.staged.push((key.to_vec(), value.map(<[u8]>::to_vec)));
    }

    fn apply(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        for (key, value) in self.staged.drain(..) {
            match value {
                Some(value) => drop(self.rows.rows.insert(key, value)),
                None => drop(self.rows.rows.remove(&key)),
            }
        }
        self.rows.offsets.extend(offsets.iter().copied());
        self.applied += 1;
        if self.applied.is_multiple_of(DURABLE_OF) {
            self.flush()?;
        }
        Ok(())
    }

    fn offset(&self, partition: i32) -> Result<Option<i64>, StoreError> {
        Ok(self.rows.offsets.get(&partition).copied())
    }

    fn approximate_rows(&self) -> u64 {
        self.rows.rows.len() as u64
    }

    fn persistent(&self) -> bool {
        true
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.disk.lock().unwrap().insert(self.name.clone(), self.rows.clone());
        Ok(())
    }

    /// As a crash does it: what is not durable is lost.
    fn close(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
