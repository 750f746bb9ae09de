//! Places of the user's own for the rows of the built-in stores.

use std::any::Any;
use std::sync::Arc;

use super::{OrderedBytes, StoreError};
use crate::topology::{OwnPlace, StoreType, TaskId};

/// Opens places of your own in which the built-in stores keep their rows.
///
/// A store of any kind is a layout of keys over one place of ordered bytes ([`OrderedBytes`]): caches, changelogs,
/// restores, windows and versions are the library's, the place is yours. [`StoreType::own`] names a supplier wherever
/// a store type is taken: for one table or aggregation (`Materialized::with_store_type`), a join of streams
/// (`StreamJoined::with_store_type`), a store of a processor (`StoreBuilder::with_store_type`, or that of a supplier
/// of `Stores`), or every store that says nothing (`StreamsConfig::default_store_type`).
///
/// The guarantees hold for it as they do for RocksDB when its places keep what [`OrderedBytes`] asks for, and when
/// `open` refuses (kind [`InUse`](super::StoreErrorKind::InUse)) a place that another process has open. Nothing
/// deletes places that no task uses any more; [`delete`](Self::delete) is called only for what must not be used again.
/// Java: `DslStoreSuppliers`, `KeyValueBytesStoreSupplier`, `WindowBytesStoreSupplier`, `SessionBytesStoreSupplier`
/// (KIP-954).
///
/// # Example
/// ```
/// use std::collections::{BTreeMap, VecDeque};
/// use streams_runtime::prelude::*;
/// use streams_runtime::store::{
///     BytesStoreSupplier, Cursor, KeyRange, Order, OrderedBytes, StoreError, StorePlace,
/// };
///
/// /// Rows in a tree in memory.
/// #[derive(Default)]
/// struct Tree {
///     rows: BTreeMap<Vec<u8>, Vec<u8>>,
///     offsets: BTreeMap<i32, i64>,
/// }
///
/// impl OrderedBytes for Tree {
///     fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
///         let row = self.rows.get(key);
///         out.extend_from_slice(row.map_or(&[], Vec::as_slice));
///         Ok(row.is_some())
///     }
///
///     fn range(&self, range: &KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>, StoreError> {
///         let rows = self.rows.iter().filter(|(key, _)| range.contains(key));
///         Ok(Box::new(match order {
///             Order::Ascending => rows.collect::<VecDeque<_>>(),
///             Order::Descending => rows.rev().collect(),
///         }))
///     }
///
///     fn stage(&mut self, key: &[u8], value: Option<&[u8]>) {
///         match value {
///             Some(value) => drop(self.rows.insert(key.to_vec(), value.to_vec())),
///             None => drop(self.rows.remove(key)),
///         }
///     }
///
///     fn apply(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
///         self.offsets.extend(offsets.iter().copied());
///         Ok(())
///     }
///
///     fn offset(&self, partition: i32) -> Result<Option<i64>, StoreError> {
///         Ok(self.offsets.get(&partition).copied())
///     }
///
///     fn approximate_rows(&self) -> u64 {
///         self.rows.len() as u64
///     }
///
///     fn persistent(&self) -> bool {
///         false
///     }
///
///     fn flush(&mut self) -> Result<(), StoreError> {
///         Ok(())
///     }
///
///     fn close(&mut self) -> Result<(), StoreError> {
///         Ok(())
///     }
/// }
///
/// struct Trees;
///
/// impl BytesStoreSupplier for Trees {
///     fn open(&self, _: &StorePlace<'_>) -> Result<Box<dyn OrderedBytes>, StoreError> {
///         Ok(Box::new(Tree::default()))
///     }
///
///     fn delete(&self, _: &StorePlace<'_>) -> Result<(), StoreError> {
///         Ok(())
///     }
/// }
///
/// let topology = topology!({
///     let counts = Materialized::as_("counts").with_store_type(StoreType::own(Trees));
///     stream::<String, i64>("in").group_by_key().count(counts).to_stream().to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 1), ("a", 1)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 1, 2]);
/// driver.restart()?;
/// driver.input::<String, i64>("in").pipe("a", 1, 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [3], "the changelog gave the rows back");
/// # Ok::<(), StreamsError>(())
/// ```
pub trait BytesStoreSupplier: Send + Sync + 'static {
    /// Opens the place of a store, with what its last `apply` before a crash or a close has left durable.
    ///
    /// # Errors
    /// When it cannot be used. One of kind [`Damaged`](super::StoreErrorKind::Damaged) has the place deleted and
    /// opened again, and the store restored from its changelog; one of kind [`InUse`](super::StoreErrorKind::InUse)
    /// has a task wait; any other stops the instance.
    fn open(&self, place: &StorePlace<'_>) -> Result<Box<dyn OrderedBytes>, StoreError>;

    /// Deletes a place that is closed: it is damaged, or the changelog does not continue it.
    ///
    /// A place that keeps nothing over a close has nothing to do.
    ///
    /// # Errors
    /// When it cannot be deleted.
    fn delete(&self, place: &StorePlace<'_>) -> Result<(), StoreError>;
}

/// Which place of a store is meant. Task and store together name it within an application.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StorePlace<'a> {
    /// The application's id.
    pub application_id: &'a str,
    /// The task; `None` for the store of a global table, of which an instance has one.
    pub task: Option<TaskId>,
    /// The store's name.
    pub store: &'a str,
    /// The changelog topic that its offsets are of; `None` without a changelog.
    pub changelog: Option<&'a str>,
}

/// What an [`OwnPlace`] holds.
type Supplier = Box<dyn BytesStoreSupplier>;

impl StoreType {
    /// Places that `supplier` opens.
    pub fn own(supplier: impl BytesStoreSupplier) -> Self {
        let supplier: Supplier = Box::new(supplier);
        Self::Own(OwnPlace::new(Arc::new(supplier) as Arc<dyn Any + Send + Sync>))
    }
}

fn supplier(own: &OwnPlace) -> &dyn BytesStoreSupplier {
    let supplier = own.get().downcast_ref::<Supplier>();
    &**supplier.expect("invariant: `StoreType::own` alone makes one")
}

/// Opens a place of the user's own, a damaged one anew.
pub(crate) fn open_own(
    own: &OwnPlace,
    place: &StorePlace<'_>,
) -> Result<Box<dyn OrderedBytes>, StoreError> {
    match supplier(own).open(place) {
        Err(error) if error.wipe_mends() => {
            tracing::warn!("{error}; it is emptied and restored from its changelog");
            supplier(own).delete(place)?;
            supplier(own).open(place)
        }
        opened => opened,
    }
}

/// Deletes a place of the user's own.
#[cfg(feature = "kafka")]
pub(crate) fn delete_own(own: &OwnPlace, place: &StorePlace<'_>) -> Result<(), StoreError> {
    supplier(own).delete(place)
}
