//! The door of a task: bytes become a typed record, and the record enters its run.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use crate::context::Context;
use crate::error::{Stop, StreamsError, StreamsErrorKind, UserError};
use crate::handler::SerializationOrigin;
use crate::operator::Source;
use crate::record::{RawRecord, Record, RecordBatch};
use crate::serdes::{Serde, SerdeError};
use crate::time::{ConsumerRecord, Timestamp, TimestampExtractor};

/// One run of a source, with its types hidden: the task's one dynamic call to decode and one to
/// process a record.
pub trait SourceRunner: Send + Sync {
    /// An empty place for one decoded record.
    fn new_head(&self) -> Box<dyn Any + Send>;

    /// Decodes and runs records of a batch one after the other while their time is at most `latest`, and
    /// moves the partition's time. The first record that is later stays in `head`.
    ///
    /// # Errors
    /// When a record does not decode or has no time, and the handlers say fail, and what the run says; the
    /// records before are done.
    fn run_batch(
        &self,
        cx: &mut Context,
        input: Input<'_>,
        records: Range<usize>,
        latest: i64,
        head: &mut dyn Any,
    ) -> Result<Ran, Stop>;

    /// Takes the record out of `head` and runs it.
    ///
    /// # Errors
    /// What the run says.
    fn process(&self, cx: &mut Context, head: &mut dyn Any) -> Result<(), Stop>;

    /// Runs a copy of the record in another runner's `head`; false when its types are others.
    ///
    /// # Errors
    /// What the run says.
    fn process_copy(&self, cx: &mut Context, head: &dyn Any) -> Result<bool, Stop>;
}

/// A batch of a partition, and the highest time that was taken from the partition so far.
pub struct Input<'a> {
    pub(crate) topic: &'a Arc<str>,
    pub(crate) partition: i32,
    pub(crate) batch: &'a Arc<RecordBatch>,
    pub(crate) partition_time: &'a mut i64,
}

/// How far a batch was run.
#[derive(Clone, Copy, Debug)]
pub struct Ran {
    /// The first record that was not run.
    pub until: usize,
    /// Why it was not.
    pub then: Then,
}

/// What comes behind the records of a batch that were run.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    /// The end of those that were to be run.
    End,
    /// A record that is later than was asked for; it is decoded.
    Later(Timestamp),
    /// A record that is skipped.
    Skipped,
}

/// The runner of a source of known types.
struct Runner<K, X, F> {
    source: Source<K, X>,
    run: F,
}

/// Makes the runner of a source. Several runs on one source node are several runners; the first one's
/// head is shared with all that have the same types.
pub fn source_runner<K, X, F>(source: Source<K, X>, run: F) -> Arc<dyn SourceRunner>
where
    K: Clone + Send + 'static,
    X: Clone + Send + 'static,
    F: Fn(&mut Context, Record<K, X>) -> Result<(), Stop> + Send + Sync + 'static,
{
    Arc::new(Runner { source, run })
}

