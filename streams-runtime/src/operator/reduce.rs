//! `reduce` and `try_reduce` of a grouped stream.

use super::aggregate::IntoAggregate;
use super::materialize::{Materializes, Update, UpdateError, update_row};
use super::repartition::Repartition;
use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::Record;
use crate::serdes::Nullable;
use crate::store::{StoreRef, TableStore, ValueAndTimestamp};
use crate::topology::NodeId;

/// Combines the values of each key, two at a time.
///
/// The first value is taken as it is. Records with a null key or value are dropped and counted as such.
/// A reducer that gives `None` deletes the row. The result's time is the highest of its records.
/// Java: `KGroupedStream#reduce`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").group_by_key().reduce(|sum, n| sum + n, "sums").to_stream().to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// driver.input::<String, i64>("in").pipe("a", 7, 5)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 2, 8]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct Reduce<K: Nullable, V: Nullable, F> {
    pub(crate) node: NodeId,
    pub(crate) reducer: F,
    pub(crate) store: StoreRef<TableStore<K::NonNull, V::NonNull>>,
    pub(crate) repartition: Option<Repartition<K, V>>,
}

/// [`Reduce`] with a function that can fail; an error goes to the processing exception handler, and
/// the row stays as it was.
pub struct TryReduce<K: Nullable, V: Nullable, F> {
    pub(crate) node: NodeId,
    pub(crate) reducer: F,
    pub(crate) store: StoreRef<TableStore<K::NonNull, V::NonNull>>,
    pub(crate) repartition: Option<Repartition<K, V>>,
}

impl<K: Nullable, V: Nullable, F> Reduce<K, V, F> {
    pub(crate) fn new(
        node: NodeId,
        reducer: F,
        store: StoreRef<TableStore<K::NonNull, V::NonNull>>,
        repartition: Option<Repartition<K, V>>,
    ) -> Self {
        Self { node, reducer, store, repartition }
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

    /// The new result, unless the cache keeps it for later.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run<R>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Update<K, V::NonNull>>, Stop>
    where
        F: Fn(V::NonNull, V::NonNull) -> R,
        R: IntoAggregate<V::NonNull>,
    {
        cx.entering(self.node, &record);
        reduce(cx, self.node, self.store, record, |row, value| {
            let old = row.take();
            *row = match old {
                Some(old) => (self.reducer)(old, value).into_aggregate(),
                None => Some(value),
            };
            Ok(())
        })
    }
}

impl<K: Nullable, V: Nullable, F> TryReduce<K, V, F> {
    pub(crate) fn new(
        node: NodeId,
        reducer: F,
        store: StoreRef<TableStore<K::NonNull, V::NonNull>>,
        repartition: Option<Repartition<K, V>>,
    ) -> Self {
        Self { node, reducer, store, repartition }
    }

    /// The cut before the aggregation.
    ///
    /// # Panics
    /// When the key did not change, so that there is none.
    pub fn repartition(&self) -> Repartition<K, V> {
        self.repartition.clone().expect("invariant: the key changed, so there is a repartition")
    }

    /// The new result, unless the function failed or the cache keeps it for later.
    ///
    /// # Errors
    /// When the function fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run<R, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Update<K, V::NonNull>>, Stop>
    where
        F: Fn(V::NonNull, V::NonNull) -> Result<R, E>,
        R: IntoAggregate<V::NonNull>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        reduce(cx, self.node, self.store, record, |row, value| {
            *row = match row.clone() {
                Some(old) => {
                    (self.reducer)(old, value).map_err(UpdateError::user)?.into_aggregate()
                }
                None => Some(value),
            };
            Ok(())
        })
    }
}

#[inline]
fn reduce<K: Nullable, V: Nullable>(
    cx: &mut Context,
    node: NodeId,
    store: StoreRef<TableStore<K::NonNull, V::NonNull>>,
    record: Record<K, V>,
    combine: impl FnOnce(&mut Option<V::NonNull>, V::NonNull) -> Result<(), UpdateError>,
) -> Result<Option<Update<K, V::NonNull>>, Stop> {
    let Record { key, value, timestamp, headers } = record;
    let (Some(key), Some(value)) = (key.into_non_null(), value.into_non_null()) else {
        cx.drop_record(node, super::NULL_KEY_OR_VALUE);
        return Ok(None);
    };
    cx.at_parts(timestamp, &headers);
    let want_old = cx.node(node).sends_old;
    let written = update_row(cx, store, &key, want_old, |row| {
        change_row(row, timestamp, |held| combine(held, value))
    });
    match written {
        Ok(written) => {
            Ok(written.map(|(value, timestamp)| Record { key, value, timestamp, headers }))
        }
        Err(error) => error.handle(cx, node).map(|()| None),
    }
}

