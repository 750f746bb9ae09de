//! Text, bytes and UUIDs.

use uuid::Uuid;

use super::primitives::not_null;
use super::{Encoded, HasSerde, Nullable, Serde, SerdeError};
use crate::bytes::append;

/// UTF-8. Java: `StringSerializer`.
///
/// Bytes that are no UTF-8 read as U+FFFD, as in Java, where they never stop an application.
/// [`StringSerde::strict`] makes them an error instead.
#[derive(Clone, Copy, Debug, Default)]
pub struct StringSerde {
    strict: bool,
}

impl StringSerde {
    /// The serde that refuses bytes which are no UTF-8.
    pub const fn strict() -> Self {
        Self { strict: true }
    }

    #[cold]
    fn mended(self, bytes: &[u8], error: std::str::Utf8Error) -> Result<String, SerdeError> {
        if self.strict {
            return Err(SerdeError::new(format!("the text is no UTF-8: {error}")));
        }
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

impl Serde<String> for StringSerde {
    #[inline]
    fn serialize(&self, _: &str, value: &String, out: &mut Vec<u8>) -> Result<Encoded, SerdeError> {
        append(out, value.as_bytes());
        Ok(Encoded::Bytes)
    }

    #[inline(always)]
    fn deserialize(&self, _: &str, bytes: Option<&[u8]>) -> Result<String, SerdeError> {
        let bytes = bytes.ok_or_else(SerdeError::unexpected_null::<String>)?;
        if let Some(text) = ascii(bytes) {
            return Ok(text);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => self.mended(bytes, error),
        }
    }

    #[inline]
    fn encoded_len(&self, value: &String) -> Option<usize> {
        Some(value.len())
    }

    fn is_own(&self) -> bool {
        !self.strict
    }
}

/// Bytes below 128 as text; `None` when others are among them.
///
/// Keys and values are mostly short and ASCII, and the standard library looks at short text byte by byte: with
/// words of eight bytes a count of short keys costs a tenth less.
#[inline]
#[expect(unsafe_code, reason = "a check that was made is not made again")]
fn ascii(bytes: &[u8]) -> Option<String> {
    const HIGH_BITS: u64 = u64::from_be_bytes([0x80; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    let bits = words.iter().fold(0, |bits, word| bits | u64::from_be_bytes(*word));
    let last = match bytes.last_chunk::<8>() {
        // some bytes are looked at twice, none by itself
        Some(word) => u64::from_be_bytes(*word),
        None => rest.iter().fold(0, |bits, byte| bits | u64::from(*byte)),
    };
    if (bits | last) & HIGH_BITS != 0 {
        return None;
    }
    // SAFETY: no byte has its high bit set, so these are ASCII, which is UTF-8.
    Some(unsafe { String::from_utf8_unchecked(bytes.to_vec()) })
}

impl HasSerde for String {
    type Serde = StringSerde;
}

/// The bytes themselves. Java: `ByteArraySerializer`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BytesSerde;

impl Serde<Vec<u8>> for BytesSerde {
    #[inline]
    fn serialize(
        &self,
        _: &str,
        value: &Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        append(out, value);
        Ok(Encoded::Bytes)
    }

    #[inline]
    fn deserialize(&self, _: &str, bytes: Option<&[u8]>) -> Result<Vec<u8>, SerdeError> {
        bytes.map(<[u8]>::to_vec).ok_or_else(SerdeError::unexpected_null::<Vec<u8>>)
    }

    #[inline]
    fn encoded_len(&self, value: &Vec<u8>) -> Option<usize> {
        Some(value.len())
    }

    fn is_own(&self) -> bool {
        true
    }
}

// `u8` has no serde of its own, so this is no list (`list.rs`).
impl HasSerde for Vec<u8> {
    type Serde = BytesSerde;
}

/// The text form in lower case: 36 characters. Java: `UUIDSerializer`.
///
/// Other text forms are refused, of which Java reads some (groups without their leading zeros).
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidSerde;

impl Serde<Uuid> for UuidSerde {
    fn serialize(&self, _: &str, value: &Uuid, out: &mut Vec<u8>) -> Result<Encoded, SerdeError> {
        let mut text = Uuid::encode_buffer();
        out.extend_from_slice(value.hyphenated().encode_lower(&mut text).as_bytes());
        Ok(Encoded::Bytes)
    }

    fn deserialize(&self, _: &str, bytes: Option<&[u8]>) -> Result<Uuid, SerdeError> {
        let bytes = bytes.ok_or_else(SerdeError::unexpected_null::<Uuid>)?;
        if bytes.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(SerdeError::new(format!(
                "a UUID is 36 characters of text, but there are {} bytes",
                bytes.len()
            )));
        }
        Uuid::try_parse_ascii(bytes)
            .map_err(|error| SerdeError::new(format!("the text is no UUID: {error}")))
    }

    fn fixed_size(&self) -> Option<usize> {
        Some(uuid::fmt::Hyphenated::LENGTH)
    }

    fn encoded_len(&self, _: &Uuid) -> Option<usize> {
        Some(uuid::fmt::Hyphenated::LENGTH)
    }
}

impl HasSerde for Uuid {
    type Serde = UuidSerde;
}

not_null!(String, Vec<u8>, Uuid);

#[cfg(test)]
mod tests {
    use super::*;

    /// One byte of each kind at each place of texts of each length, against the standard library.
    #[test]
    fn ascii_is_told_at_every_place() {
        for length in 0..=34 {
            let plain = vec![b'a'; length];
            assert_eq!(ascii(&plain), String::from_utf8(plain.clone()).ok());
            for place in 0..length {
                for byte in [0, 0x7f, 0x80, 0xc3, 0xff] {
                    let mut bytes = plain.clone();
                    bytes[place] = byte;
                    let want = String::from_utf8(bytes.clone()).ok();
                    assert_eq!(ascii(&bytes), want, "{byte} at {place} of {length}");
                }
            }
        }
    }
}
