//! Objects over bytes: serdes, the write-back cache and the changelog, once for every kind of store.

use std::marker::PhantomData;

use super::byte_store::ByteStore;
use super::cache::{Before, Cache, SlotIx};
pub(crate) use super::row_format::RowFormat;
use super::rows::Rows;
use super::slot_index::hash;
use super::versions::Put;
use super::{
    CacheBudget, ChangelogRecord, KeyRange, Order, StoreError, StoreKind, StoreSetup, TimeInKey,
};
use crate::outbox::Outbox;
use crate::record::{Headers, RecordContext};
use crate::serdes::{Direct, Encoded, Serde, SerdeError, SerdeRef};
use crate::time::Timestamp;

/// A store of rows `R` by keys `K`.
pub(crate) struct TypedStore<K, R, F> {
    pub(crate) bytes: ByteStore,
    pub(super) keys: Direct<K>,
    pub(super) format: F,
    pub(super) cache: Option<Cache<K, R>>,
    key_buf: Vec<u8>,
    pub(super) row_buf: Vec<u8>,
    rows: PhantomData<fn() -> R>,
}

/// A row that was read from the store.
struct Loaded<R> {
    row: R,
    /// How many bytes it has there.
    bytes: usize,
}

/// How a change of a row went.
pub(crate) enum Updated<R, C> {
    /// It is made; the result when it has to be forwarded now, and the time that the change gave.
    Done(Option<Written<R>>, Timestamp),
    /// Not yet: the row came into the cache, which has to give rows up first, as Java's does inside `get`. The
    /// caller makes room, changes this row and puts it.
    Crowded(R, C),
}

/// The result of a write.
pub(crate) struct Written<R> {
    pub(crate) new: Option<R>,
    pub(crate) old: Option<R>,
    /// False when it is a version of the past.
    pub(crate) is_latest: bool,
}

