//! `aggregate` and `try_aggregate` of a grouped stream.

use super::materialize::{Materializes, Update, UpdateError, update_row};
use super::reduce::change_row;
use super::repartition::Repartition;
use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::Record;
use crate::serdes::Nullable;
use crate::store::{StoreRef, TableStore};
use crate::topology::NodeId;

/// What an aggregator may return: the aggregate, or `None` to delete the row.
#[diagnostic::on_unimplemented(
    message = "the aggregator returns `{Self}`, but the aggregate is a `{A}`",
    label = "return a `{A}`, or an `Option` of it where `None` deletes the row"
)]
pub trait IntoAggregate<A> {
    /// The aggregate, `None` to delete it.
    fn into_aggregate(self) -> Option<A>;
}

impl<A> IntoAggregate<A> for A {
    #[inline]
    fn into_aggregate(self) -> Option<A> {
        Some(self)
    }
}

impl<A> IntoAggregate<A> for Option<A> {
    #[inline]
    fn into_aggregate(self) -> Option<A> {
        self
    }
}

/// Folds the values of each key into an aggregate of any type.
///
/// The first value of a key is folded into what the initializer gives. Records with a null key or value
/// are dropped and counted as such. An aggregator that gives `None` deletes the row. The result's time
/// is the highest of its records. Java: `KGroupedStream#aggregate`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in")
///         .group_by_key()
///         .aggregate(String::new, |_, n, all| format!("{all}/{n}"), "all")
///         .to_stream()
///         .to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// driver.input::<String, i64>("in").pipe("a", 7, 5)?;
/// assert_eq!(driver.output::<String, String>("out").values()?, ["/1", "/2", "/1/7"]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct Aggregate<K: Nullable, V, A, I, F> {
    pub(crate) node: NodeId,
    pub(crate) initializer: I,
    pub(crate) aggregator: F,
    pub(crate) store: StoreRef<TableStore<K::NonNull, A>>,
    pub(crate) repartition: Option<Repartition<K, V>>,
}

/// [`Aggregate`] with a function that can fail; an error goes to the processing exception handler, and
/// the row stays as it was.
pub struct TryAggregate<K: Nullable, V, A, I, F> {
    pub(crate) node: NodeId,
    pub(crate) initializer: I,
    pub(crate) aggregator: F,
    pub(crate) store: StoreRef<TableStore<K::NonNull, A>>,
    pub(crate) repartition: Option<Repartition<K, V>>,
}

impl<K: Nullable, V, A, I, F> Aggregate<K, V, A, I, F> {
    pub(crate) fn new(
        node: NodeId,
        initializer: I,
        aggregator: F,
        store: StoreRef<TableStore<K::NonNull, A>>,
        repartition: Option<Repartition<K, V>>,
    ) -> Self {
        Self { node, initializer, aggregator, store, repartition }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The cut before the aggregation.
    ///
    /// # Panics
    /// When the key did not change, so that there is none.
    pub fn repartition(&self) -> Repartition<K, V> {
        self.repartition.clone().expect("invariant: the key changed, so there is a repartition")
    }

    /// The new aggregate, unless the cache keeps it for later.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run<R>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Update<K, A>>, Stop>
    where
        V: Nullable,
        A: Clone + Send + 'static,
        I: Fn() -> A,
        F: Fn(&K::NonNull, V::NonNull, A) -> R,
        R: IntoAggregate<A>,
    {
        cx.entering(self.node, &record);
        fold(cx, self.node, self.store, record, &self.initializer, |key, value, held| {
            let aggregate = held.take().unwrap_or_else(&self.initializer);
            *held = (self.aggregator)(key, value, aggregate).into_aggregate();
            Ok(())
        })
    }
}

impl<K: Nullable, V, A, I, F> TryAggregate<K, V, A, I, F> {
    pub(crate) fn new(
        node: NodeId,
        initializer: I,
        aggregator: F,
        store: StoreRef<TableStore<K::NonNull, A>>,
        repartition: Option<Repartition<K, V>>,
    ) -> Self {
        Self { node, initializer, aggregator, store, repartition }
    }

    /// The cut before the aggregation.
    ///
    /// # Panics
    /// When the key did not change, so that there is none.
    pub fn repartition(&self) -> Repartition<K, V> {
        self.repartition.clone().expect("invariant: the key changed, so there is a repartition")
    }

    /// The new aggregate, unless the function failed or the cache keeps it for later.
    ///
    /// # Errors
    /// When the function fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run<R, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Update<K, A>>, Stop>
    where
        V: Nullable,
        A: Clone + Send + 'static,
        I: Fn() -> A,
        F: Fn(&K::NonNull, V::NonNull, A) -> Result<R, E>,
        R: IntoAggregate<A>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        fold(cx, self.node, self.store, record, &self.initializer, |key, value, held| {
            let aggregate = held.clone().unwrap_or_else(&self.initializer);
            let folded = (self.aggregator)(key, value, aggregate).map_err(UpdateError::user)?;
            *held = folded.into_aggregate();
            Ok(())
        })
    }
}

