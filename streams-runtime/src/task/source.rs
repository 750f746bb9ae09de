//! The door of a task: bytes become a typed record, and the record enters its run.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use crate::context::Context;
use crate::error::{Stop, StreamsError, StreamsErrorKind, UserError};
use crate::handler::SerializationOrigin;
use crate::operator::Source;
use crate::record::{RawRecord, Record, RecordBatch};
use crate::serdes::SerdeError;
use crate::time::{ConsumerRecord, Timestamp, TimestampExtractor};

/// One run of a source, with its types hidden: the task's one dynamic call to decode and one to
/// process a record.
pub trait SourceRunner: Send + Sync {
    /// An empty place for one decoded record.
    fn new_head(&self) -> Box<dyn Any + Send>;

    /// Decodes a record into `head` and finds its time; `None` when the record is skipped.
    ///
    /// # Errors
    /// When it does not decode or has no time, and the handlers say fail.
    fn decode(
        &self,
        cx: &mut Context,
        raw: &RawRecord<'_>,
        partition_time: i64,
        head: &mut dyn Any,
    ) -> Result<Option<Timestamp>, Stop>;

    /// Decodes and runs records of a batch one after the other, and moves the partition's time. The way
    /// of tasks with one input partition, which have no choice of the next record.
    ///
    /// # Errors
    /// As [`decode`](Self::decode) and [`process`](Self::process); the records before are done.
    fn run_batch(
        &self,
        cx: &mut Context,
        input: (&Arc<str>, i32),
        batch: &Arc<RecordBatch>,
        records: Range<usize>,
        partition_time: &mut i64,
    ) -> Result<(), Stop>;

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
    /// Decodes a record and hands it on; `None` when it is skipped.
    // inlined and in this style because every return of a record by value moves key and value again
    #[inline(always)]
    fn decoded<T>(
        &self,
        cx: &mut Context,
        raw: &RawRecord<'_>,
        partition_time: i64,
        then: impl FnOnce(&mut Context, Record<K, X>) -> Result<T, Stop>,
    ) -> Result<Option<T>, Stop> {
        let key = match self.source.key.deserialize(raw.topic, raw.key) {
            Ok(key) => key,
            Err(error) => return self.undecodable(cx, raw, SerializationOrigin::Key, &error),
        };
        let value = match self.source.value.deserialize(raw.topic, raw.value) {
            Ok(value) => value,
            Err(error) => return self.undecodable(cx, raw, SerializationOrigin::Value, &error),
        };
        let plain = self.source.extractor.is_none() && !cx.default_extractor().reads_clock();
        match Timestamp::from_millis(raw.timestamp) {
            Ok(timestamp) if plain => {
                then(cx, Record { key, value, timestamp, headers: raw.headers.clone() }).map(Some)
            }
            _ => self.extracted(cx, raw, partition_time, (key, value), then),
        }
    }

    /// [`decoded`](Self::decoded) where an extractor decides about the time.
    #[inline(never)]
    fn extracted<T>(
        &self,
        cx: &mut Context,
        raw: &RawRecord<'_>,
        partition_time: i64,
        (key, value): (K, X),
        then: impl FnOnce(&mut Context, Record<K, X>) -> Result<T, Stop>,
    ) -> Result<Option<T>, Stop> {
        let record = ConsumerRecord {
            topic: raw.topic,
            partition: raw.partition,
            offset: raw.offset,
            timestamp: raw.timestamp,
            key: &key,
            value: &value,
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
        then(cx, Record { key, value, timestamp, headers: raw.headers.clone() }).map(Some)
    }

    #[cold]
    fn undecodable<T>(
        &self,
        cx: &mut Context,
        raw: &RawRecord<'_>,
        part: SerializationOrigin,
        error: &SerdeError,
    ) -> Result<Option<T>, Stop> {
        cx.deserialization_failed(self.source.node, raw, part, error)?;
        Ok(None)
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

impl<K, X, F> SourceRunner for Runner<K, X, F>
where
    K: Clone + Send + 'static,
    X: Clone + Send + 'static,
    F: Fn(&mut Context, Record<K, X>) -> Result<(), Stop> + Send + Sync,
{
    fn new_head(&self) -> Box<dyn Any + Send> {
        Box::new(None::<Record<K, X>>)
    }

    fn decode(
        &self,
        cx: &mut Context,
        raw: &RawRecord<'_>,
        partition_time: i64,
        head: &mut dyn Any,
    ) -> Result<Option<Timestamp>, Stop> {
        let head: &mut Option<Record<K, X>> =
            head.downcast_mut().expect("invariant: a runner decodes into a head it made");
        self.decoded(cx, raw, partition_time, |_, record| {
            let timestamp = record.timestamp;
            *head = Some(record);
            Ok(timestamp)
        })
    }

    fn run_batch(
        &self,
        cx: &mut Context,
        input: (&Arc<str>, i32),
        batch: &Arc<RecordBatch>,
        records: Range<usize>,
        partition_time: &mut i64,
    ) -> Result<(), Stop> {
        for ix in records {
            cx.begin_raw(input, (batch, ix));
            let raw = batch.raw(ix, (input.0, input.1));
            let time = self.decoded(cx, &raw, *partition_time, |cx, record| {
                let timestamp = record.timestamp;
                cx.begin_at(timestamp);
                (self.run)(cx, record)?;
                Ok(timestamp)
            })?;
            if let Some(time) = time {
                *partition_time = (*partition_time).max(time.as_millis());
            }
        }
        Ok(())
    }

    fn process(&self, cx: &mut Context, head: &mut dyn Any) -> Result<(), Stop> {
        let head: &mut Option<Record<K, X>> =
            head.downcast_mut().expect("invariant: a runner takes from a head it made");
        match head.take() {
            Some(record) => (self.run)(cx, record),
            None => Ok(()),
        }
    }

    fn process_copy(&self, cx: &mut Context, head: &dyn Any) -> Result<bool, Stop> {
        let Some(head) = head.downcast_ref::<Option<Record<K, X>>>() else { return Ok(false) };
        if let Some(record) = head {
            (self.run)(cx, record.clone())?;
        }
        Ok(true)
    }
}
