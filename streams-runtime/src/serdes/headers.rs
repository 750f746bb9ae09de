//! Headers inside stored values, and the values that carry them.

use super::SerdeError;
use super::wire::{Reader, put_varint, size_i32};
use crate::record::{Header, Headers};

/// Appends the headers block: count, then key and value of each behind their sizes; nothing for no headers.
///
/// Java: `HeadersSerializer`.
///
/// # Errors
/// When a header is larger than 2 GiB.
pub fn put_headers(headers: &Headers, out: &mut Vec<u8>) -> Result<(), SerdeError> {
    if headers.is_empty() {
        return Ok(());
    }
    put_varint(size_i32(headers.len())?, out);
    for header in headers.iter() {
        put_varint(size_i32(header.key.len())?, out);
        out.extend_from_slice(header.key.as_bytes());
        match &header.value {
            None => put_varint(-1, out),
            Some(value) => {
                put_varint(size_i32(value.len())?, out);
                out.extend_from_slice(value);
            }
        }
    }
    Ok(())
}

/// Reads a headers block. Java: `HeadersDeserializer`.
///
/// # Errors
/// When the bytes end early.
pub fn read_headers(bytes: &[u8]) -> Result<Headers, SerdeError> {
    if bytes.is_empty() {
        return Ok(Headers::default());
    }
    let mut reader = Reader::new(bytes);
    let count = reader.varint("the number of headers")?;
    let mut headers = Vec::new();
    for _ in 0..count {
        let key = reader.varint_sized("a header's key")?;
        let key = key.ok_or_else(|| SerdeError::new("a header's key is null"))?;
        let value = reader.varint_sized("a header's value")?;
        headers.push(Header {
            key: String::from_utf8_lossy(key).into_owned(),
            value: value.map(<[u8]>::to_vec),
        });
    }
    Ok(headers.into_iter().collect())
}

/// Appends what stands before the value in a store with headers: the block behind its size, then the time.
///
/// Java: `ValueTimestampHeadersSerializer`.
///
/// # Errors
/// When a header is larger than 2 GiB.
pub fn put_headers_and_time(
    headers: &Headers,
    timestamp: i64,
    out: &mut Vec<u8>,
) -> Result<(), SerdeError> {
    put_sized_headers(headers, out)?;
    out.extend_from_slice(&timestamp.to_be_bytes());
    Ok(())
}

/// Appends the headers block behind its size. Java: `AggregationWithHeadersSerializer`.
///
/// # Errors
/// When a header is larger than 2 GiB.
pub fn put_sized_headers(headers: &Headers, out: &mut Vec<u8>) -> Result<(), SerdeError> {
    let start = out.len();
    put_headers(headers, out)?;
    let end = out.len();
    put_varint(size_i32(end - start)?, out);
    let size = out.len() - end;
    out[start..].rotate_right(size);
    Ok(())
}

/// Splits a stored value with headers into headers and what stands behind them.
///
/// # Errors
/// When the bytes end early.
pub fn read_sized_headers(bytes: &[u8]) -> Result<(Headers, &[u8]), SerdeError> {
    let mut reader = Reader::new(bytes);
    let block = reader.varint_sized("the headers' size")?;
    let block = block.ok_or_else(|| SerdeError::new("the headers' size is negative"))?;
    Ok((read_headers(block)?, reader.rest()))
}

/// Splits a stored value with headers into headers, time and value.
///
/// # Errors
/// When the bytes end early.
pub fn read_headers_and_time(bytes: &[u8]) -> Result<(Headers, i64, &[u8]), SerdeError> {
    let (headers, rest) = read_sized_headers(bytes)?;
    let mut reader = Reader::new(rest);
    let timestamp = reader.i64("the value's time")?;
    Ok((headers, timestamp, reader.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &Headers, bytes: &[u8]) {
        let mut out = Vec::new();
        put_headers_and_time(headers, 5, &mut out).expect("small");
        out.push(b'v');
        assert_eq!(out, bytes);
        assert_eq!(read_headers_and_time(bytes), Ok((headers.clone(), 5, &b"v"[..])));
    }

    // appendix A of the reference, on disk
    #[test]
    fn headers_stand_before_time_and_value() {
        let mut headers = Headers::default();
        check(&headers, b"\x00\x00\x00\x00\x00\x00\x00\x00\x05v");
        headers.push("hh", Some(vec![7]));
        headers.push("n", None);
        check(&headers, b"\x12\x04\x04hh\x02\x07\x02n\x01\x00\x00\x00\x00\x00\x00\x00\x05v");
    }
}
