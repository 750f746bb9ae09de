//! How windowed keys lie in stores, and what a windowed key is without a window kind.

use super::windowed::{
    Window, Windowed, put_session_key, put_window_key, read_session_key, read_window_key,
};
use super::{Direct, Encoded, HasSerde, Nullable, Serde, SerdeError};

impl<K> std::ops::Deref for Windowed<K> {
    type Target = Window;

    /// The window, so that `windowed.start` and `windowed.end` can be written.
    fn deref(&self) -> &Window {
        &self.window
    }
}

impl<K: HasSerde> Nullable for Windowed<K> {
    type NonNull = Self;

    fn into_non_null(self) -> Option<Self> {
        Some(self)
    }
}

impl<K: HasSerde> HasSerde for Windowed<K> {
    type Serde = UnknownWindowSerde;
}

/// What a windowed key has where nobody said which kind of window it is of: no bytes.
///
/// Results of windowed aggregations carry the right serde with them; an operator that makes new keys
/// loses it. Name one then: `Produced::with_key_serde(TimeWindowedSerde::new(..))`.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnknownWindowSerde;

const NAME_ONE: &str = "a windowed key has other bytes in each kind of window, and this stream lost the \
                        kind with an operator that makes keys; name a TimeWindowedSerde or a \
                        SessionWindowedSerde here";

impl<K: 'static> Serde<Windowed<K>> for UnknownWindowSerde {
    fn serialize(&self, _: &str, _: &Windowed<K>, _: &mut Vec<u8>) -> Result<Encoded, SerdeError> {
        Err(SerdeError::new(NAME_ONE))
    }

    fn deserialize(&self, _: &str, _: Option<&[u8]>) -> Result<Windowed<K>, SerdeError> {
        Err(SerdeError::new(NAME_ONE))
    }
}

/// The keys of a window store and its changelog: key, start, sequence number.
pub(crate) struct WindowStoreKeys<K> {
    pub(crate) inner: Direct<K>,
    pub(crate) size_ms: i64,
}

impl<K: 'static> Serde<Windowed<K>> for WindowStoreKeys<K> {
    fn serialize(
        &self,
        topic: &str,
        value: &Windowed<K>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        let encoded = self.inner.serialize(topic, &value.key, out)?;
        put_window_key(&[], value.window.start, 0, out);
        Ok(encoded)
    }

    fn deserialize(&self, topic: &str, bytes: Option<&[u8]>) -> Result<Windowed<K>, SerdeError> {
        let bytes = bytes.ok_or_else(SerdeError::unexpected_null::<Windowed<K>>)?;
        let (key, start, _) = read_window_key(bytes)?;
        let window = Window { start, end: start.saturating_add(self.size_ms) };
        Ok(Windowed { key: self.inner.deserialize(topic, Some(key))?, window })
    }
}

/// The keys of a session store and its changelog: key, end, start.
pub(crate) struct SessionStoreKeys<K> {
    pub(crate) inner: Direct<K>,
}

impl<K: 'static> Serde<Windowed<K>> for SessionStoreKeys<K> {
    fn serialize(
        &self,
        topic: &str,
        value: &Windowed<K>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        let encoded = self.inner.serialize(topic, &value.key, out)?;
        put_session_key(&[], value.window, out);
        Ok(encoded)
    }

    fn deserialize(&self, topic: &str, bytes: Option<&[u8]>) -> Result<Windowed<K>, SerdeError> {
        let bytes = bytes.ok_or_else(SerdeError::unexpected_null::<Windowed<K>>)?;
        let (key, window) = read_session_key(bytes)?;
        Ok(Windowed { key: self.inner.deserialize(topic, Some(key))?, window })
    }
}
