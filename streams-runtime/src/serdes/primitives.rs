//! Numbers, truth values and the type that is always null, in Java's bytes.

use super::{Encoded, HasSerde, Nullable, Serde, SerdeError};

/// Says that a type has no null of its own.
macro_rules! not_null {
    ($($type:ty),+) => {$(
        impl Nullable for $type {
            type NonNull = Self;

            #[inline]
            fn into_non_null(self) -> Option<Self> {
                Some(self)
            }
        }
    )+};
}
pub(crate) use not_null;

macro_rules! number {
    ($(#[$doc:meta])* $serde:ident, $type:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $serde;

        impl Serde<$type> for $serde {
            #[inline]
            fn serialize(
                &self,
                _: &str,
                value: &$type,
                out: &mut Vec<u8>,
            ) -> Result<Encoded, SerdeError> {
                out.extend_from_slice(&value.to_be_bytes());
                Ok(Encoded::Bytes)
            }

            #[inline]
            fn deserialize(&self, _: &str, bytes: Option<&[u8]>) -> Result<$type, SerdeError> {
                let bytes = bytes.ok_or_else(SerdeError::unexpected_null::<$type>)?;
                match bytes.try_into() {
                    Ok(bytes) => Ok(<$type>::from_be_bytes(bytes)),
                    Err(_) => Err(wrong_size::<$type>(bytes.len())),
                }
            }

            fn fixed_size(&self) -> Option<usize> {
                Some(size_of::<$type>())
            }

            #[inline]
            fn encoded_len(&self, _: &$type) -> Option<usize> {
                Some(size_of::<$type>())
            }

            fn is_own(&self) -> bool {
                true
            }
        }

        impl HasSerde for $type {
            type Serde = $serde;
        }

        not_null!($type);
    };
}

number!(
    /// 8 bytes, big-endian. Java: `LongSerializer`.
    I64Serde, i64
);
number!(
    /// 4 bytes, big-endian. Java: `IntegerSerializer`.
    I32Serde, i32
);
number!(
    /// 2 bytes, big-endian. Java: `ShortSerializer`.
    I16Serde, i16
);
number!(
    /// 8 bytes, IEEE 754, big-endian. Java: `DoubleSerializer`.
    F64Serde, f64
);
number!(
    /// 4 bytes, IEEE 754, big-endian. Java: `FloatSerializer`.
    F32Serde, f32
);

#[cold]
fn wrong_size<T>(size: usize) -> SerdeError {
    SerdeError::new(format!(
        "`{}` has {} bytes, but there are {size}",
        std::any::type_name::<T>(),
        size_of::<T>()
    ))
}

/// One byte, 0 or 1. Java: `BooleanSerializer`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BoolSerde;

impl Serde<bool> for BoolSerde {
    fn serialize(&self, _: &str, value: &bool, out: &mut Vec<u8>) -> Result<Encoded, SerdeError> {
        out.push(u8::from(*value));
        Ok(Encoded::Bytes)
    }

    fn deserialize(&self, _: &str, bytes: Option<&[u8]>) -> Result<bool, SerdeError> {
        match bytes {
            None => Err(SerdeError::unexpected_null::<bool>()),
            Some([0]) => Ok(false),
            Some([1]) => Ok(true),
            Some([other]) => {
                Err(SerdeError::new(format!("`bool` is the byte 0 or 1, but this is {other}")))
            }
            Some(other) => Err(wrong_size::<bool>(other.len())),
        }
    }

    fn encoded_len(&self, _: &bool) -> Option<usize> {
        Some(1)
    }
}

impl HasSerde for bool {
    type Serde = BoolSerde;
}

not_null!(bool);

/// Always null: for keys or values that a topic does not use. Java: `VoidSerializer`.
#[derive(Clone, Copy, Debug, Default)]
pub struct VoidSerde;

impl Serde<()> for VoidSerde {
    fn serialize(&self, _: &str, (): &(), _: &mut Vec<u8>) -> Result<Encoded, SerdeError> {
        Ok(Encoded::Null)
    }

    fn deserialize(&self, _: &str, bytes: Option<&[u8]>) -> Result<(), SerdeError> {
        match bytes {
            None => Ok(()),
            Some(bytes) => Err(SerdeError::new(format!(
                "`()` is always null, but there are {} bytes; read them as `Vec<u8>`",
                bytes.len()
            ))),
        }
    }

    fn encoded_len(&self, (): &()) -> Option<usize> {
        Some(0)
    }
}

impl HasSerde for () {
    type Serde = VoidSerde;
}

impl Nullable for () {
    type NonNull = Self;

    fn into_non_null(self) -> Option<Self> {
        None
    }

    fn is_null(&self) -> bool {
        true
    }
}
