//! The log of one partition: batches in memory, nothing ever dropped but by DeleteRecords.
//!
//! **Invariant**: batches are in offset order without gaps or overlap; the first one may reach below
//! `start`. One node, so the high watermark is always the end of the log.

mod batch;
mod compression;
mod open;
mod producers;
mod record;

use std::collections::VecDeque;

use bytes::BytesMut;
use kafka_protocol::ResponseError as ErrorCode;

pub(crate) use batch::{Batch, Codec, Head as BatchHead, LEADER_EPOCH, encode as encode_batch};
pub(crate) use open::Aborted;
use open::OpenTransactions;
use producers::{Producers, Verdict};
pub(crate) use record::{Decoded, Fields, write as write_record};

use crate::transactions::{Identity, Outcome};

/// All records of one partition.
#[derive(Debug, Default)]
pub(crate) struct PartitionLog {
    batches: VecDeque<Placed>,
    start: i64,
    end: i64,
    producers: Producers,
    transactions: OpenTransactions,
}

/// What a reader wants to see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum View {
    /// All that was written.
    Everything,
    /// Nothing of open and aborted transactions.
    Committed,
}

#[derive(Debug)]
struct Placed {
    base_offset: i64,
    /// Highest record time from the log's start up to this batch: ascending, so it can be searched.
    highest_timestamp: i64,
    batch: Batch,
}

impl Placed {
    fn last_offset(&self) -> i64 {
        self.base_offset + i64::from(self.batch.last_offset_delta)
    }
}

/// A record's place in time and log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TimedOffset {
    pub(crate) offset: i64,
    pub(crate) timestamp: i64,
}

impl PartitionLog {
    /// First offset that can be read.
    pub(crate) fn start(&self) -> i64 {
        self.start
    }

    /// Offset of the next record; also the high watermark.
    pub(crate) fn end(&self) -> i64 {
        self.end
    }

    /// The end of what a reader may see: for committed records, the first open transaction.
    pub(crate) fn visible_end(&self, view: View) -> i64 {
        match view {
            View::Everything => self.end,
            View::Committed => self.transactions.first_open().unwrap_or(self.end),
        }
    }

    /// The aborted transactions that a reader from `offset` on must skip.
    pub(crate) fn aborted(&self, offset: i64) -> Vec<Aborted> {
        self.transactions.aborted(offset, self.visible_end(View::Committed))
    }

    /// Appends a batch and returns its first offset; a batch sent again returns its first place.
    ///
    /// # Errors
    /// Those of an idempotent producer out of order, see [`Producers::judge`].
    pub(crate) fn append(&mut self, batch: Batch) -> Result<i64, ErrorCode> {
        if let Verdict::Duplicate(base_offset) = self.producers.judge(&batch)? {
            return Ok(base_offset);
        }
        let base_offset = self.end;
        self.producers.remember(&batch, base_offset);
        self.transactions.note(&batch, base_offset);
        self.place(batch);
        Ok(base_offset)
    }

    /// Ends a producer's transaction in this partition.
    ///
    /// # Errors
    /// Never in practice, see [`Batch::marker`].
    pub(crate) fn end_transaction(
        &mut self,
        by: Identity,
        outcome: Outcome,
        now_ms: i64,
    ) -> Result<(), ErrorCode> {
        let marker = Batch::marker(by, outcome, now_ms)?;
        self.producers.fence(by.producer_id, by.epoch);
        self.transactions.close(by.producer_id, self.end, outcome == Outcome::Abort);
        self.place(marker);
        Ok(())
    }

    fn place(&mut self, batch: Batch) {
        let base_offset = self.end;
        let before = self.batches.back().map_or(i64::MIN, |last| last.highest_timestamp);
        self.end += i64::from(batch.last_offset_delta) + 1;
        let highest_timestamp = before.max(batch.max_timestamp);
        self.batches.push_back(Placed { base_offset, highest_timestamp, batch });
    }

    /// Copies whole batches from the one that holds `offset` on, up to `bytes_max`; with
    /// `at_least_one` the first batch comes whatever its size, so that no reader gets stuck.
    ///
    /// # Errors
    /// `OffsetOutOfRange` outside of the log.
    pub(crate) fn read(
        &self,
        offset: i64,
        view: View,
        bytes_max: usize,
        at_least_one: bool,
        out: &mut BytesMut,
    ) -> Result<(), ErrorCode> {
        self.check_range(offset)?;
        let before = out.len();
        for placed in self.visible_from(offset, view) {
            let taken = out.len() - before;
            let is_due = at_least_one && taken == 0;
            if !is_due && taken + placed.batch.size() > bytes_max {
                break;
            }
            placed.batch.write(placed.base_offset, out);
        }
        Ok(())
    }

