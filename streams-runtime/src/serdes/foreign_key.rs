//! What table joins on a foreign key send between their two sides, as bytes.

use super::SerdeError;
use super::wire::{Reader, put_sized};

/// The hash of a value, which tells an old answer from a current one.
pub type ValueHash = [i64; 2];

/// Set in the first byte when there is no hash.
const NO_HASH: u8 = 0x80;

/// What the other side shall do with a subscription. Java: `SubscriptionWrapper.Instruction`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Instruction {
    /// Forget it, answer nothing.
    DeleteKeyNoPropagate = 0,
    /// Forget it, answer a null.
    DeleteKeyAndPropagate = 1,
    /// Keep it, answer also when there is no value.
    PropagateNullIfNoValue = 2,
    /// Keep it, answer when there is a value.
    PropagateOnlyIfValue = 3,
}

impl Instruction {
    fn from_byte(byte: u8) -> Result<Self, SerdeError> {
        Ok(match byte {
            0 => Self::DeleteKeyNoPropagate,
            1 => Self::DeleteKeyAndPropagate,
            2 => Self::PropagateNullIfNoValue,
            3 => Self::PropagateOnlyIfValue,
            other => {
                return Err(SerdeError::new(format!(
                    "{other} is no instruction to a subscription"
                )));
            }
        })
    }
}

/// A primary key that waits for a foreign one. Java: `SubscriptionWrapper`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Subscription<'a> {
    /// What to do.
    pub instruction: Instruction,
    /// The hash of the left value.
    pub hash: Option<ValueHash>,
    /// The primary key's bytes.
    pub primary_key: &'a [u8],
    /// The partition to answer to; missing in format version 0.
    pub primary_partition: Option<i32>,
}

impl<'a> Subscription<'a> {
    /// Appends the bytes: version 1 with a partition, else version 0.
    pub fn write(&self, out: &mut Vec<u8>) {
        put_version(u8::from(self.primary_partition.is_some()), self.hash, out);
        out.push(self.instruction as u8);
        put_hash(self.hash, out);
        out.extend_from_slice(self.primary_key);
        if let Some(partition) = self.primary_partition {
            out.extend_from_slice(&partition.to_be_bytes());
        }
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// When they end early, or are of an unknown version.
    pub fn read(bytes: &'a [u8]) -> Result<Self, SerdeError> {
        let mut reader = Reader::new(bytes);
        let first = reader.u8("the subscription's version")?;
        let instruction = Instruction::from_byte(reader.u8("the subscription's instruction")?)?;
        let hash = read_hash(first, &mut reader)?;
        let rest = reader.rest();
        let (primary_key, primary_partition) = match first & !NO_HASH {
            0 => (rest, None),
            1 => match rest.split_last_chunk() {
                Some((key, partition)) => (key, Some(i32::from_be_bytes(*partition))),
                None => return Err(SerdeError::new("a subscription without its partition")),
            },
            version => return Err(unknown_version("subscription", version)),
        };
        Ok(Self { instruction, hash, primary_key, primary_partition })
    }
}

/// The answer to a subscription. Java: `SubscriptionResponseWrapper`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SubscriptionResponse<'a> {
    /// The hash of the left value that asked.
    pub hash: Option<ValueHash>,
    /// The right value's bytes; an empty value reads back as `None`, as in Java.
    pub foreign_value: Option<&'a [u8]>,
}

impl<'a> SubscriptionResponse<'a> {
    /// Appends the bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        put_version(0, self.hash, out);
        put_hash(self.hash, out);
        out.extend_from_slice(self.foreign_value.unwrap_or_default());
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// When they end early, or are of an unknown version.
    pub fn read(bytes: &'a [u8]) -> Result<Self, SerdeError> {
        let mut reader = Reader::new(bytes);
        let first = reader.u8("the answer's version")?;
        if first & !NO_HASH != 0 {
            return Err(unknown_version("answer to a subscription", first & !NO_HASH));
        }
        let hash = read_hash(first, &mut reader)?;
        let foreign_value = (!reader.is_empty()).then_some(reader.rest());
        Ok(Self { hash, foreign_value })
    }
}

/// Appends the key of the subscriptions' store. Java: `CombinedKeySchema`.
///
/// # Errors
/// When the foreign key is larger than 2 GiB.
pub fn put_combined_key(
    foreign_key: &[u8],
    primary_key: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), SerdeError> {
    put_sized(foreign_key, out)?;
    out.extend_from_slice(primary_key);
    Ok(())
}

/// Splits a key of the subscriptions' store into foreign and primary key.
///
/// # Errors
/// When the bytes end early.
pub fn read_combined_key(bytes: &[u8]) -> Result<(&[u8], &[u8]), SerdeError> {
    let mut reader = Reader::new(bytes);
    let foreign = reader.sized("the foreign key")?;
    let foreign = foreign.ok_or_else(|| SerdeError::new("the foreign key is null"))?;
    Ok((foreign, reader.rest()))
}

fn put_version(version: u8, hash: Option<ValueHash>, out: &mut Vec<u8>) {
    out.push(if hash.is_some() { version } else { version | NO_HASH });
}

fn put_hash(hash: Option<ValueHash>, out: &mut Vec<u8>) {
    for part in hash.into_iter().flatten() {
        out.extend_from_slice(&part.to_be_bytes());
    }
}

fn read_hash(first: u8, reader: &mut Reader<'_>) -> Result<Option<ValueHash>, SerdeError> {
    if first & NO_HASH != 0 {
        return Ok(None);
    }
    Ok(Some([reader.i64("the hash")?, reader.i64("the hash")?]))
}

fn unknown_version(what: &str, version: u8) -> SerdeError {
    SerdeError::new(format!("a {what} of the unknown version {version}"))
}
