//! `count` of a grouped stream.

use super::materialize::{Materializes, Update, update_row};
use super::repartition::Repartition;
use crate::context::Context;
use crate::error::Stop;
use crate::record::Record;
use crate::serdes::Nullable;
use crate::store::{StoreRef, TableStore, ValueAndTimestamp};
use crate::topology::NodeId;

/// Counts the records of each key.
///
/// Records with a null key or value are dropped and counted as such. The count's time is the highest
/// of its records, so their order does not matter. Every record writes to the store, which is logged.
/// Java: `KGroupedStream#count`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").group_by_key().count("counts").to_stream().to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// driver.input::<String, i64>("in").pipe("a", 7, 5)?;
/// assert_eq!(driver.output::<String, i64>("out").key_values()?, [("a".to_owned(), 1), ("b".to_owned(), 1), ("a".to_owned(), 2)]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct Count<K: Nullable, V> {
    pub(crate) node: NodeId,
    pub(crate) store: StoreRef<TableStore<K::NonNull, i64>>,
    pub(crate) repartition: Option<Repartition<K, V>>,
}

impl<K: Nullable, V> Count<K, V> {
    pub(crate) fn new(
        node: NodeId,
        store: StoreRef<TableStore<K::NonNull, i64>>,
        repartition: Option<Repartition<K, V>>,
    ) -> Self {
        Self { node, store, repartition }
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

    /// The new count, unless the cache keeps it for later.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Update<K, i64>>, Stop>
    where
        V: Nullable,
    {
        cx.entering(self.node, &record);
        // by reference: a hit in the cache never moves the key
        let Some(key) = record.key.as_non_null().filter(|_| !record.value.is_null()) else {
            cx.drop_record(self.node, super::NULL_KEY_OR_VALUE);
            return Ok(None);
        };
        cx.at(&record);
        let timestamp = record.timestamp;
        let want_old = cx.node(self.node).sends_old;
        let written = update_row(cx, self.store, key, want_old, |row| {
            let (value, timestamp) = match row {
                Some(row) => (row.value.wrapping_add(1), row.timestamp.max(timestamp)),
                None => (1, timestamp),
            };
            *row = Some(ValueAndTimestamp { value, timestamp });
            Ok(timestamp)
        });
        match written {
            Ok(None) => Ok(None),
            Ok(Some((mut value, timestamp))) => {
                if want_old {
                    value.old = value.old.or(Some(0));
                }
                let Record { key, headers, .. } = record;
                Ok(key.into_non_null().map(|key| Record { key, value, timestamp, headers }))
            }
            Err(error) => error.handle(cx, self.node).map(|()| None),
        }
    }
}

impl<K: Nullable, V> Materializes<K::NonNull, i64> for Count<K, V> {
    type Store = TableStore<K::NonNull, i64>;

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

    fn count() -> Count<Option<String>, Option<String>> {
        Count::new(NodeId(0), StoreRef::new(StoreIx(0)), None)
    }

    #[track_caller]
    fn check(cx: &mut Context, ms: u32, key: &str, want: Option<(i64, Option<i64>, u32)>) {
        let record = at(ms, Some(key.to_owned()), Some("v".to_owned()));
        let got = count().run(cx, record).unwrap();
        let want =
            want.map(|(new, old, ms)| at(ms, key.to_owned(), Change::latest(Some(new), old)));
        assert_eq!(got, want);
    }

    #[test]
    fn without_a_cache_every_record_goes_on_with_the_highest_time() {
        let mut cx = with_store::<String, i64>(false, false);
        check(&mut cx, 5, "a", Some((1, None, 5)));
        check(&mut cx, 3, "a", Some((2, None, 5)));
        check(&mut cx, 9, "a", Some((3, None, 9)));
        check(&mut cx, 1, "b", Some((1, None, 1)));
    }

    #[test]
    fn the_first_old_value_is_what_counting_starts_from() {
        let mut cx = with_store::<String, i64>(false, true);
        check(&mut cx, 5, "a", Some((1, Some(0), 5)));
        check(&mut cx, 5, "a", Some((2, Some(1), 5)));
    }

    #[test]
    fn with_a_cache_nothing_goes_on_before_its_flush() {
        let mut cx = with_store::<String, i64>(true, false);
        check(&mut cx, 5, "a", None);
        check(&mut cx, 6, "a", None);
        let (store, out) = cx.unsettled_and_outbox(count().store);
        let flushed = store.take_dirty(out, true).unwrap();
        assert_eq!(flushed.len(), 1);
        let row = (flushed[0].new, flushed[0].old, flushed[0].timestamp.as_millis());
        assert_eq!(row, (Some(2), None, 6));
    }

    #[test]
    fn null_keys_and_values_are_dropped() {
        let mut cx = with_store::<String, i64>(false, false);
        let value = Some("v".to_owned());
        assert_eq!(count().run(&mut cx, at(1, None, value.clone())).unwrap(), None);
        assert_eq!(count().run(&mut cx, at(1, value, None)).unwrap(), None);
        assert_eq!(cx.dropped(), 2);
    }
}
