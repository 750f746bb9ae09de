//! The bytes of a buffered update on its changelog. Java: `BufferValue`, `ProcessorRecordContext`.

use std::sync::Arc;

use super::ChangelogRecord;
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

/// The formats of changelog records.
#[derive(Clone, Copy, Debug)]
enum Version {
    Unversioned,
    First,
    Second,
    Current,
    Unknown,
}

/// The format that a changelog record has, by its header `v`.
fn version_of(headers: &Headers) -> Version {
    let Some(header) = headers.last("v") else { return Version::Unversioned };
    match header.value.as_deref() {
        Some([1]) => Version::First,
        Some([2]) => Version::Second,
        Some([VERSION]) => Version::Current,
        _ => Version::Unknown,
    }
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
    ///
    /// The two oldest formats have no value before the first update that waits: it is that of `waiting`, the
    /// update that this one takes the place of, or else the old value.
    ///
    /// # Errors
    /// When the bytes are none of the format that the record's header names.
    pub(crate) fn read(
        record: &ChangelogRecord<'_>,
        bytes: &[u8],
        place: (&str, i32),
        waiting: Option<&Self>,
    ) -> Result<(i64, Self), SerdeError> {
        let prior = || waiting.and_then(|waiting| waiting.prior.clone());
        match version_of(record.headers) {
            Version::Current => Self::read_current(bytes),
            // Kafka Streams 2.4.0 to 2.5.0 wrote the current format under the second one's number
            Version::Second => Self::read_second(bytes).or_else(|_| Self::read_current(bytes)),
            Version::First => Self::read_first(bytes, prior()),
            Version::Unversioned => Self::read_unversioned(record, bytes, place, prior()),
            Version::Unknown => Err(SerdeError::new(
                "its format is unknown to this version, which reads the formats 0 to 3: another program wrote it, \
                 or a newer Kafka Streams",
            )),
        }
    }

    /// Context, prior, old, new, time.
    pub(crate) fn read_current(bytes: &[u8]) -> Result<(i64, Self), SerdeError> {
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
        Ok((reader.i64("the buffer time")?, Self { context, prior, old, new }))
    }

    /// Context, change, prior, time.
    fn read_second(bytes: &[u8]) -> Result<(i64, Self), SerdeError> {
        let mut reader = Reader::new(bytes);
        let context = read_context(&mut reader)?;
        let (old, new) = read_change(reader.sized("the change")?)?;
        let prior = owned(reader.sized("the prior value")?);
        Ok((reader.i64("the buffer time")?, Self { context, prior, old, new }))
    }

    /// Time, context, change.
    fn read_first(bytes: &[u8], prior: Option<Vec<u8>>) -> Result<(i64, Self), SerdeError> {
        let mut reader = Reader::new(bytes);
        let time = reader.i64("the buffer time")?;
        let context = read_context(&mut reader)?;
        let (old, new) = read_change(reader.sized("the change")?)?;
        Ok((time, Self { context, prior: prior.or_else(|| old.clone()), old, new }))
    }

    /// Time, change; the origin is the changelog record itself.
    fn read_unversioned(
        record: &ChangelogRecord<'_>,
        bytes: &[u8],
        (topic, partition): (&str, i32),
        prior: Option<Vec<u8>>,
    ) -> Result<(i64, Self), SerdeError> {
        let mut reader = Reader::new(bytes);
        let time = reader.i64("the buffer time")?;
        let (old, new) = read_change(Some(reader.rest()))?;
        let context = RecordContext {
            topic: Arc::from(topic),
            partition,
            offset: record.offset,
            timestamp: Timestamp::from_millis(record.timestamp).unwrap_or_default(),
            headers: record.headers.clone(),
        };
        Ok((time, Self { context, prior: prior.or_else(|| old.clone()), old, new }))
    }
}

/// A value's bytes, `None` for null.
type Bytes = Option<Vec<u8>>;

