//! Two tables by their key: inner, left and outer.

use std::sync::Arc;

use super::joiner::Joins;
use super::materialize::{Materializes, look_up, put_row};
use super::view::{LookupError, NoView, View, row_as_of};
use crate::context::Context;
use crate::error::Stop;
use crate::record::{Change, Record};
use crate::store::{StoreRef, TableStore, ValueAndTimestamp};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Which rows a join of tables has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TableJoinKind {
    /// Keys that both tables have.
    Inner,
    /// Keys that the left table has.
    Left,
    /// Keys that one of the tables has.
    Outer,
}

/// What the two sides of a join share: the joiner, and the store of the result.
///
/// A result has the later of the two rows' times, so times of one key may go back. A row leaves the
/// result as soon as one of the rows it needs is gone; the joiner is never asked about two missing rows.
/// Every update of a side costs one lookup in the other table, which is kept in a store for it. The
/// result has a store of its own only when `Materialized` is given. Java: `KTableKTableJoinMerger`.
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
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("stock").pipe("tea", 9, 0)?;
/// driver.input::<String, i64>("sold").pipe("tea", 2, 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [9, 7]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct TableJoin<K, W, J> {
    pub(crate) node: NodeId,
    pub(crate) kind: TableJoinKind,
    pub(crate) joiner: Arc<J>,
    pub(crate) store: Option<StoreRef<TableStore<K, W>>>,
}

impl<K, W, J> Clone for TableJoin<K, W, J> {
    fn clone(&self) -> Self {
        let joiner = Arc::clone(&self.joiner);
        Self { node: self.node, kind: self.kind, joiner, store: self.store }
    }
}

/// The left side of a join of tables.
pub struct TableJoinLeft<K, W, J, G = NoView> {
    node: NodeId,
    join: TableJoin<K, W, J>,
    view: G,
}

/// The right side of a join of tables.
pub struct TableJoinRight<K, W, J, G = NoView> {
    node: NodeId,
    join: TableJoin<K, W, J>,
    view: G,
}

/// An update of one side as the other side's row is looked up for it.
struct Update<K, V, O> {
    record: Record<K, Change<V>>,
    other: Option<ValueAndTimestamp<O>>,
}

impl<K, W, J> TableJoin<K, W, J>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    /// The update of the result.
    ///
    /// `needs_other` is true when there is no result without the other side's row.
    #[inline]
    fn joined<V, O: Clone>(
        &self,
        cx: &mut Context,
        side: NodeId,
        needs_other: bool,
        update: Update<K, V, O>,
        join: impl Fn(&K, Option<V>, Option<O>) -> Result<Option<W>, LookupError>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop> {
        let Update { record: Record { key, value, timestamp, headers }, other } = update;
        let Change { new, old, is_latest } = value;
        if !is_latest && cx.node(side).versioned {
            cx.drop_record(side, "it is an update of a versioned table's past");
            return Ok(None);
        }
        let (other, timestamp) = match other {
            Some(row) => (Some(row.value), timestamp.max(row.timestamp)),
            None if needs_other || new.is_none() && old.is_none() => return Ok(None),
            None => (None, timestamp),
        };
        let sends_old = cx.node(self.node).sends_old;
        let joined = join(&key, new, other.clone()).and_then(|new| {
            let old = if sends_old { join(&key, old, other)? } else { None };
            Ok(Change { new, old, is_latest })
        });
        let value = match joined {
            Ok(value) => value,
            Err(error) => {
                cx.at_parts(timestamp, &headers);
                return error.handle(cx, side).map(|()| None);
            }
        };
        self.keep(cx, side, Record { key, value, timestamp, headers })
    }

    /// Writes the result to its store, if there is one; `Some` when it has to be forwarded now.
    fn keep(
        &self,
        cx: &mut Context,
        side: NodeId,
        record: Record<K, Change<W>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop> {
        let kept = cx.node(self.node).materialized;
        let Some(store) = self.store.filter(|_| kept) else { return Ok(Some(record)) };
        let Record { key, value: Change { new, old, .. }, timestamp, headers } = record;
        cx.at_parts(timestamp, &headers);
        match put_row(cx, store, &key, new, timestamp, None) {
            Ok(written) => Ok(written.map(|written| {
                let Change { new, is_latest, .. } = written;
                let value = Change { new, old, is_latest };
                Record { key, value, timestamp, headers }
            })),
            Err(error) => error.handle(cx, side).map(|()| None),
        }
    }

    /// The rows of the result: of its store, or joined on the way.
    pub fn view<G, H>(&self, left: G, right: H) -> JoinedView<K, W, J, G, H> {
        JoinedView { join: self.clone(), left, right }
    }
}

impl<K, W, J> Materializes<K, W> for TableJoin<K, W, J> {
    type Store = TableStore<K, W>;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        self.store
    }
}

