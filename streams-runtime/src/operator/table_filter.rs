//! `filter`, `filter_not` and their `try_` twins on a table.

use std::marker::PhantomData;

use super::filter::Decides;
use super::materialize::{Materializes, derive};
use super::view::{Derives, LookupError};
use crate::context::Context;
use crate::error::Stop;
use crate::record::{Change, Record};
use crate::store::{StoreRef, TableStore};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Keeps the rows of a table that pass a predicate; rows that pass no longer are deleted.
///
/// Every update that does not pass goes on as a deletion, even of a row that was never there; where
/// the old value is known (the table before it is in a store and somebody asked) such ones end here.
/// The predicate does not see deletions. Java: `KTable#filter`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     table::<String, i64>("in", "rows").filter(|_, n| *n > 1).to_stream().to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 2), ("a", 1)], 0)?;
/// let updates = driver.output::<String, Option<i64>>("out").values()?;
/// assert_eq!(updates, [Some(2), None]);
/// # Ok::<(), StreamsError>(())
/// ```
///
/// The shape `S` is that of a stream's [`Filter`](super::Filter).
pub struct TableFilter<K, V, F, S> {
    node: NodeId,
    predicate: F,
    store: Option<StoreRef<TableStore<K, V>>>,
    shape: PhantomData<S>,
}

impl<K, V, F, S> TableFilter<K, V, F, S> {
    pub(crate) fn new(
        node: NodeId,
        predicate: F,
        store: Option<StoreRef<TableStore<K, V>>>,
    ) -> Self {
        Self { node, predicate, store, shape: PhantomData }
    }

    fn filtered(&self, key: &K, value: V) -> Result<Option<V>, F::Error>
    where
        F: Decides<K, V, S>,
    {
        Ok(self.predicate.keeps(key, &value)?.then_some(value))
    }
}

impl<K, V, F, S> Materializes<K, V> for TableFilter<K, V, F, S> {
    type Store = TableStore<K, V>;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        self.store
    }
}

impl<K, V, F, S> TableFilter<K, V, F, S>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The filtered update; none when the predicate failed.
    ///
    /// # Errors
    /// When the predicate fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<V>>>, Stop>
    where
        F: Decides<K, V, S>,
    {
        cx.entering(self.node, &record);
        derive(cx, self.node, self.store, true, record, |key, value| self.filtered(key, value))
    }
}

impl<K, V, F: Decides<K, V, S>, S> Derives<K, V> for TableFilter<K, V, F, S> {
    type Row = V;

    fn row(
        &self,
        _: &mut Context,
        key: &K,
        value: V,
        _: Timestamp,
    ) -> Result<Option<V>, LookupError> {
        self.filtered(key, value).map_err(LookupError::user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record, resuming, with_store};
    use crate::operator::{Is, IsNot, Try};
    use crate::topology::StoreIx;

    type Update = (Option<i64>, Option<i64>);

    /// Runs updates (old, new) through a filter for values over 10.
    fn run(cx: &mut Context, store: bool, updates: &[Update]) -> Vec<Option<Update>> {
        let store = store.then(|| StoreRef::new(StoreIx(0)));
        let filter =
            TableFilter::<_, _, _, Is>::new(NodeId(0), |_: &String, n: &i64| *n > 10, store);
        let run = |(old, new): &Update| {
            let update = record("k".to_owned(), Change::latest(*new, *old));
            let out = filter.run(cx, update).unwrap();
            out.map(|record| (record.value.old, record.value.new))
        };
        updates.iter().map(run).collect()
    }

    #[test]
    fn without_old_values_every_failing_update_is_a_deletion() {
        let updates = [(None, Some(5)), (None, Some(15)), (None, Some(4)), (None, None)];
        let gone = Some((None, None));
        let want = [gone, Some((None, Some(15))), gone, gone];
        assert_eq!(run(&mut context(), false, &updates), want);
        let mut cx = with_store::<String, i64>(false, false);
        assert_eq!(run(&mut cx, true, &updates), want);
    }

    #[test]
    fn with_old_values_nothing_to_nothing_ends() {
        let updates = [(None, Some(5)), (Some(5), Some(15)), (Some(15), Some(4)), (Some(4), None)];
        let want = [None, Some((None, Some(15))), Some((Some(15), None)), None];
        let mut cx = with_store::<String, i64>(false, true);
        assert_eq!(run(&mut cx, false, &updates), want);
        // with a store the old value comes from there
        let blind = updates.map(|(_, new)| (None, new));
        assert_eq!(run(&mut cx, true, &blind), want);
    }

    #[test]
    fn not_and_failures() {
        let not =
            TableFilter::<_, _, _, IsNot>::new(NodeId(0), |_: &String, n: &i64| *n > 10, None);
        let update = |new| record("k".to_owned(), Change::latest(Some(new), None));
        let out = not.run(&mut context(), update(5)).unwrap();
        assert_eq!(out.map(|record| record.value.new), Some(Some(5)));
        let odd = |_: &String, n: &i64| if *n < 0 { Err("negative") } else { Ok(n % 2 == 1) };
        let mut cx = resuming();
        assert_eq!(
            TableFilter::<_, _, _, Try<Is>>::new(NodeId(0), odd, None)
                .run(&mut cx, update(-1))
                .unwrap(),
            None
        );
        let out = TableFilter::<_, _, _, Try<IsNot>>::new(NodeId(0), odd, None)
            .run(&mut cx, update(2))
            .unwrap();
        assert_eq!(out.map(|record| record.value.new), Some(Some(2)));
        assert_eq!(cx.dropped(), 1);
    }
}
