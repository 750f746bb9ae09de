//! A global store as processors see it.

use std::ops::Deref;

use super::store::{ContextCell, ProcessorStore};
use crate::topology::StoreIx;

/// A store that every instance holds completely, for processors to read.
///
/// `global_store(..)` declares one with the processor that fills it from a topic, and `store()` of a global
/// table gives its store. Any processor may read it by its handle; it is not connected with it, so they need
/// not share a task, and `describe()` does not show it. What it offers is what its kind offers to readers:
/// writing does not compile. Java: `StreamsBuilder#addGlobalStore`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// #[processor]
/// fn keep_upper(record: Record<String, String>, names: &mut KeyValueStore<String, String>) {
///     names.put(record.key, record.value.to_uppercase());
/// }
///
/// #[processor]
/// fn named(
///     record: Record<String, String>,
///     ctx: &mut ProcessorContext<'_, String, String>,
///     names: &GlobalStore<KeyValueStore<String, String>>,
/// ) {
///     if let Some(name) = names.get(&record.value) {
///         ctx.forward(record.with_value(name));
///     }
/// }
///
/// let topology = topology!({
///     let names = global_store(KeyValueStore::<String, String>::persistent("names"), "ids", keep_upper);
///     stream::<String, String>("in").process(named, names).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, String>("ids").pipe("7", "ann", 0)?;
/// driver.input::<String, String>("in").pipe("a", "7", 0)?;
/// assert_eq!(driver.output::<String, String>("out").values()?, ["ANN"]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct GlobalStore<S>(S);

impl<S: ProcessorStore> ProcessorStore for GlobalStore<S> {
    type At<'a> = GlobalStore<S::At<'a>>;

    fn at(cell: ContextCell<'_>, store: StoreIx) -> GlobalStore<S::At<'_>> {
        cell.with(|cx| cx.refresh_store(store));
        GlobalStore(S::at(cell, store))
    }
}

/// A store that one processor fills from a topic of its task, for others to read.
///
/// [`add_read_only_state_store`](crate::dsl::TopologyBuilder::add_read_only_state_store) declares one. Each task
/// has its own, of its partition; writing does not compile. Java: `Topology#addReadOnlyStateStore`.
pub struct ReadOnlyStore<S>(S);

impl<S: ProcessorStore> ProcessorStore for ReadOnlyStore<S> {
    type At<'a> = ReadOnlyStore<S::At<'a>>;

    fn at(cell: ContextCell<'_>, store: StoreIx) -> ReadOnlyStore<S::At<'_>> {
        ReadOnlyStore(S::at(cell, store))
    }
}

impl<S> Deref for ReadOnlyStore<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S> Deref for GlobalStore<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}