    /// How many bytes lie from the batch that holds `offset` on; counting stops at `enough`.
    ///
    /// # Errors
    /// `OffsetOutOfRange` outside of the log.
    pub(crate) fn readable(
        &self,
        offset: i64,
        view: View,
        enough: usize,
    ) -> Result<usize, ErrorCode> {
        self.check_range(offset)?;
        let mut bytes = 0;
        for placed in self.visible_from(offset, view) {
            bytes += placed.batch.size();
            if bytes >= enough {
                break;
            }
        }
        Ok(bytes)
    }

    /// The first record at or after `timestamp`, exact also inside compressed batches.
    ///
    /// # Errors
    /// `CorruptMessage` when the batch does not decompress.
    pub(crate) fn find_time(&self, timestamp: i64) -> Result<Option<TimedOffset>, ErrorCode> {
        let index = self.batches.partition_point(|placed| placed.highest_timestamp < timestamp);
        for placed in self.batches.range(index..) {
            if placed.batch.max_timestamp < timestamp {
                continue;
            }
            for record in record::decode(&placed.batch, placed.base_offset)? {
                if record.timestamp >= timestamp && record.offset >= self.start {
                    return Ok(Some(TimedOffset {
                        offset: record.offset,
                        timestamp: record.timestamp,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// Moves the start of the log up to `offset` and drops the batches that end before it.
    ///
    /// # Errors
    /// `OffsetOutOfRange` beyond the end.
    pub(crate) fn delete_before(&mut self, offset: i64) -> Result<i64, ErrorCode> {
        if !(0..=self.end).contains(&offset) {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        self.start = self.start.max(offset);
        while self.batches.front().is_some_and(|first| first.last_offset() < self.start) {
            self.batches.pop_front();
        }
        let mut highest = i64::MIN;
        for placed in &mut self.batches {
            highest = highest.max(placed.batch.max_timestamp);
            placed.highest_timestamp = highest;
        }
        Ok(self.start)
    }

    /// Decodes every record that a reader with this view may see.
    ///
    /// # Errors
    /// `CorruptMessage` or `InvalidRecord` when a compressed batch holds nonsense.
    pub(crate) fn records(&self, view: View) -> Result<Vec<Decoded>, ErrorCode> {
        let mut records = Vec::new();
        for placed in self.visible_from(self.start, view) {
            let (producer_id, at) = (placed.batch.producer_id, placed.base_offset);
            let is_aborted =
                placed.batch.is_transactional() && self.transactions.is_aborted(producer_id, at);
            if placed.batch.is_control() || is_aborted && view == View::Committed {
                continue;
            }
            records.extend(record::decode(&placed.batch, placed.base_offset)?);
        }
        records.retain(|record| record.offset >= self.start);
        Ok(records)
    }

    fn check_range(&self, offset: i64) -> Result<(), ErrorCode> {
        if (self.start..=self.end).contains(&offset) {
            Ok(())
        } else {
            Err(ErrorCode::OffsetOutOfRange)
        }
    }

    /// Batches from the one that holds `offset` up to the end that the view allows.
    fn visible_from(&self, offset: i64, view: View) -> impl Iterator<Item = &Placed> {
        let index = self.batches.partition_point(|placed| placed.last_offset() < offset);
        let end = self.visible_end(view);
        self.batches.range(index..).take_while(move |placed| placed.base_offset < end)
    }
}

#[cfg(test)]
mod tests {
    use super::batch::tests::{batch, in_transaction};
    use super::*;

    const NOBODY: (i64, i16, i32) = (-1, -1, -1);

    /// Three batches of 3 records; times 100.., 50.., 200...
    fn log() -> PartitionLog {
        let mut log = PartitionLog::default();
        for first_ms in [100, 50, 200] {
            log.append(batch(3, first_ms, NOBODY)).unwrap();
        }
        log
    }

    fn read_bases(log: &PartitionLog, offset: i64, bytes_max: usize) -> Vec<u8> {
        let mut out = BytesMut::new();
        log.read(offset, View::Everything, bytes_max, true, &mut out).unwrap();
        let size = batch(3, 0, NOBODY).size();
        out.chunks(size).map(|chunk| chunk[7]).collect()
    }

    #[test]
    fn reads_start_at_the_batch_that_holds_the_offset_and_keep_to_the_limit() {
        let size = batch(3, 0, NOBODY).size();
        assert_eq!(read_bases(&log(), 0, usize::MAX), [0, 3, 6]);
        assert_eq!(read_bases(&log(), 5, usize::MAX), [3, 6]);
        assert_eq!(read_bases(&log(), 0, 2 * size), [0, 3]);
        assert_eq!(read_bases(&log(), 0, 1), [0], "at least one batch");
        assert_eq!(read_bases(&log(), 9, usize::MAX), [] as [u8; 0]);
        assert_eq!(log().readable(3, View::Everything, usize::MAX), Ok(2 * size));
        assert_eq!(log().readable(10, View::Everything, 1), Err(ErrorCode::OffsetOutOfRange));
    }

    #[test]
    fn a_time_finds_the_first_record_at_or_after_it() {
        let find = |ms| log().find_time(ms).unwrap().map(|found| (found.offset, found.timestamp));
        assert_eq!(find(0), Some((0, 100)));
        assert_eq!(find(101), Some((1, 101)));
        assert_eq!(find(103), Some((6, 200)));
        assert_eq!(find(202), Some((8, 202)));
        assert_eq!(find(203), None);
    }

    #[test]
    fn deleted_records_are_gone_for_reads_times_and_lists() {
        let mut log = log();
        assert_eq!(log.delete_before(10), Err(ErrorCode::OffsetOutOfRange));
        assert_eq!(log.delete_before(4), Ok(4));
        assert_eq!(log.delete_before(2), Ok(4), "the start never moves back");
        assert_eq!(log.readable(3, View::Everything, 1), Err(ErrorCode::OffsetOutOfRange));
        assert_eq!(log.find_time(0).unwrap().unwrap().offset, 4);
        assert_eq!(log.find_time(60).unwrap().unwrap().offset, 6);
        let offsets: Vec<_> =
            log.records(View::Committed).unwrap().iter().map(|r| r.offset).collect();
        assert_eq!(offsets, [4, 5, 6, 7, 8]);
        assert_eq!((log.start(), log.end()), (4, 9));
    }

    #[test]
    fn a_resent_batch_is_answered_but_not_written() {
        let mut log = log();
        assert_eq!(log.append(batch(2, 0, (5, 0, 0))), Ok(9));
        assert_eq!(log.append(batch(2, 0, (5, 0, 0))), Ok(9));
        assert_eq!(log.end(), 11);
    }

    const P7: Identity = Identity { producer_id: 7, epoch: 0 };

    fn offsets(log: &PartitionLog, view: View) -> Vec<i64> {
        log.records(view).unwrap().iter().map(|record| record.offset).collect()
    }

    #[test]
    fn open_transactions_hold_committed_readers_back() {
        let mut log = log();
        log.append(in_transaction(2, (7, 0, 0))).unwrap();
        log.append(batch(1, 0, NOBODY)).unwrap();
        assert_eq!((log.visible_end(View::Committed), log.end()), (9, 12));
        assert_eq!(log.readable(9, View::Committed, 1), Ok(0));
        assert_eq!(offsets(&log, View::Committed).last(), Some(&8));
        log.end_transaction(P7, Outcome::Commit, 5).unwrap();
        assert_eq!((log.visible_end(View::Committed), log.end()), (13, 13));
        assert_eq!(offsets(&log, View::Committed)[9..], [9, 10, 11], "the marker is no record");
        assert_eq!(log.aborted(0), []);
    }

    #[test]
    fn aborted_records_are_told_to_committed_readers() {
        let mut log = log();
        log.append(in_transaction(2, (7, 0, 0))).unwrap();
        log.append(batch(1, 0, NOBODY)).unwrap();
        log.end_transaction(P7, Outcome::Abort, 5).unwrap();
        log.append(in_transaction(1, (7, 0, 2))).unwrap();
        log.end_transaction(P7, Outcome::Commit, 5).unwrap();
        let aborted = Aborted { producer_id: 7, first_offset: 9, last_offset: 12 };
        assert_eq!(
            (log.aborted(0), log.aborted(12), log.aborted(13)),
            (vec![aborted], vec![aborted], vec![])
        );
        assert_eq!(offsets(&log, View::Committed)[9..], [11, 13]);
        assert_eq!(offsets(&log, View::Everything)[9..], [9, 10, 11, 13]);
    }

    #[test]
    fn a_marker_of_a_newer_epoch_fences_the_older() {
        let mut log = PartitionLog::default();
        log.append(in_transaction(2, (7, 0, 0))).unwrap();
        log.end_transaction(Identity { epoch: 1, ..P7 }, Outcome::Abort, 5).unwrap();
        let late = log.append(in_transaction(1, (7, 0, 2)));
        assert_eq!(late, Err(ErrorCode::InvalidProducerEpoch));
    }
}
