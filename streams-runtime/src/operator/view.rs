//! The rows of a table, for the joins that look them up.
//!
//! A table in a store is read there, through its cache. One that is not is computed from the rows of the
//! tables before it: the views of a chain are put together once, so a lookup is a chain of plain calls.

use std::marker::PhantomData;
use std::sync::Arc;

use super::flush::end_of;
use super::materialize::{Materializes, UpdateError};
use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::serdes::Windowed;
use crate::store::{SessionStore, StoreError, StoreRef, TableStore, ValueAndTimestamp};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Looks up rows of a table as it is now. Java: `KTableValueGetter`.
pub trait View: Clone + Send + Sync + 'static {
    /// The table's key.
    type Key;
    /// The table's value.
    type Value;

    /// The row of a key, with its time.
    ///
    /// # Errors
    /// When a store cannot be read, or a function that the row is computed by fails.
    fn get(
        &self,
        cx: &mut Context,
        key: &Self::Key,
    ) -> Result<Option<ValueAndTimestamp<Self::Value>>, LookupError>;

    /// The row that a key had at `time`, in a table that keeps the past of its keys; the row it has now in
    /// any other.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    fn get_as_of(
        &self,
        cx: &mut Context,
        key: &Self::Key,
        time: Timestamp,
    ) -> Result<Option<ValueAndTimestamp<Self::Value>>, LookupError> {
        let _ = time;
        self.get(cx, key)
    }
}

/// Why a row cannot be told.
#[derive(Debug)]
pub enum LookupError {
    /// The store failed.
    Store(StoreError),
    /// A function of the user failed; with the name of its error's type.
    User(&'static str, UserError),
    /// The task has to stop.
    Stop(Stop),
}

impl LookupError {
    pub(super) fn user<E: Into<UserError>>(error: E) -> Self {
        Self::User(std::any::type_name::<E>(), error.into())
    }

    /// Gives the failure to whom it concerns: the operator at `node` looked the row up.
    ///
    /// # Errors
    /// When the store is to blame, or the processing exception handler says fail.
    #[cold]
    pub fn handle(self, cx: &mut Context, node: NodeId) -> Result<(), Stop> {
        match self {
            Self::Store(error) => UpdateError::Store(error).handle(cx, node),
            Self::User(type_name, error) => UpdateError::User(type_name, error).handle(cx, node),
            Self::Stop(stop) => Err(stop),
        }
    }
}

impl From<UpdateError> for LookupError {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::Store(error) => Self::Store(error),
            UpdateError::User(type_name, error) => Self::User(type_name, error),
            UpdateError::Stop(stop) => Self::Stop(stop),
        }
    }
}

/// Looks a row up; what has to leave a full cache for it goes downstream first.
#[inline]
fn row_of<K, V, S: ViewedStore<K, V>>(
    cx: &mut Context,
    store: StoreRef<S>,
    key: &K,
) -> Result<Option<ValueAndTimestamp<V>>, LookupError> {
    cx.settled(store, |rows, _, _| Ok(rows.row(key)?))
}

/// [`row_of`] at a time, where the store keeps its past.
#[inline]
pub(super) fn row_as_of<K, V, S: ViewedStore<K, V>>(
    cx: &mut Context,
    store: StoreRef<S>,
    key: &K,
    time: Timestamp,
) -> Result<Option<ValueAndTimestamp<V>>, LookupError> {
    cx.settled(store, |rows, _, _| Ok(rows.row_as_of(key, time)?))
}

impl From<Stop> for LookupError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<StoreError> for LookupError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Stands for the view of an operator that has got none yet.
#[derive(Clone, Copy, Debug)]
pub struct NoView;

/// A store whose rows views look up.
pub trait ViewedStore<K, V>: 'static {
    /// The row of a key, with its time.
    ///
    /// # Errors
    /// When the store cannot be read, or its bytes do not fit the serdes.
    fn row(&mut self, key: &K) -> Result<Option<ValueAndTimestamp<V>>, StoreError>;

    /// The row that a key had at `time`, where the store keeps the past; the row it has now in any other.
    ///
    /// # Errors
    /// As [`row`](Self::row).
    fn row_as_of(
        &mut self,
        key: &K,
        _: Timestamp,
    ) -> Result<Option<ValueAndTimestamp<V>>, StoreError> {
        self.row(key)
    }
}

impl<K, V> ViewedStore<K, V> for TableStore<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    #[inline]
    fn row(&mut self, key: &K) -> Result<Option<ValueAndTimestamp<V>>, StoreError> {
        self.get(key)
    }

    #[inline]
    fn row_as_of(
        &mut self,
        key: &K,
        time: Timestamp,
    ) -> Result<Option<ValueAndTimestamp<V>>, StoreError> {
        self.get_as_of(key, time)
    }
}

/// A session's row has the time of its end.
impl<K, V> ViewedStore<Windowed<K>, V> for SessionStore<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn row(&mut self, session: &Windowed<K>) -> Result<Option<ValueAndTimestamp<V>>, StoreError> {
        let timestamp = end_of(session);
        let found = self.fetch(session)?;
        Ok(found.map(|value| ValueAndTimestamp { value, timestamp }))
    }
}

