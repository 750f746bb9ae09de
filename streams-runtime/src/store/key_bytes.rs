//! The bytes of a cached row's key.

use std::ops::Deref;

/// How many bytes fit in the place of a pointer, a length and a malloc of 15 bytes.
const SHORT: usize = 30;

/// A key's bytes: beside the row when they are few, so that a lookup reads one place, else on the heap.
#[derive(Clone, Debug)]
pub(crate) enum KeyBytes {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

impl From<&[u8]> for KeyBytes {
    fn from(key: &[u8]) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..key.len()), u8::try_from(key.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(key);
                Self::Short { len, bytes }
            }
            _ => Self::Long(key.into()),
        }
    }
}

impl Deref for KeyBytes {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => &bytes[..usize::from(*len)],
            Self::Long(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_any_length_keep_their_bytes() {
        assert_eq!(size_of::<KeyBytes>(), 32);
        for len in 0..300 {
            let key: Vec<u8> = (0..len).map(|n| n as u8).collect();
            assert_eq!(*KeyBytes::from(&key[..]), key[..]);
        }
    }
}
