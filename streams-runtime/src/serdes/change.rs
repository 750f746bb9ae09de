//! Updates of a table on their way to an aggregation by another key.

use super::wire::{Reader, put_varint, size_i32};
use super::{Encoded, Serde, SerdeError, SerdeRef};
use crate::record::Change;

const OLD: u8 = 0;
const NEW: u8 = 1;
const BOTH: u8 = 2;
/// The same three with a byte that says whether the update is the latest of its row.
const OLD_WITH_LATEST: u8 = 3;
const NEW_WITH_LATEST: u8 = 4;
const BOTH_WITH_LATEST: u8 = 5;

/// The values before and after an update, with a last byte that says which are there.
///
/// Java: `ChangedSerializer` and `ChangedDeserializer`.
#[derive(Clone)]
pub struct ChangedSerde<V> {
    inner: SerdeRef<V>,
}

impl<V: 'static> ChangedSerde<V> {
    /// Changes of what `inner` writes.
    pub fn new(inner: SerdeRef<V>) -> Self {
        Self { inner }
    }

    /// Appends a value that is there.
    fn write(&self, topic: &str, value: &V, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        match self.inner.serialize(topic, value, out)? {
            Encoded::Bytes => Ok(()),
            Encoded::Null => Err(SerdeError::new("a value of a table's update is written as null")),
        }
    }

    fn read(&self, topic: &str, bytes: &[u8]) -> Result<Option<V>, SerdeError> {
        self.inner.deserialize(topic, Some(bytes)).map(Some)
    }
}

impl<V: 'static> Serde<Change<V>> for ChangedSerde<V> {
    fn serialize(
        &self,
        topic: &str,
        value: &Change<V>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        match (&value.new, &value.old) {
            (None, None) => {
                return Err(SerdeError::new("a table's update has neither a new nor an old value"));
            }
            (Some(new), None) => {
                self.write(topic, new, out)?;
                out.push(NEW);
            }
            (None, Some(old)) => {
                self.write(topic, old, out)?;
                out.push(OLD);
            }
            (Some(new), Some(old)) => {
                // the size comes first and varies: write the value, then move it behind its size
                let start = out.len();
                self.write(topic, new, out)?;
                let end = out.len();
                put_varint(size_i32(end - start)?, out);
                let size = out.len() - end;
                out[start..].rotate_right(size);
                self.write(topic, old, out)?;
                out.push(BOTH);
            }
        }
        Ok(Encoded::Bytes)
    }

    fn deserialize(&self, topic: &str, bytes: Option<&[u8]>) -> Result<Change<V>, SerdeError> {
        let bytes = bytes.ok_or_else(SerdeError::unexpected_null::<Change<V>>)?;
        let Some((&flag, rest)) = bytes.split_last() else {
            return Err(SerdeError::new("a table's update has no byte that says what is in it"));
        };
        let (values, is_latest) = match flag {
            OLD_WITH_LATEST..=BOTH_WITH_LATEST => match rest.split_last() {
                Some((0, values)) => (values, false),
                Some((1, values)) => (values, true),
                _ => return Err(SerdeError::new("a table's update does not say if it is latest")),
            },
            _ => (rest, true),
        };
        let (new, old) = match flag {
            OLD | OLD_WITH_LATEST => (None, self.read(topic, values)?),
            NEW | NEW_WITH_LATEST => (self.read(topic, values)?, None),
            BOTH | BOTH_WITH_LATEST => {
                let mut reader = Reader::new(values);
                let new = reader.varint_sized("the new value")?;
                let new = new.ok_or_else(|| SerdeError::new("the new value has no size"))?;
                (self.read(topic, new)?, self.read(topic, reader.rest())?)
            }
            other => {
                return Err(SerdeError::new(format!("{other} is no kind of table update")));
            }
        };
        Ok(Change { new, old, is_latest })
    }
}

#[cfg(test)]
mod tests {
    use super::super::HasSerde;
    use super::*;

    fn change(new: Option<&str>, old: Option<&str>) -> Change<String> {
        Change::latest(new.map(str::to_owned), old.map(str::to_owned))
    }

    #[track_caller]
    fn check(value: &Change<String>, bytes: &[u8]) {
        let serde = ChangedSerde::new(String::serde());
        let mut out = b"before".to_vec();
        assert_eq!(serde.serialize("t", value, &mut out), Ok(Encoded::Bytes));
        assert_eq!(&out[6..], bytes);
        assert_eq!(serde.deserialize("t", Some(bytes)).as_ref(), Ok(value));
    }

    // appendix A.13 of the reference
    #[test]
    fn the_last_byte_says_which_values_are_there() {
        check(&change(Some("a1"), None), b"a1\x01");
        check(&change(Some("a2"), Some("a1")), b"\x04a2a1\x02");
        check(&change(None, Some("a2")), b"a2\x00");
        check(&change(Some(""), Some("")), b"\x00\x02");
        let long = "x".repeat(200);
        let expected = [b"\x90\x03", long.as_bytes(), b"y\x02"].concat();
        check(&change(Some(&long), Some("y")), &expected);
    }

    #[test]
    fn newer_flags_tell_whether_an_update_is_the_latest() {
        let serde = ChangedSerde::new(String::serde());
        let read = |bytes: &[u8]| serde.deserialize("t", Some(bytes));
        let past = |new, old| Ok(Change { is_latest: false, ..change(new, old) });
        assert_eq!(read(b"a\x00\x03"), past(None, Some("a")));
        assert_eq!(read(b"a\x00\x04"), past(Some("a"), None));
        assert_eq!(read(b"\x02ab\x01\x05"), Ok(change(Some("a"), Some("b"))));
        for broken in [&b""[..], b"a\x06", b"\x05", b"\x02\x04", b"\x0aa\x02"] {
            assert!(read(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn an_update_without_values_is_refused() {
        let serde = ChangedSerde::new(String::serde());
        assert!(serde.serialize("t", &change(None, None), &mut Vec::new()).is_err());
    }
}
