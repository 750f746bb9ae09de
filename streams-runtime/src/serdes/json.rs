//! JSON of any type that serde knows.

use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::ser::Formatter;

use super::{Encoded, HasSerde, Nullable, Serde, SerdeError};

/// Compact JSON: no blanks, members in the order of the type's fields, floats with a decimal point.
///
/// `#[derive(StreamSerde)]` uses it. A null document is no Kafka null: read `Option<T>` for that.
pub struct JsonSerde<T>(PhantomData<fn() -> T>);

impl<T> Default for JsonSerde<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T> Clone for JsonSerde<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for JsonSerde<T> {}

impl<T> std::fmt::Debug for JsonSerde<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JsonSerde")
    }
}

impl<T: Serialize + DeserializeOwned + 'static> Serde<T> for JsonSerde<T> {
    fn serialize(&self, _: &str, value: &T, out: &mut Vec<u8>) -> Result<Encoded, SerdeError> {
        let start = out.len();
        let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Compact);
        match value.serialize(&mut serializer) {
            Ok(()) => Ok(Encoded::Bytes),
            Err(error) => {
                out.truncate(start);
                Err(SerdeError::new(format!(
                    "`{}` has no JSON form: {error}",
                    std::any::type_name::<T>()
                )))
            }
        }
    }

    fn deserialize(&self, _: &str, bytes: Option<&[u8]>) -> Result<T, SerdeError> {
        let bytes = bytes.ok_or_else(SerdeError::unexpected_null::<T>)?;
        serde_json::from_slice(bytes).map_err(|error| {
            SerdeError::new(format!("no JSON of `{}`: {error}", std::any::type_name::<T>()))
        })
    }
}

/// A value whose bytes are JSON: lends a type that is not yours a serde.
///
/// ```
/// # use streams_runtime::serdes::{HasSerde, Json};
/// let mut bytes = Vec::new();
/// let value = Json(vec![1.0, 2.5]);
/// <Json<Vec<f64>> as HasSerde>::serde().serialize("topic", &value, &mut bytes)?;
/// assert_eq!(bytes, b"[1.0,2.5]");
/// # Ok::<(), streams_runtime::serdes::SerdeError>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> HasSerde for Json<T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    type Serde = JsonSerde<Self>;
}

impl<T> Nullable for Json<T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    type NonNull = Self;

    #[inline]
    fn into_non_null(self) -> Option<Self> {
        Some(self)
    }
}

/// Floats in the shortest form that reads back equal, always with a decimal point.
struct Compact;

impl Formatter for Compact {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        write_float(writer, &format_args!("{value}"), &format_args!("{value:e}"), value.abs())
    }

    fn write_f32<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        let size = f64::from(value.abs());
        write_float(writer, &format_args!("{value}"), &format_args!("{value:e}"), size)
    }
}

/// Plain digits for ordinary numbers, an exponent for very large and very small ones.
fn write_float<W: ?Sized + io::Write>(
    writer: &mut W,
    plain: &std::fmt::Arguments<'_>,
    exponent: &std::fmt::Arguments<'_>,
    size: f64,
) -> io::Result<()> {
    if size == 0.0 || (1e-7..1e17).contains(&size) {
        let mut text = FloatText::default();
        io::Write::write_fmt(&mut text, *plain)?;
        return text.write_to(writer, None);
    }
    let mut text = FloatText::default();
    io::Write::write_fmt(&mut text, *exponent)?;
    let at = text.bytes().iter().position(|byte| *byte == b'e');
    text.write_to(writer, at)
}

/// The text of one float; the longest plain form has 17 digits, a sign, a point and 7 zeros.
#[derive(Default)]
struct FloatText {
    text: [u8; 32],
    len: usize,
}

impl FloatText {
    fn bytes(&self) -> &[u8] {
        &self.text[..self.len]
    }

    /// Writes the text with a decimal point in the digits before `exponent`.
    fn write_to<W: ?Sized + io::Write>(
        &self,
        writer: &mut W,
        exponent: Option<usize>,
    ) -> io::Result<()> {
        let (digits, rest) = self.bytes().split_at(exponent.unwrap_or(self.len));
        writer.write_all(digits)?;
        if !digits.contains(&b'.') {
            writer.write_all(b".0")?;
        }
        writer.write_all(rest)
    }
}

impl io::Write for FloatText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let end = self.len + bytes.len();
        let Some(free) = self.text.get_mut(self.len..end) else {
            return Err(io::ErrorKind::WriteZero.into());
        };
        free.copy_from_slice(bytes);
        self.len = end;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + 'static>(
        value: &T,
        json: &str,
    ) {
        let mut out = Vec::new();
        let encoded = JsonSerde::<T>::default().serialize("t", value, &mut out);
        assert_eq!(encoded, Ok(Encoded::Bytes));
        assert_eq!(String::from_utf8_lossy(&out), json);
        assert_eq!(JsonSerde::<T>::default().deserialize("t", Some(&out)).as_ref(), Ok(value));
    }

    #[test]
    fn floats_always_have_a_decimal_point() {
        check(&2.0f64, "2.0");
        check(&-1.5f64, "-1.5");
        check(&0.1f32, "0.1");
        check(&0.0f64, "0.0");
        check(&1e16f64, "10000000000000000.0");
        check(&12345678901234567f64, "12345678901234568.0");
        check(&1e300f64, "1.0e300");
        check(&1.5e-9f64, "1.5e-9");
        check(&f64::MAX, "1.7976931348623157e308");
        check(&-1.2345678901234566e-7f64, "-0.00000012345678901234566");
        check(&f64::MIN_POSITIVE, "2.2250738585072014e-308");
    }

    #[test]
    fn documents_are_compact_and_keep_their_order() {
        let text = r#"{"b":1,"a":[null,true,"x"],"c":{"d":2.0}}"#;
        let value: serde_json::Value = serde_json::from_str(text).expect("json");
        check(&value, text);
    }

    #[test]
    fn a_kafka_null_is_no_document() {
        assert!(JsonSerde::<i32>::default().deserialize("t", None).is_err());
        assert_eq!(JsonSerde::<Option<i32>>::default().deserialize("t", Some(b"null")), Ok(None));
    }
}
