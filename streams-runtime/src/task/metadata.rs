//! The text beside a committed offset: the partition's time, so that it outlives the task.
//!
//! Base64 of magic 2 and the time (i64, big-endian), then optional entries of processors that this
//! library does not write yet; magic 1 is the same without them.

const MAGIC: u8 = 2;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The metadata of a partition whose time is known.
pub(crate) fn encode(partition_time: i64) -> String {
    let mut bytes = vec![MAGIC];
    bytes.extend_from_slice(&partition_time.to_be_bytes());
    to_base64(&bytes)
}

/// The partition's time in metadata; -1 when it says none.
pub(crate) fn decode(text: &str) -> i64 {
    let time = from_base64(text).and_then(|bytes| {
        let (magic, rest) = bytes.split_first()?;
        let time = rest.first_chunk()?;
        matches!(magic, 1 | 2).then(|| i64::from_be_bytes(*time))
    });
    time.unwrap_or(-1)
}

fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |ix: usize| u32::from(chunk.get(ix).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            if place > chunk.len() {
                text.push('=');
            } else {
                let six = (bits >> (18 - 6 * place)) & 63;
                text.push(char::from(ALPHABET[six as usize]));
            }
        }
    }
    text
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits {
        let six = ALPHABET.iter().position(|known| *known == digit)?;
        bits = bits << 6 | u32::try_from(six).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 255).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_java_s() {
        assert_eq!(encode(5), "AgAAAAAAAAAF");
        assert_eq!(encode(-1), "Av//////////");
        assert_eq!(decode("AgAAAAAAAAAF"), 5);
        assert_eq!(decode("AQAAAAAAAAAF"), 5);
    }

    #[test]
    fn what_is_not_known_is_no_time() {
        for text in ["", "AwAAAAAAAAAF", "Ag==", "not base64!"] {
            assert_eq!(decode(text), -1, "{text}");
        }
    }

    #[test]
    fn padding_of_every_length() {
        for (bytes, text) in [(&b"a"[..], "YQ=="), (b"ab", "YWI="), (b"abc", "YWJj"), (b"", "")] {
            assert_eq!(to_base64(bytes), text);
            assert_eq!(from_base64(text).as_deref(), Some(bytes));
        }
    }
}
