//! Bytes to the types of the records.

use crate::Error;

/// Text that is owned, as the functions of a topology get it.
#[inline]
pub(super) fn text(bytes: Option<&[u8]>) -> Result<String, Error> {
    Ok(std::str::from_utf8(bytes.ok_or("a null is no text")?)?.to_owned())
}

#[inline]
pub(super) fn number(bytes: Option<&[u8]>) -> Result<i64, Error> {
    Ok(i64::from_be_bytes(bytes.ok_or("a null is no number")?.try_into()?))
}

/// A stored row: its time, then its number.
#[inline]
pub(super) fn row(bytes: &[u8]) -> Result<(i64, i64), Error> {
    let (time, value) = bytes.split_at_checked(8).ok_or("a row begins with its time")?;
    Ok((i64::from_be_bytes(time.try_into()?), i64::from_be_bytes(value.try_into()?)))
}

#[inline]
pub(super) fn row_bytes(time: i64, value: i64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&time.to_be_bytes());
    bytes[8..].copy_from_slice(&value.to_be_bytes());
    bytes
}
