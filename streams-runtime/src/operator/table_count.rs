//! `count` of a grouped table.

use super::materialize::{Materializes, update_row};
use super::repartition::Repartition;
use crate::context::Context;
use crate::error::Stop;
use crate::record::{Change, Record};
use crate::store::{StoreRef, TableStore, ValueAndTimestamp};
use crate::topology::NodeId;

/// Counts the rows of a table in each group.
///
/// A group that loses its last row counts 0 and stays. The count's time is the highest of its updates.
/// Needs a repartition topic, and a store, which is logged. Java: `KGroupedTable#count`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     table::<String, i64>("in")
///         .group_by(|_, n| (n % 2, *n))
///         .count("counts")
///         .to_stream()
///         .to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 3), ("a", 5)], 0)?;
/// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(1, 1), (1, 2), (1, 2)]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct TableCount<K, V> {
    pub(crate) node: NodeId,
    pub(crate) store: StoreRef<TableStore<K, i64>>,
    pub(crate) repartition: Repartition<K, Change<V>>,
}

impl<K, V: 'static> TableCount<K, V> {
    pub(crate) fn new(
        node: NodeId,
        store: StoreRef<TableStore<K, i64>>,
        repartition: Repartition<K, Change<V>>,
    ) -> Self {
        Self { node, store, repartition }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The cut before the aggregation.
    pub fn repartition(&self) -> Repartition<K, Change<V>> {
        self.repartition.clone()
    }

    /// The new count, unless the cache keeps it for later.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<i64>>>, Stop>
    where
        K: Clone + Send + 'static,
    {
        cx.entering(self.node, &record);
        let Record { key, value: Change { new, old, .. }, timestamp, headers } = record;
        cx.at_parts(timestamp, &headers);
        let want_old = cx.node(self.node).sends_old;
        let written = update_row(cx, self.store, &key, want_old, |row| {
            let mut time = timestamp;
            let mut count = row.as_ref().map(|row| row.value);
            let before = row.as_ref().map_or(timestamp, |row| row.timestamp);
            if let (Some(_), Some(held)) = (old, count) {
                count = Some(held.wrapping_sub(1));
                time = timestamp.max(before);
            }
            if new.is_some() {
                count = Some(count.unwrap_or(0).wrapping_add(1));
                time = timestamp.max(before);
            }
            *row = count.map(|value| ValueAndTimestamp { value, timestamp: time });
            Ok(time)
        });
        match written {
            Ok(written) => {
                Ok(written.map(|(value, timestamp)| Record { key, value, timestamp, headers }))
            }
            Err(error) => error.handle(cx, self.node).map(|()| None),
        }
    }
}

impl<K, V> Materializes<K, i64> for TableCount<K, V> {
    type Store = TableStore<K, i64>;

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
    use crate::serdes::HasSerde;
    use crate::topology::StoreIx;

    #[test]
    fn a_group_without_rows_counts_zero() {
        let changes = crate::serdes::ChangedSerde::new(String::serde());
        let cut = Repartition::new(NodeId(1), String::serde(), std::sync::Arc::new(changes));
        let count = TableCount::new(NodeId(0), StoreRef::new(StoreIx(0)), cut);
        let mut cx = with_store::<String, i64>(false, false);
        let mut run = |ms, old: Option<&str>, new: Option<&str>| {
            let change = Change::latest(new.map(str::to_owned), old.map(str::to_owned));
            let counted = count.run(&mut cx, at(ms, "g".to_owned(), change)).unwrap();
            counted.map(|record| (record.value.new, record.timestamp.as_millis()))
        };
        assert_eq!(run(5, None, Some("a")), Some((Some(1), 5)));
        assert_eq!(run(6, Some("a"), Some("b")), Some((Some(1), 6)));
        assert_eq!(run(3, Some("b"), None), Some((Some(0), 6)));
    }
}
