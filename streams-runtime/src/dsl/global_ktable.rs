//! `GlobalKTable`: a table that every instance holds completely.

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
    pub fn store(&self) -> StoreRef<TableStore<K, V>> {
        self.store
    }
}
