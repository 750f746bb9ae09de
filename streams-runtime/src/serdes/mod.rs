//! Bytes both ways: the serde traits and the types that have one.
//!
//! | type | bytes | Java |
//! |---|---|---|
//! | `i64` `i32` `i16` `f64` `f32` | big-endian | `LongSerializer` and so on |
//! | `bool` | one byte | `BooleanSerializer` |
//! | `String` | UTF-8 | `StringSerializer` |
//! | `Vec<u8>` | as they are | `ByteArraySerializer` |
//! | `Uuid` | text | `UUIDSerializer` |
//! | `()` | none: always null | `VoidSerializer` |
//! | `Vec<T>` | a list | `ListSerializer` |
//! | `Option<T>` | as `T`, or null | |
//! | [`Json<T>`](Json), `#[derive(StreamSerde)]` | compact JSON | |

mod change;
pub mod commit_metadata;
mod direct;
pub mod foreign_key;
mod hash;
pub mod headers;
mod json;
mod list;
mod primitives;
mod text;
#[cfg(test)]
mod vectors;
mod window_keys;
pub mod windowed;
mod wire;

use std::sync::Arc;

pub use change::ChangedSerde;
pub(crate) use direct::Direct;
pub use hash::{murmur2, murmur3_128, partition_for_key};
pub use json::{Json, JsonSerde};
pub use list::ListSerde;
pub use primitives::{BoolSerde, F32Serde, F64Serde, I16Serde, I32Serde, I64Serde, VoidSerde};
pub use text::{BytesSerde, StringSerde, UuidSerde};
pub use window_keys::UnknownWindowSerde;
pub(crate) use window_keys::{SessionStoreKeys, WindowStoreKeys};
pub use windowed::{SessionWindowedSerde, TimeWindowedSerde, Window, Windowed};
pub(crate) use wire::{Reader as WireReader, put_sized, size_i32};

/// Turns values of a type into Kafka's bytes and back.
///
/// A serde is shared by all tasks, so it is called from several threads.
/// Java: `org.apache.kafka.common.serialization.Serde`.
pub trait Serde<T>: Send + Sync + 'static {
    /// Appends the bytes of `value` to `out` and says whether they stand for a null.
    ///
    /// `topic` is the topic that the bytes are meant for; most serdes ignore it.
    ///
    /// # Errors
    /// When the value has no bytes in this format.
    fn serialize(&self, topic: &str, value: &T, out: &mut Vec<u8>) -> Result<Encoded, SerdeError>;

    /// Reads a value; `None` is Kafka's null.
    ///
    /// # Errors
    /// When the bytes are none of this format, or null where the type has no null.
    fn deserialize(&self, topic: &str, bytes: Option<&[u8]>) -> Result<T, SerdeError>;

    /// The size of every value but null, when there is one size; lists then leave the sizes out.
    fn fixed_size(&self) -> Option<usize> {
        None
    }

    /// How many bytes `serialize` appends for this value, 0 for null; `None` when it would have to write them.
    ///
    /// Give it where it costs next to nothing: caches then know their size without writing rows.
    fn encoded_len(&self, value: &T) -> Option<usize> {
        let _ = value;
        None
    }

    /// How many bytes at the end of a key are its window's; those before them are the key's own.
    ///
    /// Sinks choose the partition by the key's own bytes, so that all windows of a key share one.
    fn window_len(&self) -> usize {
        0
    }

    /// True when `T::Serde::default()` would do the same, so that it may do the work instead.
    #[doc(hidden)]
    fn is_own(&self) -> bool {
        false
    }

    /// The serde's name, for messages and the topology's description.
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }
}

/// A serde as the borders of a topology hold it.
pub type SerdeRef<T> = Arc<dyn Serde<T>>;

/// What a serializer appended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoded {
    /// Nothing: the value is Kafka's null.
    Null,
    /// The value's bytes, possibly none.
    Bytes,
}

/// Why bytes and a value do not fit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SerdeError {
    // behind one pointer, so that the results of serdes fit into registers
    message: Box<Message>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Message(String);