impl<K, R, F> TypedStore<K, R, F>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
    F: RowFormat<R>,
{
    pub(crate) fn new(setup: StoreSetup<'_>, keys: SerdeRef<K>, format: F) -> Self {
        let caching = setup.caching;
        Self::over(ByteStore::new(setup), caching, keys, format)
    }

    /// Objects over these bytes.
    pub(crate) fn over(bytes: ByteStore, caching: bool, keys: SerdeRef<K>, format: F) -> Self {
        let cache = caching.then(|| {
            // the number of the row's segment, and the mark of an order by time
            let segment = if bytes.segments.is_some() { size_of::<i64>() } else { 0 };
            Cache::new(segment + usize::from(is_by_time(&bytes)))
        });
        Self {
            bytes,
            keys: keys.into(),
            format,
            cache,
            key_buf: Vec::new(),
            row_buf: Vec::new(),
            rows: PhantomData,
        }
    }

    /// Shows the row of a key to `look`, from the cache without a copy.
    ///
    /// A row that the cache does not have comes into it, unless it has a time in its key (Java:
    /// `CachingKeyValueStore#get`, `CachingWindowStore#fetch`). The caller then makes the cache fit.
    pub(crate) fn with<T>(
        &mut self,
        key: &K,
        look: impl FnOnce(Option<&R>) -> T,
    ) -> Result<T, StoreError> {
        self.at_key(key, |store, bytes| {
            let Some(cache) = &mut store.cache else {
                return Ok(look(store.load(bytes)?.as_ref().map(|loaded| &loaded.row)));
            };
            cache.put.set(false);
            let hash = hash(bytes);
            if let Some(ix) = cache.find(hash, bytes) {
                cache.touch(ix);
                return Ok(look(cache.slot(ix).row.as_ref()));
            }
            match store.load(bytes)? {
                Some(loaded) if store.bytes.segments.is_none() => {
                    let ix = store.insert_loaded((hash, bytes), key, loaded);
                    Ok(look(store.cached().slot(ix).row.as_ref()))
                }
                loaded => Ok(look(loaded.as_ref().map(|loaded| &loaded.row))),
            }
        })
    }

    /// Changes the row of a key in place.
    ///
    /// `change` returns the time of a deletion.
    #[inline]
    pub(crate) fn update<E: From<StoreError>, C: FnOnce(&mut Option<R>) -> Result<Timestamp, E>>(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &K,
        want_old: bool,
        change: C,
    ) -> Result<Updated<R, C>, E> {
        self.at_key(key, |store, bytes| {
            if store.cache.is_some() {
                return store.update_cached(context, (key, bytes), want_old, change);
            }
            let mut row = store.load(bytes)?.map(|loaded| loaded.row);
            let old = if want_old { row.clone() } else { None };
            let time = change(&mut row)?;
            let is_latest = store.store(out, context, bytes, &row, time)?;
            Ok(Updated::Done(Some(Written { new: row, old, is_latest }), time))
        })
    }

    /// [`update`](Self::update) of a store with a cache.
    #[inline]
    fn update_cached<E: From<StoreError>, C: FnOnce(&mut Option<R>) -> Result<Timestamp, E>>(
        &mut self,
        context: &RecordContext,
        (key, bytes): (&K, &[u8]),
        want_old: bool,
        change: C,
    ) -> Result<Updated<R, C>, E> {
        let hash = hash(bytes);
        let cache = self.cached();
        let (ix, time);
        if let Some(found) = cache.find(hash, bytes) {
            ix = found;
            let clean = !cache.is_dirty(ix);
            let slot = cache.slot_mut(ix);
            let before = if clean { known_before(slot.row.as_ref(), want_old) } else { None };
            time = change(&mut slot.row)?;
            if let Some(before) = before {
                slot.before = before;
            }
            cache.touch(ix);
        } else {
            let loaded = self.load(bytes)?;
            let before = known_before(loaded.as_ref().map(|loaded| &loaded.row), want_old);
            match loaded {
                Some(loaded) if self.bytes.segments.is_none() => {
                    ix = self.insert_loaded((hash, bytes), key, loaded);
                    if self.crowded()
                        && let Some(row) = &self.cached().slot(ix).row
                    {
                        return Ok(Updated::Crowded(row.clone(), change));
                    }
                    time = change(&mut self.cached().slot_mut(ix).row)?;
                }
                loaded => {
                    let mut row = loaded.map(|loaded| loaded.row);
                    time = change(&mut row)?;
                    ix = self.cached().insert(hash, bytes, key.clone(), row);
                }
            }
            self.cached().slot_mut(ix).before = before.unwrap_or(Before::Unknown);
        }
        self.written(ix, bytes, context)?;
        Ok(Updated::Done(None, time))
    }

    /// Writes or deletes a row, at that time, without looking at the one before. `old` is what the caller
    /// read.
    pub(crate) fn put(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &K,
        (new, time): (Option<R>, Timestamp),
        old: Option<R>,
    ) -> Result<Option<Written<R>>, StoreError> {
        self.at_key(key, |store, bytes| {
            let Some(cache) = &mut store.cache else {
                let is_latest = store.store(out, context, bytes, &new, time)?;
                return Ok(Some(Written { new, old, is_latest }));
            };
            let hash = hash(bytes);
            let ix = if let Some(ix) = cache.find(hash, bytes) {
                let clean = !cache.is_dirty(ix);
                let slot = cache.slot_mut(ix);
                if clean {
                    slot.before = match (old, &slot.row) {
                        (Some(old), _) => Before::Row(old),
                        (None, Some(_)) => Before::Present,
                        (None, None) => Before::Absent,
                    };
                }
                slot.row = new;
                cache.touch(ix);
                ix
            } else {
                let ix = cache.insert(hash, bytes, key.clone(), new);
                cache.slot_mut(ix).before = old.map_or(Before::Unknown, Before::Row);
                ix
            };
            store.written(ix, bytes, context)?;
            Ok(None)
        })
    }

    /// The rows of a range of key bytes, those that only the cache knows included.
    pub(crate) fn range(
        &self,
        range: &KeyRange,
        order: Order,
    ) -> Result<Rows<'_, K, R, F>, StoreError> {
        self.begin_read();
        let under = self.bytes.range(range, order)?;
        Ok(Rows::new(self, under, range, order, self.cache.as_ref()))
    }

    /// The bytes of a key as a bound of a range.
    pub(crate) fn key_bytes(&self, key: &K) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        self.keys
            .serialize(&self.bytes.topic, key, &mut bytes)
            .map_err(|error| self.serde_error("key", &error))?;
        Ok(bytes)
    }

    /// The keys whose bytes begin with what `serde` writes for `prefix`.
    pub(crate) fn prefix<P: 'static>(
        &self,
        prefix: &P,
        serde: &dyn Serde<P>,
    ) -> Result<KeyRange, StoreError> {
        let mut bytes = Vec::new();
        match serde.serialize(&self.bytes.topic, prefix, &mut bytes) {
            Ok(_) => Ok(KeyRange::prefix(&bytes)),
            Err(error) => Err(self.serde_error("prefix", &error)),
        }
    }

    /// The stored form of a row.
    pub(crate) fn row_bytes(&self, row: Option<&R>) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let mut bytes = Vec::new();
        let written = self.format.write(&self.bytes.topic, row, &mut bytes);
        let encoded = written.map_err(|error| self.serde_error("value", &error))?;
        Ok((encoded == Encoded::Bytes).then_some(bytes))
    }

    pub(crate) fn read_key(&self, bytes: &[u8]) -> Result<K, StoreError> {
        self.keys
            .deserialize(&self.bytes.topic, Some(bytes))
            .map_err(|error| self.serde_error("key", &error))
    }

    pub(crate) fn read_row(&self, bytes: &[u8]) -> Result<R, StoreError> {
        self.format
            .read(&self.bytes.topic, bytes)
            .map_err(|error| self.serde_error("value", &error))
    }

    pub(crate) fn restore(
        &mut self,
        partition: i32,
        records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
    ) -> Result<(), StoreError> {
        let format = &self.format;
        self.bytes.restore(partition, records, |record, value, out| {
            format.restored(record, value, out);
        })
    }

    pub(crate) fn kind(&self) -> StoreKind {
        if self.bytes.versions.is_some() {
            return StoreKind::Versioned;
        }
        let segments = self.bytes.segments.as_ref();
        self.format.kind(segments.map_or(F::KIND, |segments| segments.kind(F::PREFIX > 0)))
    }

    /// Forgets what was not committed.
    pub(crate) fn abort(&mut self) {
        self.bytes.abort();
        if let Some(cache) = &mut self.cache {
            cache.clear();
        }
    }

    /// Counts the cached rows with those of other caches.
    pub(crate) fn share_cache(&mut self, budget: &CacheBudget) {
        if let Some(cache) = &mut self.cache {
            cache.share(budget.clone());
        }
    }

    /// Notes that a read begins, which puts nothing into the cache by itself.
    pub(super) fn begin_read(&self) {
        if let Some(cache) = &self.cache {
            cache.put.set(false);
        }
    }

    pub(crate) fn has_put(&self) -> bool {
        self.cache.as_ref().is_some_and(|cache| cache.put.get())
    }

    pub(crate) fn cache_bytes(&self) -> usize {
        self.cache.as_ref().map_or(0, Cache::bytes)
    }

    pub(crate) fn dirty_entries(&self) -> usize {
        self.cache.as_ref().map_or(0, Cache::dirty)
    }

    /// What the store held before; it is read only when nobody remembers and somebody asks.
    ///
    /// The cache remembers rows that the store has lost since: they are no old values, and their deletion
    /// is none (Java asks the store at each flush).
    pub(super) fn look_before(
        &mut self,
        key: &[u8],
        before: Before<R>,
        deleted: bool,
        want_old: bool,
    ) -> Result<Stored<R>, StoreError> {
        let lost = self.bytes.may_have_lost(key);
        let row = match if lost { Before::Unknown } else { before } {
            Before::Absent => return Ok(Stored { existed: false, row: None }),
            Before::Row(row) => Some(row),
            Before::Present if !want_old => return Ok(Stored { existed: true, row: None }),
            Before::Unknown if !want_old && !deleted => {
                return Ok(Stored { existed: true, row: None });
            }
            Before::Present | Before::Unknown => self.load(key)?.map(|loaded| loaded.row),
        };
        Ok(Stored { existed: row.is_some(), row: if want_old { row } else { None } })
    }

    /// Books a write of a cached row.
    ///
    /// Its size is exact at once where the serde tells it without writing. Where it does not, a small cache
    /// measures each write, and a large one the 1st, 2nd, 4th, 8th.. since the last flush and what a flush
    /// writes, so that a hot row costs no serde.
    #[inline]
    fn written(
        &mut self,
        ix: SlotIx,
        key: &[u8],
        context: &RecordContext,
    ) -> Result<(), StoreError> {
        let cache = self.cache.as_mut().expect("invariant: only a cache has slots");
        cache.mark_dirty(ix);
        cache.put.set(true);
        let slot = cache.slot_mut(ix);
        slot.set_context(context);
        match slot.row.as_ref().map_or(Some(0), |row| self.format.len(row)) {
            Some(bytes) => slot.value_bytes = bytes,
            None => {
                slot.writes = slot.writes.saturating_add(1);
                if slot.writes.is_power_of_two() || cache.budget().always_measures() {
                    self.measure(ix)?;
                }
            }
        }
        self.cached().account(ix);
        if let Some(segments) = &mut self.bytes.segments {
            segments.note_recent(key);
        }
        Ok(())
    }

    /// Measures a cached row by writing it.
    fn measure(&mut self, ix: SlotIx) -> Result<(), StoreError> {
        let cache = self.cache.as_mut().expect("invariant: only a cache has slots");
        let slot = cache.slot_mut(ix);
        self.row_buf.clear();
        if let Some(row) = &slot.row {
            let written = self.format.write(&self.bytes.topic, row, &mut self.row_buf);
            let encoded =
                written.map_err(|error| StoreError::serde(&self.bytes.name, "value", &error))?;
            if encoded == Encoded::Null {
                self.row_buf.clear();
            }
        }
        slot.value_bytes = self.row_buf.len();
        Ok(())
    }

    /// Writes a row to the store and the changelog; false when it is one of the past.
    ///
    /// `time` is that of a deletion; only a store with versions asks for it.
    #[inline]
    pub(super) fn store(
        &mut self,
        out: &mut Outbox,
        context: &RecordContext,
        key: &[u8],
        row: &Option<R>,
        time: Timestamp,
    ) -> Result<bool, StoreError> {
        self.row_buf.clear();
        let encoded = match row {
            None => Encoded::Null,
            Some(row) => self
                .format
                .write(&self.bytes.topic, row, &mut self.row_buf)
                .map_err(|error| self.serde_error("value", &error))?,
        };
        let stored = (encoded == Encoded::Bytes).then_some(self.row_buf.as_slice());
        if self.bytes.versions.is_some() {
            let time = row.as_ref().and_then(|row| self.format.timestamp(row)).unwrap_or(time);
            return self.store_version(out, key, encoded, time);
        }
        let evicted = self.bytes.put(key, stored);
        if let Some(evicted) = evicted.filter(|_| self.format.logs_eviction()) {
            let time = context.timestamp.as_millis();
            self.bytes.log(out, &evicted, None, time, Headers::none());
        }
        let (row, format) = (row.as_ref(), &self.format);
        let time = row.and_then(|row| format.timestamp(row)).unwrap_or(context.timestamp);
        let (logged, headers) =
            (stored.map(|row| format.logged(row)), format.headers(row, context));
        self.bytes.log(out, key, logged, time.as_millis(), headers);
        Ok(true)
    }

    /// Writes the row that is in `row_buf` as a version of that time, or its deletion.
    ///
    /// The changelog gets what comes too late, too, as in Java.
    fn store_version(
        &mut self,
        out: &mut Outbox,
        key: &[u8],
        row: Encoded,
        time: Timestamp,
    ) -> Result<bool, StoreError> {
        let stored = (row == Encoded::Bytes).then_some(self.row_buf.as_slice());
        let time = time.as_millis();
        let put = self.bytes.put_version(key, stored, time)?;
        let logged = stored.map(|row| self.format.logged(row));
        self.bytes.log(out, key, logged, time, Headers::none());
        match put {
            Put::Latest => Ok(true),
            Put::Past(_) => Ok(false),
            Put::Late => Err(StoreError::late(&self.bytes.name)),
        }
    }

    /// The version of a key that held at a time.
    pub(crate) fn version(&mut self, key: &K, time: Timestamp) -> Result<Option<R>, StoreError> {
        self.at_key(key, |store, bytes| {
            match store.bytes.get_version(bytes, time.as_millis(), &mut store.row_buf)? {
                Some(_) => store.read_row(&store.row_buf).map(Some),
                None => Ok(None),
            }
        })
    }

    /// Reads a row from under the cache.
    #[inline]
    fn load(&mut self, key: &[u8]) -> Result<Option<Loaded<R>>, StoreError> {
        let Self { bytes, row_buf, format, .. } = self;
        let read = |topic: &str, stored: &[u8]| {
            format.read(topic, stored).map(|row| Loaded { row, bytes: stored.len() })
        };
        match bytes.look(key, row_buf, read)? {
            None => Ok(None),
            Some(Ok(loaded)) => Ok(Some(loaded)),
            Some(Err(error)) => Err(self.serde_error("value", &error)),
        }
    }

    /// Caches a row that was read from the store.
    fn insert_loaded(&mut self, (hash, bytes): (u64, &[u8]), key: &K, loaded: Loaded<R>) -> SlotIx {
        let cache = self.cached();
        let ix = cache.insert(hash, bytes, key.clone(), Some(loaded.row));
        cache.slot_mut(ix).value_bytes = loaded.bytes;
        cache.account(ix);
        cache.put.set(true);
        ix
    }

    fn crowded(&self) -> bool {
        self.cache.as_ref().is_some_and(|cache| cache.budget().is_over())
    }

    #[inline]
    fn cached(&mut self) -> &mut Cache<K, R> {
        self.cache.as_mut().expect("invariant: only a cache has slots")
    }

    /// Does what needs the bytes of a key, which are not copied where the key has them itself.
    #[inline]
    fn at_key<T, E: From<StoreError>>(
        &mut self,
        key: &K,
        work: impl FnOnce(&mut Self, &[u8]) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut buffer = Vec::new();
        let bytes = match self.keys.bytes_of(key) {
            Some(bytes) => bytes,
            None => {
                buffer = std::mem::take(&mut self.key_buf);
                buffer.clear();
                self.encode_key(key, &mut buffer)?;
                &buffer
            }
        };
        let result = work(self, bytes);
        if buffer.capacity() > 0 {
            self.key_buf = buffer;
        }
        result
    }

    #[inline]
    fn encode_key(&self, key: &K, out: &mut Vec<u8>) -> Result<(), StoreError> {
        match self.keys.serialize(&self.bytes.topic, key, out) {
            Ok(Encoded::Bytes) => Ok(()),
            Ok(Encoded::Null) => {
                Err(self.serde_error("key", &SerdeError::new("a key must not be null")))
            }
            Err(error) => Err(self.serde_error("key", &error)),
        }
    }

    fn serde_error(&self, part: &str, error: &SerdeError) -> StoreError {
        StoreError::serde(&self.bytes.name, part, error)
    }
}

/// True for windows that Java keeps, and caches, in order of time: those on disk that are emitted when they close
/// (`TimeOrderedCachingWindowStore`).
pub(super) fn is_by_time(bytes: &ByteStore) -> bool {
    let layout = bytes.segments.as_ref().map(|segments| segments.layout);
    let by_time = layout.is_some_and(|layout| layout.indexed && layout.time == TimeInKey::Window);
    by_time && bytes.backend.persistent()
}

/// What the store held for a row before its flush.
pub(super) struct Stored<R> {
    pub(super) existed: bool,
    pub(super) row: Option<R>,
}

/// What is known of a row before its first write since the last flush.
#[inline]
fn known_before<R: Clone>(row: Option<&R>, want_old: bool) -> Option<Before<R>> {
    Some(match row {
        None => Before::Absent,
        Some(row) if want_old => Before::Row(row.clone()),
        Some(_) => Before::Present,
    })
}
