//! Orders with the price of what is ordered.

use streams_runtime::record::RecordBatch;
use streams_runtime::store::{MemoryBytes, OrderedBytes};

use super::decode::{number, row, row_bytes, text};
use super::rows::{Row, Rows};
use crate::{CHANGELOG, Error, Machine, Producer, RESULTS};

/// Prices in a cache over the backend.
pub(crate) struct TableJoinByHand {
    backend: MemoryBytes,
    rows: Rows,
    buffer: Vec<u8>,
}

impl TableJoinByHand {
    pub(crate) fn new(cache: usize) -> Self {
        Self { backend: MemoryBytes::new(), rows: Rows::new(cache), buffer: Vec::new() }
    }

    #[inline]
    fn price(&mut self, key: &[u8]) -> Result<Option<i64>, Error> {
        if let Some(row) = self.rows.get(key) {
            return Ok(Some(row.value));
        }
        self.buffer.clear();
        if !self.backend.get(key, &mut self.buffer)? {
            return Ok(None);
        }
        let (time, price) = row(&self.buffer)?;
        self.rows.insert(key, price, time, false);
        Ok(Some(price))
    }

    #[inline]
    fn set_price(&mut self, key: &[u8], price: i64, time: i64) {
        if let Some(row) = self.rows.get(key) {
            (row.value, row.time, row.dirty) = (price, time, true);
        } else {
            self.rows.insert(key, price, time, true);
        }
    }
}

impl Machine for TableJoinByHand {
    fn process(&mut self, poll: Vec<RecordBatch>, producer: &mut Producer) -> Result<(), Error> {
        let [orders, prices] = &poll[..] else { return Err("two inputs".into()) };
        let (mut order, mut price) = (0, 0);
        while order < orders.len() || price < prices.len() {
            let price_is_next = order == orders.len()
                || price < prices.len()
                    && prices.meta(price).timestamp < orders.meta(order).timestamp;
            if price_is_next {
                let (key, value) = (text(prices.key(price))?, number(prices.value(price))?);
                self.set_price(key.as_bytes(), value, prices.meta(price).timestamp);
                price += 1;
            } else {
                let (key, count) = (text(orders.key(order))?, number(orders.value(order))?);
                if let Some(price) = self.price(key.as_bytes())? {
                    let total = count.wrapping_mul(price).to_be_bytes();
                    let time = Some(orders.meta(order).timestamp);
                    producer.send(RESULTS, None, time, Some(key.as_bytes()), Some(&total));
                }
                order += 1;
            }
            while let Some(row) = self.rows.evict() {
                if row.dirty {
                    write(&mut self.backend, &row, producer);
                }
            }
        }
        Ok(())
    }

    fn commit(&mut self, producer: &mut Producer) -> Result<(), Error> {
        let Self { backend, rows, .. } = self;
        rows.clean(|row| write(backend, row, producer));
        Ok(backend.apply(&[(0, producer.end(CHANGELOG) - 1)])?)
    }
}

fn write(backend: &mut MemoryBytes, row: &Row, producer: &mut Producer) {
    let bytes = row_bytes(row.time, row.value);
    backend.stage(&row.key, Some(&bytes));
    producer.send(CHANGELOG, Some(0), Some(row.time), Some(&row.key), Some(&bytes[8..]));
}
