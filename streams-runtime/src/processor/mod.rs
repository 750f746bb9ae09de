//! The Processor API: processors, their context, stores and punctuation.
//!
//! **Invariant:** a processor's instance lives in its task; only the task's own records and clocks
//! enter it, one at a time. Forwarding is synchronous and depth first, as in Kafka Streams.

mod children;
mod context;
mod failure;
mod fixed_key;
mod function;
mod global;
mod key_value;
#[cfg(feature = "observer")]
mod observer;
mod own;
mod punctuation;
mod schedule;
mod session;
mod stateful;
mod store;
mod supplies;
mod timestamped;
mod timestamped_window;
mod transformer;
mod versioned;
mod window;
mod window_reads;
mod with_headers;

pub use children::Children;
pub(crate) use context::enter;
pub use context::{ProcessingContext, ProcessorContext, RecordMetadata};
pub(crate) use failure::ProcessorFailure;
pub use fixed_key::{
    FixedKey, FixedKeyProcessor, FixedKeyProcessorContext, FixedKeyProcessorSupplier,
    FixedKeyRecord,
};
pub use function::{
    FixedKeyFunction, FixedKeyProcessorFunction, Function, ProcessorFunction, Returned,
};
pub use global::{GlobalStore, ReadOnlyStore};
pub use key_value::KeyValueStore;
#[cfg(feature = "observer")]
pub use observer::{Entering, Observer, ProcessorObserver};
pub use own::Own;
pub use punctuation::{Cancellable, PunctuationType};
pub(crate) use punctuation::{Schedules, punctuate};
pub use session::SessionStore;
pub use stateful::{Stateful, StatefulFixedKey, StatefulFixedKeyProcessor, StatefulProcessor};
pub use store::{ContextCell, ProcessorStore, StoreBuilder, StoreHandle};
pub use supplies::{ByFunction, BySupplier, ByType, Supplies, SuppliesFixedKey};
pub use timestamped::TimestampedKeyValueStore;
pub use timestamped_window::TimestampedWindowStore;
pub use transformer::ValueTransformerWithKey;
pub use versioned::{VersionedKeyValueStore, VersionedPut};
pub use window::WindowStore;
pub use with_headers::{
    SessionStoreWithHeaders, TimestampedKeyValueStoreWithHeaders, TimestampedWindowStoreWithHeaders,
};

use crate::error::UserError;
use crate::record::Record;

/// A node of the topology whose work is the user's own.
///
/// The supplier makes one instance for each task, so fields are state of one partition; what must
/// survive belongs into a store. An error of `process` goes to the processing exception handler; what
/// was forwarded before it stays. Java: `org.apache.kafka.streams.processor.api.Processor`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// /// Lets every n-th record through.
/// struct EveryNth { n: u32, seen: u32 }
///
/// impl Processor<String, i64, String, i64> for EveryNth {
///     fn process(
///         &mut self,
///         record: Record<String, i64>,
///         ctx: &mut ProcessorContext<'_, String, i64>,
///     ) -> Result<(), UserError> {
///         self.seen += 1;
///         if self.seen % self.n == 0 {
///             ctx.forward(record);
///         }
///         Ok(())
///     }
/// }
///
/// let topology = topology!({
///     stream::<String, i64>("in").process(|| EveryNth { n: 2, seen: 0 }).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2), ("c", 3), ("d", 4)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [2, 4]);
/// # Ok::<(), StreamsError>(())
/// ```
pub trait Processor<KIn, VIn, KOut, VOut>: Send + 'static {
    /// Called once before the first record, when the stores are restored: the place to schedule.
    fn init(&mut self, ctx: &mut ProcessorContext<'_, KOut, VOut>) {
        let _ = ctx;
    }

    /// Called for each record.
    ///
    /// # Errors
    /// Whatever the processor cannot cope with; the processing exception handler decides.
    fn process(
        &mut self,
        record: Record<KIn, VIn>,
        ctx: &mut ProcessorContext<'_, KOut, VOut>,
    ) -> Result<(), UserError>;

    /// Called once when the task ends. A processor that panicked is dropped instead.
    fn close(&mut self) {}
}

/// Makes the instances of a processor that asks for stores; `#[processor]` implements it.
///
/// `Stores` are the handles of the stores that the processor is connected with.
/// Java: `org.apache.kafka.streams.processor.api.ProcessorSupplier`.
pub trait ProcessorSupplier<KIn, VIn, KOut, VOut, Stores>: Send + Sync + 'static {
    /// What it makes.
    type Processor: Processor<KIn, VIn, KOut, VOut>;

    /// Makes the instance of a task.
    fn get(&self, stores: Stores) -> Self::Processor;
}
