//! `map_values` and `filter_map_values` on a table, with the value or with key and value, and the
//! `try_` twins.

use std::convert::Infallible;

use super::materialize::{Materializes, derive};
use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::{Change, Record};
use crate::store::{StoreRef, TableStore};
use crate::topology::NodeId;

/// Makes another value of each row's value.
///
/// Deletions stay deletions, and the function does not see them. Where somebody downstream needs old
/// values and this table is in no store, the function is called for the old value too.
/// Java: `KTable#mapValues`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     table::<String, i64>("in").map_values(|n| n * 10).to_stream().to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
/// let updates = driver.output::<String, Option<i64>>("out").values()?;
/// assert_eq!(updates, [Some(10), Some(20)]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct TableMapValues<K, W, F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
    pub(crate) store: Option<StoreRef<TableStore<K, W>>>,
}

/// [`TableMapValues`] with a function that also sees the key.
pub struct TableMapValuesWithKey<K, W, F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
    pub(crate) store: Option<StoreRef<TableStore<K, W>>>,
}

/// [`TableMapValues`] with a function that gives `None` for rows that are to be deleted.
pub struct TableFilterMapValues<K, W, F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
    pub(crate) store: Option<StoreRef<TableStore<K, W>>>,
}

/// [`TableFilterMapValues`] with a function that also sees the key.
pub struct TableFilterMapValuesWithKey<K, W, F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
    pub(crate) store: Option<StoreRef<TableStore<K, W>>>,
}

/// [`TableMapValues`] with a function that can fail; an error goes to the processing exception
/// handler.
pub struct TryTableMapValues<K, W, F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
    pub(crate) store: Option<StoreRef<TableStore<K, W>>>,
}

/// [`TableMapValuesWithKey`] with a function that can fail; an error goes to the processing exception
/// handler.
pub struct TryTableMapValuesWithKey<K, W, F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
    pub(crate) store: Option<StoreRef<TableStore<K, W>>>,
}

/// [`TableFilterMapValues`] with a function that can fail; an error goes to the processing exception
/// handler.
pub struct TryTableFilterMapValues<K, W, F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
    pub(crate) store: Option<StoreRef<TableStore<K, W>>>,
}

/// [`TableFilterMapValuesWithKey`] with a function that can fail; an error goes to the processing
/// exception handler.
pub struct TryTableFilterMapValuesWithKey<K, W, F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
    pub(crate) store: Option<StoreRef<TableStore<K, W>>>,
}

macro_rules! table_map_values {
    ($($name:ident)*) => { $(
        impl<K, W, F> $name<K, W, F> {
            pub(crate) fn new(
                node: NodeId,
                mapper: F,
                store: Option<StoreRef<TableStore<K, W>>>,
            ) -> Self {
                Self { node, mapper, store }
            }
        }

        impl<K, W, F> Materializes<K, W> for $name<K, W, F> {
            type Store = TableStore<K, W>;

            fn node(&self) -> NodeId {
                self.node
            }

            fn table_store(&self) -> Option<StoreRef<Self::Store>> {
                self.store
            }
        }
    )* };
}
table_map_values!(
    TableMapValues TableMapValuesWithKey TableFilterMapValues TableFilterMapValuesWithKey
    TryTableMapValues TryTableMapValuesWithKey TryTableFilterMapValues TryTableFilterMapValuesWithKey
);

impl<K, W, F> TableMapValues<K, W, F>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    /// The update with its new value.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run<V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        F: Fn(V) -> W,
    {
        cx.entering(self.node, &record);
        derive(cx, self.node, self.store, false, record, |_, value| {
            Ok::<_, Infallible>(Some((self.mapper)(value)))
        })
    }
}

impl<K, W, F> TableMapValuesWithKey<K, W, F>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    /// The update with its new value.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run<V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        F: Fn(&K, V) -> W,
    {
        cx.entering(self.node, &record);
        derive(cx, self.node, self.store, false, record, |key, value| {
            Ok::<_, Infallible>(Some((self.mapper)(key, value)))
        })
    }
}

impl<K, W, F> TableFilterMapValues<K, W, F>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    /// The update with its new value.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run<V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        F: Fn(V) -> Option<W>,
    {
        cx.entering(self.node, &record);
        derive(cx, self.node, self.store, false, record, |_, value| {
            Ok::<_, Infallible>((self.mapper)(value))
        })
    }
}

