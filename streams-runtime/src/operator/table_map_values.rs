//! `map_values` and `filter_map_values` on a table, with the value or with key and value, and the
//! `try_` twins.

use std::convert::Infallible;
use std::marker::PhantomData;

use super::joiner::{OfValues, Try, WithKey};
use super::materialize::{Materializes, derive};
use super::view::{Derives, LookupError};
use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::{Change, Record};
use crate::store::{StoreRef, TableStore};
use crate::time::Timestamp;
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
///
/// What the function sees and gives is its shape `S`: the value, or key and value; a value, an `Option` where `None`
/// deletes the row (`filter_map_values`), or a `Result` of either, whose error goes to the processing exception handler.
pub struct TableMapValues<K, W, F, S> {
    pub(crate) node: NodeId,
    mapper: F,
    store: Option<StoreRef<TableStore<K, W>>>,
    shape: PhantomData<S>,
}

/// The function gives a value.
#[derive(Clone, Copy, Debug)]
pub struct Always;

/// The function gives a value, or `None` for a row that is to be deleted.
#[derive(Clone, Copy, Debug)]
pub struct Perhaps;

/// What a function of a row gives, in the form `G`.
pub trait GivesValue<W, G> {
    /// Why it may give nothing.
    type Error: Into<UserError>;

    /// The value; `None` deletes the row.
    ///
    /// # Errors
    /// The user's.
    fn given(self) -> Result<Option<W>, Self::Error>;
}

impl<W> GivesValue<W, Always> for W {
    type Error = Infallible;

    #[inline]
    fn given(self) -> Result<Option<W>, Infallible> {
        Ok(Some(self))
    }
}

impl<W> GivesValue<W, Perhaps> for Option<W> {
    type Error = Infallible;

    #[inline]
    fn given(self) -> Result<Self, Infallible> {
        Ok(self)
    }
}

impl<W, O: GivesValue<W, G, Error = Infallible>, G, E: Into<UserError>> GivesValue<W, Try<G>>
    for Result<O, E>
{
    type Error = E;

    #[inline]
    fn given(self) -> Result<Option<W>, E> {
        self.map(|given| match given.given() {
            Ok(value) => value,
            Err(never) => match never {},
        })
    }
}

/// A function of the rows of a table, in the shape `S`.
pub trait MapsRow<K, V, W, S> {
    /// Why it may fail.
    type Error: Into<UserError>;

    /// The new value; `None` deletes the row.
    ///
    /// # Errors
    /// The user's.
    fn map_row(&self, key: &K, value: V) -> Result<Option<W>, Self::Error>;
}

impl<K, V, W, O: GivesValue<W, G>, G, F: Fn(V) -> O> MapsRow<K, V, W, (OfValues, G)> for F {
    type Error = O::Error;

    #[inline]
    fn map_row(&self, _: &K, value: V) -> Result<Option<W>, O::Error> {
        self(value).given()
    }
}

impl<K, V, W, O: GivesValue<W, G>, G, F: Fn(&K, V) -> O> MapsRow<K, V, W, (WithKey, G)> for F {
    type Error = O::Error;

    #[inline]
    fn map_row(&self, key: &K, value: V) -> Result<Option<W>, O::Error> {
        self(key, value).given()
    }
}

impl<K, W, F, S> TableMapValues<K, W, F, S> {
    pub(crate) fn new(node: NodeId, mapper: F, store: Option<StoreRef<TableStore<K, W>>>) -> Self {
        Self { node, mapper, store, shape: PhantomData }
    }
}

impl<K, W, F, S> Materializes<K, W> for TableMapValues<K, W, F, S> {
    type Store = TableStore<K, W>;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        self.store
    }
}

impl<K, W, F, S> TableMapValues<K, W, F, S>
where
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    /// The update with its new value; none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run<V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop>
    where
        F: MapsRow<K, V, W, S>,
    {
        cx.entering(self.node, &record);
        let computed = |key: &K, value| self.mapper.map_row(key, value);
        derive(cx, self.node, self.store, false, record, computed)
    }
}

impl<K, V, W, F, S> Derives<K, V> for TableMapValues<K, W, F, S>
where
    F: MapsRow<K, V, W, S>,
{
    type Row = W;

    fn row(
        &self,
        _: &mut Context,
        key: &K,
        value: V,
        _: Timestamp,
    ) -> Result<Option<W>, LookupError> {
        self.mapper.map_row(key, value).map_err(LookupError::user)
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

    type Mapped<F, A, G> = TableMapValues<String, i64, F, (A, G)>;

    fn mapped<A, G, F>(
        mapper: F,
        store: Option<StoreRef<TableStore<String, i64>>>,
    ) -> Mapped<F, A, G> {
        TableMapValues::new(NodeId(0), mapper, store)
    }

    #[test]
    fn deletions_stay_deletions() {
        let double = mapped::<OfValues, Always, _>(|n: i64| n * 2, None);
        let out = double.run(&mut context(), update(None, Some(2))).unwrap();
        assert_eq!(out, Some(update(None, Some(4))));
        let out = double.run(&mut context(), update(None, None)).unwrap();
        assert_eq!(out, Some(update(None, None)));
    }

    #[test]
    fn old_values_are_mapped_or_read_from_the_store() {
        let mut cx = with_store::<String, i64>(false, true);
        let double = mapped::<OfValues, Always, _>(|n: i64| n * 2, None);
        let out = double.run(&mut cx, update(Some(1), Some(2))).unwrap();
        assert_eq!(out, Some(update(Some(2), Some(4))));
        let kept = mapped::<OfValues, Always, _>(|n: i64| n * 2, Some(StoreRef::new(StoreIx(0))));
        assert_eq!(
            kept.run(&mut cx, update(Some(7), Some(2))).unwrap(),
            Some(update(None, Some(4)))
        );
        assert_eq!(kept.run(&mut cx, update(None, None)).unwrap(), Some(update(Some(4), None)));
    }

    #[test]
    fn filter_map_deletes_and_try_drops() {
        let halve = |n: i64| (n % 2 == 0).then_some(n / 2);
        let halved = mapped::<OfValues, Perhaps, _>(halve, None);
        let out = halved.run(&mut context(), update(None, Some(3))).unwrap();
        assert_eq!(out, Some(update(None, None)));
        let with_key = mapped::<WithKey, Perhaps, _>(
            |key: &String, n: i64| Some(n).filter(|_| key == "k"),
            None,
        );
        let out = with_key.run(&mut context(), update(None, Some(3))).unwrap();
        assert_eq!(out, Some(update(None, Some(3))));
        let refuse = mapped::<OfValues, Try<Always>, _>(|_: i64| Err::<i64, _>("no"), None);
        let mut cx = resuming();
        assert_eq!(refuse.run(&mut cx, update(None, Some(3))).unwrap(), None);
        assert_eq!(cx.dropped(), 1);
        let odd_only = |n: i64| if n == 0 { Err("zero") } else { Ok((n % 2 == 1).then_some(n)) };
        let picky = mapped::<OfValues, Try<Perhaps>, _>(odd_only, None);
        assert_eq!(picky.run(&mut cx, update(None, Some(0))).unwrap(), None);
        let out = picky.run(&mut cx, update(None, Some(2))).unwrap();
        assert_eq!(out, Some(update(None, None)));
        let by_key = |key: &String, n: i64| if key == "k" { Ok(Some(n)) } else { Err("other") };
        let keyed = mapped::<WithKey, Try<Perhaps>, _>(by_key, None);
        let out = keyed.run(&mut cx, update(None, Some(2))).unwrap();
        assert_eq!(out, Some(update(None, Some(2))));
    }
}
