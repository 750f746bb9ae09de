//! Records of each key, counted by the minute.

use std::collections::BTreeSet;

use streams_runtime::record::RecordBatch;
use streams_runtime::serdes::partition_for_key;
use streams_runtime::store::{KeyRange, MemoryBytes, OrderedBytes};

use super::decode::{row, row_bytes, text};
use super::rows::{Row, Rows};
use crate::{CHANGELOG, Error, Machine, Producer, RESULTS};

const SIZE_MS: i64 = 60_000;
/// Behind the key in a changelog's key: the window's start and a sequence number.
const SUFFIX: usize = 12;

/// Counts in a cache by key and window; rows lie at window and key, so that old windows go as a range.
pub(crate) struct WindowCountByHand {
    backend: MemoryBytes,
    rows: Rows,
    windows: BTreeSet<i64>,
    time: i64,
    key: Vec<u8>,
    place: Vec<u8>,
    buffer: Vec<u8>,
}

impl WindowCountByHand {
    pub(crate) fn new(cache: usize) -> Self {
        Self {
            backend: MemoryBytes::new(),
            rows: Rows::new(cache),
            windows: BTreeSet::new(),
            time: -1,
            key: Vec::new(),
            place: Vec::new(),
            buffer: Vec::new(),
        }
    }

    #[inline]
    fn count(&mut self, key: &[u8], time: i64) -> Result<(), Error> {
        self.time = self.time.max(time);
        let start = time - time % SIZE_MS;
        if start + SIZE_MS <= self.time {
            return Ok(()); // its window is closed
        }
        self.key.clear();
        self.key.extend_from_slice(key);
        self.key.extend_from_slice(&start.to_be_bytes());
        self.key.extend_from_slice(&[0; 4]);
        if let Some(row) = self.rows.get(&self.key) {
            row.value = row.value.wrapping_add(1);
            row.time = row.time.max(time);
            row.dirty = true;
            return Ok(());
        }
        place(&self.key, &mut self.place);
        self.buffer.clear();
        let (time, value) = if self.backend.get(&self.place, &mut self.buffer)? {
            let (row_time, count) = row(&self.buffer)?;
            (row_time.max(time), count.wrapping_add(1))
        } else {
            (time, 1)
        };
        self.windows.insert(start);
        self.rows.insert(&self.key, value, time, true);
        Ok(())
    }
}

/// Window, then key.
fn place(key: &[u8], place: &mut Vec<u8>) {
    let (key, suffix) = key.split_at(key.len() - SUFFIX);
    place.clear();
    place.extend_from_slice(&suffix[..8]);
    place.extend_from_slice(key);
}

fn write(backend: &mut MemoryBytes, at: &mut Vec<u8>, row: &Row, producer: &mut Producer) {
    let bytes = row_bytes(row.time, row.value);
    place(&row.key, at);
    backend.stage(at, Some(&bytes));
    producer.send(CHANGELOG, Some(0), Some(row.time), Some(&row.key), Some(&bytes[8..]));
    // a topic's windowed keys end with the start, and go where the key itself would go
    let key = &row.key[..row.key.len() - 4];
    let partition = partition_for_key(&key[..key.len() - 8], 1);
    producer.send(RESULTS, Some(partition), Some(row.time), Some(key), Some(&bytes[8..]));
}

impl Machine for WindowCountByHand {
    fn process(&mut self, poll: Vec<RecordBatch>, producer: &mut Producer) -> Result<(), Error> {
        for batch in &poll {
            for ix in 0..batch.len() {
                let (key, _value) = (text(batch.key(ix))?, text(batch.value(ix))?);
                self.count(key.as_bytes(), batch.meta(ix).timestamp)?;
                while let Some(row) = self.rows.evict() {
                    if row.dirty {
                        write(&mut self.backend, &mut self.place, &row, producer);
                    }
                }
            }
        }
        Ok(())
    }

    fn commit(&mut self, producer: &mut Producer) -> Result<(), Error> {
        let Self { backend, rows, place, windows, .. } = self;
        rows.clean(|row| write(backend, place, row, producer));
        let open = self.time - SIZE_MS;
        while windows.first().is_some_and(|start| *start + SIZE_MS < open) {
            let Some(start) = windows.pop_first() else { break };
            let end = (start + 1).to_be_bytes();
            backend.stage_drop(&KeyRange::half_open(&start.to_be_bytes(), &end))?;
        }
        Ok(backend.apply(&[(0, producer.end(CHANGELOG) - 1)])?)
    }
}
