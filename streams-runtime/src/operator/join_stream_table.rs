//! A stream's records with the rows of a table, inner and left.

use super::joiner::Joins;
use super::materialize::store_failed;
use super::repartition::Repartition;
use super::view::{NoView, View};
use crate::context::Context;
use crate::error::Stop;
use crate::record::Record;
use crate::serdes::Nullable;
use crate::store::{Buffered, JoinBuffer, StoreError, StoreRef};
use crate::topology::NodeId;

/// Why a join drops a record.
pub(crate) const NULL_KEY_OR_VALUE: &str =
    "its key or value is null, which this join does not take; map nulls to a value before";

/// Joins each record of a stream with the row that a table has for its key at that moment.
///
/// Only the stream's records bring results, with their own time and headers; updates of the table do
/// not. An inner join drops records without a row; a left join gives its joiner `None` there. Records
/// with a null value are dropped and counted; so are those with a null key, but a left join takes them
/// as records without a row. Each record costs one lookup. A stream whose key was changed passes
/// through a repartition topic before.
///
/// A versioned table is asked for the row as of the record's time. With a grace period, which needs one, a
/// record waits in a store of its own until the stream's time is later by that much, so that the table's
/// late updates count; records leave in order of time, then of their keys' bytes, with the next record that
/// comes. One that itself comes later than the grace period is joined at once. A record with a null key
/// cannot wait: a left join gives it to the processing exception handler. Java: `KStreamKTableJoinProcessor`,
/// KIP-923.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let prices = table::<String, i64>("prices");
///     stream::<String, i64>("orders").join(prices, |count, price| count * price).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("prices").pipe("tea", 3, 0)?;
/// driver.input::<String, i64>("orders").pipe_all([("tea", 2), ("rum", 9)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").key_values()?, [("tea".to_owned(), 6)]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct StreamTableJoin<K, V, J, G = NoView> {
    pub(crate) node: NodeId,
    pub(crate) left: bool,
    pub(crate) joiner: J,
    pub(crate) repartition: Option<Repartition<K, V>>,
    pub(crate) grace: Option<GraceBuffer<K, V>>,
    view: G,
}

/// Where the records of a join with a grace period wait, and how long.
pub(crate) struct GraceBuffer<K, V> {
    pub(crate) store: StoreRef<JoinBuffer<K, V>>,
    pub(crate) grace_ms: i64,
}

impl<K, V> Clone for GraceBuffer<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for GraceBuffer<K, V> {}

impl<K, V, J> StreamTableJoin<K, V, J> {
    pub(crate) fn new(
        node: NodeId,
        left: bool,
        joiner: J,
        repartition: Option<Repartition<K, V>>,
        grace: Option<GraceBuffer<K, V>>,
    ) -> Self {
        Self { node, left, joiner, repartition, grace, view: NoView }
    }

    /// The cut before the join.
    ///
    /// # Panics
    /// When the key did not change, so that there is none.
    pub fn repartition(&self) -> Repartition<K, V> {
        self.repartition.clone().expect("invariant: the key changed, so there is a repartition")
    }

    /// The join with the rows that it looks up.
    pub fn with_view<G: View>(self, view: G) -> StreamTableJoin<K, V, J, G> {
        let Self { node, left, joiner, repartition, grace, .. } = self;
        StreamTableJoin { node, left, joiner, repartition, grace, view }
    }
}

