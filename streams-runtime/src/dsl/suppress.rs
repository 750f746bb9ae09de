//! `KTable::suppress`.

use super::builder::types;
use super::options::{SuppressPlan, Suppression};
use super::topology::StoreDecl;
use super::{FlushEntry, KTable, StreamsBuilder};
use crate::operator::{Suppress, SuppressRules, log_buffer};
use crate::serdes::HasSerde;
use crate::store::{StoreRef, suppress_buffer_maker};
use crate::topology::StoreType;
use crate::topology::graph::{NewNode, NodeKind, StoreNode, TableRole, TableState};
use crate::topology::naming::prefix;

impl<K: HasSerde, V: HasSerde> KTable<K, V> {
    /// Holds the table's updates back until a window closes or some time has passed.
    ///
    /// Only the last update of a key goes on, with its own time. Until a window closes, deletions of rows
    /// that were never sent on are dropped. What waits is kept in memory and in a changelog.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in")
    ///         .group_by_key()
    ///         .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(10)))
    ///         .count("counts")
    ///         .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
    ///         .to_stream(|windowed, _| windowed.start)
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 1)], 0)?;
    /// driver.input::<String, i64>("in").pipe("a", 1, 10)?;
    /// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(0, 2)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn suppress(
        self,
        b: &mut StreamsBuilder,
        suppressed: impl Suppression<K>,
    ) -> (Self, Suppress<K, V>) {
        if b.graph.is_versioned(self.node) {
            let table = b.graph.node(self.node).name.clone();
            b.graph.problem(format!(
                "`suppress` stands on `{table}`, which is versioned, itself or through the tables that it is \
                 made of; suppress works on other tables only: keep this one in another kind of store"
            ));
        }
        let SuppressPlan { name: given, buffer, limit_ms, time_of } = suppressed.plan();
        let name = match &given {
            Some(given) => b.graph.checked_name("processor", given),
            None => b.graph.generated_name(prefix::TABLE_SUPPRESS),
        };
        let store_name = match &given {
            Some(given) => format!("{given}-store"),
            None => b.graph.store_name(None, prefix::TABLE_SUPPRESS, buffer.logging),
        };
        let ix = b.graph.add_store(StoreNode {
            name: store_name,
            logging: buffer.logging,
            caching: false,
            store_type: Some(StoreType::InMemory),
            global: false,
            topic_config: buffer.topic_config.clone(),
            retention_ms: None,
        });
        let serdes = b.serdes(self.node);
        let (key, value) = (serdes.key.at_store::<K>(), serdes.value.at_store::<V>());
        b.declare(ix, StoreDecl::of(suppress_buffer_maker(key, value)));
        let role = TableRole::Suppressed(self.node);
        let new = NewNode {
            table: Some(TableState { role, materialized: true, sends_old: false }),
            types: types::<K, V>(),
            ..NewNode::new(name, NodeKind::Processor { stores: vec![ix] })
        };
        let node = b.add(&[self.node], new);
        b.inherit(self.node, node);
        // the buffer keeps the value before the first update that waits
        b.graph.send_old_values(self.node, true);
        b.graph.set_sends_old(node, true);
        let wait_ms = limit_ms.or_else(|| b.graph.grace_at(self.node));
        if wait_ms.is_none() {
            b.graph.problem(
                "`suppress` until a window closes stands on a table whose windows are not known here; \
                 suppress the windowed aggregation itself",
            );
        }
        let store = StoreRef::new(ix);
        b.on_commit(FlushEntry { node, store: ix, flush: log_buffer(store), always: true });
        let rules = SuppressRules {
            wait_ms: wait_ms.unwrap_or(0),
            max_records: buffer.max_records,
            max_bytes: buffer.max_bytes,
            emit_early: buffer.emit_early,
            drops_tombstones: limit_ms.is_none(),
        };
        (Self::new(node), Suppress { node, rules, time_of, store })
    }
}
