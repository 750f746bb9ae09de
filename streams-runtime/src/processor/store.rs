//! Stores that processors declare, name and see.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::time::Duration;

use crate::context::Context;
use crate::outbox::Outbox;
use crate::record::RecordContext;
use crate::store::{StateStore, StoreError, StoreMaker, StoreRef};
use crate::topology::{StoreIx, StoreType};

/// The task behind a processor's context and its stores, which all reach it in turn.
#[derive(Clone, Copy)]
pub struct ContextCell<'a>(&'a RefCell<&'a mut Context>);

impl<'a> ContextCell<'a> {
    pub(super) fn new(cell: &'a RefCell<&'a mut Context>) -> Self {
        Self(cell)
    }

    pub(crate) fn with<T>(self, look: impl FnOnce(&mut Context) -> T) -> T {
        look(&mut self.0.borrow_mut())
    }

    /// Does something with a store, and keeps a failure for when the processor returns.
    pub(super) fn with_store<S: StateStore, T>(
        self,
        store: StoreRef<S>,
        work: impl FnOnce(&mut S, &mut Outbox, &RecordContext) -> Result<T, StoreError>,
    ) -> Option<T> {
        self.with(|cx| {
            if cx.processor_failed() {
                return None;
            }
            let work = |rows: &mut S, out: &mut _, context: &_| Ok(work(rows, out, context)?);
            cx.settled(store, work).map_err(|failure| cx.note_failure(failure)).ok()
        })
    }

    /// Counts writes that came too late for their store.
    pub(super) fn drop_late(self, writes: Option<u64>) {
        self.with(|cx| cx.drop_expired_writes(writes.unwrap_or(0)));
    }
}

/// A kind of store that processors can use, with its types: `KeyValueStore<String, i64>`.
pub trait ProcessorStore: Sized + 'static {
    /// The same inside a processor.
    type At<'a>;

    /// True when tasks can read it as a global store.
    const IS_SHAREABLE: bool = true;

    /// The store of a task, seen from a processor.
    fn at(cell: ContextCell<'_>, store: StoreIx) -> Self::At<'_>;
}

/// The name of a declared store, with its type. Made by `store(..)` in a topology.
pub struct StoreHandle<S> {
    ix: StoreIx,
    store: PhantomData<fn() -> S>,
}

impl<S> StoreHandle<S> {
    pub(crate) fn new(ix: StoreIx) -> Self {
        Self { ix, store: PhantomData }
    }

    /// The store's number in the topology.
    pub fn ix(self) -> StoreIx {
        self.ix
    }
}

impl<S> Clone for StoreHandle<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for StoreHandle<S> {}

impl<S> std::fmt::Debug for StoreHandle<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoreHandle({})", self.ix.0)
    }
}

/// A store to be: its name, its kind and its switches.
///
/// Caching is off and logging is on unless said otherwise.
/// Java: `org.apache.kafka.streams.state.StoreBuilder`.
pub struct StoreBuilder<S> {
    pub(crate) name: String,
    pub(crate) store_type: Option<StoreType>,
    pub(crate) caching: bool,
    pub(crate) logging: bool,
    pub(crate) retention: Option<Duration>,
    pub(crate) history_ms: Option<i64>,
    pub(crate) topic_config: std::collections::BTreeMap<String, String>,
    pub(crate) maker: StoreMaker,
    /// What is wrong with it, told when the topology is built.
    pub(crate) problem: Option<String>,
    store: PhantomData<fn() -> S>,
}

impl<S> StoreBuilder<S> {
    pub(crate) fn new(name: impl Into<String>, store_type: StoreType, maker: StoreMaker) -> Self {
        Self {
            name: name.into(),
            store_type: Some(store_type),
            caching: false,
            logging: true,
            retention: None,
            history_ms: None,
            topic_config: Default::default(),
            maker,
            problem: None,
            store: PhantomData,
        }
    }

    /// How long rows with a time are kept, for the changelog topic's retention.
    #[must_use]
    pub(super) fn with_retention(self, retention: Duration) -> Self {
        Self { retention: Some(retention), ..self }
    }

    /// How long the past of keys is kept, for the changelog topic's compaction.
    #[must_use]
    pub(super) fn with_history(self, history_ms: i64) -> Self {
        Self { history_ms: Some(history_ms), ..self }
    }

    /// Keeps the rows there; [`StoreType::own`] keeps them in a place of your own.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// let seen = KeyValueStore::<String, i64>::persistent("seen").with_store_type(StoreType::InMemory);
    /// # let _ = seen;
    /// ```
    #[must_use]
    pub fn with_store_type(self, store_type: StoreType) -> Self {
        Self { store_type: Some(store_type), ..self }
    }

    /// Keeps writes in memory until a commit: only the last one of each key is stored and logged.
    ///
    /// A versioned store has no cache; building the topology fails.
    #[must_use]
    pub fn with_caching_enabled(self) -> Self {
        Self { caching: true, ..self }
    }

    /// Stores and logs every write at once (the default).
    #[must_use]
    pub fn with_caching_disabled(self) -> Self {
        Self { caching: false, ..self }
    }

    /// Logs changes to a changelog topic with these further settings (logging is the default).
    #[must_use]
    pub fn with_logging_enabled<N, T>(self, config: impl IntoIterator<Item = (N, T)>) -> Self
    where
        N: Into<String>,
        T: Into<String>,
    {
        let given = config.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { logging: true, topic_config: given.collect(), ..self }
    }

    /// Keeps no changelog: the store is empty after a move to another instance.
    #[must_use]
    pub fn with_logging_disabled(self) -> Self {
        Self { logging: false, ..self }
    }
}
