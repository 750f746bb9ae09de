//! What all operators of tables share: their store, and what goes on from it.

use super::flush::{FlushRun, FlushedStore, flush_run};
use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::{Change, Record};
use crate::serdes::Nullable;
use crate::store::{
    StoreError, StoreErrorKind, StoreRef, TableStore, TableUpdate, ValueAndTimestamp,
};
use crate::time::Timestamp;
use crate::topology::{NodeId, StoreIx};

/// An operator that may keep its table in a store, whose cache then has a way downstream of its own.
pub trait Materializes<K, V> {
    /// The kind of store.
    type Store;

    /// The node of the topology.
    fn node(&self) -> NodeId;

    /// The store, if the operator declares one.
    fn table_store(&self) -> Option<StoreRef<Self::Store>>;

    /// What drains the store's cache into `run`; `None` without a store.
    fn flush<F>(&self, node: NodeId, run: F) -> Option<(StoreIx, FlushRun)>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
        Self::Store: FlushedStore<K, V>,
        F: Fn(&mut Context, Record<K, Change<V>>) -> Result<(), Stop> + Send + Sync + 'static,
    {
        self.table_store().map(|store| (store.ix(), flush_run(node, store, run)))
    }
}

/// An update of an aggregation's result: the row's key is the group's, without null.
pub(crate) type Update<K, A> = Record<<K as Nullable>::NonNull, Change<A>>;

/// Reacts to a store that could not do its work: a value without bytes or a key that no store takes is a failure of the record, a
/// record that is too old for a versioned store is dropped, everything else ends the task's work.
#[cold]
pub(crate) fn store_failed(cx: &mut Context, node: NodeId, error: StoreError) -> Result<(), Stop> {
    match error.kind() {
        StoreErrorKind::Serde | StoreErrorKind::Key => {
            cx.failed(node, std::any::type_name::<StoreError>(), Box::new(error))
        }
        StoreErrorKind::Late => {
            cx.drop_record(node, &error.to_string());
            Ok(())
        }
        _ => Err(error.into()),
    }
}

/// A failure inside a change of a row: of the store, or of the user's function.
pub(crate) enum UpdateError {
    /// The store's.
    Store(StoreError),
    /// The user function's, with its type's name.
    User(&'static str, UserError),
    /// What left a full cache failed downstream.
    Stop(Stop),
}

impl UpdateError {
    pub(crate) fn user<E: Into<UserError>>(error: E) -> Self {
        Self::User(std::any::type_name::<E>(), error.into())
    }

    /// Gives the failure to whom it concerns.
    #[cold]
    pub(crate) fn handle(self, cx: &mut Context, node: NodeId) -> Result<(), Stop> {
        match self {
            Self::Store(error) => store_failed(cx, node, error),
            Self::User(type_name, error) => cx.failed(node, type_name, error),
            Self::Stop(stop) => Err(stop),
        }
    }
}

impl From<Stop> for UpdateError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<StoreError> for UpdateError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Derives a row of a table from a row of the table before it, and keeps it in the operator's store if
/// there is one.
///
/// `compute` makes the new value of a value; where there is none there is none after it. With `swallow`
/// an update from nothing to nothing goes no further when old values are known, unless it may be one of
/// the past of a versioned table.
#[inline]
pub(crate) fn derive<K, V, W, E>(
    cx: &mut Context,
    node: NodeId,
    store: Option<StoreRef<TableStore<K, W>>>,
    swallow: bool,
    record: Record<K, Change<V>>,
    compute: impl Fn(&K, V) -> Result<Option<W>, E>,
) -> Result<Option<Record<K, Change<W>>>, Stop>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
    E: Into<UserError>,
{
    let Record { key, value: change, timestamp, headers } = record;
    let computed = |value: Option<V>| value.map_or(Ok(None), |value| compute(&key, value));
    let facts = cx.node(node);
    let (sends_old, swallow) = (facts.sends_old, swallow && !facts.versioned);
    let store = store.filter(|_| cx.node(node).materialized);
    let derived = computed(change.new).and_then(|new| {
        let old = if sends_old && store.is_none() { computed(change.old)? } else { None };
        Ok((new, old))
    });
    let (new, old) = match derived {
        Ok(derived) => derived,
        Err(error) => {
            cx.processing_failed(node, timestamp, &headers, error)?;
            return Ok(None);
        }
    };
    let Some(store) = store else {
        if swallow && sends_old && new.is_none() && old.is_none() {
            return Ok(None);
        }
        let value = Change { new, old, is_latest: change.is_latest };
        return Ok(Some(Record { key, value, timestamp, headers }));
    };
    cx.at_parts(timestamp, &headers);
    match keep(cx, store, &key, new, timestamp, (sends_old, swallow)) {
        Ok(change) => Ok(change.map(|value| Record { key, value, timestamp, headers })),
        Err(error) => error.handle(cx, node).map(|()| None),
    }
}

/// Writes a derived row; `Some` when it has to be forwarded now.
pub(super) fn keep<K, W>(
    cx: &mut Context,
    store: StoreRef<TableStore<K, W>>,
    key: &K,
    new: Option<W>,
    timestamp: Timestamp,
    (sends_old, swallow): (bool, bool),
) -> Result<Option<Change<W>>, UpdateError>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    let old = if sends_old { look_up(cx, store, key)? } else { None };
    if swallow && sends_old && new.is_none() && old.is_none() {
        return Ok(None);
    }
    put_row(cx, store, key, new, timestamp, old)
}

/// The row of a key now. What has to leave a full cache for it goes downstream first.
#[inline]
pub(super) fn look_up<K, V>(
    cx: &mut Context,
    store: StoreRef<TableStore<K, V>>,
    key: &K,
) -> Result<Option<ValueAndTimestamp<V>>, UpdateError>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    cx.settled(store, |rows, _, _| Ok(rows.get(key)?))
}

/// Writes or deletes a row; `Some` when the change has to be forwarded now. What has to leave a full cache goes
/// downstream before.
#[inline]
pub(super) fn put_row<K, V>(
    cx: &mut Context,
    store: StoreRef<TableStore<K, V>>,
    key: &K,
    new: Option<V>,
    timestamp: Timestamp,
    old: Option<ValueAndTimestamp<V>>,
) -> Result<Option<Change<V>>, UpdateError>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    cx.settled(store, |rows, out, context| Ok(rows.put(out, context, key, new, timestamp, old)?))
}

/// Changes a row in place, as `TableStore::update`; what has to leave a full cache goes downstream where Kafka
/// Streams lets it: between the reading and the change, and behind the change.
#[inline]
pub(super) fn update_row<K, V, C>(
    cx: &mut Context,
    store: StoreRef<TableStore<K, V>>,
    key: &K,
    want_old: bool,
    change: C,
) -> Result<Option<(Change<V>, Timestamp)>, UpdateError>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
    C: FnOnce(&mut Option<ValueAndTimestamp<V>>) -> Result<Timestamp, UpdateError>,
{
    let update = cx.settled(store, |rows, out, context| {
        rows.try_update(out, context, key, want_old, change)
    })?;
    match update {
        TableUpdate::Done(written) => Ok(written),
        TableUpdate::Crowded(row, change) => {
            let mut row = Some(row);
            let timestamp = change(&mut row)?;
            cx.settled(store, |rows, out, context| {
                Ok(rows.put_row(out, context, key, row, timestamp)?)
            })
        }
    }
}
