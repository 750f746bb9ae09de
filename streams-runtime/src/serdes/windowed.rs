//! Keys with a window: as topics have them, and as stores and changelogs do.

use super::wire::Reader;
use super::{Encoded, Serde, SerdeError, SerdeRef};

/// A span of event time in milliseconds.
///
/// The end of tumbling and hopping windows does not belong to them, that of sliding and session windows does.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Window {
    /// First millisecond.
    pub start: i64,
    /// Last millisecond, or the one after it.
    pub end: i64,
}

/// A key within a window: the key of windowed aggregations.
///
/// Java: `org.apache.kafka.streams.kstream.Windowed`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Windowed<K> {
    /// The key itself.
    pub key: K,
    /// The window.
    pub window: Window,
}

/// Key, then the window's start; the size is the serde's. Java: `TimeWindowedSerializer`.
#[derive(Clone)]
pub struct TimeWindowedSerde<K> {
    inner: SerdeRef<K>,
    size_ms: i64,
}

impl<K> TimeWindowedSerde<K> {
    /// Keys that `inner` writes, in windows of that size; it is not among the bytes.
    pub fn new(inner: SerdeRef<K>, size_ms: i64) -> Self {
        Self { inner, size_ms }
    }
}

impl<K: 'static> Serde<Windowed<K>> for TimeWindowedSerde<K> {
    fn serialize(
        &self,
        topic: &str,
        value: &Windowed<K>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        write_inner(self.inner.as_ref(), topic, &value.key, out)?;
        out.extend_from_slice(&value.window.start.to_be_bytes());
        Ok(Encoded::Bytes)
    }

    fn deserialize(&self, topic: &str, bytes: Option<&[u8]>) -> Result<Windowed<K>, SerdeError> {
        let bytes = bytes.ok_or_else(SerdeError::unexpected_null::<Windowed<K>>)?;
        let (key, mut times) = split(bytes, size_of::<i64>())?;
        let start = times.i64("the window's start")?;
        let key = self.inner.deserialize(topic, Some(key))?;
        // a window that would end after the last millisecond ends with it, as in Java
        let window = Window { start, end: start.saturating_add(self.size_ms) };
        Ok(Windowed { key, window })
    }

    fn window_len(&self) -> usize {
        size_of::<i64>()
    }
}

/// Key, then the window's **end**, then its start. Java: `SessionWindowedSerializer`.
#[derive(Clone)]
pub struct SessionWindowedSerde<K> {
    inner: SerdeRef<K>,
}

impl<K> SessionWindowedSerde<K> {
    /// Keys that `inner` writes.
    pub fn new(inner: SerdeRef<K>) -> Self {
        Self { inner }
    }
}

impl<K: 'static> Serde<Windowed<K>> for SessionWindowedSerde<K> {
    fn serialize(
        &self,
        topic: &str,
        value: &Windowed<K>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, SerdeError> {
        write_inner(self.inner.as_ref(), topic, &value.key, out)?;
        put_session_times(value.window, out);
        Ok(Encoded::Bytes)
    }

    fn deserialize(&self, topic: &str, bytes: Option<&[u8]>) -> Result<Windowed<K>, SerdeError> {
        let bytes = bytes.ok_or_else(SerdeError::unexpected_null::<Windowed<K>>)?;
        let (key, window) = read_session_key(bytes)?;
        Ok(Windowed { key: self.inner.deserialize(topic, Some(key))?, window })
    }

    fn window_len(&self) -> usize {
        2 * size_of::<i64>()
    }
}

fn write_inner<K: 'static>(
    inner: &dyn Serde<K>,
    topic: &str,
    key: &K,
    out: &mut Vec<u8>,
) -> Result<(), SerdeError> {
    match inner.serialize(topic, key, out)? {
        Encoded::Bytes => Ok(()),
        Encoded::Null => Err(SerdeError::new("the key of a windowed key must not be null")),
    }
}

/// Appends a window store's key: key, start, sequence number. Java: `WindowKeySchema`.
pub fn put_window_key(key: &[u8], start: i64, sequence: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    out.extend_from_slice(&start.to_be_bytes());
    out.extend_from_slice(&sequence.to_be_bytes());
}

/// Splits a window store's key into key, start and sequence number.
///
/// # Errors
/// When there are too few bytes.
pub fn read_window_key(bytes: &[u8]) -> Result<(&[u8], i64, i32), SerdeError> {
    let (key, mut rest) = split(bytes, size_of::<i64>() + size_of::<i32>())?;
    Ok((key, rest.i64("the window's start")?, rest.i32("the sequence number")?))
}

/// Appends a session store's key: key, end, start. Java: `SessionKeySchema`.
pub fn put_session_key(key: &[u8], window: Window, out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    put_session_times(window, out);
}

/// Splits a session store's key into key and window.
///
/// # Errors
/// When there are too few bytes.
pub fn read_session_key(bytes: &[u8]) -> Result<(&[u8], Window), SerdeError> {
    let (key, mut times) = split(bytes, 2 * size_of::<i64>())?;
    let end = times.i64("the session's end")?;
    let start = times.i64("the session's start")?;
    Ok((key, Window { start, end }))
}

fn put_session_times(window: Window, out: &mut Vec<u8>) {
    out.extend_from_slice(&window.end.to_be_bytes());
    out.extend_from_slice(&window.start.to_be_bytes());
}

/// The bytes before the last `count`, and a reader of these.
fn split(bytes: &[u8], count: usize) -> Result<(&[u8], Reader<'_>), SerdeError> {
    let at = bytes.len().checked_sub(count).ok_or_else(|| {
        SerdeError::new(format!(
            "a windowed key ends with {count} bytes of window, but there are {} bytes",
            bytes.len()
        ))
    })?;
    let (key, rest) = bytes.split_at(at);
    Ok((key, Reader::new(rest)))
}
