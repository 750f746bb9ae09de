//! What happens to one customer in both streams within five seconds.

use std::collections::BTreeSet;

use streams_runtime::record::RecordBatch;
use streams_runtime::store::{KeyRange, MemoryBytes, Order, OrderedBytes};

use super::decode::{number, row, row_bytes, text};
use crate::{CHANGELOG, Error, Machine, Producer, RESULTS};

const REACH_MS: i64 = 5_000;
const RETENTION_MS: i64 = 2 * REACH_MS;
const SEGMENT_MS: i64 = 60_000;

/// One side's records at segment, key, time and number.
struct Side {
    backend: MemoryBytes,
    changelog: usize,
    segments: BTreeSet<i64>,
    sequence: i32,
    time: i64,
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Side {
    fn new(changelog: usize) -> Self {
        Self {
            backend: MemoryBytes::new(),
            changelog,
            segments: BTreeSet::new(),
            sequence: 0,
            time: -1,
            from: Vec::new(),
            to: Vec::new(),
        }
    }

    /// Shows time and value of this side's records of a key within reach of `time`.
    fn each(&mut self, key: &[u8], time: i64, mut each: impl FnMut(i64, i64)) -> Result<(), Error> {
        let oldest = self.time - RETENTION_MS + 1;
        let (from, to) = ((time - REACH_MS).max(oldest).max(0), time + REACH_MS);
        for segment in self.segments.range(from / SEGMENT_MS..=to / SEGMENT_MS) {
            bound(&mut self.from, *segment, key, from, 0);
            bound(&mut self.to, *segment, key, to, u8::MAX);
            let range = KeyRange::closed(Some(&self.from), Some(&self.to));
            let mut rows = self.backend.range(&range, Order::Ascending)?;
            while let Some((place, bytes)) = rows.row() {
                if place.len() == self.from.len() {
                    let (time, value) = row(bytes)?;
                    each(time, value);
                }
                rows.advance()?;
            }
        }
        Ok(())
    }

    fn keep(&mut self, key: &[u8], time: i64, value: i64, producer: &mut Producer) {
        self.sequence = self.sequence.wrapping_add(1) & i32::MAX;
        self.time = self.time.max(time);
        bound(&mut self.from, time / SEGMENT_MS, key, time, 0);
        let number = self.from.len() - 4;
        self.from[number..].copy_from_slice(&self.sequence.to_be_bytes());
        let bytes = row_bytes(time, value);
        if time > self.time - RETENTION_MS {
            self.segments.insert(time / SEGMENT_MS);
            self.backend.stage(&self.from, Some(&bytes));
        }
        producer.send(
            self.changelog,
            Some(0),
            Some(time),
            Some(&self.from[8..]),
            Some(&bytes[8..]),
        );
    }

    fn commit(&mut self, producer: &mut Producer) -> Result<(), Error> {
        let live = (self.time - RETENTION_MS) / SEGMENT_MS;
        if self.segments.first().is_some_and(|first| *first < live) {
            self.segments = self.segments.split_off(&live);
            self.backend.stage_drop(&KeyRange::half_open(&[], &live.to_be_bytes()))?;
        }
        Ok(self.backend.apply(&[(0, producer.end(self.changelog) - 1)])?)
    }
}

/// A place with its last four bytes filled.
fn bound(out: &mut Vec<u8>, segment: i64, key: &[u8], time: i64, fill: u8) {
    out.clear();
    out.extend_from_slice(&segment.to_be_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(&time.to_be_bytes());
    out.extend_from_slice(&[fill; 4]);
}

pub(crate) struct StreamJoinByHand {
    sides: [Side; 2],
}

impl Default for StreamJoinByHand {
    fn default() -> Self {
        Self { sides: [Side::new(CHANGELOG), Side::new(CHANGELOG + 1)] }
    }
}

impl StreamJoinByHand {
    fn join(
        &mut self,
        is_right: bool,
        (key, value): (&str, i64),
        time: i64,
        producer: &mut Producer,
    ) -> Result<(), Error> {
        let [left, right] = &mut self.sides;
        let (own, other) = if is_right { (right, left) } else { (left, right) };
        other.each(key.as_bytes(), time, |other_time, other| {
            let time = Some(time.max(other_time));
            let value = value.wrapping_add(other).to_be_bytes();
            producer.send(RESULTS, None, time, Some(key.as_bytes()), Some(&value));
        })?;
        own.keep(key.as_bytes(), time, value, producer);
        Ok(())
    }
}

impl Machine for StreamJoinByHand {
    fn process(&mut self, poll: Vec<RecordBatch>, producer: &mut Producer) -> Result<(), Error> {
        let [left, right] = &poll[..] else { return Err("two inputs".into()) };
        let (mut at_left, mut at_right) = (0, 0);
        while at_left < left.len() || at_right < right.len() {
            let is_right = at_left == left.len()
                || at_right < right.len()
                    && right.meta(at_right).timestamp < left.meta(at_left).timestamp;
            let (batch, ix) = if is_right { (right, &mut at_right) } else { (left, &mut at_left) };
            let (key, value) = (text(batch.key(*ix))?, number(batch.value(*ix))?);
            self.join(is_right, (&key, value), batch.meta(*ix).timestamp, producer)?;
            *ix += 1;
        }
        Ok(())
    }

    fn commit(&mut self, producer: &mut Producer) -> Result<(), Error> {
        self.sides.iter_mut().try_for_each(|side| side.commit(producer))
    }
}
