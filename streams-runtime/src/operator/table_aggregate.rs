//! `aggregate` and `try_aggregate` of a grouped table.

use super::aggregate::IntoAggregate;
use super::materialize::{Materializes, UpdateError, update_row};
use super::repartition::Repartition;
use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::{Change, Record};
use crate::store::{StoreRef, TableStore, ValueAndTimestamp};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Folds the rows of each group into an aggregate: what a group loses is subtracted, what it gains is
/// added.
///
/// An update that stays in its group first subtracts the old value, then adds the new one. There is no
/// subtraction from an aggregate that is not there. A function that gives `None` deletes the aggregate.
/// Needs a repartition topic, and a store, which is logged. Java: `KGroupedTable#aggregate`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     table::<String, i64>("in")
///         .group_by(|_, n| (n % 2, *n))
///         .aggregate(|| 100, |_, n, sum| sum + n, |_, n, sum| sum - n, "sums")
///         .to_stream()
///         .to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 3), ("a", 5)], 0)?;
/// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(1, 101), (1, 104), (1, 108)]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct TableAggregate<K, V, A, I, F, G> {
    pub(crate) node: NodeId,
    pub(crate) initializer: I,
    pub(crate) adder: F,
    pub(crate) subtractor: G,
    pub(crate) store: StoreRef<TableStore<K, A>>,
    pub(crate) repartition: Repartition<K, Change<V>>,
}

/// [`TableAggregate`] with functions that can fail; an error goes to the processing exception handler,
/// and the aggregate stays as it was.
pub struct TryTableAggregate<K, V, A, I, F, G> {
    pub(crate) node: NodeId,
    pub(crate) initializer: I,
    pub(crate) adder: F,
    pub(crate) subtractor: G,
    pub(crate) store: StoreRef<TableStore<K, A>>,
    pub(crate) repartition: Repartition<K, Change<V>>,
}

macro_rules! table_aggregate {
    ($($name:ident)*) => { $(
        impl<K, V, A, I, F, G> $name<K, V, A, I, F, G> {
            pub(crate) fn new(
                node: NodeId,
                initializer: I,
                adder: F,
                subtractor: G,
                store: StoreRef<TableStore<K, A>>,
                repartition: Repartition<K, Change<V>>,
            ) -> Self {
                Self { node, initializer, adder, subtractor, store, repartition }
            }

            /// The cut before the aggregation.
            pub fn repartition(&self) -> Repartition<K, Change<V>> {
                self.repartition.clone()
            }
        }

        impl<K, V, A, I, F, G> Materializes<K, A> for $name<K, V, A, I, F, G> {
            type Store = TableStore<K, A>;

            fn node(&self) -> NodeId {
                self.node
            }

            fn table_store(&self) -> Option<StoreRef<Self::Store>> {
                Some(self.store)
            }
        }
    )* };
}
table_aggregate!(TableAggregate TryTableAggregate);

/// An aggregate with its time.
type Row<A> = Option<ValueAndTimestamp<A>>;

impl<K, V: 'static, A, I, F, G> TableAggregate<K, V, A, I, F, G>
where
    K: Clone + Send + 'static,
    A: Clone + Send + 'static,
{
    /// The new aggregate, unless the cache keeps it for later.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run<R, S>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<A>>>, Stop>
    where
        I: Fn() -> A,
        F: Fn(&K, V, A) -> R,
        G: Fn(&K, V, A) -> S,
        R: IntoAggregate<A>,
        S: IntoAggregate<A>,
    {
        cx.entering(self.node, &record);
        update(cx, self.node, self.store, record, |key, change, timestamp, row| {
            let folded = fold(
                row.take(),
                change,
                timestamp,
                |old, held| Ok((self.subtractor)(key, old, held).into_aggregate()),
                |new, held| {
                    let held = held.unwrap_or_else(&self.initializer);
                    Ok((self.adder)(key, new, held).into_aggregate())
                },
            )?;
            *row = folded.0;
            Ok(folded.1)
        })
    }
}

impl<K, V: 'static, A, I, F, G> TryTableAggregate<K, V, A, I, F, G>
where
    K: Clone + Send + 'static,
    A: Clone + Send + 'static,
{
    /// The new aggregate, unless a function failed or the cache keeps it for later.
    ///
    /// # Errors
    /// When a function fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run<R, S, E, D>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<A>>>, Stop>
    where
        I: Fn() -> A,
        F: Fn(&K, V, A) -> Result<R, E>,
        G: Fn(&K, V, A) -> Result<S, D>,
        R: IntoAggregate<A>,
        S: IntoAggregate<A>,
        E: Into<UserError>,
        D: Into<UserError>,
    {
        cx.entering(self.node, &record);
        update(cx, self.node, self.store, record, |key, change, timestamp, row| {
            let folded = fold(
                row.clone(),
                change,
                timestamp,
                |old, held| {
                    let left = (self.subtractor)(key, old, held).map_err(UpdateError::user)?;
                    Ok(left.into_aggregate())
                },
                |new, held| {
                    let held = held.unwrap_or_else(&self.initializer);
                    let sum = (self.adder)(key, new, held).map_err(UpdateError::user)?;
                    Ok(sum.into_aggregate())
                },
            )?;
            *row = folded.0;
            Ok(folded.1)
        })
    }
}