macro_rules! side {
    ($($side:ident)*) => { $(
        impl<K, W, J> $side<K, W, J> {
            pub(crate) fn new(node: NodeId, join: TableJoin<K, W, J>) -> Self {
                Self { node, join, view: NoView }
            }

            /// The side with the other table's rows.
            pub fn with_view<G: View>(self, view: G) -> $side<K, W, J, G> {
                $side { node: self.node, join: self.join, view }
            }
        }

        impl<K, W, J, G> $side<K, W, J, G> {
            /// The node of the topology.
            pub fn node(&self) -> NodeId {
                self.node
            }
        }
    )* };
}
side!(TableJoinLeft TableJoinRight);

impl<K, W, J, G> TableJoinLeft<K, W, J, G>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
    G: View<Key = K>,
    G::Value: Clone,
{
    /// The result's update, unless nothing changes or the cache keeps it for later.
    ///
    /// # Errors
    /// When a store fails or the other row cannot be told, and when the joiner fails and the handler says
    /// fail.
    #[inline]
    pub fn run<V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        J: Joins<K, V, G::Value, Joined = W>,
    {
        cx.entering(self.node, &record);
        let other = match self.view.get(cx, &record.key) {
            Ok(other) => other,
            Err(error) => {
                cx.at(&record);
                return error.handle(cx, self.node).map(|()| None);
            }
        };
        let needs_other = self.join.kind == TableJoinKind::Inner;
        let join = |key: &K, own, other| self.join.joiner.join(key, own, other);
        self.join.joined(cx, self.node, needs_other, Update { record, other }, join)
    }
}

impl<K, W, J, G> TableJoinRight<K, W, J, G>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
    G: View<Key = K>,
    G::Value: Clone,
{
    /// The result's update, unless nothing changes or the cache keeps it for later.
    ///
    /// # Errors
    /// When a store fails or the other row cannot be told, and when the joiner fails and the handler says
    /// fail.
    #[inline]
    pub fn run<V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        J: Joins<K, G::Value, V, Joined = W>,
    {
        cx.entering(self.node, &record);
        let other = match self.view.get(cx, &record.key) {
            Ok(other) => other,
            Err(error) => {
                cx.at(&record);
                return error.handle(cx, self.node).map(|()| None);
            }
        };
        let needs_other = self.join.kind != TableJoinKind::Outer;
        let join = |key: &K, own, other| self.join.joiner.join(key, other, own);
        self.join.joined(cx, self.node, needs_other, Update { record, other }, join)
    }
}

/// The rows of a join of tables.
pub struct JoinedView<K, W, J, G, H> {
    join: TableJoin<K, W, J>,
    left: G,
    right: H,
}

impl<K, W, J, G: Clone, H: Clone> Clone for JoinedView<K, W, J, G, H> {
    fn clone(&self) -> Self {
        Self { join: self.join.clone(), left: self.left.clone(), right: self.right.clone() }
    }
}

