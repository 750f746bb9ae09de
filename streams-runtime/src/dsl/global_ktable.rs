//! `GlobalKTable`: a table that every instance holds completely.

use super::StreamsBuilder;
use crate::processor::{GlobalStore, StoreHandle, TimestampedKeyValueStore};
use crate::store::{StoreRef, TableStore};
use crate::topology::NodeId;

/// A topic as a table of which every instance has all rows.
///
/// It is no stream: it serves lookups of joins, and queries. Updates apply in the order of each
/// partition. Java: `org.apache.kafka.streams.kstream.GlobalKTable`.
pub struct GlobalKTable<K, V> {
    node: NodeId,
    store: StoreRef<TableStore<K, V>>,
}

impl<K, V> Clone for GlobalKTable<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for GlobalKTable<K, V> {}

impl<K, V> std::fmt::Debug for GlobalKTable<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GlobalKTable({})", self.node.0)
    }
}

impl<K, V> GlobalKTable<K, V> {
    pub(crate) fn new(node: NodeId, store: StoreRef<TableStore<K, V>>) -> Self {
        Self { node, store }
    }

    /// The node that fills the table.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The store that holds the rows.
    pub(crate) fn rows(&self) -> StoreRef<TableStore<K, V>> {
        self.store
    }

    /// The store of this table, for a processor to read: `process(look_up, countries.store())`.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn full_name(
    ///     record: Record<String, String>,
    ///     ctx: &mut ProcessorContext<'_, String, String>,
    ///     countries: &GlobalStore<TimestampedKeyValueStore<String, String>>,
    /// ) {
    ///     let name = countries.get(&record.value).map(|row| row.value);
    ///     ctx.forward(record.with_value(name.unwrap_or_default()));
    /// }
    ///
    /// let topology = topology!({
    ///     let countries = global_table::<String, String>("countries", "countries");
    ///     stream::<String, String>("in").process(full_name, countries.store()).to("out");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, String>("countries").pipe("fr", "France", 0)?;
    /// driver.input::<String, String>("in").pipe("a", "fr", 0)?;
    /// assert_eq!(driver.output::<String, String>("out").values()?, ["France"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn store(
        self,
        _: &mut StreamsBuilder,
    ) -> StoreHandle<GlobalStore<TimestampedKeyValueStore<'static, K, V>>> {
        StoreHandle::new(self.store.ix())
    }
}