/// Changes the value of a row, whose time becomes the higher of its own and the record's.
#[inline]
pub(super) fn change_row<V>(
    row: &mut Option<ValueAndTimestamp<V>>,
    timestamp: crate::time::Timestamp,
    change: impl FnOnce(&mut Option<V>) -> Result<(), UpdateError>,
) -> Result<crate::time::Timestamp, UpdateError> {
    let (mut held, before) = match row.take() {
        Some(row) => (Some(row.value), Some(row.timestamp)),
        None => (None, None),
    };
    let changed = change(&mut held);
    let time = match (&changed, before) {
        (Err(_), Some(before)) => before,
        (Ok(()), Some(before)) => before.max(timestamp),
        (_, None) => timestamp,
    };
    *row = held.map(|value| ValueAndTimestamp { value, timestamp: time });
    changed.map(|()| time)
}

impl<K: Nullable, V: Nullable, F> Materializes<K::NonNull, V::NonNull> for Reduce<K, V, F> {
    type Store = TableStore<K::NonNull, V::NonNull>;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        Some(self.store)
    }
}

impl<K: Nullable, V: Nullable, F> Materializes<K::NonNull, V::NonNull> for TryReduce<K, V, F> {
    type Store = TableStore<K::NonNull, V::NonNull>;

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

    fn store() -> StoreRef<TableStore<String, i64>> {
        StoreRef::new(StoreIx(0))
    }

    fn update(new: Option<i64>, old: Option<i64>) -> Change<i64> {
        Change::latest(new, old)
    }

    #[test]
    fn the_first_value_is_taken_as_it_is() {
        let sum: Reduce<String, i64, _> =
            Reduce::new(NodeId(0), |a: i64, b: i64| a + b, store(), None);
        let mut cx = with_store::<String, i64>(false, true);
        let run = |cx: &mut Context, ms, n| sum.run(cx, at(ms, "k".to_owned(), n)).unwrap();
        assert_eq!(run(&mut cx, 5, 2), Some(at(5, "k".into(), update(Some(2), None))));
        assert_eq!(run(&mut cx, 3, 4), Some(at(5, "k".into(), update(Some(6), Some(2)))));
    }

    #[test]
    fn none_deletes_the_row() {
        let until_zero = |a: i64, b: i64| Some(a + b).filter(|sum| *sum != 0);
        let reduce: Reduce<String, i64, _> = Reduce::new(NodeId(0), until_zero, store(), None);
        let mut cx = with_store::<String, i64>(false, true);
        let run = |cx: &mut Context, ms, n| reduce.run(cx, at(ms, "k".to_owned(), n)).unwrap();
        run(&mut cx, 5, 2);
        assert_eq!(run(&mut cx, 3, -2), Some(at(5, "k".into(), update(None, Some(2)))));
        assert_eq!(run(&mut cx, 4, 7), Some(at(4, "k".into(), update(Some(7), None))));
    }

    #[test]
    fn a_failure_leaves_the_row_as_it_was() {
        let checked = |a: i64, b: i64| a.checked_add(b).ok_or("overflow");
        for caching in [false, true] {
            let sum: TryReduce<String, i64, _> = TryReduce::new(NodeId(0), checked, store(), None);
            let mut cx = with_store::<String, i64>(caching, false);
            let run = |cx: &mut Context, n| sum.run(cx, at(5, "k".to_owned(), n)).unwrap();
            run(&mut cx, 1);
            assert_eq!(run(&mut cx, i64::MAX), None);
            assert_eq!(cx.dropped(), 1);
            let held = cx.unsettled(store()).get(&"k".to_owned()).unwrap();
            assert_eq!(held.map(|row| row.value), Some(1));
        }
    }

    #[test]
    fn null_keys_and_values_are_dropped() {
        let sum: Reduce<Option<String>, Option<i64>, _> =
            Reduce::new(NodeId(0), |a: i64, b: i64| a + b, store(), None);
        let mut cx = with_store::<String, i64>(false, false);
        assert_eq!(sum.run(&mut cx, at(1, None, Some(1))).unwrap(), None);
        assert_eq!(sum.run(&mut cx, at(1, Some("k".into()), None)).unwrap(), None);
        assert_eq!(cx.dropped(), 2);
    }
}
