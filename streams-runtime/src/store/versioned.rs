//! What a table's store can do beyond others when it keeps the past of its keys.

use std::sync::Arc;

use super::byte_store::ByteStore;
use super::table::Timestamped;
use super::typed::TypedStore;
use super::{StoreError, StoreMaker, TableStore, ValueAndTimestamp, VersionLayout};
use crate::serdes::SerdeRef;
use crate::time::Timestamp;

/// A value of a key, since when it holds, and until when it held.
///
/// Java: `org.apache.kafka.streams.state.VersionedRecord`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VersionedRecord<V> {
    /// The value.
    pub value: V,
    /// Since when it holds: the time it was written with.
    pub timestamp: Timestamp,
    /// When another version took its place; `None` for the latest one.
    pub valid_to: Option<Timestamp>,
}

/// A store with versions has one row per key like any other, which is the latest by time. An older write is
/// kept as a version of the past, and its change is not the latest ([`Change::is_latest`]); one that is older
/// than the history is refused with an error of kind `Late`. There is no cache.
///
/// The changelog has every write with its own time, refused ones too.
/// Java: `MeteredVersionedKeyValueStore` over `RocksDBVersionedStore`.
///
/// [`Change::is_latest`]: crate::record::Change
impl<K, V> TableStore<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// A store that keeps the past of its keys.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn versioned(
        setup: super::StoreSetup<'_>,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
        layout: VersionLayout,
    ) -> Result<Self, StoreError> {
        let bytes = ByteStore::with_versions(setup, layout)?;
        Ok(Self { rows: TypedStore::over(bytes, false, key, Timestamped(value.into())) })
    }

    /// True when the store keeps the past of its keys.
    #[inline]
    pub fn is_versioned(&self) -> bool {
        self.rows.bytes.versions.is_some()
    }

    /// The value that a key had at a time: the one of the latest time up to then.
    ///
    /// A time before the history finds the latest version alone, if it is that old. In a store without
    /// versions this is [`get`](Self::get), which answers as of now.
    ///
    /// # Errors
    /// When the store cannot be read, or its bytes do not fit the serdes.
    #[inline]
    pub fn get_as_of(
        &mut self,
        key: &K,
        time: Timestamp,
    ) -> Result<Option<ValueAndTimestamp<V>>, StoreError> {
        if !self.is_versioned() {
            return self.get(key);
        }
        self.rows.version(key, time)
    }

    /// The versions that a key had at some time from `from` to `to`, both included, the oldest first.
    ///
    /// Deletions are gaps between them. How far before the history this goes back depends on how much of it
    /// was dropped already. Java: `MultiVersionedKeyQuery`.
    ///
    /// # Errors
    /// When the store cannot be read, or its bytes do not fit the serdes.
    pub fn versions(
        &self,
        key: &K,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<VersionedRecord<V>>, StoreError> {
        let bytes = self.rows.key_bytes(key)?;
        let mut found = Vec::new();
        let span = (from.as_millis(), to.as_millis());
        self.rows.bytes.versions_between(&bytes, span, &mut |end, row| {
            let ValueAndTimestamp { value, timestamp } = self.rows.read_row(row)?;
            let valid_to = end.map(|end| Timestamp::from_millis(end).unwrap_or_default());
            found.push(VersionedRecord { value, timestamp, valid_to });
            Ok(())
        })?;
        Ok(found)
    }
}

/// Makes a [`TableStore`] with versions and these serdes for each task.
pub fn versioned_store_maker<K, V>(
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    layout: VersionLayout,
) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    Arc::new(move |setup| {
        let (key, value) = (Arc::clone(&key), Arc::clone(&value));
        Ok(Box::new(TableStore::versioned(setup, key, value, layout)?))
    })
}