impl<K, W, J, G, H> View for JoinedView<K, W, J, G, H>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
    J: Joins<K, G::Value, H::Value, Joined = W>,
    G: View<Key = K>,
    H: View<Key = K>,
{
    type Key = K;
    type Value = W;

    fn get(&self, cx: &mut Context, key: &K) -> Result<Option<ValueAndTimestamp<W>>, LookupError> {
        let kept = cx.node(self.join.node).materialized;
        if let Some(store) = self.join.store.filter(|_| kept) {
            return Ok(look_up(cx, store, key)?);
        }
        let left = self.left.get(cx, key)?;
        if left.is_none() && self.join.kind != TableJoinKind::Outer {
            return Ok(None);
        }
        let right = self.right.get(cx, key)?;
        let times =
            [left.as_ref().map(|row| row.timestamp), right.as_ref().map(|row| row.timestamp)];
        let timestamp = times.into_iter().flatten().max().unwrap_or(Timestamp::ZERO);
        let (left, right) = (left.map(|row| row.value), right.map(|row| row.value));
        let value = self.join.joiner.join(key, left, right)?;
        Ok(value.map(|value| ValueAndTimestamp { value, timestamp }))
    }

    /// Only a result that is kept in a versioned store has a past (KIP-914).
    fn get_as_of(
        &self,
        cx: &mut Context,
        key: &K,
        time: Timestamp,
    ) -> Result<Option<ValueAndTimestamp<W>>, LookupError> {
        let kept = cx.node(self.join.node).materialized;
        match self.join.store.filter(|_| kept) {
            Some(store) => row_as_of(cx, store, key, time),
            None => self.get(cx, key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{BothSides, at, context};

    /// The other table: at most one row, of any key.
    #[derive(Clone)]
    struct Other(Option<(i64, u32)>);

    impl View for Other {
        type Key = &'static str;
        type Value = i64;

        fn get(
            &self,
            _: &mut Context,
            _: &&'static str,
        ) -> Result<Option<ValueAndTimestamp<i64>>, LookupError> {
            let row = |(value, ms)| ValueAndTimestamp { value, timestamp: Timestamp::from(ms) };
            Ok(self.0.map(row))
        }
    }

    fn joined(
        kind: TableJoinKind,
        on_the_left: bool,
        update: (Option<i64>, Option<i64>),
        other: Option<(i64, u32)>,
    ) -> Option<(Option<i64>, Timestamp)> {
        let joiner = move |left: Option<i64>, right: Option<i64>| match kind {
            TableJoinKind::Inner => Some(left? * 10 + right?),
            TableJoinKind::Left => Some(left? * 10 + right.unwrap_or(0)),
            TableJoinKind::Outer if left.is_none() && right.is_none() => None,
            TableJoinKind::Outer => Some(left.unwrap_or(0) * 10 + right.unwrap_or(0)),
        };
        let join = TableJoin::<&'static str, i64, _> {
            node: NodeId(0),
            kind,
            joiner: Arc::new(BothSides(joiner)),
            store: None,
        };
        let record = at(5, "k", Change::latest(update.0, update.1));
        let mut cx = context();
        let other = Other(other);
        let result = match on_the_left {
            true => TableJoinLeft::new(NodeId(1), join).with_view(other).run(&mut cx, record),
            false => TableJoinRight::new(NodeId(1), join).with_view(other).run(&mut cx, record),
        };
        result.unwrap().map(|record| (record.value.new, record.timestamp))
    }

    fn row(value: impl Into<Option<i64>>, ms: u32) -> Option<(Option<i64>, Timestamp)> {
        Some((value.into(), Timestamp::from(ms)))
    }

    #[test]
    fn an_inner_join_waits_for_both_rows() {
        for left in [true, false] {
            assert_eq!(joined(TableJoinKind::Inner, left, (Some(1), None), None), None);
            let both = if left { 12 } else { 21 };
            assert_eq!(
                joined(TableJoinKind::Inner, left, (Some(1), None), Some((2, 9))),
                row(both, 9)
            );
            assert_eq!(
                joined(TableJoinKind::Inner, left, (None, Some(1)), Some((2, 3))),
                row(None, 5)
            );
        }
    }

    #[test]
    fn a_left_join_needs_the_left_row() {
        assert_eq!(joined(TableJoinKind::Left, true, (Some(1), None), None), row(10, 5));
        assert_eq!(joined(TableJoinKind::Left, true, (None, None), None), None);
        assert_eq!(joined(TableJoinKind::Left, false, (Some(1), None), None), None);
        assert_eq!(joined(TableJoinKind::Left, false, (None, Some(1)), Some((2, 9))), row(20, 9));
    }

    #[test]
    fn an_outer_join_needs_one_of_them() {
        for left in [true, false] {
            let alone = if left { 10 } else { 1 };
            assert_eq!(joined(TableJoinKind::Outer, left, (Some(1), None), None), row(alone, 5));
            assert_eq!(joined(TableJoinKind::Outer, left, (None, Some(1)), None), row(None, 5));
            assert_eq!(joined(TableJoinKind::Outer, left, (None, None), None), None);
        }
    }
}
