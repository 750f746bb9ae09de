//! What `topology!` does at compile time, at run time: operators call what stands behind them.

use std::sync::{Arc, OnceLock, RwLock};

use streams_runtime::error::Stop;
use streams_runtime::operator::{LookupError, View};
use streams_runtime::plumbing::Context;
use streams_runtime::store::ValueAndTimestamp;
use streams_runtime::time::Timestamp;

type Run<R> = Box<dyn Fn(&mut Context, R) -> Result<(), Stop> + Send + Sync>;
type Cut<R> = Box<dyn Fn(&mut Context, R) -> Result<Option<R>, Stop> + Send + Sync>;

/// The place behind an operator: its children get every record, in order.
pub(crate) struct Hub<R>(Arc<Inner<R>>);

struct Inner<R> {
    children: RwLock<Vec<Child<R>>>,
    cut: OnceLock<Cut<R>>,
}

struct Child<R> {
    /// True when it stands behind the cut.
    moves: bool,
    run: Run<R>,
}

impl<R> Clone for Hub<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Clone + 'static> Hub<R> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { children: RwLock::default(), cut: OnceLock::new() }))
    }

    /// Adds a child.
    pub(crate) fn add<F>(&self, moves: bool, run: F)
    where
        F: Fn(&mut Context, R) -> Result<(), Stop> + Send + Sync + 'static,
    {
        self.0.children.write().expect("no panic").push(Child { moves, run: Box::new(run) });
    }

    /// Puts a cut before the children that move.
    pub(crate) fn cut<F>(&self, cut: F)
    where
        F: Fn(&mut Context, R) -> Result<Option<R>, Stop> + Send + Sync + 'static,
    {
        let set = self.0.cut.set(Box::new(cut));
        assert!(set.is_ok(), "one cut");
    }

    /// Gives a record to all children.
    pub(crate) fn run(&self, cx: &mut Context, record: R) -> Result<(), Stop> {
        let moved = match self.0.cut.get() {
            Some(cut) => cut(cx, record.clone())?,
            None => Some(record.clone()),
        };
        for child in self.0.children.read().expect("no panic").iter() {
            if !child.moves {
                (child.run)(cx, record.clone())?;
            } else if let Some(moved) = &moved {
                (child.run)(cx, moved.clone())?;
            }
        }
        Ok(())
    }

    /// Gives a record that comes from the cut's topic to the children that move.
    pub(crate) fn run_moved(&self, cx: &mut Context, record: R) -> Result<(), Stop> {
        let children = self.0.children.read().expect("no panic");
        children
            .iter()
            .filter(|child| child.moves)
            .try_for_each(|child| (child.run)(cx, record.clone()))
    }

    /// A child with one result.
    pub(crate) fn one<S, F>(&self, moves: bool, run: F) -> Hub<S>
    where
        S: Clone + 'static,
        F: Fn(&mut Context, R) -> S + Send + Sync + 'static,
    {
        self.maybe(moves, move |cx, record| Ok(Some(run(cx, record))))
    }

    /// A child with a result or none.
    pub(crate) fn maybe<S, F>(&self, moves: bool, run: F) -> Hub<S>
    where
        S: Clone + 'static,
        F: Fn(&mut Context, R) -> Result<Option<S>, Stop> + Send + Sync + 'static,
    {
        let behind = Hub::new();
        self.maybe_into(&behind, moves, run);
        behind
    }

    /// A child whose result goes to a place that is there already.
    pub(crate) fn maybe_into<S, F>(&self, behind: &Hub<S>, moves: bool, run: F)
    where
        S: Clone + 'static,
        F: Fn(&mut Context, R) -> Result<Option<S>, Stop> + Send + Sync + 'static,
    {
        let next = behind.clone();
        self.add(moves, move |cx, record| match run(cx, record)? {
            Some(record) => next.run(cx, record),
            None => Ok(()),
        });
    }

    /// A child that calls what stands behind it by itself.
    pub(crate) fn scoped<S, F>(&self, moves: bool, run: F) -> Hub<S>
    where
        S: Clone + 'static,
        F: Fn(&mut Context, R, &dyn Fn(&mut Context, S) -> Result<(), Stop>) -> Result<(), Stop>
            + Send
            + Sync
            + 'static,
    {
        let behind = Hub::new();
        let next = behind.clone();
        self.add(moves, move |cx, record| run(cx, record, &|cx, record| next.run(cx, record)));
        behind
    }

    /// A child with any number of results.
    pub(crate) fn many_into<S, I, F>(&self, behind: &Hub<S>, moves: bool, run: F)
    where
        S: Clone + 'static,
        I: IntoIterator<Item = S>,
        F: Fn(&mut Context, R) -> Result<I, Stop> + Send + Sync + 'static,
    {
        let next = behind.clone();
        self.add(moves, move |cx, record| {
            run(cx, record)?.into_iter().try_for_each(|record| next.run(cx, record))
        });
    }
}

type Row = Result<Option<ValueAndTimestamp<i64>>, LookupError>;

/// Looks up a row as it is, or as it was at a time.
type Lookup<K> = dyn Fn(&mut Context, &K, Option<Timestamp>) -> Row + Send + Sync;

/// The rows of a table, with the way to them hidden.
pub(crate) struct Rows<K>(Arc<Lookup<K>>);

impl<K> Clone for Rows<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: 'static> Rows<K> {
    pub(crate) fn of(view: impl View<Key = K, Value = i64>) -> Self {
        Self(Arc::new(move |cx: &mut Context, key: &K, time: Option<Timestamp>| match time {
            None => view.get(cx, key),
            Some(time) => view.get_as_of(cx, key, time),
        }))
    }
}

impl<K: 'static> View for Rows<K> {
    type Key = K;
    type Value = i64;

    fn get(&self, cx: &mut Context, key: &K) -> Row {
        (self.0)(cx, key, None)
    }

    fn get_as_of(&self, cx: &mut Context, key: &K, time: Timestamp) -> Row {
        (self.0)(cx, key, Some(time))
    }
}
