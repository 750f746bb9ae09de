//! The bytes of a buffered update on its changelog. Java: `BufferValue`, `ProcessorRecordContext`.

use std::sync::Arc;

use crate::record::{Header, Headers, RecordContext};
use crate::serdes::SerdeError;
use crate::serdes::{WireReader as Reader, put_sized, size_i32};
use crate::time::Timestamp;

/// The format that is written, in the header `v`.
pub(crate) const VERSION: u8 = 3;

const NULL: i32 = -1;
const SAME_AS_PRIOR: i32 = -2;

/// An update that waits, as bytes, with its origin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BufferValue {
    pub(crate) context: RecordContext,
    /// The value before the first update that waits.
    pub(crate) prior: Option<Vec<u8>>,
    pub(crate) old: Option<Vec<u8>>,
    pub(crate) new: Option<Vec<u8>>,
}

/// The format that a changelog record has; none in the oldest.
pub(crate) fn written_by(headers: &Headers) -> Option<u8> {
    headers.last("v").and_then(|header| header.value.as_ref()?.first().copied())
}

impl BufferValue {
    /// The size as Kafka Streams estimates it.
    pub(crate) fn size(&self) -> usize {
        let value = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
        let old = if self.old == self.prior { 0 } else { value(&self.old) };
        let header = |header: &Header| {
            header.key.encode_utf16().count() + header.value.as_ref().map_or(0, Vec::len)
        };
        let headers: usize = self.context.headers.iter().map(header).sum();
        let context = 8 + 8 + self.context.topic.encode_utf16().count() + 4 + headers;
        value(&self.prior) + old + value(&self.new) + context
    }

    /// Appends the record's value in format 3.
    pub(crate) fn write(&self, time: i64, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        write_context(&self.context, out)?;
        put_nullable(self.prior.as_deref(), out)?;
        match &self.old {
            Some(_) if self.old == self.prior => out.extend(SAME_AS_PRIOR.to_be_bytes()),
            old => put_nullable(old.as_deref(), out)?,
        }
        put_nullable(self.new.as_deref(), out)?;
        out.extend(time.to_be_bytes());
        Ok(())
    }

    /// Reads a record's value: buffer time and update.
    pub(crate) fn read(version: Option<u8>, bytes: &[u8]) -> Result<(i64, Self), SerdeError> {
        match version {
            Some(VERSION) => Self::read_current(bytes),
            Some(2) => Self::read_current(bytes).or_else(|_| Self::read_second(bytes)),
            other => Err(SerdeError::new(format!(
                "a buffered update of format {other:?}; this version reads those of Kafka Streams 2.4 \
                 and later: let the older application empty its buffers first"
            ))),
        }
    }

    fn read_current(bytes: &[u8]) -> Result<(i64, Self), SerdeError> {
        let mut reader = Reader::new(bytes);
        let context = read_context(&mut reader)?;
        let prior = owned(reader.sized("the prior value")?);
        let old = match reader.i32("the old value's size")? {
            NULL => None,
            SAME_AS_PRIOR => prior.clone(),
            size => {
                let size = usize::try_from(size)
                    .map_err(|_| SerdeError::new("the old value has a negative size"))?;
                Some(reader.bytes(size, "the old value")?.to_vec())
            }
        };
        let new = owned(reader.sized("the new value")?);
        let time = reader.i64("the buffer time")?;
        if !reader.is_empty() {
            return Err(SerdeError::new("there are bytes behind the buffer time"));
        }
        Ok((time, Self { context, prior, old, new }))
    }

    /// Context, old, new, prior, time.
    fn read_second(bytes: &[u8]) -> Result<(i64, Self), SerdeError> {
        let mut reader = Reader::new(bytes);
        let context = read_context(&mut reader)?;
        let old = owned(reader.sized("the old value")?);
        let new = owned(reader.sized("the new value")?);
        let prior = owned(reader.sized("the prior value")?);
        Ok((reader.i64("the buffer time")?, Self { context, prior, old, new }))
    }
}

fn owned(bytes: Option<&[u8]>) -> Option<Vec<u8>> {
    bytes.map(<[u8]>::to_vec)
}

fn put_nullable(value: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), SerdeError> {
    match value {
        Some(value) => put_sized(value, out),
        None => {
            out.extend(NULL.to_be_bytes());
            Ok(())
        }
    }
}

fn write_context(context: &RecordContext, out: &mut Vec<u8>) -> Result<(), SerdeError> {
    out.extend(context.timestamp.as_millis().to_be_bytes());
    out.extend(context.offset.to_be_bytes());
    put_sized(context.topic.as_bytes(), out)?;
    out.extend(context.partition.to_be_bytes());
    out.extend(size_i32(context.headers.len())?.to_be_bytes());
    for header in context.headers.iter() {
        put_sized(header.key.as_bytes(), out)?;
        put_nullable(header.value.as_deref(), out)?;
    }
    Ok(())
}

fn read_context(reader: &mut Reader<'_>) -> Result<RecordContext, SerdeError> {
    let timestamp = Timestamp::from_millis(reader.i64("the timestamp")?).unwrap_or_default();
    let offset = reader.i64("the offset")?;
    let topic = text(reader.sized("the topic")?)?;
    let partition = reader.i32("the partition")?;
    let count = reader.i32("the number of headers")?;
    let mut headers = Headers::default();
    for _ in 0..count.max(0) {
        let key = text(reader.sized("a header's key")?)?;
        headers.push(key, owned(reader.sized("a header's value")?));
    }
    Ok(RecordContext { topic: Arc::from(topic), partition, offset, timestamp, headers })
}

fn text(bytes: Option<&[u8]>) -> Result<String, SerdeError> {
    String::from_utf8(bytes.unwrap_or_default().to_vec())
        .map_err(|_| SerdeError::new("a topic or a header's key is no UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut context = RecordContext::none();
        context.topic = Arc::from("in");
        context.headers.push("hh", Some(vec![7]));
        let some = |byte: u8| Some(vec![byte]);
        for (prior, old) in [(None, None), (some(1), some(1)), (some(1), some(2)), (None, some(2))]
        {
            let value = BufferValue { context: context.clone(), prior, old, new: some(3) };
            let mut bytes = Vec::new();
            value.write(10, &mut bytes).unwrap();
            assert_eq!(BufferValue::read(Some(3), &bytes).unwrap(), (10, value));
        }
    }
}