/// Old and new value, each behind its size. Java: `FullChangeSerde`.
fn read_change(bytes: Option<&[u8]>) -> Result<(Bytes, Bytes), SerdeError> {
    let bytes = bytes.ok_or_else(|| SerdeError::new("the change is missing"))?;
    let mut reader = Reader::new(bytes);
    let old = owned(reader.sized("the old value")?);
    Ok((old, owned(reader.sized("the new value")?)))
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
    let mut headers = Headers::default();
    // -1 is what versions before headers wrote
    let count = match reader.i32("the number of headers")? {
        NULL => 0,
        count => count,
    };
    for _ in 0..count {
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

    fn record<'a>(headers: &'a Headers, value: &'a [u8]) -> ChangelogRecord<'a> {
        ChangelogRecord { key: b"k", value: Some(value), timestamp: 77, headers, offset: 5 }
    }

    fn version(number: u8) -> Headers {
        let mut headers = Headers::default();
        headers.push("v", Some(vec![number]));
        headers
    }

    fn read(
        headers: &Headers,
        bytes: &[u8],
        waiting: Option<&BufferValue>,
    ) -> Result<(i64, BufferValue), SerdeError> {
        BufferValue::read(&record(headers, bytes), bytes, ("app-s-changelog", 3), waiting)
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    }

    /// Time 4, offset 9, topic `in`, partition 2, no headers.
    const CONTEXT: &str = "0000000000000004 0000000000000009 00000002 696e 00000002 ffffffff";

    fn value(prior: Option<&str>, old: Option<&str>, new: &str) -> BufferValue {
        let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        let context = RecordContext {
            topic: Arc::from("in"),
            partition: 2,
            offset: 9,
            timestamp: Timestamp::from(4),
            headers: Headers::default(),
        };
        BufferValue { context, prior: bytes(prior), old: bytes(old), new: bytes(Some(new)) }
    }

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
            assert_eq!(read(&version(3), &bytes, None).unwrap(), (10, value));
        }
    }

    #[test]
    fn format_0_has_time_and_change() {
        let bytes = hex("000000000000000b 00000002 6162 00000001 63");
        let headers = Headers::default();
        let (time, read_value) = read(&headers, &bytes, None).unwrap();
        let mut expected = value(Some("ab"), Some("ab"), "c");
        expected.context = RecordContext {
            topic: Arc::from("app-s-changelog"),
            partition: 3,
            offset: 5,
            timestamp: Timestamp::from(77),
            headers: Headers::default(),
        };
        assert_eq!((time, &read_value), (11, &expected));
        let waiting = value(Some("first"), None, "x");
        let (_, later) = read(&headers, &bytes, Some(&waiting)).unwrap();
        assert_eq!(later.prior.as_deref(), Some(b"first".as_slice()), "it keeps what was before");
    }

    #[test]
    fn format_1_has_time_context_and_change() {
        let change = "0000000a ffffffff 00000002 6e77";
        let bytes = hex(&format!("000000000000000b {CONTEXT} {change}"));
        assert_eq!(read(&version(1), &bytes, None).unwrap(), (11, value(None, None, "nw")));
        let waiting = value(Some("first"), Some("first"), "x");
        let kept = value(Some("first"), None, "nw");
        assert_eq!(read(&version(1), &bytes, Some(&waiting)).unwrap(), (11, kept));
    }

    #[test]
    fn format_2_has_context_change_prior_and_time() {
        let change = "0000000b 00000002 6f6c 00000001 6e";
        let bytes = hex(&format!("{CONTEXT} {change} 00000001 70 000000000000000b"));
        let expected = value(Some("p"), Some("ol"), "n");
        assert_eq!(read(&version(2), &bytes, None).unwrap(), (11, expected));
    }

    #[test]
    fn format_3_may_carry_the_number_2() {
        let same = format!("{CONTEXT} 00000001 70 fffffffe 00000001 6e 000000000000000b");
        let other = format!("{CONTEXT} 00000001 70 00000002 6f6c 00000001 6e 000000000000000b");
        for (bytes, old) in [(same, "p"), (other, "ol")] {
            for number in [2, 3] {
                let expected = value(Some("p"), Some(old), "n");
                assert_eq!(read(&version(number), &hex(&bytes), None).unwrap(), (11, expected));
            }
        }
    }

    #[test]
    fn other_formats_are_refused() {
        for headers in [version(4), version(0)] {
            let error = read(&headers, &[0; 64], None).unwrap_err().to_string();
            assert!(error.contains("which reads the formats 0 to 3"), "{error}");
        }
        assert!(read(&version(3), &[0; 7], None).is_err());
    }
}
