//! What a partition remembers of idempotent producers: epoch and the last five batches, so that a
//! resent batch is answered with its first offset instead of being written twice.

use std::collections::{HashMap, VecDeque};

use kafka_protocol::ResponseError as ErrorCode;

use crate::log::batch::Batch;

/// Kafka's own number: a client may have five requests in flight.
const REMEMBERED_BATCHES: usize = 5;

/// Sequence state of one partition.
#[derive(Debug, Default)]
pub(crate) struct Producers {
    by_id: HashMap<i64, Producer>,
}

#[derive(Debug)]
struct Producer {
    epoch: i16,
    batches: VecDeque<Remembered>,
}

#[derive(Clone, Copy, Debug)]
struct Remembered {
    first_sequence: i32,
    last_sequence: i32,
    base_offset: i64,
}

/// What to do with a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It continues the producer's sequence, or has none.
    Append,
    /// It is in the log already, from this offset on.
    Duplicate(i64),
}

impl Producers {
    /// Judges a batch against the producer's last batches; changes nothing.
    ///
    /// As in Kafka, a producer that is not known here may start anywhere.
    ///
    /// # Errors
    /// `InvalidProducerEpoch` from an older epoch, `OutOfOrderSequenceNumber` after a gap.
    pub(crate) fn judge(&self, batch: &Batch) -> Result<Verdict, ErrorCode> {
        let Some(producer) = self.by_id.get(&batch.producer_id) else {
            return Ok(Verdict::Append);
        };
        if batch.producer_epoch < producer.epoch {
            return Err(ErrorCode::InvalidProducerEpoch);
        }
        if batch.producer_epoch > producer.epoch {
            return in_order(batch.base_sequence == 0);
        }
        let last_sequence = last_sequence_of(batch);
        let same = |known: &&Remembered| {
            known.first_sequence == batch.base_sequence && known.last_sequence == last_sequence
        };
        if let Some(known) = producer.batches.iter().find(same) {
            return Ok(Verdict::Duplicate(known.base_offset));
        }
        let last = producer.batches.back().map_or(-1, |known| known.last_sequence);
        in_order(batch.base_sequence == sequence_after(last, 1))
    }

    /// Ends older epochs of a producer, as a marker of this epoch says.
    pub(crate) fn fence(&mut self, producer_id: i64, epoch: i16) {
        let fresh = || Producer { epoch, batches: VecDeque::new() };
        let producer = self.by_id.entry(producer_id).or_insert_with(fresh);
        if producer.epoch < epoch {
            *producer = fresh();
        }
    }

    /// Remembers a batch that was appended at `base_offset`.
    pub(crate) fn remember(&mut self, batch: &Batch, base_offset: i64) {
        if batch.producer_id < 0 {
            return;
        }
        let epoch = batch.producer_epoch;
        let fresh = || Producer { epoch, batches: VecDeque::new() };
        let producer = self.by_id.entry(batch.producer_id).or_insert_with(fresh);
        if producer.epoch != epoch {
            *producer = fresh();
        }
        if producer.batches.len() == REMEMBERED_BATCHES {
            producer.batches.pop_front();
        }
        producer.batches.push_back(Remembered {
            first_sequence: batch.base_sequence,
            last_sequence: last_sequence_of(batch),
            base_offset,
        });
    }
}

fn in_order(is_next: bool) -> Result<Verdict, ErrorCode> {
    if is_next { Ok(Verdict::Append) } else { Err(ErrorCode::OutOfOrderSequenceNumber) }
}

fn last_sequence_of(batch: &Batch) -> i32 {
    sequence_after(batch.base_sequence, batch.last_offset_delta)
}

/// Sequences wrap from `i32::MAX` to 0.
fn sequence_after(sequence: i32, step: i32) -> i32 {
    let wide = i64::from(sequence) + i64::from(step);
    i32::try_from(wide % (i64::from(i32::MAX) + 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::batch::tests::batch;

    /// Feeds (epoch, first sequence) pairs of 2-record batches and tells what became of each.
    fn check(steps: &[(i16, i32)], expected: &[&str]) {
        let mut producers = Producers::default();
        let mut end = 0;
        let mut seen = Vec::new();
        for &(epoch, sequence) in steps {
            let batch = batch(2, 0, (7, epoch, sequence));
            let verdict = producers.judge(&batch);
            if verdict == Ok(Verdict::Append) {
                producers.remember(&batch, end);
                end += 2;
            }
            seen.push(match verdict {
                Ok(Verdict::Append) => "append".to_owned(),
                Ok(Verdict::Duplicate(at)) => format!("duplicate of {at}"),
                Err(code) => format!("{code:?}"),
            });
        }
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_resent_batch_is_recognised_and_a_gap_refused() {
        check(
            &[(0, 0), (0, 2), (0, 0), (0, 6), (0, 4)],
            &["append", "append", "duplicate of 0", "OutOfOrderSequenceNumber", "append"],
        );
    }

    #[test]
    fn only_the_last_five_batches_are_remembered() {
        check(
            &[(0, 0), (0, 2), (0, 4), (0, 6), (0, 8), (0, 10), (0, 2), (0, 0)],
            &[
                "append",
                "append",
                "append",
                "append",
                "append",
                "append",
                "duplicate of 2",
                "OutOfOrderSequenceNumber",
            ],
        );
    }

    #[test]
    fn a_new_epoch_starts_at_zero_and_ends_the_old_one() {
        check(
            &[(0, 0), (1, 2), (1, 0), (0, 2), (1, 2)],
            &["append", "OutOfOrderSequenceNumber", "append", "InvalidProducerEpoch", "append"],
        );
    }

    #[test]
    fn sequences_wrap_to_zero() {
        check(&[(0, i32::MAX - 1), (0, 0)], &["append", "append"]);
        check(&[(0, i32::MAX), (0, 1)], &["append", "append"]);
    }
}
