//! Input records as bytes: one arena per partition and poll.

use super::Headers;

/// Where a record of a batch lies, and what the broker says about it.
#[derive(Clone, Debug)]
pub struct RecordMeta {
    /// The offset.
    pub offset: i64,
    /// The broker's time in milliseconds since the epoch; may be negative.
    pub timestamp: i64,
    /// Headers in order.
    pub headers: Headers,
    start: usize,
    key_len: u32,
    value_len: u32,
}

/// The length that stands for a null.
const NULL: u32 = u32::MAX;

/// Records of one partition, oldest first, with their bytes in one arena.
///
/// ```
/// use streams_runtime::record::{Headers, RecordBatch};
///
/// let mut batch = RecordBatch::default();
/// batch.push(7, 1_000, Some(b"key"), None, Headers::default());
/// assert_eq!((batch.key(0), batch.value(0)), (Some(&b"key"[..]), None));
/// assert_eq!(batch.meta(0).offset, 7);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RecordBatch {
    bytes: Vec<u8>,
    metas: Vec<RecordMeta>,
    position: Option<i64>,
}

impl RecordBatch {
    /// An empty batch with room for that many records and bytes.
    pub fn with_capacity(records: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            metas: Vec::with_capacity(records),
            position: None,
        }
    }

    /// Adds a record at the end. Costs a copy of its bytes.
    #[inline]
    pub fn push(
        &mut self,
        offset: i64,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: Headers,
    ) {
        let start = self.bytes.len();
        let mut append = |part: Option<&[u8]>| match part {
            None => NULL,
            Some(part) => {
                self.bytes.extend_from_slice(part);
                u32::try_from(part.len()).expect("invariant: a Kafka key or value is under 2 GiB")
            }
        };
        let (key_len, value_len) = (append(key), append(value));
        self.metas.push(RecordMeta { offset, timestamp, headers, start, key_len, value_len });
    }

    /// Notes where the consumer stands behind this batch, when that is not right after its last
    /// record (transaction markers, compacted records).
    pub fn set_position(&mut self, next_offset: i64) {
        self.position = Some(next_offset);
    }

    /// The offset to read next after this batch.
    pub fn position(&self) -> Option<i64> {
        self.position.or_else(|| self.metas.last().map(|meta| meta.offset + 1))
    }

    /// How many records there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.metas.len()
    }

    /// True when there is no record.
    pub fn is_empty(&self) -> bool {
        self.metas.is_empty()
    }

    /// How many bytes the keys and values have.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// What the broker says about the record at `ix`.
    #[inline]
    pub fn meta(&self, ix: usize) -> &RecordMeta {
        &self.metas[ix]
    }

    /// The key of the record at `ix`.
    #[inline]
    pub fn key(&self, ix: usize) -> Option<&[u8]> {
        self.parts(&self.metas[ix]).0
    }

    /// The value of the record at `ix`.
    #[inline]
    pub fn value(&self, ix: usize) -> Option<&[u8]> {
        self.parts(&self.metas[ix]).1
    }

    /// Key and value of a record.
    #[inline]
    fn parts(&self, meta: &RecordMeta) -> (Option<&[u8]>, Option<&[u8]>) {
        let length = |len: u32| if len == NULL { 0 } else { len as usize };
        let (key_len, value_len) = (length(meta.key_len), length(meta.value_len));
        let (key, rest) = self.bytes[meta.start..].split_at(key_len);
        let value = &rest[..value_len];
        ((meta.key_len != NULL).then_some(key), (meta.value_len != NULL).then_some(value))
    }

    /// The record at `ix`: what the broker says about it, its key and its value.
    #[inline]
    pub(crate) fn record(&self, ix: usize) -> (&RecordMeta, Option<&[u8]>, Option<&[u8]>) {
        let meta = &self.metas[ix];
        let (key, value) = self.parts(meta);
        (meta, key, value)
    }

    /// The record at `ix` with the topic and partition of the batch.
    pub(crate) fn raw<'a>(
        &'a self,
        ix: usize,
        (topic, partition): (&'a str, i32),
    ) -> RawRecord<'a> {
        let (meta, key, value) = self.record(ix);
        RawRecord {
            topic,
            partition,
            offset: meta.offset,
            timestamp: meta.timestamp,
            key,
            value,
            headers: &meta.headers,
        }
    }

    /// Forgets all records and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.metas.clear();
        self.position = None;
    }
}

/// One input record, borrowed from its batch.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The broker's time in milliseconds since the epoch; may be negative.
    pub timestamp: i64,
    /// The key's bytes; `None` is null.
    pub key: Option<&'a [u8]>,
    /// The value's bytes; `None` is null.
    pub value: Option<&'a [u8]>,
    /// Headers in order.
    pub headers: &'a Headers,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_and_empty_parts_stay_apart() {
        let mut batch = RecordBatch::with_capacity(4, 16);
        batch.push(3, 1, None, Some(b"v"), Headers::default());
        batch.push(4, -1, Some(b""), Some(b""), Headers::default());
        batch.push(9, 2, Some(b"key"), None, Headers::default());
        assert_eq!((batch.key(0), batch.value(0)), (None, Some(&b"v"[..])));
        assert_eq!((batch.key(1), batch.value(1)), (Some(&b""[..]), Some(&b""[..])));
        assert_eq!((batch.key(2), batch.value(2)), (Some(&b"key"[..]), None));
        assert_eq!((batch.len(), batch.bytes(), batch.position()), (3, 4, Some(10)));
        batch.set_position(12);
        assert_eq!(batch.position(), Some(12));
        batch.clear();
        assert!(batch.is_empty() && batch.position().is_none());
    }
}
