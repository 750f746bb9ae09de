//! Reading and writing the small parts that Kafka's formats share.

use super::SerdeError;

/// Bytes that are read from the front; every step says what it missed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_empty(self) -> bool {
        self.rest.is_empty()
    }

    fn chunk<const N: usize>(&mut self, what: &str) -> Result<[u8; N], SerdeError> {
        let Some((chunk, rest)) = self.rest.split_first_chunk() else {
            return Err(missing(what, self.rest.len(), N));
        };
        self.rest = rest;
        Ok(*chunk)
    }

    pub(crate) fn u8(&mut self, what: &str) -> Result<u8, SerdeError> {
        self.chunk::<1>(what).map(|[byte]| byte)
    }

    pub(crate) fn i32(&mut self, what: &str) -> Result<i32, SerdeError> {
        self.chunk(what).map(i32::from_be_bytes)
    }

    pub(crate) fn i64(&mut self, what: &str) -> Result<i64, SerdeError> {
        self.chunk(what).map(i64::from_be_bytes)
    }

    pub(crate) fn bytes(&mut self, count: usize, what: &str) -> Result<&'a [u8], SerdeError> {
        let Some((bytes, rest)) = self.rest.split_at_checked(count) else {
            return Err(missing(what, self.rest.len(), count));
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// A number of things or bytes, which must not be negative.
    pub(crate) fn count(&mut self, what: &str) -> Result<usize, SerdeError> {
        let count = self.i32(what)?;
        usize::try_from(count).map_err(|_| negative(what, count))
    }

    /// Bytes behind their length (i32); -1 stands for a null.
    pub(crate) fn sized(&mut self, what: &str) -> Result<Option<&'a [u8]>, SerdeError> {
        match self.i32(what)? {
            -1 => Ok(None),
            size => {
                let size = usize::try_from(size).map_err(|_| negative(what, size))?;
                self.bytes(size, what).map(Some)
            }
        }
    }

    /// A zig-zag variable-length integer (Java: `ByteUtils.readVarint`).
    pub(crate) fn varint(&mut self, what: &str) -> Result<i32, SerdeError> {
        let mut value = 0u32;
        for shift in (0..35).step_by(7) {
            let byte = self.u8(what)?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        Err(SerdeError::new(format!("{what}: the variable-length number does not end")))
    }

    /// A length as a zig-zag variable-length integer, and that many bytes; -1 stands for a null.
    pub(crate) fn varint_sized(&mut self, what: &str) -> Result<Option<&'a [u8]>, SerdeError> {
        match self.varint(what)? {
            -1 => Ok(None),
            size => {
                let size = usize::try_from(size).map_err(|_| negative(what, size))?;
                self.bytes(size, what).map(Some)
            }
        }
    }
}

fn missing(what: &str, have: usize, need: usize) -> SerdeError {
    SerdeError::new(format!("{what}: {need} bytes are needed, but {have} are left"))
}

fn negative(what: &str, count: i32) -> SerdeError {
    SerdeError::new(format!("{what}: a size must not be negative, but is {count}"))
}

/// A size as Kafka's formats write it.
pub(crate) fn size_i32(size: usize) -> Result<i32, SerdeError> {
    i32::try_from(size)
        .map_err(|_| SerdeError::new(format!("{size} bytes are more than a record can hold")))
}

/// Appends bytes behind their length (i32).
pub(crate) fn put_sized(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), SerdeError> {
    out.extend_from_slice(&size_i32(bytes.len())?.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// Appends a zig-zag variable-length integer (Java: `ByteUtils.writeVarint`).
pub(crate) fn put_varint(value: i32, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 31)).cast_unsigned();
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_zig_zag() {
        let cases: [(i32, &[u8]); 8] = [
            (0, &[0]),
            (-1, &[1]),
            (1, &[2]),
            (63, &[0x7e]),
            (64, &[0x80, 1]),
            (-64, &[0x7f]),
            (i32::MAX, &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
            (i32::MIN, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ];
        for (value, bytes) in cases {
            let mut out = Vec::new();
            put_varint(value, &mut out);
            assert_eq!(out, bytes, "{value}");
            assert_eq!(Reader::new(bytes).varint("n"), Ok(value));
        }
        assert!(Reader::new(&[0xff; 6]).varint("n").is_err());
    }
}
