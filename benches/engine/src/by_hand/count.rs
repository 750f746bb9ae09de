//! Records of each key, counted.

use streams_runtime::record::RecordBatch;
use streams_runtime::store::{MemoryBytes, OrderedBytes};

use super::decode::{row, row_bytes, text};
use super::rows::{Row, Rows};
use crate::{CHANGELOG, Error, Machine, Producer, RESULTS};

/// Counts in a cache; a commit writes and sends the last count of each key.
pub(crate) struct CountByHand {
    backend: MemoryBytes,
    rows: Rows,
    buffer: Vec<u8>,
}

impl CountByHand {
    pub(crate) fn new(cache: usize) -> Self {
        Self { backend: MemoryBytes::new(), rows: Rows::new(cache), buffer: Vec::new() }
    }

    #[inline]
    fn count(&mut self, key: &[u8], time: i64) -> Result<(), Error> {
        if let Some(row) = self.rows.get(key) {
            row.value = row.value.wrapping_add(1);
            row.time = row.time.max(time);
            row.dirty = true;
            return Ok(());
        }
        self.buffer.clear();
        let (time, value) = if self.backend.get(key, &mut self.buffer)? {
            let (row_time, count) = row(&self.buffer)?;
            (row_time.max(time), count.wrapping_add(1))
        } else {
            (time, 1)
        };
        self.rows.insert(key, value, time, true);
        Ok(())
    }
}

impl Machine for CountByHand {
    fn process(&mut self, poll: Vec<RecordBatch>, producer: &mut Producer) -> Result<(), Error> {
        for batch in &poll {
            for ix in 0..batch.len() {
                let (key, _value) = (text(batch.key(ix))?, text(batch.value(ix))?);
                self.count(key.as_bytes(), batch.meta(ix).timestamp)?;
                while let Some(row) = self.rows.evict() {
                    if row.dirty {
                        write(&mut self.backend, &row, producer);
                    }
                }
            }
        }
        Ok(())
    }

    fn commit(&mut self, producer: &mut Producer) -> Result<(), Error> {
        let Self { backend, rows, .. } = self;
        rows.clean(|row| write(backend, row, producer));
        backend.apply(&[(0, producer.end(CHANGELOG) - 1)])?;
        Ok(())
    }
}

fn write(backend: &mut MemoryBytes, row: &Row, producer: &mut Producer) {
    let bytes = row_bytes(row.time, row.value);
    backend.stage(&row.key, Some(&bytes));
    producer.send(CHANGELOG, Some(0), Some(row.time), Some(&row.key), Some(&bytes[8..]));
    producer.send(RESULTS, None, Some(row.time), Some(&row.key), Some(&bytes[8..]));
}

/// Counts in the backend; every record is written and sent.
pub(crate) struct UncachedCountByHand {
    backend: MemoryBytes,
    buffer: Vec<u8>,
}

impl UncachedCountByHand {
    pub(crate) fn new() -> Self {
        Self { backend: MemoryBytes::new(), buffer: Vec::new() }
    }
}

impl Machine for UncachedCountByHand {
    fn process(&mut self, poll: Vec<RecordBatch>, producer: &mut Producer) -> Result<(), Error> {
        for batch in &poll {
            for ix in 0..batch.len() {
                let (key, _value) = (text(batch.key(ix))?, text(batch.value(ix))?);
                let (key, time) = (key.as_bytes(), batch.meta(ix).timestamp);
                self.buffer.clear();
                let (time, count) = if self.backend.get(key, &mut self.buffer)? {
                    let (row_time, count) = row(&self.buffer)?;
                    (row_time.max(time), count.wrapping_add(1))
                } else {
                    (time, 1)
                };
                let bytes = row_bytes(time, count);
                self.backend.stage(key, Some(&bytes));
                producer.send(CHANGELOG, Some(0), Some(time), Some(key), Some(&bytes[8..]));
                producer.send(RESULTS, None, Some(time), Some(key), Some(&bytes[8..]));
            }
        }
        Ok(())
    }

    fn commit(&mut self, producer: &mut Producer) -> Result<(), Error> {
        Ok(self.backend.apply(&[(0, producer.end(CHANGELOG) - 1)])?)
    }
}
