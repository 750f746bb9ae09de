//! The serdes of common types, called without a dynamic call.
//!
//! A border of a topology holds `Arc<dyn Serde<T>>`. Where that is the type's own serde, and the type is one
//! of those below, the compiler knows the code; Rust has no specialisation to say it in another way. Other
//! serdes and types take the dynamic call.

use std::any::{Any, TypeId};
use std::sync::Arc;

use super::{Encoded, HasSerde, Serde, SerdeError, SerdeRef};

/// A serde that knows whether it is its type's own.
pub(crate) struct Direct<T> {
    serde: SerdeRef<T>,
    own: bool,
}

impl<T> Clone for Direct<T> {
    fn clone(&self) -> Self {
        Self { serde: Arc::clone(&self.serde), own: self.own }
    }
}

impl<T: 'static> From<SerdeRef<T>> for Direct<T> {
    fn from(serde: SerdeRef<T>) -> Self {
        let own = serde.is_own();
        Self { serde, own }
    }
}

impl<T: 'static> Direct<T> {
    /// What `serialize` appends, where the value has these bytes itself.
    #[inline(always)]
    pub(crate) fn bytes_of<'a>(&self, value: &'a T) -> Option<&'a [u8]> {
        if !self.own {
            return None;
        }
        let value = value as &dyn Any;
        match value.downcast_ref::<String>() {
            Some(text) => Some(text.as_bytes()),
            None => value.downcast_ref::<Vec<u8>>().map(Vec::as_slice),
        }
    }
}

impl<T: 'static> Serde<T> for Direct<T> {
    #[inline(always)]
    fn deserialize(&self, topic: &str, bytes: Option<&[u8]>) -> Result<T, SerdeError> {
        macro_rules! read {
            ($known:ty) => {
                if TypeId::of::<T>() == TypeId::of::<$known>() && self.own {
                    let serde = <$known as HasSerde>::Serde::default();
                    return serde.deserialize(topic, bytes).map(same::<$known, T>);
                }
            };
        }
        // numbers come back in registers; text lies in memory in any case
        read!(i64);
        read!(Option<i64>);
        self.serde.deserialize(topic, bytes)
    }

    #[inline(always)]
    fn serialize(&self, topic: &str, value: &T, out: &mut Vec<u8>) -> Result<Encoded, SerdeError> {
        macro_rules! write {
            ($known:ty) => {
                if let Some(value) = (value as &dyn Any).downcast_ref::<$known>()
                    && self.own
                {
                    let serde = <$known as HasSerde>::Serde::default();
                    return serde.serialize(topic, value, out);
                }
            };
        }
        write!(String);
        write!(Option<String>);
        write!(i64);
        write!(Option<i64>);
        write!(Vec<u8>);
        self.serde.serialize(topic, value, out)
    }

    fn fixed_size(&self) -> Option<usize> {
        self.serde.fixed_size()
    }

    #[inline(always)]
    fn encoded_len(&self, value: &T) -> Option<usize> {
        macro_rules! measure {
            ($known:ty) => {
                if let Some(value) = (value as &dyn Any).downcast_ref::<$known>()
                    && self.own
                {
                    return <$known as HasSerde>::Serde::default().encoded_len(value);
                }
            };
        }
        measure!(i64);
        measure!(String);
        measure!(Vec<u8>);
        self.serde.encoded_len(value)
    }

    fn window_len(&self) -> usize {
        self.serde.window_len()
    }

    fn is_own(&self) -> bool {
        self.own
    }

    fn name(&self) -> &'static str {
        self.serde.name()
    }
}

/// A value of a type under the type's other name.
#[inline(always)]
fn same<A: 'static, B: 'static>(value: A) -> B {
    let mut slot = Some(value);
    let same = (&mut slot as &mut dyn Any).downcast_mut::<Option<B>>();
    same.and_then(Option::take).expect("invariant: both names are of one type")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serdes::{I64Serde, StringSerde};

    /// Writes a number as text.
    struct Digits;

    impl Serde<i64> for Digits {
        fn serialize(&self, _: &str, n: &i64, out: &mut Vec<u8>) -> Result<Encoded, SerdeError> {
            out.extend_from_slice(n.to_string().as_bytes());
            Ok(Encoded::Bytes)
        }

        fn deserialize(&self, _: &str, bytes: Option<&[u8]>) -> Result<i64, SerdeError> {
            let text = std::str::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
            text.parse().map_err(|_| SerdeError::new("no number"))
        }
    }

    #[track_caller]
    fn check<T: PartialEq + std::fmt::Debug + 'static>(
        serde: SerdeRef<T>,
        value: &T,
        bytes: Option<&[u8]>,
    ) {
        let direct = Direct::from(serde);
        let mut out = Vec::new();
        let encoded = direct.serialize("t", value, &mut out).unwrap();
        assert!(direct.encoded_len(value).is_none_or(|len| len == out.len()));
        assert_eq!((encoded == Encoded::Bytes).then_some(&out[..]), bytes);
        assert_eq!(direct.deserialize("t", bytes).unwrap(), *value);
    }

    #[test]
    fn own_serdes_and_others_keep_their_bytes() {
        check(i64::serde(), &7, Some(&7_i64.to_be_bytes()));
        check(Arc::new(I64Serde), &7, Some(&7_i64.to_be_bytes()));
        check(Arc::new(Digits), &7, Some(b"7"));
        check(Option::<i64>::serde(), &None, None);
        check(Option::<String>::serde(), &Some("a".to_owned()), Some(b"a"));
        check(Vec::<u8>::serde(), &vec![1], Some(&[1]));
        check(i32::serde(), &7, Some(&7_i32.to_be_bytes()));
        let strict: Direct<String> = Direct::from(Arc::new(StringSerde::strict()) as SerdeRef<_>);
        assert!(strict.deserialize("t", Some(&[0xff])).is_err());
    }
}
