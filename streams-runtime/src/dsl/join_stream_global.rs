//! Joins of a stream with a global table.

use super::builder::types;
use super::serdes::{SerdePair, SerdeSlot};
use super::{GlobalKTable, KStream, Named, StreamsBuilder};
use crate::error::UserError;
use crate::operator::{FindsKey, Inner, Joiner, Left, OfValues, StreamGlobalJoin, Try, WithKey};
use crate::serdes::Nullable;
use crate::topology::graph::{NewNode, NodeKind};
use crate::topology::naming::prefix;

/// The joined stream and its operator.
pub(super) type StreamGlobalJoined<K, W, GK, GV, S, J> =
    (KStream<K, W>, StreamGlobalJoin<GK, GV, S, J>);

/// The four forms of one kind of join.
macro_rules! forms {
    ($(#[$docs:meta])* $kind:ident($left:ty, $right:ty): $plain:ident $keyed:ident $try:ident $try_keyed:ident) => {
        $(#[$docs])*
        pub fn $plain<GK, GV, L, W, S, F>(
            self,
            b: &mut StreamsBuilder,
            table: GlobalKTable<GK, GV>,
            selector: S,
            joiner: F,
            options: impl Into<Named>,
        ) -> StreamGlobalJoined<K, W, GK, GV, S, Joiner<F, $kind, OfValues>>
        where
            V: Nullable,
            L: FindsKey<GK>,
            S: Fn(&K, &V) -> L + Send + Sync + 'static,
            F: Fn($left, $right) -> W + Send + Sync + 'static,
        {
            let joiner = Joiner::new(joiner);
            self.with_global_table(b, &table, $kind::KEEPS_LEFT, (selector, joiner), &options.into())
        }

        #[doc = super::join_docs::keyed!($plain, "KStream")]
        pub fn $keyed<GK, GV, L, W, S, F>(
            self,
            b: &mut StreamsBuilder,
            table: GlobalKTable<GK, GV>,
            selector: S,
            joiner: F,
            options: impl Into<Named>,
        ) -> StreamGlobalJoined<K, W, GK, GV, S, Joiner<F, $kind, WithKey>>
        where
            V: Nullable,
            L: FindsKey<GK>,
            S: Fn(&K, &V) -> L + Send + Sync + 'static,
            F: Fn(&K, $left, $right) -> W + Send + Sync + 'static,
        {
            let joiner = Joiner::new(joiner);
            self.with_global_table(b, &table, $kind::KEEPS_LEFT, (selector, joiner), &options.into())
        }

        #[doc = super::join_docs::fallible!($plain, "KStream")]
        pub fn $try<GK, GV, L, W, E, S, F>(
            self,
            b: &mut StreamsBuilder,
            table: GlobalKTable<GK, GV>,
            selector: S,
            joiner: F,
            options: impl Into<Named>,
        ) -> StreamGlobalJoined<K, W, GK, GV, S, Joiner<F, $kind, Try<OfValues>>>
        where
            V: Nullable,
            L: FindsKey<GK>,
            S: Fn(&K, &V) -> L + Send + Sync + 'static,
            E: Into<UserError>,
            F: Fn($left, $right) -> Result<W, E> + Send + Sync + 'static,
        {
            let joiner = Joiner::new(joiner);
            self.with_global_table(b, &table, $kind::KEEPS_LEFT, (selector, joiner), &options.into())
        }

        #[doc = super::join_docs::fallible!($keyed, "KStream")]
        pub fn $try_keyed<GK, GV, L, W, E, S, F>(
            self,
            b: &mut StreamsBuilder,
            table: GlobalKTable<GK, GV>,
            selector: S,
            joiner: F,
            options: impl Into<Named>,
        ) -> StreamGlobalJoined<K, W, GK, GV, S, Joiner<F, $kind, Try<WithKey>>>
        where
            V: Nullable,
            L: FindsKey<GK>,
            S: Fn(&K, &V) -> L + Send + Sync + 'static,
            E: Into<UserError>,
            F: Fn(&K, $left, $right) -> Result<W, E> + Send + Sync + 'static,
        {
            let joiner = Joiner::new(joiner);
            self.with_global_table(b, &table, $kind::KEEPS_LEFT, (selector, joiner), &options.into())
        }
    };
}

impl<K, V> KStream<K, V> {
    forms! {
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
        Inner(V::NonNull, GV): join_global_table join_global_table_with_key try_join_global_table try_join_global_table_with_key
    }

    forms! {
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
        Left(V::NonNull, Option<GV>): left_join_global_table left_join_global_table_with_key try_left_join_global_table try_left_join_global_table_with_key
    }

    fn with_global_table<W, GK, GV, S, J>(
        self,
        b: &mut StreamsBuilder,
        table: &GlobalKTable<GK, GV>,
        left: bool,
        (selector, joiner): (S, J),
        named: &Named,
    ) -> StreamGlobalJoined<K, W, GK, GV, S, J> {
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
        let store = table.rows();
        (KStream::new(node), StreamGlobalJoin { node, left, selector, joiner, store })
    }
}
