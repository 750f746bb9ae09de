//! State: what a task remembers, and where its bytes lie.
//!
//! From below: a backend keeps ordered bytes ([`OrderedBytes`]: memory or RocksDB); an overlay keeps
//! what is not yet committed; a typed write-back cache keeps objects; and a store of a kind
//! ([`TableStore`], [`KeyValueStore`]) is a key layout over these.
//!
//! **Invariant:** a store calls no operator. What leaves a cache is returned as values.

mod backend;
mod budget;
mod buffer_value;
mod byte_store;
mod cache;
#[cfg(feature = "rocksdb")]
mod directory;
mod duplicates;
mod error;
mod folders;
mod java_set;
mod join_buffer;
mod join_window;
mod key_bytes;
mod key_value;
mod leaving;
mod lru;
mod memory;
mod order;
mod own;
mod pending;
mod plain_window;
#[cfg(feature = "rocksdb")]
mod rocksdb;
mod row_format;
mod rows;
mod segments;
mod session;
mod shared;
mod slot_index;
mod subscriptions;
mod supplier;
mod suppress;
mod table;
#[cfg(test)]
mod tests;
mod times;
mod typed;
mod typed_state;
mod unmatched;
mod version_row;
mod versioned;
mod versions;
mod walk;
mod window;
mod window_rows;
mod with_headers;

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

pub use backend::{Cursor, KeyRange, Order, OrderedBytes};
pub use budget::CacheBudget;
#[cfg(feature = "rocksdb")]
pub use directory::StateDirectory;
pub use error::{StoreError, StoreErrorKind};
pub(crate) use folders::files_of;
pub use join_buffer::{Buffered, JoinBuffer, join_buffer_maker};
pub use join_window::{JoinWindowStore, join_window_store_maker};
pub use key_value::{KeyValueStore, key_value_store_maker};
pub use leaving::Leaving;
pub use memory::MemoryBytes;
pub(crate) use own::own_store_maker;
pub use own::{Changelog, OwnSetup, OwnState, OwnStore};
pub use plain_window::{WindowStore, plain_window_store_maker};
#[cfg(feature = "rocksdb")]
pub use rocksdb::{RocksDbBytes, RocksDbMemory};
pub use segments::{TimeInKey, WindowLayout};
pub use session::{SessionStore, session_store_maker};
pub use shared::SharedBytes;
pub use subscriptions::{SubscriptionStore, subscription_store_maker};
#[cfg(feature = "kafka")]
pub(crate) use supplier::delete_own;
pub(crate) use supplier::open_own;
pub use supplier::{BytesStoreSupplier, StorePlace};
pub use suppress::{Released, SuppressBuffer, suppress_buffer_maker};
pub(crate) use table::TableUpdate;
pub use table::{Flushed, TableStore, ValueAndTimestamp, table_store_maker};
pub use times::Times;
pub(crate) use unmatched::Unmatched;
pub use unmatched::{UnmatchedStore, unmatched_store_maker};
pub use versioned::{VersionedRecord, versioned_store_maker};
pub use versions::VersionLayout;
pub(crate) use walk::Walk;
pub use window::window_store_maker;
pub use with_headers::{
    AggregationWithHeaders, ValueTimestampHeaders, headers_session_store_maker,
    headers_store_maker, headers_window_store_maker,
};

use crate::outbox::{Outbox, TopicIx};
use crate::record::Headers;
use crate::topology::ids::StoreIx;

/// A store of a topology as its operators name it, with the store's type.
pub struct StoreRef<S> {
    ix: StoreIx,
    store: PhantomData<fn() -> S>,
}

impl<S> StoreRef<S> {
    /// Names the store with that number.
    pub const fn new(ix: StoreIx) -> Self {
        Self { ix, store: PhantomData }
    }

    /// The store's number.
    #[inline]
    pub const fn ix(self) -> StoreIx {
        self.ix
    }
}

impl<S> Clone for StoreRef<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for StoreRef<S> {}

impl<S> std::fmt::Debug for StoreRef<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoreRef({})", self.ix.0)
    }
}

/// A kind of store that has no record cache, so that nothing has to leave one when it is read or written.
pub trait Uncached: StateStore {}

/// What a task and its driver need of a store of any kind.
///
/// Rows that were written stay in memory until `commit` gives them, and the changelog offset they
/// stand for, to the backend in one step. So what a crash leaves behind is what one commit wrote.
/// A global store's changelog has several partitions, hence the methods with a partition.
pub trait StateStore: Any + Send {
    /// The store's name.
    fn name(&self) -> &str;

    /// What kind of rows it keeps.
    fn kind(&self) -> StoreKind;

    /// The partition of the changelog that belongs to this store.
    fn partition(&self) -> i32;

    /// Writes what only the cache knows to the store and the changelog, when nobody listens to it.
    ///
    /// A store whose changes are forwarded is flushed by its own type instead (`take_dirty`).
    ///
    /// # Errors
    /// When the store cannot be written.
    fn flush_cache(&mut self, out: &mut Outbox) -> Result<(), StoreError>;

    /// True when it may hold changes back until it is flushed, with caching or without.
    fn holds_back(&self) -> bool {
        false
    }

    /// Counts the cache's bytes with those of the other caches of the thread.
    fn share_cache(&mut self, budget: &CacheBudget) {
        let _ = budget;
    }

    /// True when the last call put a row into the cache: a write, or a read of a row that was not there.
    fn has_put(&self) -> bool {
        false
    }

    /// Drops the least recently used row of the cache, if the store knows it.
    fn evict_clean(&mut self) -> Eviction {
        Eviction::Empty
    }

