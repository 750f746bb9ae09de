//! The hot path through librdkafka's C API: records in by batches, records out by cached topics.
//!
//! This is the only module with unsafe code. rdkafka's safe calls cost two to three times as much a
//! record: one event object and one `Arc` in, one `CString` and one variadic call out.
//!
//! Invariants, which every `unsafe` block here relies on:
//! 1. A queue or topic handle is made from a live client, is kept next to an `Arc` of that client,
//!    and is destroyed exactly once, in `drop`, before that `Arc` is released.
//! 2. A message that `rd_kafka_consume_batch_queue` filled in is read, copied and destroyed exactly
//!    once, within one call; no pointer into it survives that call.
//! 3. A wake-up callback gets a pointer into an `Arc<Waker>` that the reader keeps. The callback is
//!    switched off before the `Arc` is released; librdkafka calls it, and replaces it, under the
//!    queue's lock, so none runs afterwards. It only unparks a thread: it neither panics nor calls
//!    back into librdkafka.
//! 4. Only partition queues are read by batch, and only after `rd_kafka_queue_forward(.., NULL)`:
//!    they hold fetched records and errors of one partition. Rebalance events stay in the
//!    consumer's queue, which `BaseConsumer::poll` serves (the batch call would answer them with an
//!    unassign).
//! 5. What is given to `rd_kafka_produceva` is copied by it (`RD_KAFKA_MSG_F_COPY`) before it
//!    returns. Headers belong to it on success and to us on failure.
#![expect(unsafe_code, reason = "batch consume and produceva have no safe binding")]

mod consume;
mod produce;

pub(super) use consume::{PartitionReader, Scratch};
pub(super) use produce::{Outcome, Sender, ToSend, TopicNumber, flush_step};
