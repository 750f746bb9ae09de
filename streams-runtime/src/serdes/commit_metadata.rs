//! What is committed with offsets, and how far a store has come: the formats of both.

use std::collections::BTreeMap;

use super::SerdeError;
use super::wire::{Reader, put_sized, size_i32};

/// The version that is written. Version 1 has the partition's time only.
const MAGIC: u8 = 2;

/// What a task commits with an input offset, so that its times survive a restart.
///
/// Java: `TopicPartitionMetadata`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CommitMetadata {
    /// The highest timestamp seen in the partition, in milliseconds; -1 when unknown.
    pub partition_time: i64,
    /// Times of operators by their store's name.
    pub processors: BTreeMap<String, i64>,
}

impl Default for CommitMetadata {
    fn default() -> Self {
        Self { partition_time: -1, processors: BTreeMap::new() }
    }
}

impl CommitMetadata {
    /// The text to commit.
    pub fn encode(&self) -> String {
        let mut bytes = vec![MAGIC];
        bytes.extend_from_slice(&self.partition_time.to_be_bytes());
        if !self.processors.is_empty() {
            bytes.extend_from_slice(&(self.processors.len() as u32).to_be_bytes());
            for (name, time) in &self.processors {
                bytes.extend_from_slice(&(name.len() as u32).to_be_bytes());
                bytes.extend_from_slice(name.as_bytes());
                bytes.extend_from_slice(&time.to_be_bytes());
            }
        }
        base64_encode(&bytes)
    }

    /// Reads a committed text. What cannot be read is unknown, as in Java: it must not stop a start.
    pub fn decode(text: &str) -> Self {
        let mut metadata = Self::default();
        if let Some(bytes) = base64_decode(text) {
            // what came before a damaged part is kept
            let _damaged = metadata.read(Reader::new(&bytes));
        }
        metadata
    }

    fn read(&mut self, mut reader: Reader<'_>) -> Result<(), SerdeError> {
        let magic = reader.u8("the version")?;
        if magic == 0 || magic > MAGIC {
            return Ok(());
        }
        self.partition_time = reader.i64("the partition's time")?;
        if magic == 1 || reader.is_empty() {
            return Ok(());
        }
        let mut processors = BTreeMap::new();
        for _ in 0..reader.count("the number of times")? {
            let name = reader.sized("a name")?.unwrap_or_default();
            let time = reader.i64("an operator's time")?;
            processors.insert(String::from_utf8_lossy(name).into_owned(), time);
        }
        self.processors = processors;
        Ok(())
    }
}

/// How far something has read: offsets by partition by topic. Java: `Position`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Position(pub BTreeMap<String, BTreeMap<i32, i64>>);

impl Position {
    /// Appends the bytes. Java: `PositionSerde`.
    ///
    /// # Errors
    /// When a topic's name is larger than 2 GiB.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        out.push(0);
        out.extend_from_slice(&size_i32(self.0.len())?.to_be_bytes());
        for (topic, offsets) in &self.0 {
            put_sized(topic.as_bytes(), out)?;
            out.extend_from_slice(&size_i32(offsets.len())?.to_be_bytes());
            for (partition, offset) in offsets {
                out.extend_from_slice(&partition.to_be_bytes());
                out.extend_from_slice(&offset.to_be_bytes());
            }
        }
        Ok(())
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// When they end early, or are of an unknown version.
    pub fn read(bytes: &[u8]) -> Result<Self, SerdeError> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8("the position's version")?;
        if version != 0 {
            return Err(SerdeError::new(format!("a position of the unknown version {version}")));
        }
        let mut topics = BTreeMap::new();
        for _ in 0..reader.count("the number of topics")? {
            let topic = reader.sized("a topic's name")?.unwrap_or_default();
            let mut offsets = BTreeMap::new();
            for _ in 0..reader.count("the number of partitions")? {
                offsets.insert(reader.i32("a partition")?, reader.i64("an offset")?);
            }
            topics.insert(String::from_utf8_lossy(topic).into_owned(), offsets);
        }
        Ok(Self(topics))
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding (RFC 4648).
fn base64_encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        for place in 0..4 {
            if place > chunk.len() {
                text.push('=');
            } else {
                let digit = (word >> (18 - 6 * place)) & 63;
                text.push(char::from(ALPHABET[digit as usize]));
            }
        }
    }
    text
}

/// `None` when the text is no Base64.
fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for chunk in digits.chunks(4) {
        let mut word = 0u32;
        for digit in chunk {
            let digit = ALPHABET.iter().position(|known| known == digit)?;
            word = word << 6 | digit as u32;
        }
        let missing = 4 - chunk.len();
        if missing == 3 {
            return None;
        }
        word <<= 6 * missing;
        bytes.extend_from_slice(&word.to_be_bytes()[1..4 - missing]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_standard_one() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (bytes, text) in cases {
            assert_eq!(base64_encode(bytes.as_bytes()), text);
            assert_eq!(base64_decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(base64_encode(&[0xff, 0xfe, 0xfb]), "//77");
        assert_eq!(base64_decode("a"), None);
        assert_eq!(base64_decode("a b="), None);
    }

    #[test]
    fn metadata_comes_back() {
        let mut metadata = CommitMetadata { partition_time: 5, ..CommitMetadata::default() };
        assert_eq!(metadata.encode(), "AgAAAAAAAAAF");
        assert_eq!(CommitMetadata::decode("AgAAAAAAAAAF"), metadata);
        metadata.processors.insert("store".to_owned(), 7);
        assert_eq!(CommitMetadata::decode(&metadata.encode()), metadata);
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        for text in ["", "no base64!", "BQAAAAAAAAAF", "AgAA"] {
            assert_eq!(CommitMetadata::decode(text), CommitMetadata::default(), "{text}");
        }
        // version 1: time only
        let decoded = CommitMetadata::decode("AQAAAAAAAAAF");
        assert_eq!((decoded.partition_time, decoded.processors.len()), (5, 0));
    }

    #[test]
    fn positions_come_back() {
        let mut position = Position::default();
        position.0.entry("t".to_owned()).or_default().insert(3, 42);
        let mut out = Vec::new();
        position.write(&mut out).expect("small");
        let expected = b"\0\0\0\0\x01\0\0\0\x01t\0\0\0\x01\0\0\0\x03\0\0\0\0\0\0\0\x2a";
        assert_eq!(out, expected);
        assert_eq!(Position::read(&out), Ok(position));
        assert!(Position::read(&out[..20]).is_err());
        assert!(Position::read(&[1]).is_err());
    }
}