#[inline]
fn fold<K: Nullable, V: Nullable, A: Clone + Send + 'static>(
    cx: &mut Context,
    node: NodeId,
    store: StoreRef<TableStore<K::NonNull, A>>,
    record: Record<K, V>,
    initializer: &impl Fn() -> A,
    combine: impl FnOnce(&K::NonNull, V::NonNull, &mut Option<A>) -> Result<(), UpdateError>,
) -> Result<Option<Update<K, A>>, Stop> {
    let Record { key, value, timestamp, headers } = record;
    let (Some(key), Some(value)) = (key.into_non_null(), value.into_non_null()) else {
        cx.drop_record(node, super::NULL_KEY_OR_VALUE);
        return Ok(None);
    };
    cx.at_parts(timestamp, &headers);
    let want_old = cx.node(node).sends_old;
    let written = update_row(cx, store, &key, want_old, |row| {
        change_row(row, timestamp, |held| combine(&key, value, held))
    });
    match written {
        Ok(None) => Ok(None),
        Ok(Some((mut value, timestamp))) => {
            if want_old {
                // without a cache the first update of a row comes from what the initializer gives
                value.old = value.old.or_else(|| Some(initializer()));
            }
            Ok(Some(Record { key, value, timestamp, headers }))
        }
        Err(error) => error.handle(cx, node).map(|()| None),
    }
}

impl<K: Nullable, V, A, I, F> Materializes<K::NonNull, A> for Aggregate<K, V, A, I, F> {
    type Store = TableStore<K::NonNull, A>;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        Some(self.store)
    }
}

impl<K: Nullable, V, A, I, F> Materializes<K::NonNull, A> for TryAggregate<K, V, A, I, F> {
    type Store = TableStore<K::NonNull, A>;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        Some(self.store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{at, with_store};
    use crate::record::Change;
    use crate::topology::StoreIx;

    fn store() -> StoreRef<TableStore<String, String>> {
        StoreRef::new(StoreIx(0))
    }

    fn update(new: Option<&str>, old: Option<&str>) -> Change<String> {
        Change::latest(new.map(str::to_owned), old.map(str::to_owned))
    }

    #[test]
    fn the_first_old_value_is_what_the_initializer_gives() {
        let join = |_: &String, value: i64, all: String| format!("{all}+{value}");
        let fold: Aggregate<String, i64, _, _, _> =
            Aggregate::new(NodeId(0), || "0".to_owned(), join, store(), None);
        let mut cx = with_store::<String, String>(false, true);
        let run = |cx: &mut Context, ms, n| fold.run(cx, at(ms, "k".to_owned(), n)).unwrap();
        assert_eq!(run(&mut cx, 5, 1), Some(at(5, "k".into(), update(Some("0+1"), Some("0")))));
        let second = Some(at(5, "k".into(), update(Some("0+1+2"), Some("0+1"))));
        assert_eq!(run(&mut cx, 3, 2), second);
    }

    #[test]
    fn none_deletes_the_row_and_a_further_one_goes_on_too() {
        let last = |_: &String, value: String, _: String| Some(value).filter(|v| v != "del");
        let fold: Aggregate<String, String, _, _, _> =
            Aggregate::new(NodeId(0), String::new, last, store(), None);
        let mut cx = with_store::<String, String>(false, false);
        let run = |cx: &mut Context, ms, v: &str| {
            fold.run(cx, at(ms, "k".to_owned(), v.to_owned())).unwrap()
        };
        assert_eq!(run(&mut cx, 2, "a"), Some(at(2, "k".into(), update(Some("a"), None))));
        assert_eq!(run(&mut cx, 1, "del"), Some(at(2, "k".into(), update(None, None))));
        assert_eq!(run(&mut cx, 0, "del"), Some(at(0, "k".into(), update(None, None))));
    }

    #[test]
    fn a_failure_leaves_the_row_as_it_was() {
        let parse = |_: &String, value: String, sum: String| {
            let sum: i64 = sum.parse::<i64>()? + value.parse::<i64>()?;
            Ok::<_, std::num::ParseIntError>(sum.to_string())
        };
        let fold: TryAggregate<String, String, _, _, _> =
            TryAggregate::new(NodeId(0), || "0".to_owned(), parse, store(), None);
        let mut cx = with_store::<String, String>(true, false);
        for value in ["1", "x", "2"] {
            let record = at(5, "k".to_owned(), value.to_owned());
            assert_eq!(fold.run(&mut cx, record).unwrap(), None);
        }
        assert_eq!(cx.dropped(), 1);
        let held = cx.unsettled(store()).get(&"k".to_owned()).unwrap();
        assert_eq!(held.map(|row| row.value).as_deref(), Some("3"));
    }
}