    /// Drops the least recently used row of the cache, when nobody listens to the store; when it is dirty, all
    /// dirty rows are written, this one first.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn evict_cache(&mut self, out: &mut Outbox) -> Result<(), StoreError> {
        let _ = out;
        Ok(())
    }

    /// Writes all rows since the last commit to the backend, with the offsets they stand for.
    ///
    /// Flush the cache first (`take_dirty`): what only the cache knows is not written.
    ///
    /// # Errors
    /// When the backend cannot be written; the store must then be closed and opened again.
    fn commit_partitions(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError>;

    /// `commit_partitions` for a store with one changelog partition; `None` keeps the offset it has.
    ///
    /// # Errors
    /// As `commit_partitions`.
    fn commit(&mut self, changelog_offset: Option<i64>) -> Result<(), StoreError> {
        match changelog_offset {
            Some(offset) => self.commit_partitions(&[(self.partition(), offset)]),
            None => self.commit_partitions(&[]),
        }
    }

    /// The last changelog record that the backend's rows include.
    ///
    /// # Errors
    /// When the backend cannot be read.
    fn committed_offset_of(&self, partition: i32) -> Result<Option<i64>, StoreError>;

    /// `committed_offset_of` the store's own partition.
    ///
    /// # Errors
    /// As `committed_offset_of`.
    fn committed_offset(&self) -> Result<Option<i64>, StoreError> {
        self.committed_offset_of(self.partition())
    }

    /// Applies changelog records to the backend as one batch, with the offset of the last of them.
    ///
    /// Nothing is logged or forwarded. Cached rows are not touched: restore before processing.
    ///
    /// # Errors
    /// When the backend cannot be written.
    fn restore_partition(
        &mut self,
        partition: i32,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
    ) -> Result<(), StoreError>;

    /// `restore_partition` for the store's own partition.
    ///
    /// # Errors
    /// As `restore_partition`.
    fn restore(
        &mut self,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
    ) -> Result<(), StoreError> {
        self.restore_partition(self.partition(), records)
    }

    /// Looks again at what the writer of a shared store says of its rows' times; before each read of a global
    /// store.
    fn refresh(&mut self) {}

    /// Forgets what was not committed, cached rows included.
    fn abort(&mut self);

    /// Bytes of rows that wait for the next commit.
    fn pending_bytes(&self) -> usize;

    /// Bytes that the cache holds, as [`CacheBudget`] counts them.
    fn cache_bytes(&self) -> usize;

    /// Rows that only the cache knows.
    fn dirty_entries(&self) -> usize;

    /// Calls `visit` with the key and the stored value (in the store's layout) of each row, in order
    /// of the key's bytes. Rows that only the cache knows are not among them.
    ///
    /// # Errors
    /// When the backend cannot be read.
    fn visit_rows(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError>;

    /// Closes the store; what was not committed is lost, what was is durable.
    ///
    /// # Errors
    /// When the backend cannot be written.
    fn close(&mut self) -> Result<(), StoreError>;

    /// Closes the store to have it emptied: deletes what it keeps outside of its backend.
    ///
    /// # Errors
    /// When that cannot be deleted.
    fn wipe(&mut self) -> Result<(), StoreError> {
        self.close()
    }
}

/// What became of the least recently used row of a cache.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Eviction {
    /// There is no row.
    Empty,
    /// It is gone; the store knows it.
    Done,
    /// It is still there, as only the cache knows it.
    Dirty,
}

/// How the rows of a store look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreKind {
    /// Key and value as their serdes write them.
    KeyValue,
    /// The value after its timestamp (i64, big-endian).
    TimestampedKeyValue,
    /// Rows of windows: key, start and sequence number; the value alone.
    Window {
        /// How far the end of a window lies behind its start.
        size_ms: i64,
    },
    /// Rows of windows, the value after its timestamp.
    TimestampedWindow {
        /// How far the end of a window lies behind its start.
        size_ms: i64,
    },
    /// Rows of sessions: key, end and start; the value alone.
    Session,
    /// Rows as those of a kind with the same keys, the value behind headers and its time.
    TimestampedWithHeaders {
        /// For windows, how far the end lies behind the start.
        window_size_ms: Option<i64>,
    },
    /// Rows of sessions, the value behind headers.
    SessionWithHeaders,
    /// The versions of keys: end (i64; the last possible one for the latest version), time (i64), value.
    Versioned,
    /// What only its operator understands: nothing to be looked at.
    Internal,
}

/// One record of a changelog, as bytes. Records with a null key do not belong to a store.
#[derive(Clone, Copy, Debug)]
pub struct ChangelogRecord<'a> {
    /// The key's bytes.
    pub key: &'a [u8],
    /// The value's bytes; `None` deletes the row.
    pub value: Option<&'a [u8]>,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// Headers, in order.
    pub headers: &'a Headers,
    /// Where it lies in its partition.
    pub offset: i64,
}

/// What a store is made of when its task starts.
pub struct StoreSetup<'a> {
    /// The store's name.
    pub name: &'a str,
    /// Where its bytes lie.
    pub backend: Box<dyn OrderedBytes>,
    /// Where its changes go; `None` when it is not logged, or when the source topic is the changelog.
    pub changelog: Option<TopicIx>,
    /// The topic that serdes are told about, logged or not.
    pub changelog_topic: &'a str,
    /// The partition of the changelog.
    pub partition: i32,
    /// True to keep objects in a write-back cache.
    pub caching: bool,
    /// The most rows it keeps (`lru_map`); the least recently used go first.
    pub max_entries: Option<usize>,
}

/// Makes the store of a task from its setup.
pub type StoreMaker =
    Arc<dyn Fn(StoreSetup<'_>) -> Result<Box<dyn StateStore>, StoreError> + Send + Sync>;