/// Changes the aggregate of a group in its store.
#[inline]
pub(super) fn update<K, V, A>(
    cx: &mut Context,
    node: NodeId,
    store: StoreRef<TableStore<K, A>>,
    record: Record<K, Change<V>>,
    change: impl FnOnce(&K, Change<V>, Timestamp, &mut Row<A>) -> Result<Timestamp, UpdateError>,
) -> Result<Option<Record<K, Change<A>>>, Stop>
where
    K: Clone + Send + 'static,
    A: Clone + Send + 'static,
{
    let Record { key, value, timestamp, headers } = record;
    cx.at_parts(timestamp, &headers);
    let want_old = cx.node(node).sends_old;
    let written = update_row(cx, store, &key, want_old, |row| change(&key, value, timestamp, row));
    match written {
        Ok(written) => {
            Ok(written.map(|(value, timestamp)| Record { key, value, timestamp, headers }))
        }
        Err(error) => error.handle(cx, node).map(|()| None),
    }
}

/// Subtracts, then adds; the time is the higher of both when anything was folded.
#[inline]
fn fold<V, A>(
    row: Row<A>,
    change: Change<V>,
    timestamp: Timestamp,
    subtract: impl FnOnce(V, A) -> Result<Option<A>, UpdateError>,
    add: impl FnOnce(V, Option<A>) -> Result<Option<A>, UpdateError>,
) -> Result<(Row<A>, Timestamp), UpdateError> {
    let higher = row.as_ref().map_or(timestamp, |row| row.timestamp.max(timestamp));
    let mut held = row.map(|row| row.value);
    let mut time = timestamp;
    if let Some(old) = change.old
        && let Some(aggregate) = held
    {
        held = subtract(old, aggregate)?;
        time = higher;
    }
    if let Some(new) = change.new {
        held = add(new, held)?;
        time = higher;
    }
    Ok((held.map(|value| ValueAndTimestamp { value, timestamp: time }), time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{at, with_store};
    use crate::serdes::HasSerde;
    use crate::topology::StoreIx;

    fn store() -> StoreRef<TableStore<String, String>> {
        StoreRef::new(StoreIx(0))
    }

    fn cut() -> Repartition<String, Change<i64>> {
        let changes = crate::serdes::ChangedSerde::new(i64::serde());
        Repartition::new(NodeId(1), String::serde(), std::sync::Arc::new(changes))
    }

    fn add(_: &String, value: i64, all: String) -> String {
        format!("{all}+{value}")
    }

    fn subtract(_: &String, value: i64, all: String) -> Option<String> {
        Some(format!("{all}-{value}")).filter(|_| value != 9)
    }

    #[track_caller]
    fn check(
        cx: &mut Context,
        (ms, old, new): (u32, Option<i64>, Option<i64>),
        want: (u32, Option<&str>, Option<&str>),
    ) {
        let fold = TableAggregate::new(NodeId(0), || "0".to_owned(), add, subtract, store(), cut());
        let record = at(ms, "k".to_owned(), Change::latest(new, old));
        let got = fold.run(cx, record).unwrap().expect("forwarded at once");
        let (time, old, new) = want;
        let change = Change::latest(new.map(str::to_owned), old.map(str::to_owned));
        assert_eq!(got, at(time, "k".to_owned(), change));
    }

    #[test]
    fn subtracts_then_adds() {
        let mut cx = with_store::<String, String>(false, true);
        check(&mut cx, (5, None, Some(1)), (5, None, Some("0+1")));
        check(&mut cx, (3, Some(1), Some(2)), (5, Some("0+1"), Some("0+1-1+2")));
        check(&mut cx, (7, Some(2), None), (7, Some("0+1-1+2"), Some("0+1-1+2-2")));
    }

    #[test]
    fn there_is_no_subtraction_from_nothing() {
        let mut cx = with_store::<String, String>(false, true);
        check(&mut cx, (5, Some(1), None), (5, None, None));
        check(&mut cx, (5, Some(1), Some(2)), (5, None, Some("0+2")));
        check(&mut cx, (4, Some(9), Some(3)), (5, Some("0+2"), Some("0+3")));
        check(&mut cx, (4, Some(9), None), (5, Some("0+3"), None));
    }

    #[test]
    fn a_failure_leaves_the_aggregate_as_it_was() {
        let add = |_: &String, value: i64, all: String| match value {
            9 => Err("nine"),
            value => Ok(format!("{all}+{value}")),
        };
        let subtract = |_: &String, _: i64, _: String| Err::<String, _>("never");
        let fold =
            TryTableAggregate::new(NodeId(0), || "0".to_owned(), add, subtract, store(), cut());
        let mut cx = with_store::<String, String>(true, false);
        for change in [(None, Some(1)), (None, Some(9)), (Some(1), Some(2)), (None, Some(3))] {
            let record = at(5, "k".to_owned(), Change::latest(change.1, change.0));
            assert_eq!(fold.run(&mut cx, record).unwrap(), None);
        }
        assert_eq!(cx.dropped(), 2);
        let held = cx.unsettled(store()).get(&"k".to_owned()).unwrap();
        assert_eq!(held.map(|row| row.value).as_deref(), Some("0+1+3"));
    }
}