impl<K, V, J, G> StreamTableJoin<K, V, J, G> {
    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Sends the joined record on, if there is one; with a grace period, those of all records that have
    /// waited long enough.
    ///
    /// # Errors
    /// When the row cannot be told, when the joiner fails and the handler says fail, when the buffer fails,
    /// and when what is behind the join does.
    #[inline]
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
        then: impl Fn(&mut Context, Record<K, J::Joined>) -> Result<(), Stop>,
    ) -> Result<(), Stop>
    where
        K: Nullable,
        V: Nullable,
        G: View<Key = K::NonNull>,
        J: Joins<K, V::NonNull, G::Value>,
    {
        cx.entering(self.node, &record);
        if let Some(grace) = self.grace {
            return self.wait(cx, grace, record, &then);
        }
        self.join(cx, record, then)
    }

    /// Sends the joined record on, if there is one.
    #[inline]
    fn join(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
        then: impl Fn(&mut Context, Record<K, J::Joined>) -> Result<(), Stop>,
    ) -> Result<(), Stop>
    where
        K: Nullable,
        V: Nullable,
        G: View<Key = K::NonNull>,
        J: Joins<K, V::NonNull, G::Value>,
    {
        let Record { key, value, timestamp, headers } = record;
        let Some(value) = value.into_non_null() else {
            cx.drop_record(self.node, NULL_KEY_OR_VALUE);
            return Ok(());
        };
        let row = match key.as_non_null() {
            Some(key) => match self.view.get_as_of(cx, key, timestamp) {
                Ok(row) => row.map(|row| row.value),
                Err(error) => {
                    cx.at_parts(timestamp, &headers);
                    return error.handle(cx, self.node);
                }
            },
            None if self.left => None,
            None => {
                cx.drop_record(self.node, NULL_KEY_OR_VALUE);
                return Ok(());
            }
        };
        match self.joiner.join(&key, Some(value), row) {
            Ok(Some(value)) => then(cx, Record { key, value, timestamp, headers }),
            Ok(None) => Ok(()),
            Err(error) => {
                cx.at_parts(timestamp, &headers);
                error.handle(cx, self.node)
            }
        }
    }

    /// Lets a record wait, and joins all that have waited long enough.
    #[inline(never)]
    fn wait(
        &self,
        cx: &mut Context,
        grace: GraceBuffer<K, V>,
        record: Record<K, V>,
        then: &impl Fn(&mut Context, Record<K, J::Joined>) -> Result<(), Stop>,
    ) -> Result<(), Stop>
    where
        K: Nullable,
        V: Nullable,
        G: View<Key = K::NonNull>,
        J: Joins<K, V::NonNull, G::Value>,
    {
        if record.value.as_non_null().is_none() || !self.left && record.key.as_non_null().is_none()
        {
            cx.drop_record(self.node, NULL_KEY_OR_VALUE);
            return Ok(());
        }
        cx.at(&record);
        let (buffer, out, context) = cx.store_and_outbox(grace.store);
        match buffer.put(out, context, &record, grace.grace_ms) {
            Ok(true) => {}
            Ok(false) => {
                return self.join(cx, record, then);
            }
            Err(error) => return store_failed(cx, self.node, error),
        }
        while let Some(due) = first_due(cx, grace)? {
            let (record, context, place) = due.into_parts();
            let before = cx.enter(context);
            let sent = self.join(cx, record, then);
            cx.leave(before);
            sent?;
            let (buffer, out, _) = cx.store_and_outbox(grace.store);
            buffer.remove(out, place);
        }
        Ok(())
    }
}

fn first_due<K: 'static, V: 'static>(
    cx: &mut Context,
    grace: GraceBuffer<K, V>,
) -> Result<Option<Buffered<K, V>>, StoreError> {
    cx.store(grace.store).first_due(grace.grace_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{BothSides, context, record};
    use crate::operator::view::LookupError;
    use crate::store::ValueAndTimestamp;
    use crate::time::Timestamp;

    /// A table with one row, `k` = 7.
    #[derive(Clone)]
    struct OneRow;

    impl View for OneRow {
        type Key = String;
        type Value = i64;

        fn get(
            &self,
            _: &mut Context,
            key: &String,
        ) -> Result<Option<ValueAndTimestamp<i64>>, LookupError> {
            let row = ValueAndTimestamp { value: 7, timestamp: Timestamp::from(99) };
            Ok((key == "k").then_some(row))
        }
    }

    type Parts = (Option<&'static str>, Option<i64>);

    #[track_caller]
    fn check(left: bool, input: Parts, expected: Option<i64>, dropped: u64) {
        let mut cx = context();
        let joiner = BothSides(move |value: Option<i64>, row: Option<i64>| match row {
            Some(row) => Some(value? + row),
            None => value.filter(|_| left),
        });
        let join = StreamTableJoin::<Option<String>, Option<i64>, _>::new(
            NodeId(0),
            left,
            joiner,
            None,
            None,
        );
        let join = join.with_view(OneRow);
        let key = input.0.map(str::to_owned);
        let joined = std::cell::RefCell::new(None);
        let keep = |_: &mut Context, record| {
            joined.replace(Some(record));
            Ok(())
        };
        join.run(&mut cx, record(key.clone(), input.1), keep).unwrap();
        assert_eq!(joined.take(), expected.map(|value| record(key, value)), "time is the stream's");
        assert_eq!(cx.dropped(), dropped);
    }

    #[test]
    fn an_inner_join_needs_key_value_and_row() {
        check(false, (Some("k"), Some(1)), Some(8), 0);
        check(false, (Some("other"), Some(1)), None, 0);
        check(false, (None, Some(1)), None, 1);
        check(false, (Some("k"), None), None, 1);
    }

    #[test]
    fn a_left_join_needs_a_value() {
        check(true, (Some("k"), Some(1)), Some(8), 0);
        check(true, (Some("other"), Some(1)), Some(1), 0);
        check(true, (None, Some(1)), Some(1), 0);
        check(true, (Some("k"), None), None, 1);
    }
}
