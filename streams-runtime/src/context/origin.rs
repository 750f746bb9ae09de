//! Which record is in work: set by the task for input, and by what left a cache or a buffer for itself.

use std::sync::Arc;

use super::Context;
use crate::record::{RecordBatch, RecordContext, RecordMeta};
use crate::time::Timestamp;

/// The input record in work, as it came.
#[derive(Default)]
pub(super) struct Raw {
    pub(super) batch: Option<Arc<RecordBatch>>,
    pub(super) ix: usize,
}

/// An origin that another one stands in for.
pub(crate) struct Origin {
    record: RecordContext,
    raw: Raw,
}

impl Context {
    /// Sets the origin of work that a stored context stands for, and returns the one before.
    pub(crate) fn enter(&mut self, context: RecordContext) -> Origin {
        let record = std::mem::replace(&mut self.record, context);
        Origin { record, raw: std::mem::take(&mut self.raw) }
    }

    /// Puts an origin back that [`Context::enter`] returned.
    pub(crate) fn leave(&mut self, before: Origin) {
        self.record = before.record;
        self.raw = before.raw;
    }

    /// Notes the batch whose records are processed next.
    pub(crate) fn begin_batch(
        &mut self,
        (topic, partition): (&Arc<str>, i32),
        batch: &Arc<RecordBatch>,
    ) {
        if !Arc::ptr_eq(&self.record.topic, topic) {
            self.record.topic = Arc::clone(topic);
        }
        self.record.partition = partition;
        match &self.raw.batch {
            Some(known) if Arc::ptr_eq(known, batch) => {}
            _ => self.raw.batch = Some(Arc::clone(batch)),
        }
    }

    /// Notes the record of the batch that is processed next.
    #[inline]
    pub(crate) fn begin_record(&mut self, ix: usize, meta: &RecordMeta, time: Timestamp) {
        self.raw.ix = ix;
        self.record.offset = meta.offset;
        if !(self.record.headers.is_empty() && meta.headers.is_empty()) {
            self.record.headers = meta.headers.clone();
        }
        self.record.timestamp = time;
        self.stream_time = self.stream_time.max(time.as_millis());
    }

    /// Lets go of the batch of the record before.
    pub(crate) fn end(&mut self) {
        self.raw.batch = None;
    }
}
