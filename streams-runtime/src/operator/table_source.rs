//! `table` and `to_table`: a stream of updates becomes a table.

use super::materialize::{Materializes, Update, update_row};
use super::repartition::Repartition;
use crate::context::Context;
use crate::error::Stop;
use crate::record::{Change, Record};
use crate::serdes::Nullable;
use crate::store::{StoreRef, TableStore, ValueAndTimestamp};
use crate::topology::NodeId;

/// Reads a topic as a table: each record is the new value of its key, a null value deletes the row.
///
/// Records with a null key are dropped and counted. Updates apply in the order of offsets; one with an
/// older time than its row is logged and applied. In a versioned store (`Stores::
/// persistent_versioned_key_value_store`) they apply in the order of time: an older one becomes a version of
/// the past, and one before the history is dropped and counted. There is a store when it was named, or when an
/// operator downstream needs it. Java: `StreamsBuilder#table`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     table::<String, i64>("in", "rows").to_stream().to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
/// let mut rows = driver.key_value_store::<String, i64>("rows")?;
/// assert_eq!(rows.all()?, [("a".to_owned(), 2)]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct TableSource<K, V> {
    pub(crate) node: NodeId,
    pub(crate) store: StoreRef<TableStore<K, V>>,
}

/// Reads a stream as a table; see [`TableSource`]. Java: `KStream#toTable`.
pub struct ToTable<K: Nullable, V: Nullable> {
    pub(crate) node: NodeId,
    pub(crate) store: StoreRef<TableStore<K::NonNull, V::NonNull>>,
    pub(crate) repartition: Option<Repartition<K, V>>,
}

impl<K, V> TableSource<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    pub(crate) fn new(node: NodeId, store: StoreRef<TableStore<K, V>>) -> Self {
        Self { node, store }
    }

    /// The update, unless its key is null or the cache keeps it for later.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<Option<K>, Option<V>>,
    ) -> Result<Option<Record<K, Change<V>>>, Stop> {
        let Record { key, value, timestamp, headers } = record;
        update(cx, self.node, self.store, Record { key, value, timestamp, headers })
    }
}

impl<K: Nullable, V: Nullable> ToTable<K, V> {
    pub(crate) fn new(
        node: NodeId,
        store: StoreRef<TableStore<K::NonNull, V::NonNull>>,
        repartition: Option<Repartition<K, V>>,
    ) -> Self {
        Self { node, store, repartition }
    }

    /// The cut before the table.
    ///
    /// # Panics
    /// When the key did not change, so that there is none.
    pub fn repartition(&self) -> Repartition<K, V> {
        self.repartition.clone().expect("invariant: the key changed, so there is a repartition")
    }

    /// The update, unless its key is null or the cache keeps it for later.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Update<K, V::NonNull>>, Stop> {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let (key, value) = (key.into_non_null(), value.into_non_null());
        update(cx, self.node, self.store, Record { key, value, timestamp, headers })
    }
}

#[inline]
fn update<K, V>(
    cx: &mut Context,
    node: NodeId,
    store: StoreRef<TableStore<K, V>>,
    record: Record<Option<K>, Option<V>>,
) -> Result<Option<Record<K, Change<V>>>, Stop>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    let Record { key, value: new, timestamp, headers } = record;
    let Some(key) = key else {
        cx.drop_record(
            node,
            "its key is null, which is no row of a table; filter such records before",
        );
        return Ok(None);
    };
    let facts = cx.node(node);
    if !facts.materialized {
        let value = Change::latest(new, None);
        return Ok(Some(Record { key, value, timestamp, headers }));
    }
    let sends_old = facts.sends_old;
    cx.at_parts(timestamp, &headers);
    let mut row_time = None;
    let written = update_row(cx, store, &key, sends_old, |row| {
        row_time = row.as_ref().map(|row| row.timestamp);
        *row = new.map(|value| ValueAndTimestamp { value, timestamp });
        Ok(timestamp)
    });
    if row_time.is_some_and(|row| row > timestamp) && !cx.unsettled(store).is_versioned() {
        out_of_order(cx, node);
    }
    match written {
        Ok(written) => Ok(written.map(|(value, _)| Record { key, value, timestamp, headers })),
        Err(error) => error.handle(cx, node).map(|()| None),
    }
}

#[cold]
fn out_of_order(cx: &Context, node: NodeId) {
    tracing::warn!(
        task = %cx.task_id(), topic = %cx.record().topic, partition = cx.record().partition,
        offset = cx.record().offset, operator = %cx.node(node).name,
        "a table's update is older than the row it replaces; a versioned store would keep both"
    );
}

impl<K, V> Materializes<K, V> for TableSource<K, V> {
    type Store = TableStore<K, V>;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        Some(self.store)
    }
}

impl<K: Nullable, V: Nullable> Materializes<K::NonNull, V::NonNull> for ToTable<K, V> {
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
    use crate::operator::testing::{at, context, with_store};
    use crate::topology::StoreIx;

    type Row = Record<String, Change<i64>>;

    fn run(cx: &mut Context, ms: u32, key: Option<&str>, value: Option<i64>) -> Option<Row> {
        let table = TableSource::new(NodeId(0), StoreRef::new(StoreIx(0)));
        table.run(cx, at(ms, key.map(str::to_owned), value)).unwrap()
    }

    fn row(ms: u32, new: Option<i64>, old: Option<i64>) -> Option<Row> {
        Some(at(ms, "k".to_owned(), Change::latest(new, old)))
    }

    #[test]
    fn without_a_store_old_values_are_not_known() {
        let mut cx = context();
        assert_eq!(run(&mut cx, 5, Some("k"), Some(1)), row(5, Some(1), None));
        assert_eq!(run(&mut cx, 4, Some("k"), None), row(4, None, None));
        assert_eq!(run(&mut cx, 4, None, Some(1)), None);
        assert_eq!(cx.dropped(), 1);
    }

    #[test]
    fn updates_apply_in_the_order_of_offsets() {
        let mut cx = with_store::<String, i64>(false, true);
        assert_eq!(run(&mut cx, 5, Some("k"), Some(1)), row(5, Some(1), None));
        assert_eq!(run(&mut cx, 3, Some("k"), Some(2)), row(3, Some(2), Some(1)));
        assert_eq!(run(&mut cx, 4, Some("k"), None), row(4, None, Some(2)));
    }

    #[test]
    fn to_table_is_the_same_for_a_stream() {
        let table: ToTable<String, Option<i64>> =
            ToTable::new(NodeId(0), StoreRef::new(StoreIx(0)), None);
        let mut cx = with_store::<String, i64>(false, true);
        assert_eq!(
            table.run(&mut cx, at(5, "k".to_owned(), Some(1))).unwrap(),
            row(5, Some(1), None)
        );
        assert_eq!(table.run(&mut cx, at(6, "k".to_owned(), None)).unwrap(), row(6, None, Some(1)));
    }
}
