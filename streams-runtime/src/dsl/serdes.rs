//! Serdes on their way from an option or an upstream operator to the border that needs them.

use std::any::Any;
use std::sync::Arc;

use crate::record::Change;
use crate::serdes::{ChangedSerde, Encoded, HasSerde, Nullable, Serde, SerdeError, SerdeRef};

/// A serde whose type is known where it is put in and where it is taken out, not between.
///
/// It is the serde of the non-null type: a stream of `Option<String>` keeps that of `String`.
#[derive(Clone, Default)]
pub struct SerdeSlot(Option<Arc<dyn Any + Send + Sync>>);

impl SerdeSlot {
    /// Holds a serde of a type without null.
    pub(crate) fn of<T: 'static>(serde: SerdeRef<T>) -> Self {
        Self(Some(Arc::new(serde)))
    }

    /// Holds a serde given by the user.
    pub(crate) fn given<T: 'static>(serde: impl Serde<T>) -> Self {
        Self::of::<T>(Arc::new(serde))
    }

    /// This one, or the other where this one is empty.
    pub(crate) fn or(&self, other: &Self) -> Self {
        if self.0.is_some() { self.clone() } else { other.clone() }
    }

    /// The serde of a type at a topic: the one held, else the type's own.
    pub(crate) fn at_topic<K: HasSerde>(&self) -> SerdeRef<K> {
        self.held::<K::NonNull>().and_then(with_null::<K>).unwrap_or_else(K::serde)
    }

    /// The serde of a type at a store, where there are no nulls.
    pub(crate) fn at_store<T: HasSerde>(&self) -> SerdeRef<T> {
        self.held::<T>().unwrap_or_else(T::serde)
    }

    /// The serde of a table's changes at a repartition topic.
    pub(crate) fn of_changes<V: HasSerde>(&self) -> SerdeRef<Change<V>> {
        Arc::new(ChangedSerde::new(self.at_store::<V>()))
    }

    fn held<T: 'static>(&self) -> Option<SerdeRef<T>> {
        self.0.as_ref()?.downcast_ref::<SerdeRef<T>>().cloned()
    }
}

impl std::fmt::Debug for SerdeSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "SerdeSlot(given)" } else { "SerdeSlot(default)" })
    }
}

/// The serdes of key and value that a stream or table hands to what follows.
#[derive(Clone, Debug, Default)]
pub struct SerdePair {
    pub(crate) key: SerdeSlot,
    pub(crate) value: SerdeSlot,
}

/// Turns the serde of a non-null type into that of `K`, which is this type or its `Option`.
fn with_null<K: Nullable>(serde: SerdeRef<K::NonNull>) -> Option<SerdeRef<K>> {
    let same: Box<dyn Any> = Box::new(Arc::clone(&serde));
    if let Ok(same) = same.downcast::<SerdeRef<K>>() {
        return Some(*same);
    }
    let optional: SerdeRef<Option<K::NonNull>> = Arc::new(NullableSerde(serde));
    let optional: Box<dyn Any> = Box::new(optional);
    optional.downcast::<SerdeRef<K>>().ok().map(|serde| *serde)
}

/// The serde of `Option<T>` over a shared serde of `T`.
struct NullableSerde<T>(SerdeRef<T>);

impl<T: 'static> Serde<Option<T>> for NullableSerde<T> {
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

    fn deserialize(&self, topic: &str, bytes: Option<&[u8]>) -> Result<Option<T>, SerdeError> {
        match bytes {
            None => Ok(None),
            Some(_) => self.0.deserialize(topic, bytes).map(Some),
        }
    }

    fn fixed_size(&self) -> Option<usize> {
        self.0.fixed_size()
    }

    fn encoded_len(&self, value: &Option<T>) -> Option<usize> {
        value.as_ref().map_or(Some(0), |value| self.0.encoded_len(value))
    }

    fn window_len(&self) -> usize {
        self.0.window_len()
    }

    fn name(&self) -> &'static str {
        self.0.name()
    }
}
