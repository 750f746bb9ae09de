//! `reduce` and `try_reduce` of a grouped table.

use super::aggregate::IntoAggregate;
use super::materialize::{Materializes, UpdateError};
use super::repartition::Repartition;
use super::table_aggregate::update;
use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::{Change, Record};
use crate::store::{StoreRef, TableStore, ValueAndTimestamp};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Combines the rows of each group: what a group loses is subtracted, what it gains is added.
///
/// The first value of a group is taken as it is. An update that stays in its group first subtracts the
/// old value, then adds the new one. A function that gives `None` deletes the result.
/// Needs a repartition topic, and a store, which is logged. Java: `KGroupedTable#reduce`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     table::<String, i64>("in")
///         .group_by(|_, n| (n % 2, *n))
///         .reduce(|sum, n| sum + n, |sum, n| sum - n, "sums")
///         .to_stream()
///         .to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 3), ("a", 5)], 0)?;
/// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(1, 1), (1, 4), (1, 8)]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct TableReduce<K, V, F, G> {
    pub(crate) node: NodeId,
    pub(crate) adder: F,
    pub(crate) subtractor: G,
    pub(crate) store: StoreRef<TableStore<K, V>>,
    pub(crate) repartition: Repartition<K, Change<V>>,
}

/// [`TableReduce`] with functions that can fail; an error goes to the processing exception handler, and
/// the result stays as it was.
pub struct TryTableReduce<K, V, F, G> {
    pub(crate) node: NodeId,
    pub(crate) adder: F,
    pub(crate) subtractor: G,
    pub(crate) store: StoreRef<TableStore<K, V>>,
    pub(crate) repartition: Repartition<K, Change<V>>,
}

macro_rules! table_reduce {
    ($($name:ident)*) => { $(
        impl<K, V, F, G> $name<K, V, F, G> {
            pub(crate) fn new(
                node: NodeId,
                adder: F,
                subtractor: G,
                store: StoreRef<TableStore<K, V>>,
                repartition: Repartition<K, Change<V>>,
            ) -> Self {
                Self { node, adder, subtractor, store, repartition }
            }

            /// The cut before the aggregation.
            pub fn repartition(&self) -> Repartition<K, Change<V>> {
                self.repartition.clone()
            }
        }

        impl<K, V, F, G> Materializes<K, V> for $name<K, V, F, G> {
            type Store = TableStore<K, V>;

            fn node(&self) -> NodeId {
                self.node
            }

            fn table_store(&self) -> Option<StoreRef<Self::Store>> {
                Some(self.store)
            }
        }
    )* };
}
table_reduce!(TableReduce TryTableReduce);

impl<K, V, F, G> TableReduce<K, V, F, G>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The new result, unless the cache keeps it for later.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run<R, S>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<V>>>, Stop>
    where
        F: Fn(V, V) -> R,
        G: Fn(V, V) -> S,
        R: IntoAggregate<V>,
        S: IntoAggregate<V>,
    {
        cx.entering(self.node, &record);
        update(cx, self.node, self.store, record, |_, change, timestamp, row| {
            let combined = combine(
                row.take(),
                change,
                timestamp,
                |held, old| Ok((self.subtractor)(held, old).into_aggregate()),
                |held, new| Ok((self.adder)(held, new).into_aggregate()),
            )?;
            *row = combined.0;
            Ok(combined.1)
        })
    }
}

impl<K, V, F, G> TryTableReduce<K, V, F, G>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The new result, unless a function failed or the cache keeps it for later.
    ///
    /// # Errors
    /// When a function fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run<R, S, E, D>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<V>>>, Stop>
    where
        F: Fn(V, V) -> Result<R, E>,
        G: Fn(V, V) -> Result<S, D>,
        R: IntoAggregate<V>,
        S: IntoAggregate<V>,
        E: Into<UserError>,
        D: Into<UserError>,
    {
        cx.entering(self.node, &record);
        update(cx, self.node, self.store, record, |_, change, timestamp, row| {
            let subtract = |held, old| {
                let left = (self.subtractor)(held, old).map_err(UpdateError::user)?;
                Ok(left.into_aggregate())
            };
            let add = |held, new| {
                let sum = (self.adder)(held, new).map_err(UpdateError::user)?;
                Ok(sum.into_aggregate())
            };
            let combined = combine(row.clone(), change, timestamp, subtract, add)?;
            *row = combined.0;
            Ok(combined.1)
        })
    }
}

