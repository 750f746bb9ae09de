//! A stream's records with the rows of a global table, inner and left.

use super::FindsKey;
use super::join_stream_table::NULL_KEY_OR_VALUE;
use super::joiner::Joins;
use crate::context::Context;
use crate::error::Stop;
use crate::record::Record;
use crate::serdes::Nullable;
use crate::store::{StoreRef, TableStore};
use crate::topology::NodeId;

/// Joins each record of a stream with the row of a global table whose key a selector finds.
///
/// Only the stream's records bring results, with their own time and headers. Any instance has all rows,
/// so nothing is repartitioned; there is no order between the stream and the table's updates. Records
/// with a null value are dropped and counted, in an inner join also those whose selector gives null;
/// a left join gives its joiner `None` there. The record's own key may be null. Each record costs one
/// lookup. Java: `KStreamGlobalKTableJoin`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let names = global_table::<i64, String>("names", "names");
///     stream::<String, i64>("visits")
///         .left_join(names, |_, id| *id, |id, name| name.unwrap_or_else(|| format!("#{id}")))
///         .to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<i64, String>("names").pipe(1, "ann", 0)?;
/// driver.input::<String, i64>("visits").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.output::<String, String>("out").values()?, ["ann", "#2"]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct StreamGlobalJoin<GK, GV, S, J> {
    pub(crate) node: NodeId,
    pub(crate) left: bool,
    pub(crate) selector: S,
    pub(crate) joiner: J,
    pub(crate) store: StoreRef<TableStore<GK, GV>>,
}

impl<GK, GV, S, J> StreamGlobalJoin<GK, GV, S, J> {
    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The joined record, if there is one.
    ///
    /// # Errors
    /// When the store fails, and when the joiner fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V, L>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<K, J::Joined>>, Stop>
    where
        V: Nullable,
        L: FindsKey<GK>,
        GK: Clone + Send + 'static,
        GV: Clone + Send + 'static,
        S: Fn(&K, &V) -> L,
        J: Joins<K, V::NonNull, GV>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        // Java asks the selector before it looks at the value
        let row_key = (self.selector)(&key, &value).into_non_null();
        let Some(value) = value.into_non_null().filter(|_| self.left || row_key.is_some()) else {
            cx.drop_record(self.node, NULL_KEY_OR_VALUE);
            return Ok(None);
        };
        let row = match row_key {
            // a global store has no cache
            Some(row_key) => cx.unsettled(self.store).get(&row_key)?.map(|row| row.value),
            None => None,
        };
        match self.joiner.join(&key, Some(value), row) {
            Ok(joined) => Ok(joined.map(|value| Record { key, value, timestamp, headers })),
            Err(error) => {
                cx.at_parts(timestamp, &headers);
                error.handle(cx, self.node).map(|()| None)
            }
        }
    }
}
