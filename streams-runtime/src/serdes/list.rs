//! Lists of anything that has a serde.

use super::wire::{Reader, size_i32};
use super::{Encoded, HasSerde, Nullable, Serde, SerdeError};

/// Elements of one size lie side by side, behind the places of the nulls; others lie behind their sizes.
const CONSTANT_SIZE: u8 = 0;
/// See [`CONSTANT_SIZE`].
const VARIABLE_SIZE: u8 = 1;

/// A list of what `S` writes; a list of `Option`s may have nulls in it. Java: `ListSerializer`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListSerde<S>(pub S);

impl<T: Send + Sync + 'static, S: Serde<T>> Serde<Vec<T>> for ListSerde<S> {
    fn serialize(
        &self,
        topic: &str,
        value: &Vec<T>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        match self.0.fixed_size() {
            Some(_) => self.write_constant(topic, value, out)?,
            None => self.write_variable(topic, value, out)?,
        }
        Ok(Encoded::Bytes)
    }

    fn deserialize(&self, topic: &str, bytes: Option<&[u8]>) -> Result<Vec<T>, SerdeError> {
        let bytes = bytes.ok_or_else(SerdeError::unexpected_null::<Vec<T>>)?;
        let mut reader = Reader::new(bytes);
        match reader.u8("the list's kind")? {
            CONSTANT_SIZE => self.read_constant(topic, reader),
            VARIABLE_SIZE => self.read_variable(topic, reader),
            other => Err(SerdeError::new(format!("{other} is no kind of list"))),
        }
    }
}

impl<S> ListSerde<S> {
    fn write_constant<T>(
        &self,
        topic: &str,
        list: &[T],
        out: &mut Vec<u8>,
    ) -> Result<(), SerdeError>
    where
        S: Serde<T>,
    {
        out.push(CONSTANT_SIZE);
        let mut elements = Vec::with_capacity(list.len() * self.0.fixed_size().unwrap_or(0));
        let mut nulls = Vec::new();
        for (place, element) in list.iter().enumerate() {
            if self.0.serialize(topic, element, &mut elements)? == Encoded::Null {
                nulls.push(size_i32(place)?);
            }
        }
        out.extend_from_slice(&size_i32(nulls.len())?.to_be_bytes());
        for place in nulls {
            out.extend_from_slice(&place.to_be_bytes());
        }
        out.extend_from_slice(&size_i32(list.len())?.to_be_bytes());
        out.extend_from_slice(&elements);
        Ok(())
    }

    fn write_variable<T>(
        &self,
        topic: &str,
        list: &[T],
        out: &mut Vec<u8>,
    ) -> Result<(), SerdeError>
    where
        S: Serde<T>,
    {
        out.push(VARIABLE_SIZE);
        out.extend_from_slice(&size_i32(list.len())?.to_be_bytes());
        for element in list {
            let at = out.len();
            out.extend_from_slice(&(-1i32).to_be_bytes());
            if self.0.serialize(topic, element, out)? == Encoded::Bytes {
                let start = at + size_of::<i32>();
                let size = size_i32(out.len() - start)?;
                out[at..start].copy_from_slice(&size.to_be_bytes());
            }
        }
        Ok(())
    }

    fn read_constant<T>(&self, topic: &str, mut reader: Reader<'_>) -> Result<Vec<T>, SerdeError>
    where
        S: Serde<T>,
    {
        let Some(size) = self.0.fixed_size() else {
            return Err(SerdeError::new("a list of elements of one size, but theirs varies"));
        };
        let count = reader.count("the list's nulls")?;
        let mut nulls = Vec::new();
        for _ in 0..count {
            nulls.push(reader.count("the place of a null")?);
        }
        nulls.sort_unstable();
        let count = reader.count("the list's size")?;
        // a damaged size must not reserve memory: elements are at least there, nulls at least known
        let mut list =
            Vec::with_capacity(count.min(reader.rest().len() / size.max(1) + nulls.len()));
        for place in 0..count {
            let element = match nulls.binary_search(&place) {
                Ok(_) => None,
                Err(_) => Some(reader.bytes(size, "a list's element")?),
            };
            list.push(self.0.deserialize(topic, element)?);
        }
        Ok(list)
    }

    fn read_variable<T>(&self, topic: &str, mut reader: Reader<'_>) -> Result<Vec<T>, SerdeError>
    where
        S: Serde<T>,
    {
        let count = reader.count("the list's size")?;
        let mut list = Vec::with_capacity(count.min(reader.rest().len() / size_of::<i32>()));
        for _ in 0..count {
            let element = reader.sized("a list's element")?;
            list.push(self.0.deserialize(topic, element)?);
        }
        Ok(list)
    }
}

impl<T: HasSerde> HasSerde for Vec<T> {
    type Serde = ListSerde<T::Serde>;
}

impl<T: HasSerde> Nullable for Vec<T> {
    type NonNull = Self;

    #[inline]
    fn into_non_null(self) -> Option<Self> {
        Some(self)
    }
}