/// A value with its time.
type Row<V> = Option<ValueAndTimestamp<V>>;

/// Subtracts, then adds; the time is the higher of both when a function was called.
#[inline]
fn combine<V>(
    row: Row<V>,
    change: Change<V>,
    timestamp: Timestamp,
    subtract: impl FnOnce(V, V) -> Result<Option<V>, UpdateError>,
    add: impl FnOnce(V, V) -> Result<Option<V>, UpdateError>,
) -> Result<(Row<V>, Timestamp), UpdateError> {
    let higher = row.as_ref().map_or(timestamp, |row| row.timestamp.max(timestamp));
    let mut held = row.map(|row| row.value);
    let mut time = timestamp;
    if let Some(old) = change.old
        && let Some(value) = held
    {
        held = subtract(value, old)?;
        time = higher;
    }
    if let Some(new) = change.new {
        held = match held {
            None => Some(new),
            Some(value) => {
                time = higher;
                add(value, new)?
            }
        };
    }
    Ok((held.map(|value| ValueAndTimestamp { value, timestamp: time }), time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{at, with_store};
    use crate::serdes::HasSerde;
    use crate::topology::StoreIx;

    fn store() -> StoreRef<TableStore<String, i64>> {
        StoreRef::new(StoreIx(0))
    }

    fn cut() -> Repartition<String, Change<i64>> {
        let changes = crate::serdes::ChangedSerde::new(i64::serde());
        Repartition::new(NodeId(1), String::serde(), std::sync::Arc::new(changes))
    }

    #[track_caller]
    fn check(
        cx: &mut Context,
        (ms, old, new): (u32, Option<i64>, Option<i64>),
        want: (u32, Option<i64>, Option<i64>),
    ) {
        let sum = TableReduce::new(NodeId(0), |a, b| a + b, |a: i64, b: i64| a - b, store(), cut());
        let record = at(ms, "k".to_owned(), Change::latest(new, old));
        let got = sum.run(cx, record).unwrap().expect("forwarded at once");
        let (time, old, new) = want;
        assert_eq!(got, at(time, "k".to_owned(), Change::latest(new, old)));
    }

    #[test]
    fn the_first_value_is_taken_as_it_is() {
        let mut cx = with_store::<String, i64>(false, true);
        check(&mut cx, (5, Some(4), None), (5, None, None));
        check(&mut cx, (5, None, Some(2)), (5, None, Some(2)));
        check(&mut cx, (3, Some(2), Some(7)), (5, Some(2), Some(7)));
        check(&mut cx, (8, Some(7), None), (8, Some(7), Some(0)));
    }

    #[test]
    fn a_failure_leaves_the_result_as_it_was() {
        let add = |a: i64, b: i64| a.checked_add(b).ok_or("overflow");
        let subtract = |a: i64, b: i64| a.checked_sub(b).ok_or("overflow");
        let sum = TryTableReduce::new(NodeId(0), add, subtract, store(), cut());
        let mut cx = with_store::<String, i64>(false, false);
        let mut run =
            |new| sum.run(&mut cx, at(5, "k".to_owned(), Change::latest(Some(new), None)));
        assert_eq!(run(1).unwrap().map(|record| record.value.new), Some(Some(1)));
        assert_eq!(run(i64::MAX).unwrap(), None);
        assert_eq!(run(2).unwrap().map(|record| record.value.new), Some(Some(3)));
    }
}