impl<K, W, F> TableFilterMapValuesWithKey<K, W, F>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    /// The update with its new value.
    ///
    /// # Errors
    /// When the store fails.
    #[inline]
    pub fn run<V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        F: Fn(&K, V) -> Option<W>,
    {
        cx.entering(self.node, &record);
        derive(cx, self.node, self.store, false, record, |key, value| {
            Ok::<_, Infallible>((self.mapper)(key, value))
        })
    }
}

impl<K, W, F> TryTableMapValues<K, W, F>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    /// The update with its new value; none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run<V: 'static, E>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        F: Fn(V) -> Result<W, E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        derive(cx, self.node, self.store, false, record, |_, value| (self.mapper)(value).map(Some))
    }
}

impl<K, W, F> TryTableMapValuesWithKey<K, W, F>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    /// The update with its new value; none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run<V: 'static, E>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        F: Fn(&K, V) -> Result<W, E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        derive(cx, self.node, self.store, false, record, |key, value| {
            (self.mapper)(key, value).map(Some)
        })
    }
}

impl<K, W, F> TryTableFilterMapValues<K, W, F>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    /// The update with its new value; none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run<V: 'static, E>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        F: Fn(V) -> Result<Option<W>, E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        derive(cx, self.node, self.store, false, record, |_, value| (self.mapper)(value))
    }
}

impl<K, W, F> TryTableFilterMapValuesWithKey<K, W, F>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    /// The update with its new value; none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run<V: 'static, E>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        F: Fn(&K, V) -> Result<Option<W>, E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        derive(cx, self.node, self.store, false, record, |key, value| (self.mapper)(key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record, resuming, with_store};
    use crate::topology::StoreIx;

    fn update(old: Option<i64>, new: Option<i64>) -> Record<String, Change<i64>> {
        record("k".to_owned(), Change::latest(new, old))
    }

    #[test]
    fn deletions_stay_deletions() {
        let double = TableMapValues::new(NodeId(0), |n: i64| n * 2, None);
        let out = double.run(&mut context(), update(None, Some(2))).unwrap();
        assert_eq!(out, Some(update(None, Some(4))));
        let out = double.run(&mut context(), update(None, None)).unwrap();
        assert_eq!(out, Some(update(None, None)));
    }

    #[test]
    fn old_values_are_mapped_or_read_from_the_store() {
        let mut cx = with_store::<String, i64>(false, true);
        let double = TableMapValues::new(NodeId(0), |n: i64| n * 2, None);
        let out = double.run(&mut cx, update(Some(1), Some(2))).unwrap();
        assert_eq!(out, Some(update(Some(2), Some(4))));
        let kept = TableMapValues::new(NodeId(0), |n: i64| n * 2, Some(StoreRef::new(StoreIx(0))));
        assert_eq!(
            kept.run(&mut cx, update(Some(7), Some(2))).unwrap(),
            Some(update(None, Some(4)))
        );
        assert_eq!(kept.run(&mut cx, update(None, None)).unwrap(), Some(update(Some(4), None)));
    }

    #[test]
    fn filter_map_deletes_and_try_drops() {
        let halve = |n: i64| (n % 2 == 0).then_some(n / 2);
        let halved = TableFilterMapValues::new(NodeId(0), halve, None);
        let out = halved.run(&mut context(), update(None, Some(3))).unwrap();
        assert_eq!(out, Some(update(None, None)));
        let with_key = TableFilterMapValuesWithKey::new(
            NodeId(0),
            |key: &String, n: i64| Some(n).filter(|_| key == "k"),
            None,
        );
        let out = with_key.run(&mut context(), update(None, Some(3))).unwrap();
        assert_eq!(out, Some(update(None, Some(3))));
        let refuse = TryTableMapValues::new(NodeId(0), |_: i64| Err::<i64, _>("no"), None);
        let mut cx = resuming();
        assert_eq!(refuse.run(&mut cx, update(None, Some(3))).unwrap(), None);
        assert_eq!(cx.dropped(), 1);
        let odd_only = |n: i64| if n == 0 { Err("zero") } else { Ok((n % 2 == 1).then_some(n)) };
        let picky = TryTableFilterMapValues::new(NodeId(0), odd_only, None);
        assert_eq!(picky.run(&mut cx, update(None, Some(0))).unwrap(), None);
        let out = picky.run(&mut cx, update(None, Some(2))).unwrap();
        assert_eq!(out, Some(update(None, None)));
        let by_key = |key: &String, n: i64| if key == "k" { Ok(Some(n)) } else { Err("other") };
        let keyed = TryTableFilterMapValuesWithKey::new(NodeId(0), by_key, None);
        let out = keyed.run(&mut cx, update(None, Some(2))).unwrap();
        assert_eq!(out, Some(update(None, Some(2))));
    }
}
