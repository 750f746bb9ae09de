//! Joins of two tables by their key.

use std::sync::Arc;

use super::builder::types;
use super::serdes::SerdePair;
use super::{KTable, StreamsBuilder, TableOpOptions};
use crate::error::UserError;
use crate::operator::{
    Inner, Joiner, Left, OfValues, Outer, TableJoin, TableJoinKind, TableJoinLeft, TableJoinRight,
    Try,
};
use crate::serdes::HasSerde;
use crate::store::StoreRef;
use crate::topology::NodeId;
use crate::topology::graph::{NewNode, NodeKind, TableJoinNode, TableRole, TableState};
use crate::topology::naming::prefix;

/// A recorded join of tables: its handle, the operators of both sides, and what they share.
pub(super) type TablesJoined<K, W, J> =
    (KTable<K, W>, TableJoinLeft<K, W, J>, TableJoinRight<K, W, J>, TableJoin<K, W, J>);

/// Both forms of one kind of join.
macro_rules! forms {
    ($(#[$docs:meta])* $kind:ident($left:ty, $right:ty): $plain:ident $try:ident) => {
        $(#[$docs])*
        pub fn $plain<O, W, F>(
            self,
            b: &mut StreamsBuilder,
            other: KTable<K, O>,
            joiner: F,
            options: impl Into<TableOpOptions<K, W>>,
        ) -> TablesJoined<K, W, Joiner<F, $kind, OfValues>>
        where
            K: HasSerde,
            W: HasSerde,
            F: Fn($left, $right) -> W + Send + Sync + 'static,
        {
            self.joined(b, other.node, TableJoinKind::$kind, Joiner::new(joiner), options.into())
        }

        #[doc = super::join_docs::fallible!($plain, "KTable")]
        pub fn $try<O, W, E, F>(
            self,
            b: &mut StreamsBuilder,
            other: KTable<K, O>,
            joiner: F,
            options: impl Into<TableOpOptions<K, W>>,
        ) -> TablesJoined<K, W, Joiner<F, $kind, Try<OfValues>>>
        where
            K: HasSerde,
            W: HasSerde,
            E: Into<UserError>,
            F: Fn($left, $right) -> Result<W, E> + Send + Sync + 'static,
        {
            self.joined(b, other.node, TableJoinKind::$kind, Joiner::new(joiner), options.into())
        }
    };
}

impl<K, V> KTable<K, V> {
    forms! {
        /// Joins the rows of both tables that have the same key.
        ///
        /// An update of either side updates the result, under the later time of both rows; the result's row
        /// goes when one of them does. Both tables are kept in stores; the result only with `Materialized`.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     let stock = table::<String, i64>("stock");
        ///     let sold = table::<String, i64>("sold");
        ///     stock.join(sold, |stock, sold| stock - sold).to_stream().to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("stock").pipe("tea", 9, 0)?;
        /// driver.input::<String, i64>("sold").pipe("tea", 2, 0)?;
        /// assert_eq!(driver.output::<String, i64>("out").values()?, [7]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        Inner(V, O): join try_join
    }

    forms! {
        /// Joins each row of this table with the row of the same key of `other`, or with `None`.
        ///
        /// As [`join`](KTable::join), but a row of this table is enough for a row of the result. Both tables
        /// must know the values before an update.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     let stock = table::<String, i64>("stock");
        ///     let sold = table::<String, i64>("sold");
        ///     stock.left_join(sold, |stock, sold| stock - sold.unwrap_or(0)).to_stream().to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("stock").pipe("tea", 9, 0)?;
        /// driver.input::<String, i64>("sold").pipe("tea", 2, 0)?;
        /// assert_eq!(driver.output::<String, i64>("out").values()?, [9, 7]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        Left(V, Option<O>): left_join try_left_join
    }

    forms! {
        /// Joins the rows of both tables by key; a side without a row gives `None`.
        ///
        /// As [`join`](KTable::join), but a row of one of the tables is enough for a row of the result. Both
        /// tables must know the values before an update.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     let up = table::<String, i64>("up");
        ///     let down = table::<String, i64>("down");
        ///     up.outer_join(down, |up, down| up.unwrap_or(0) - down.unwrap_or(0)).to_stream().to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("down").pipe("tea", 2, 0)?;
        /// driver.input::<String, i64>("up").pipe("tea", 9, 0)?;
        /// assert_eq!(driver.output::<String, i64>("out").values()?, [-2, 7]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        Outer(Option<V>, Option<O>): outer_join try_outer_join
    }

    fn joined<W, J>(
        self,
        b: &mut StreamsBuilder,
        other: NodeId,
        kind: TableJoinKind,
        joiner: J,
        options: TableOpOptions<K, W>,
    ) -> TablesJoined<K, W, J>
    where
        K: HasSerde,
        W: HasSerde,
    {
        let TableOpOptions { named, materialized } = options;
        let named = named.given();
        let store_name = materialized.as_ref().map(|materialized| {
            let given = materialized.store.as_deref();
            b.graph.store_name(given, prefix::TABLE_MERGE, materialized.logged())
        });
        let name = b.graph.node_name(named, prefix::TABLE_MERGE);
        b.graph.copartition_nodes(self.node, other);
        if kind != TableJoinKind::Inner {
            b.graph.send_old_values(self.node, true);
        }
        if kind == TableJoinKind::Outer {
            b.graph.send_old_values(other, true);
        }
        let stores = [b.graph.view_stores(self.node), b.graph.view_stores(other)];
        let this = b.graph.suffixed_name(named, "-join-this", prefix::TABLE_JOIN_THIS);
        let that = b.graph.suffixed_name(named, "-join-other", prefix::TABLE_JOIN_OTHER);
        let key = b.serdes(self.node).key;
        let given = materialized.as_ref().map(|m| m.serdes.clone()).unwrap_or_default();
        let serdes = SerdePair { key: given.key.or(&key), value: given.value };
        let store = materialized.zip(store_name).map(|(materialized, store_name)| {
            b.add_store(&materialized, store_name, &serdes, false)
        });
        let sides = [this, that];
        let join = TableJoinNode {
            sides: sides.clone(),
            tables: [self.node, other],
            stores,
            result: store.map(StoreRef::ix),
        };
        let role = TableRole::Joined(self.node, other);
        let new = NewNode {
            table: Some(TableState { role, materialized: store.is_some(), sends_old: false }),
            types: types::<K, W>(),
            ..NewNode::new(name, NodeKind::TableJoin(join))
        };
        let node = b.add(&[self.node, other], new);
        b.set_serdes(node, serdes);
        let [this, that] = sides.map(|side| b.graph.add_part(node, side));
        let join = TableJoin { node, kind, joiner: Arc::new(joiner), store };
        let left = TableJoinLeft::new(this, join.clone());
        (KTable::new(node), left, TableJoinRight::new(that, join.clone()), join)
    }
}