impl SerdeError {
    /// An error with its reason in words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: Box::new(Message(message.into())) }
    }

    /// A null came for a type that has none.
    #[cold]
    pub fn unexpected_null<T>() -> Self {
        Self::new(format!(
            "null, but the type `{0}` has no null; read it as `Option<{0}>`",
            std::any::type_name::<T>()
        ))
    }
}

impl std::fmt::Display for SerdeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message.0)
    }
}

impl std::error::Error for SerdeError {}

/// A type that knows its own serde, so that topics and stores need not name one.
///
/// Numbers, `String`, bytes, `Uuid`, `bool`, lists and `Option` have the bytes of Java's serdes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no serde, so it cannot cross a topic or a store",
    label = "needs a serde here",
    note = "derive one: `#[derive(StreamSerde)]`, or wrap the value in `Json<..>`"
)]
pub trait HasSerde: Nullable + Clone + Send + Sync + 'static {
    /// The serde, which needs no configuration.
    type Serde: Serde<Self> + Default;

    /// The serde as a shared object.
    fn serde() -> SerdeRef<Self> {
        Arc::new(Self::Serde::default())
    }
}

/// A type with or without a null: tells what it is when it is not null.
pub trait Nullable: Sized + 'static {
    /// The type without its null; the type itself when it has none.
    type NonNull: HasSerde;

    /// The value, or `None` for null.
    fn into_non_null(self) -> Option<Self::NonNull>;

    /// The value in place, or `None` for null.
    #[inline]
    fn as_non_null(&self) -> Option<&Self::NonNull> {
        // a type without null is its own non-null type
        (self as &dyn std::any::Any).downcast_ref()
    }

    /// True for null.
    fn is_null(&self) -> bool {
        false
    }

    /// The value of a type that may be null: itself, or `Some` of it.
    fn from_non_null(value: Self::NonNull) -> Self {
        let mut same: Option<Self::NonNull> = Some(value);
        let same = (&mut same as &mut dyn std::any::Any).downcast_mut::<Option<Self>>();
        same.and_then(Option::take)
            .expect("invariant: a type without null is its own non-null type")
    }
}

impl<T: HasSerde> Nullable for Option<T> {
    type NonNull = T;

    #[inline]
    fn into_non_null(self) -> Option<T> {
        self
    }

    #[inline]
    fn as_non_null(&self) -> Option<&T> {
        self.as_ref()
    }

    #[inline]
    fn is_null(&self) -> bool {
        self.is_none()
    }

    #[inline]
    fn from_non_null(value: T) -> Self {
        Some(value)
    }
}

/// The serde of `Option<T>`: `None` is Kafka's null, anything else is as `T` writes it.
#[derive(Clone, Copy, Debug, Default)]
pub struct OptionSerde<S>(pub S);

impl<T, S: Serde<T>> Serde<Option<T>> for OptionSerde<S> {
    #[inline]
    fn serialize(
        &self,
        topic: &str,
        value: &Option<T>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        match value {
            None => Ok(Encoded::Null),
            Some(value) => self.0.serialize(topic, value, out),
        }
    }

    #[inline]
    fn deserialize(&self, topic: &str, bytes: Option<&[u8]>) -> Result<Option<T>, SerdeError> {
        match bytes {
            None => Ok(None),
            Some(_) => self.0.deserialize(topic, bytes).map(Some),
        }
    }

    fn fixed_size(&self) -> Option<usize> {
        self.0.fixed_size()
    }

    #[inline]
    fn encoded_len(&self, value: &Option<T>) -> Option<usize> {
        value.as_ref().map_or(Some(0), |value| self.0.encoded_len(value))
    }

    fn is_own(&self) -> bool {
        self.0.is_own()
    }

    fn window_len(&self) -> usize {
        self.0.window_len()
    }
}

impl<T: HasSerde> HasSerde for Option<T> {
    type Serde = OptionSerde<T::Serde>;
}
