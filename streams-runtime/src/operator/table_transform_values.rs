//! `transform_values` on a table: new values by the user's own transformer, with stores.

use std::sync::Arc;

use super::materialize::{Materializes, keep};
use super::process::ProcessorRunner;
use super::view::{Derives, LookupError};
use crate::context::Context;
use crate::error::Stop;
use crate::processor::{Children, ValueTransformerWithKey, enter};
use crate::record::{Change, Record, RecordContext};
use crate::store::{StoreRef, TableStore};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Makes another value of each row's value by a transformer of the task.
///
/// Deletions reach the transformer, too. Java: `KTable#transformValues`.
pub struct TableTransformValues<P, K, V, W> {
    node: NodeId,
    make: Arc<dyn Fn() -> P + Send + Sync>,
    store: Option<StoreRef<TableStore<K, W>>>,
    input: std::marker::PhantomData<fn(V)>,
}

impl<P, K, V, W> Clone for TableTransformValues<P, K, V, W> {
    fn clone(&self) -> Self {
        let make = Arc::clone(&self.make);
        Self { node: self.node, make, store: self.store, input: self.input }
    }
}

impl<P, K, V, W> Materializes<K, W> for TableTransformValues<P, K, V, W> {
    type Store = TableStore<K, W>;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        self.store
    }
}

impl<P, K, V: 'static, W> TableTransformValues<P, K, V, W>
where
    P: ValueTransformerWithKey<K, V, W>,
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    pub(crate) fn new(
        node: NodeId,
        make: impl Fn() -> P + Send + Sync + 'static,
        store: Option<StoreRef<TableStore<K, W>>>,
    ) -> Self {
        Self { node, make: Arc::new(make), store, input: std::marker::PhantomData }
    }

    /// The update with its new value.
    ///
    /// # Errors
    /// When a store fails.
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop> {
        cx.entering(self.node, &record);
        let Record { key, value: change, timestamp, headers } = record;
        cx.at_parts(timestamp, &headers);
        let sends_old = cx.node(self.node).sends_old;
        let new = self.transformed(cx, &key, change.new)?;
        let value = match self.store {
            Some(store) => match keep(cx, store, &key, new, timestamp, (sends_old, false)) {
                Ok(Some(change)) => change,
                Ok(None) => return Ok(None),
                Err(error) => return error.handle(cx, self.node).map(|()| None),
            },
            None => {
                let old = match sends_old {
                    true => self.transformed(cx, &key, change.old)?,
                    false => None,
                };
                Change { new, old, is_latest: change.is_latest }
            }
        };
        Ok(Some(Record { key, value, timestamp, headers }))
    }

    fn transformed(&self, cx: &mut Context, key: &K, value: Option<V>) -> Result<Option<W>, Stop> {
        let mut instance = cx.take_processor(self.node);
        let transformer: &mut P =
            instance.downcast_mut().expect("invariant: a node's transformer is of its type");
        let nobody = Children::<(), ()>::default();
        cx.transforming(true);
        let result = enter(cx, self.node, &nobody, |ctx| transformer.transform(key, value, ctx));
        cx.transforming(false);
        cx.put_processor(self.node, instance);
        cx.settle_failure(self.node)?;
        Ok(result)
    }
}

/// A lookup asks the task's own transformer again, which sees the row's time and no other metadata.
///
/// Java: `KTableTransformValues.KTableTransformValuesGetter`, which makes a further instance for it.
impl<P, K, V: 'static, W> Derives<K, V> for TableTransformValues<P, K, V, W>
where
    P: ValueTransformerWithKey<K, V, W>,
    K: Clone + Send + 'static,
    W: Clone + Send + 'static,
{
    type Row = W;

    fn row(
        &self,
        cx: &mut Context,
        key: &K,
        value: V,
        timestamp: Timestamp,
    ) -> Result<Option<W>, LookupError> {
        let before = cx.enter(RecordContext { timestamp, ..RecordContext::none() });
        let transformed = self.transformed(cx, key, Some(value));
        cx.leave(before);
        transformed.map_err(LookupError::Stop)
    }
}

impl<P, K, V, W> ProcessorRunner for TableTransformValues<P, K, V, W>
where
    P: ValueTransformerWithKey<K, V, W>,
    K: 'static,
    W: 'static,
{
    fn start(&self, cx: &mut Context) -> Result<(), Stop> {
        let mut transformer = Box::new((self.make)());
        let nobody = Children::<(), ()>::default();
        enter(cx, self.node, &nobody, |ctx| transformer.init(ctx));
        cx.put_processor(self.node, transformer);
        cx.settle_failure(self.node)
    }

    fn close(&self, cx: &mut Context) {
        let mut instance = cx.last_processor(self.node);
        if let Some(transformer) = instance.as_mut().and_then(|last| last.downcast_mut::<P>()) {
            transformer.close();
        }
    }
}
