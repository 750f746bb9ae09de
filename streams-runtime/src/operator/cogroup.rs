//! `cogroup`: several grouped streams that share one aggregate per key.

use super::fold::Fold;
use super::materialize::{Materializes, Update, update_row};
use super::reduce::change_row;
use super::repartition::Repartition;
use super::updates::Updates;
use crate::context::Context;
use crate::error::Stop;
use crate::record::Record;
use crate::serdes::Nullable;
use crate::store::{StoreRef, TableStore};
use crate::topology::NodeId;

/// One input of a cogroup without windows: folds its records into the aggregate that all inputs share.
///
/// Records with a null key or value are dropped and counted as such. The result's time is the highest of
/// its records. Java: `CogroupedKStream#aggregate`, one `KStreamAggregate` per input.
pub struct CogroupAggregate<K: Nullable, V, A, F> {
    pub(crate) node: NodeId,
    pub(crate) fold: F,
    pub(crate) store: StoreRef<TableStore<K::NonNull, A>>,
    pub(crate) repartition: Option<Repartition<K, V>>,
}

impl<K: Nullable, V, A, F> CogroupAggregate<K, V, A, F> {
    /// The cut before the aggregation.
    ///
    /// # Panics
    /// When the key did not change, so that there is none.
    pub fn repartition(&self) -> Repartition<K, V> {
        self.repartition.clone().expect("invariant: the key changed, so there is a repartition")
    }

    /// The new aggregate, unless the cache keeps it for later.
    ///
    /// # Errors
    /// When the fold fails and the handler says fail, and when the store fails.
    pub fn run(&self, cx: &mut Context, record: Record<K, V>) -> Result<Updates<Update<K, A>>, Stop>
    where
        V: Nullable,
        A: Clone + Send + 'static,
        F: Fold<K::NonNull, V, A>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let Some(key) = key.into_non_null().filter(|_| !value.is_null()) else {
            cx.drop_record(self.node, super::NULL_KEY_OR_VALUE);
            return Ok(Updates::default());
        };
        cx.at_parts(timestamp, &headers);
        let want_old = cx.node(self.node).sends_old;
        let written = update_row(cx, self.store, &key, want_old, |row| {
            change_row(row, timestamp, |held| {
                let aggregate = if F::FALLIBLE { held.clone() } else { held.take() };
                *held = self.fold.fold(&key, value, aggregate).map_err(|error| error.0)?;
                Ok(())
            })
        });
        let mut updates = Updates::default();
        match written {
            Ok(None) => {}
            Ok(Some((mut value, timestamp))) => {
                if want_old && value.old.is_none() {
                    value.old = self.fold.initial();
                }
                updates.push(Record { key, value, timestamp, headers });
            }
            Err(error) => error.handle(cx, self.node)?,
        }
        Ok(updates)
    }
}

/// The table behind the inputs of a cogroup: records pass it as they come.
pub struct CogroupTable<S> {
    pub(crate) node: NodeId,
    pub(crate) store: StoreRef<S>,
}

impl<K, A, S> Materializes<K, A> for CogroupTable<S> {
    type Store = S;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<S>> {
        Some(self.store)
    }
}