impl<K, X, F> Runner<K, X, F>
where
    K: 'static,
    X: 'static,
{
    /// What an extractor decides about the time; `None` when the record is skipped.
    #[inline(never)]
    fn extract(
        &self,
        cx: &mut Context,
        (input, ix): (&Input<'_>, usize),
        decoded: &Record<K, X>,
    ) -> Result<Option<Timestamp>, Stop> {
        let raw = &input.batch.raw(ix, (input.topic, input.partition));
        let partition_time = *input.partition_time;
        let record = ConsumerRecord {
            topic: raw.topic,
            partition: raw.partition,
            offset: raw.offset,
            timestamp: raw.timestamp,
            key: &decoded.key,
            value: &decoded.value,
            headers: raw.headers,
            wall_clock: cx.wall_clock(),
        };
        let time = match &self.source.extractor {
            Some(extractor) => extractor.extract(&record, partition_time),
            None => cx.default_extractor().extract(&record, partition_time),
        };
        let time = time.map_err(|error| no_time(cx, raw, error))?;
        let Ok(timestamp) = Timestamp::from_millis(time) else {
            cx.drop_raw(self.source.node, raw, time);
            return Ok(None);
        };
        Ok(Some(timestamp))
    }

    /// Gives bytes that do not decode to their handler.
    #[cold]
    fn undecodable(
        &self,
        cx: &mut Context,
        (input, ix): (&Input<'_>, usize),
        part: SerializationOrigin,
        error: &SerdeError,
    ) -> Result<Ran, Stop> {
        let raw = input.batch.raw(ix, (input.topic, input.partition));
        cx.deserialization_failed(self.source.node, &raw, part, error)?;
        Ok(Ran { until: ix, then: Then::Skipped })
    }
}

#[cold]
fn no_time(cx: &Context, raw: &RawRecord<'_>, error: UserError) -> Stop {
    let message = format!(
        "task {}: no timestamp for the record at topic={} partition={} offset={}",
        cx.task_id(),
        raw.topic,
        raw.partition,
        raw.offset
    );
    Box::new(StreamsError::new(StreamsErrorKind::Timestamp, message).caused_by(error))
}

/// The typed slot that a runner made.
#[inline]
fn head_of<K: 'static, X: 'static>(head: &mut dyn Any) -> &mut Option<Record<K, X>> {
    head.downcast_mut().expect("invariant: a runner is given the head it made")
}

impl<K, X, F> SourceRunner for Runner<K, X, F>
where
    K: Clone + Send + 'static,
    X: Clone + Send + 'static,
    F: Fn(&mut Context, Record<K, X>) -> Result<(), Stop> + Send + Sync,
{
    fn new_head(&self) -> Box<dyn Any + Send> {
        Box::new(None::<Record<K, X>>)
    }

    // One body, and the record is made where it stays: a move of what a call has just written stalls the processor.
    fn run_batch(
        &self,
        cx: &mut Context,
        input: Input<'_>,
        records: Range<usize>,
        latest: i64,
        head: &mut dyn Any,
    ) -> Result<Ran, Stop> {
        let plain = self.source.extractor.is_none() && !cx.default_extractor().reads_clock();
        let topic: &str = input.topic;
        let (first, end) = (records.start, records.end);
        for ix in records {
            let (meta, key, value) = input.batch.record(ix);
            let mut record = Record {
                key: match self.source.key.deserialize(topic, key) {
                    Ok(key) => key,
                    Err(e) => {
                        return self.undecodable(cx, (&input, ix), SerializationOrigin::Key, &e);
                    }
                },
                value: match self.source.value.deserialize(topic, value) {
                    Ok(value) => value,
                    Err(e) => {
                        return self.undecodable(cx, (&input, ix), SerializationOrigin::Value, &e);
                    }
                },
                timestamp: Timestamp::ZERO,
                headers: meta.headers.clone(),
            };
            record.timestamp = match Timestamp::from_millis(meta.timestamp) {
                Ok(timestamp) if plain => timestamp,
                _ => match self.extract(cx, (&input, ix), &record)? {
                    Some(timestamp) => timestamp,
                    None => return Ok(Ran { until: ix, then: Then::Skipped }),
                },
            };
            let timestamp = record.timestamp;
            if timestamp.as_millis() > latest {
                *head_of(head) = Some(record);
                return Ok(Ran { until: ix, then: Then::Later(timestamp) });
            }
            if ix == first {
                cx.begin_batch((input.topic, input.partition), input.batch);
            }
            *input.partition_time = (*input.partition_time).max(timestamp.as_millis());
            cx.begin_record(ix, meta, timestamp);
            cx.entering(self.source.node, &record);
            (self.run)(cx, record)?;
        }
        Ok(Ran { until: end, then: Then::End })
    }

    fn process(&self, cx: &mut Context, head: &mut dyn Any) -> Result<(), Stop> {
        match head_of(head).take() {
            Some(record) => {
                cx.entering(self.source.node, &record);
                (self.run)(cx, record)
            }
            None => Ok(()),
        }
    }

    fn process_copy(&self, cx: &mut Context, head: &dyn Any) -> Result<bool, Stop> {
        let Some(head) = head.downcast_ref::<Option<Record<K, X>>>() else { return Ok(false) };
        if let Some(record) = head {
            cx.entering(self.source.node, record);
            (self.run)(cx, record.clone())?;
        }
        Ok(true)
    }
}
