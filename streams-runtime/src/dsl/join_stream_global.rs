//! Joins of a stream with a global table.

use super::builder::types;
use super::serdes::{SerdePair, SerdeSlot};
use super::{GlobalKTable, KStream, Named, StreamsBuilder};
use crate::operator::StreamGlobalJoin;
use crate::serdes::Nullable;
use crate::topology::NodeId;
use crate::topology::graph::{NewNode, NodeKind};
use crate::topology::naming::prefix;

impl<K, V> KStream<K, V> {
    /// Joins each record with the row of `table` whose key `selector` finds; without a row it is dropped.
    ///
    /// In `topology!` this is `join`. Only the stream's records bring results, with their time and
    /// headers; records with a null value, or for which `selector` gives null, are dropped and counted.
    /// The stream's own key may be null and is never repartitioned. Costs one lookup.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let names = global_table::<i64, String>("names", "names");
    ///     stream::<String, i64>("visits").join(names, |_, id| *id, |_, name| name).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<i64, String>("names").pipe(1, "ann", 0)?;
    /// driver.input::<String, i64>("visits").pipe_all([("a", 1), ("b", 2)], 0)?;
    /// assert_eq!(driver.output::<String, String>("out").values()?, ["ann"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn join_global_table<GK, GV, L, W, S, F>(
        self,
        b: &mut StreamsBuilder,
        table: GlobalKTable<GK, GV>,
        selector: S,
        joiner: F,
        options: impl Into<Named>,
    ) -> (
        KStream<K, W>,
        StreamGlobalJoin<
            GK,
            GV,
            S,
            impl Fn(&K, V::NonNull, Option<GV>) -> Option<W> + Send + Sync + 'static,
        >,
    )
    where
        V: Nullable,
        L: Nullable<NonNull = GK>,
        S: Fn(&K, &V) -> L + Send + Sync + 'static,
        F: Fn(V::NonNull, GV) -> W + Send + Sync + 'static,
    {
        let joiner = move |_: &K, value, row: Option<GV>| Some(joiner(value, row?));
        let node = self.with_global_table::<W>(b, false, &options.into());
        let store = table.store();
        (KStream::new(node), StreamGlobalJoin { node, left: false, selector, joiner, store })
    }

    /// [`join_global_table`](KStream::join_global_table) with a joiner that also sees the stream's
    /// key; in `topology!` this is `join` with `|key, value, row|`.
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn join_global_table_with_key<GK, GV, L, W, S, F>(
        self,
        b: &mut StreamsBuilder,
        table: GlobalKTable<GK, GV>,
        selector: S,
        joiner: F,
        options: impl Into<Named>,
    ) -> (
        KStream<K, W>,
        StreamGlobalJoin<
            GK,
            GV,
            S,
            impl Fn(&K, V::NonNull, Option<GV>) -> Option<W> + Send + Sync + 'static,
        >,
    )
    where
        V: Nullable,
        L: Nullable<NonNull = GK>,
        S: Fn(&K, &V) -> L + Send + Sync + 'static,
        F: Fn(&K, V::NonNull, GV) -> W + Send + Sync + 'static,
    {
        let joiner = move |key: &K, value, row: Option<GV>| Some(joiner(key, value, row?));
        let node = self.with_global_table::<W>(b, false, &options.into());
        let store = table.store();
        (KStream::new(node), StreamGlobalJoin { node, left: false, selector, joiner, store })
    }

    /// Joins each record with the row of `table` whose key `selector` finds, or with `None`.
    ///
    /// In `topology!` this is `left_join`. As [`join_global_table`](KStream::join_global_table), but a
    /// record for which `selector` gives null is one without a row.
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
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<i64, String>("names").pipe(1, "ann", 0)?;
    /// driver.input::<String, i64>("visits").pipe_all([("a", 1), ("b", 2)], 0)?;
    /// assert_eq!(driver.output::<String, String>("out").values()?, ["ann", "#2"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn left_join_global_table<GK, GV, L, W, S, F>(
        self,
        b: &mut StreamsBuilder,
        table: GlobalKTable<GK, GV>,
        selector: S,
        joiner: F,
        options: impl Into<Named>,
    ) -> (
        KStream<K, W>,
        StreamGlobalJoin<
            GK,
            GV,
            S,
            impl Fn(&K, V::NonNull, Option<GV>) -> Option<W> + Send + Sync + 'static,
        >,
    )
    where
        V: Nullable,
        L: Nullable<NonNull = GK>,
        S: Fn(&K, &V) -> L + Send + Sync + 'static,
        F: Fn(V::NonNull, Option<GV>) -> W + Send + Sync + 'static,
    {
        let joiner = move |_: &K, value, row: Option<GV>| Some(joiner(value, row));
        let node = self.with_global_table::<W>(b, true, &options.into());
        let store = table.store();
        (KStream::new(node), StreamGlobalJoin { node, left: true, selector, joiner, store })
    }

    /// [`left_join_global_table`](KStream::left_join_global_table) with a joiner that also sees the stream's
    /// key; in `topology!` this is `left_join` with `|key, value, row|`.
    #[expect(clippy::type_complexity, reason = "the generated code takes the two apart at once")]
    pub fn left_join_global_table_with_key<GK, GV, L, W, S, F>(
        self,
        b: &mut StreamsBuilder,
        table: GlobalKTable<GK, GV>,
        selector: S,
        joiner: F,
        options: impl Into<Named>,
    ) -> (
        KStream<K, W>,
        StreamGlobalJoin<
            GK,
            GV,
            S,
            impl Fn(&K, V::NonNull, Option<GV>) -> Option<W> + Send + Sync + 'static,
        >,
    )
    where
        V: Nullable,
        L: Nullable<NonNull = GK>,
        S: Fn(&K, &V) -> L + Send + Sync + 'static,
        F: Fn(&K, V::NonNull, Option<GV>) -> W + Send + Sync + 'static,
    {
        let joiner = move |key: &K, value, row: Option<GV>| Some(joiner(key, value, row));
        let node = self.with_global_table::<W>(b, true, &options.into());
        let store = table.store();
        (KStream::new(node), StreamGlobalJoin { node, left: true, selector, joiner, store })
    }

    fn with_global_table<W>(self, b: &mut StreamsBuilder, left: bool, named: &Named) -> NodeId {
        // Kafka Streams calls an inner join so, too
        let name = b.graph.node_name(named.given(), prefix::STREAM_LEFT_JOIN);
        let new = NewNode {
            rekeyed: b.graph.node(self.node).rekeyed,
            types: types::<K, W>(),
            ..NewNode::new(name, NodeKind::Processor { stores: Vec::new() })
        };
        let node = b.add(&[self.node], new);
        if left {
            b.graph.relax_null_keys(node);
        }
        let key = b.serdes(self.node).key;
        b.set_serdes(node, SerdePair { key, value: SerdeSlot::default() });
        node
    }
}
