//! The store of session windows.

use std::ops::RangeBounds;
use std::sync::Arc;

use super::byte_store::ByteStore;
use super::key_value::Plain;
use super::leaving::Leaving;
use super::typed::TypedStore;
use super::window_rows::Shown;
use super::{
    CacheBudget, ChangelogRecord, Eviction, Flushed, KeyRange, Order, StateStore, StoreError,
    StoreKind, StoreMaker, TimeInKey, WindowLayout,
};
use crate::outbox::Outbox;
use crate::record::{Change, RecordContext};
use crate::serdes::{SerdeRef, SessionStoreKeys, Window, Windowed};

/// Aggregates by key and session.
///
/// The changelog's key is key, end, start; its time is that of the record in work. Sessions that ended
/// before the retention are not seen. Java: `org.apache.kafka.streams.state.SessionStore`.
pub struct SessionStore<K, V> {
    rows: TypedStore<Windowed<K>, V, Plain<V>>,
}

impl<K, V> SessionStore<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The sessions of a key that end at `earliest_end` or later and start at `latest_start` or earlier, by
    /// end, then start.
    ///
    /// # Errors
    /// When the store cannot be read, or its bytes do not fit the serdes.
    pub fn find(
        &mut self,
        key: &K,
        earliest_end: i64,
        latest_start: i64,
        order: Order,
    ) -> Result<Vec<(Windowed<K>, V)>, StoreError> {
        let any = Windowed { key: key.clone(), window: Window { start: 0, end: 0 } };
        let mut found = self.rows.rows_of(&any, earliest_end, i64::MAX, order)?;
        found.retain(|(session, _)| session.window.start <= latest_start);
        Ok(found)
    }

    /// [`find`](Self::find) for a range of keys; by end and key in memory, else by segment and key.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn find_in(
        &mut self,
        keys: &impl RangeBounds<K>,
        earliest_end: i64,
        latest_start: i64,
        order: Order,
    ) -> Result<Vec<(Windowed<K>, V)>, StoreError> {
        let keys = self.rows.user_keys(keys)?;
        let mut found =
            self.rows.rows_between(&keys, (earliest_end, i64::MAX), order, Shown::Visible)?;
        found.retain(|(session, _)| session.window.start <= latest_start);
        Ok(found)
    }

    /// The sessions of all keys that end from `from` to `to`, both included; by end and key in memory and where
    /// the store has an index, else by segment and key.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn ended_between(
        &mut self,
        from: i64,
        to: i64,
    ) -> Result<Vec<(Windowed<K>, V)>, StoreError> {
        self.rows.rows_between(&KeyRange::all(), (from, to), Order::Ascending, Shown::Visible)
    }

    /// What of [`ended_between`](Self::ended_between) an emission on close sends on: on disk also sessions
    /// whose retention is over, as long as their segment is there.
    pub(crate) fn closed_between(
        &mut self,
        from: i64,
        to: i64,
    ) -> Result<Vec<(Windowed<K>, V)>, StoreError> {
        self.rows.rows_between(&KeyRange::all(), (from, to), Order::Ascending, Shown::Ended)
    }

    /// The aggregate of exactly this session.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn fetch(&mut self, session: &Windowed<K>) -> Result<Option<V>, StoreError> {
        self.rows.with(session, |row| row.cloned())
    }

    /// Writes (`Some`) or removes (`None`) a session.
    ///
    /// Returns the change when it has to be forwarded now, `None` when the cache keeps it.
    ///
    /// # Errors
    /// When the store cannot be written, or a part has no bytes in its serde.
    pub fn put(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        session: &Windowed<K>,
        new: Option<V>,
        old: Option<V>,
    ) -> Result<Option<Change<V>>, StoreError> {
        let written = self.rows.put(out, context, session, (new, context.timestamp), old)?;
        Ok(written.map(|written| Change::latest(written.new, written.old)))
    }

    /// Writes what only the cache knows, oldest write first; see `TableStore::take_dirty`.
    ///
    /// # Errors
    /// When the store cannot be read or written, or a part has no bytes in its serde.
    pub fn take_dirty(
        &mut self,
        out: &mut Outbox,
        want_old: bool,
    ) -> Result<Vec<Flushed<Windowed<K>, V>>, StoreError> {
        self.rows.take_dirty(out, want_old, false)
    }

    /// What `take_dirty` writes, or the eviction of the least recently used row; see `TableStore::leave`.
    pub(crate) fn leave(&mut self, evict: bool) -> Option<Leaving<Windowed<K>, V>> {
        if evict { self.rows.evict() } else { self.rows.leave() }
    }

    /// Writes the next row that leaves, to be forwarded before the next one is asked for.
    pub(crate) fn next_leaving(
        &mut self,
        leaving: &mut Leaving<Windowed<K>, V>,
        out: &mut Outbox,
        want_old: bool,
    ) -> Result<Option<Flushed<Windowed<K>, V>>, StoreError> {
        self.rows.next_leaving(leaving, out, want_old, false)
    }

    /// Notes that all of them have left.
    pub(crate) fn left(&mut self, leaving: Leaving<Windowed<K>, V>) {
        self.rows.left(leaving);
    }

    /// Sessions that came too late to be kept since the last call.
    pub fn take_expired(&mut self) -> u64 {
        self.rows.bytes.take_expired()
    }
}

/// Makes a session store with these serdes for each task, which keeps sessions that long after their end.
pub fn session_store_maker<K, V>(
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    retention_ms: i64,
    indexed: bool,
) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    session_store_maker_of(key, Plain::new(value), retention_ms, indexed)
}

/// [`session_store_maker`] for values in that form.
pub(super) fn session_store_maker_of<K, V>(
    key: SerdeRef<K>,
    format: Plain<V>,
    retention_ms: i64,
    indexed: bool,
) -> StoreMaker
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    let time = TimeInKey::Session;
    let layout = WindowLayout { time, retention_ms, size_ms: 0, indexed, duplicates: false };
    Arc::new(move |setup| {
        let caching = setup.caching;
        let keys = SessionStoreKeys { inner: Arc::clone(&key).into() };
        let bytes = ByteStore::with_times(setup, layout)?;
        let rows = TypedStore::over(bytes, caching, Arc::new(keys), format.clone());
        Ok(Box::new(SessionStore { rows }))
    })
}

super::typed_state::impl_state_store!(SessionStore);
