//! Records inside a batch (format 2): varint fields, offsets and times relative to the batch.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError as ErrorCode;

use crate::log::batch::Batch;
use crate::log::compression;

/// One record as the log holds it, without its partition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) offset: i64,
    pub(crate) timestamp: i64,
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Option<Bytes>,
    pub(crate) headers: Vec<(String, Option<Bytes>)>,
}

/// What a record to be written carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: &'a [(String, Option<Vec<u8>>)],
}

/// Decodes all records of a batch that starts at `base_offset`.
///
/// # Errors
/// `CorruptMessage` when decompression fails, `InvalidRecord` when a record does not parse.
pub(crate) fn decode(batch: &Batch, base_offset: i64) -> Result<Vec<Decoded>, ErrorCode> {
    let codec = batch.codec().ok_or(ErrorCode::UnsupportedCompressionType)?;
    let mut bytes = compression::decompress(codec, batch.records())?;
    let mut records = Vec::new();
    for _ in 0..batch.count {
        records.push(decode_one(&mut bytes, batch, base_offset).ok_or(ErrorCode::InvalidRecord)?);
    }
    if bytes.has_remaining() { Err(ErrorCode::InvalidRecord) } else { Ok(records) }
}

fn decode_one(bytes: &mut Bytes, batch: &Batch, base_offset: i64) -> Option<Decoded> {
    let length = usize::try_from(read_varint(bytes)?).ok()?;
    let mut body = take(bytes, length)?;
    body.try_get_i8().ok()?;
    let own_time = batch.base_timestamp.wrapping_add(read_varint(&mut body)?);
    let record = Decoded {
        timestamp: if batch.has_append_time() { batch.max_timestamp } else { own_time },
        offset: base_offset.wrapping_add(read_varint(&mut body)?),
        key: read_bytes(&mut body)?,
        value: read_bytes(&mut body)?,
        headers: read_headers(&mut body)?,
    };
    (!body.has_remaining()).then_some(record)
}

fn read_headers(body: &mut Bytes) -> Option<Vec<(String, Option<Bytes>)>> {
    let count = usize::try_from(read_varint(body)?).ok()?;
    let mut headers = Vec::new();
    for _ in 0..count {
        let name = read_bytes(body)??;
        headers.push((String::from_utf8(name.to_vec()).ok()?, read_bytes(body)?));
    }
    Some(headers)
}

/// Checks that exactly `count` records with ascending offsets fill `bytes`, allocating nothing.
///
/// # Errors
/// `InvalidRecord` when they do not.
pub(crate) fn check_layout(mut bytes: Bytes, count: i32) -> Result<(), ErrorCode> {
    for expected in 0..i64::from(count) {
        let delta = check_one(&mut bytes).ok_or(ErrorCode::InvalidRecord)?;
        if delta != expected {
            return Err(ErrorCode::InvalidRecord);
        }
    }
    if bytes.has_remaining() { Err(ErrorCode::InvalidRecord) } else { Ok(()) }
}

fn check_one(bytes: &mut Bytes) -> Option<i64> {
    let length = usize::try_from(read_varint(bytes)?).ok()?;
    let mut body = bytes.get(..length)?;
    body.try_get_i8().ok()?;
    read_varint(&mut body)?;
    let delta = read_varint(&mut body)?;
    skip_bytes(&mut body)?;
    skip_bytes(&mut body)?;
    for _ in 0..usize::try_from(read_varint(&mut body)?).ok()? {
        if !skip_bytes(&mut body)? {
            return None;
        }
        skip_bytes(&mut body)?;
    }
    let whole = body.is_empty();
    bytes.advance(length);
    whole.then_some(delta)
}

/// Skips a byte field; false when it was null.
fn skip_bytes(body: &mut &[u8]) -> Option<bool> {
    let length = read_varint(body)?;
    if length < 0 {
        return Some(false);
    }
    *body = body.get(usize::try_from(length).ok()?..)?;
    Some(true)
}

/// Appends one record at `index` of its batch, `time_delta` after the batch's first time.
pub(crate) fn write(out: &mut BytesMut, index: i32, time_delta: i64, fields: &Fields<'_>) {
    let mut body = BytesMut::new();
    body.put_i8(0);
    write_varint(&mut body, time_delta);
    write_varint(&mut body, i64::from(index));
    write_bytes(&mut body, fields.key);
    write_bytes(&mut body, fields.value);
    write_varint(&mut body, length_of(fields.headers.len()));
    for (name, value) in fields.headers {
        write_bytes(&mut body, Some(name.as_bytes()));
        write_bytes(&mut body, value.as_deref());
    }
    write_varint(out, length_of(body.len()));
    out.extend_from_slice(&body);
}

fn write_bytes(out: &mut BytesMut, value: Option<&[u8]>) {
    match value {
        None => write_varint(out, -1),
        Some(value) => {
            write_varint(out, length_of(value.len()));
            out.extend_from_slice(value);
        }
    }
}

fn length_of(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_sign_loss, reason = "zigzag maps signed to unsigned on purpose")]
fn write_varint(out: &mut BytesMut, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.put_u8((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.put_u8(rest as u8);
}

fn read_varint(bytes: &mut impl Buf) -> Option<i64> {
    let mut raw = 0u64;
    for shift in (0..70).step_by(7) {
        let byte = bytes.try_get_u8().ok()?;
        raw |= u64::from(byte & 0x7f) << shift.min(63);
        if byte < 0x80 {
            return Some((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed());
        }
    }
    None
}

fn read_bytes(body: &mut Bytes) -> Option<Option<Bytes>> {
    let length = read_varint(body)?;
    if length < 0 {
        return Some(None);
    }
    take(body, usize::try_from(length).ok()?).map(Some)
}

fn take(bytes: &mut Bytes, length: usize) -> Option<Bytes> {
    (length <= bytes.len()).then(|| bytes.split_to(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::batch;

    #[test]
    fn records_survive_the_way_through_a_batch() {
        let headers = [("a".to_owned(), Some(vec![1, 2])), ("a".to_owned(), None)];
        let mut out = BytesMut::new();
        write(&mut out, 0, 0, &Fields { key: Some(b"k"), value: None, headers: &headers });
        write(&mut out, 1, -70, &Fields { key: None, value: Some(b""), headers: &[] });
        let batch = Batch::parse(batch::encode(batch::Head::plain(2, 1000, 1000), &out)).unwrap();
        let records = decode(&batch, 40).unwrap();
        let seen: Vec<_> = records.iter().map(|r| (r.offset, r.timestamp)).collect();
        assert_eq!(seen, [(40, 1000), (41, 930)]);
        assert_eq!(records[0].headers[0], ("a".to_owned(), Some(Bytes::from_static(&[1, 2]))));
        assert_eq!(records[0].headers[1], ("a".to_owned(), None));
        assert_eq!((&records[0].value, &records[1].key), (&None, &None));
        assert_eq!(records[1].value, Some(Bytes::new()));
    }

    #[test]
    fn varints_of_every_size_survive() {
        for value in [0, -1, 1, 63, 64, -65, i64::MAX, i64::MIN, 1 << 40] {
            let mut out = BytesMut::new();
            write_varint(&mut out, value);
            assert_eq!(read_varint(&mut out.freeze()), Some(value));
        }
        assert_eq!(read_varint(&mut Bytes::from_static(&[0xff; 11])), None);
    }
}
