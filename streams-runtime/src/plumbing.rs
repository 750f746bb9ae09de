//! What generated code names, and nothing else; not for users.

use std::sync::Arc;

pub use crate::context::Context;
pub use crate::dsl::part::{
    Broken, Door, DoorView, Exit, HasRows, Nowhere, Passes, RecordOf, RowsOf, Run, Through, Way,
    door, door_view, enters, exit, leaves, pass,
};
pub use crate::dsl::*;
pub use crate::error::Stop;
pub use crate::error::UserError;
pub use crate::operator::{derived_view, perhaps_repartition, share, store_view};
pub use crate::processor::{
    FixedKeyFunction, FixedKeyProcessorContext, FixedKeyProcessorFunction,
    FixedKeyProcessorSupplier, FixedKeyRecord, Function, ProcessorContext, ProcessorFunction,
    ProcessorStore, ProcessorSupplier, PunctuationType, Returned, Stateful, StatefulFixedKey,
    StatefulFixedKeyProcessor, StatefulProcessor, StoreHandle,
};
pub use crate::record::Record;
pub use crate::serdes::*;
pub use crate::serdes::{HasSerde, JsonSerde, Nullable, Serde};

/// What stands in for a topology that does not compile.
pub fn placeholder() -> Topology {
    StreamsBuilder::new().finish()
}

/// The left side of a join, where the right one has keys of the same type.
pub fn same_key<L: Keyed, R: SameKey<L::Key, L>>(left: L, _: R) -> R::Side {
    R::side(left)
}

/// The left side of a merge, where the right one has the same types.
pub fn same_types<L, R: SameTypes<L>>(left: L, _: R) -> R::Side {
    R::side(left)
}

/// Two declared topics whose streams are joined have as many partitions.
pub fn same_partitions<A, B>(_: &A, _: &B)
where
    A: DeclaresPartitions + ?Sized,
    B: DeclaresPartitions + ?Sized,
    A::Count: JoinsPartitions<B::Count>,
{
}

/// A run that is entered from more than one place.
///
/// The handle tells the record's type, so that generated code never writes it.
pub fn seam<H: Flow, F>(_: H, run: F) -> Arc<F>
where
    F: Fn(&mut Context, H::Record) -> Result<(), Stop> + Send + Sync + 'static,
{
    Arc::new(run)
}

/// What a source, a flush or a processor calls when all that stands behind it is a seam.
pub fn enter<R, F>(
    seam: &Arc<F>,
) -> impl Fn(&mut Context, R) -> Result<(), Stop> + Send + Sync + 'static
where
    R: 'static,
    F: Fn(&mut Context, R) -> Result<(), Stop> + Send + Sync + ?Sized + 'static,
{
    let seam = Arc::clone(seam);
    move |cx, record| seam(cx, record)
}

/// A [`seam`] run with its type hidden, for deeply nested ones: rustc's types stay small.
pub type DynRun<R> = Arc<dyn Fn(&mut Context, R) -> Result<(), Stop> + Send + Sync>;

/// [`seam`] with a hidden type.
pub fn seam_dyn<H: Flow, F>(_: H, run: F) -> DynRun<H::Record>
where
    F: Fn(&mut Context, H::Record) -> Result<(), Stop> + Send + Sync + 'static,
{
    Arc::new(run)
}

/// A run of an exit with its type hidden.
pub type BoxedRun<R> = Box<dyn Fn(&mut Context, R) -> Result<(), Stop> + Send + Sync>;

/// Hides the type of what stands behind the exit of a part, for many runs nested there.
pub fn run_dyn<H: Flow, F>(_: H, run: F) -> BoxedRun<H::Record>
where
    F: Fn(&mut Context, H::Record) -> Result<(), Stop> + Send + Sync + 'static,
{
    Box::new(run)
}

#[doc(hidden)]
pub use streams_macros::topology_with_parts;