/// The rows of a table that is in a store.
pub struct StoreView<K, V, S> {
    store: StoreRef<S>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V, S> Clone for StoreView<K, V, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V, S> Copy for StoreView<K, V, S> {}

/// The view of a table that is in a store whenever somebody looks it up.
pub fn store_view<K, V, O>(operator: &O) -> StoreView<K, V, O::Store>
where
    O: Materializes<K, V>,
    O::Store: ViewedStore<K, V>,
{
    let store = operator.table_store();
    let store = store.expect("invariant: sources and aggregations declare a store");
    StoreView { store, types: PhantomData }
}

impl<K, V, S> View for StoreView<K, V, S>
where
    K: 'static,
    V: 'static,
    S: ViewedStore<K, V>,
{
    type Key = K;
    type Value = V;

    #[inline]
    fn get(&self, cx: &mut Context, key: &K) -> Result<Option<ValueAndTimestamp<V>>, LookupError> {
        row_of(cx, self.store, key)
    }

    #[inline]
    fn get_as_of(
        &self,
        cx: &mut Context,
        key: &K,
        time: Timestamp,
    ) -> Result<Option<ValueAndTimestamp<V>>, LookupError> {
        row_as_of(cx, self.store, key, time)
    }
}

/// An operator that computes rows of a table from those of another.
pub trait Derives<K, V>: Materializes<K, Self::Row> {
    /// The value it makes.
    type Row;

    /// What becomes of a value of that time; `None` when the row is not in the table.
    ///
    /// # Errors
    /// When the user's function fails.
    fn row(
        &self,
        cx: &mut Context,
        key: &K,
        value: V,
        timestamp: Timestamp,
    ) -> Result<Option<Self::Row>, LookupError>;
}

/// The rows of a table that is computed from another, or of its store if it has one.
pub struct DerivedView<O, P> {
    operator: Arc<O>,
    parent: P,
}

impl<O, P: Clone> Clone for DerivedView<O, P> {
    fn clone(&self) -> Self {
        Self { operator: Arc::clone(&self.operator), parent: self.parent.clone() }
    }
}

/// Lets an operator be used by its run and by views of its rows.
pub fn share<O>(operator: O) -> Arc<O> {
    Arc::new(operator)
}

/// The view of a table that an operator derives from another table.
pub fn derived_view<O, P>(operator: &Arc<O>, parent: P) -> DerivedView<O, P>
where
    P: View,
    O: Derives<P::Key, P::Value>,
{
    DerivedView { operator: Arc::clone(operator), parent }
}

impl<O, P> View for DerivedView<O, P>
where
    P: View,
    P::Key: Clone + Send + 'static,
    O: Derives<P::Key, P::Value> + Send + Sync + 'static,
    O::Row: Clone + Send + 'static,
    O::Store: ViewedStore<P::Key, O::Row>,
{
    type Key = P::Key;
    type Value = O::Row;

    #[inline]
    fn get(
        &self,
        cx: &mut Context,
        key: &P::Key,
    ) -> Result<Option<ValueAndTimestamp<O::Row>>, LookupError> {
        if let Some(store) = self.own_store(cx) {
            return row_of(cx, store, key);
        }
        let row = self.parent.get(cx, key)?;
        self.derived(cx, key, row)
    }

    fn get_as_of(
        &self,
        cx: &mut Context,
        key: &P::Key,
        time: Timestamp,
    ) -> Result<Option<ValueAndTimestamp<O::Row>>, LookupError> {
        if let Some(store) = self.own_store(cx) {
            return row_as_of(cx, store, key, time);
        }
        let row = self.parent.get_as_of(cx, key, time)?;
        self.derived(cx, key, row)
    }
}

impl<O, P> DerivedView<O, P>
where
    P: View,
    O: Derives<P::Key, P::Value>,
{
    /// The table's own store, if it is kept in one.
    #[inline]
    fn own_store(&self, cx: &Context) -> Option<StoreRef<O::Store>> {
        let kept = cx.node(self.operator.node()).materialized;
        self.operator.table_store().filter(|_| kept)
    }

    /// The row that becomes of one of the table before.
    #[inline]
    fn derived(
        &self,
        cx: &mut Context,
        key: &P::Key,
        row: Option<ValueAndTimestamp<P::Value>>,
    ) -> Result<Option<ValueAndTimestamp<O::Row>>, LookupError> {
        let Some(ValueAndTimestamp { value, timestamp }) = row else { return Ok(None) };
        let value = self.operator.row(cx, key, value, timestamp)?;
        Ok(value.map(|value| ValueAndTimestamp { value, timestamp }))
    }
}

impl<K, V, O: Materializes<K, V>> Materializes<K, V> for Arc<O> {
    type Store = O::Store;

    fn node(&self) -> NodeId {
        (**self).node()
    }

    fn table_store(&self) -> Option<StoreRef<O::Store>> {
        (**self).table_store()
    }
}
