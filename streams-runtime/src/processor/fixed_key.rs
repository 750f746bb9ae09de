//! Processors that cannot change the key, so that no repartition is needed behind them.

use std::time::Duration;

use super::{Cancellable, ProcessingContext, Processor, ProcessorContext, PunctuationType};
use crate::error::UserError;
use crate::record::{Headers, Record};
use crate::time::Timestamp;

/// A record whose key stays as it is.
///
/// Only the task makes one; a processor derives others from it.
/// Java: `org.apache.kafka.streams.processor.api.FixedKeyRecord`.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedKeyRecord<K, V> {
    key: K,
    /// The value.
    pub value: V,
    /// Event time.
    pub timestamp: Timestamp,
    /// Headers, in order.
    pub headers: Headers,
}

impl<K, V> FixedKeyRecord<K, V> {
    /// The key.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// The same record with another value.
    pub fn with_value<W>(self, value: W) -> FixedKeyRecord<K, W> {
        let Self { key, timestamp, headers, .. } = self;
        FixedKeyRecord { key, value, timestamp, headers }
    }

    /// The same record at another time.
    #[must_use]
    pub fn with_timestamp(self, timestamp: Timestamp) -> Self {
        Self { timestamp, ..self }
    }

    /// The same record with other headers.
    #[must_use]
    pub fn with_headers(self, headers: Headers) -> Self {
        Self { headers, ..self }
    }

    fn of(record: Record<K, V>) -> Self {
        let Record { key, value, timestamp, headers } = record;
        Self { key, value, timestamp, headers }
    }

    fn into_record(self) -> Record<K, V> {
        let Self { key, value, timestamp, headers } = self;
        Record { key, value, timestamp, headers }
    }
}

/// A processor that leaves keys alone: otherwise as [`Processor`].
///
/// Java: `org.apache.kafka.streams.processor.api.FixedKeyProcessor`.
pub trait FixedKeyProcessor<K, VIn, VOut>: Send + 'static {
    /// Called once before the first record.
    fn init(&mut self, ctx: &mut FixedKeyProcessorContext<'_, K, VOut>) {
        let _ = ctx;
    }

    /// Called for each record.
    ///
    /// # Errors
    /// Whatever the processor cannot cope with; the processing exception handler decides.
    fn process(
        &mut self,
        record: FixedKeyRecord<K, VIn>,
        ctx: &mut FixedKeyProcessorContext<'_, K, VOut>,
    ) -> Result<(), UserError>;

    /// Called once when the task ends. A processor that panicked is dropped instead.
    fn close(&mut self) {}
}

/// What a [`FixedKeyProcessor`] sees of its task.
pub struct FixedKeyProcessorContext<'a, K, VOut>(ProcessorContext<'a, K, VOut>);

impl<'a, K, VOut> std::ops::Deref for FixedKeyProcessorContext<'a, K, VOut> {
    type Target = ProcessingContext<'a>;

    fn deref(&self) -> &ProcessingContext<'a> {
        &self.0
    }
}

impl<K: Clone + 'static, VOut: Clone + 'static> FixedKeyProcessorContext<'_, K, VOut> {
    /// Sends a record to all children, in the order they were added, each to its end.
    pub fn forward(&mut self, record: FixedKeyRecord<K, VOut>) {
        self.0.forward(record.into_record());
    }

    /// Sends a record to the child of that name; see [`ProcessorContext::forward_to`].
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn route(record: FixedKeyRecord<String, i64>, ctx: &mut FixedKeyProcessorContext<'_, String, i64>) {
    ///     ctx.forward_to(if record.value > 9 { "big" } else { "small" }, record);
    /// }
    ///
    /// let topology = topology!({
    ///     let routed = stream::<String, i64>("in").process_values(route);
    ///     routed.to("big-orders", Produced::as_("big"));
    ///     routed.to("small-orders", Produced::as_("small"));
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 20)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("big-orders").values()?, [20]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn forward_to(&mut self, child: &str, record: FixedKeyRecord<K, VOut>) {
        self.0.forward_to(child, record.into_record());
    }

    /// As [`ProcessorContext::schedule`]; a punctuator has no key, so it forwards nothing.
    pub fn schedule<P: 'static>(
        &mut self,
        interval: Duration,
        by: PunctuationType,
        mut punctuator: impl FnMut(&mut P, &mut FixedKeyProcessorContext<'_, K, VOut>, Timestamp)
        + Send
        + 'static,
    ) -> Cancellable {
        self.0.schedule(interval, by, move |processor: &mut FixedKey<P>, ctx, time| {
            punctuator(&mut processor.0, &mut FixedKeyProcessorContext(ctx.again()), time);
        })
    }

    /// As [`ProcessorContext::schedule_from`]: on the grid `start` + n · `interval`.
    pub fn schedule_from<P: 'static>(
        &mut self,
        start: Timestamp,
        interval: Duration,
        by: PunctuationType,
        mut punctuator: impl FnMut(&mut P, &mut FixedKeyProcessorContext<'_, K, VOut>, Timestamp)
        + Send
        + 'static,
    ) -> Cancellable {
        self.0.schedule_from(start, interval, by, move |processor: &mut FixedKey<P>, ctx, time| {
            punctuator(&mut processor.0, &mut FixedKeyProcessorContext(ctx.again()), time);
        })
    }
}

/// A [`FixedKeyProcessor`] as a [`Processor`].
pub struct FixedKey<P>(P);

impl<P> FixedKey<P> {
    /// Wraps it.
    pub fn new(processor: P) -> Self {
        Self(processor)
    }
}

impl<P, K, VIn, VOut> Processor<K, VIn, K, VOut> for FixedKey<P>
where
    P: FixedKeyProcessor<K, VIn, VOut>,
{
    fn init(&mut self, ctx: &mut ProcessorContext<'_, K, VOut>) {
        self.0.init(&mut FixedKeyProcessorContext(ctx.again()));
    }

    fn process(
        &mut self,
        record: Record<K, VIn>,
        ctx: &mut ProcessorContext<'_, K, VOut>,
    ) -> Result<(), UserError> {
        self.0.process(FixedKeyRecord::of(record), &mut FixedKeyProcessorContext(ctx.again()))
    }

    fn close(&mut self) {
        self.0.close();
    }
}

/// Makes the instances of a fixed-key processor that asks for stores; `#[processor]` implements it.
pub trait FixedKeyProcessorSupplier<K, VIn, VOut, Stores>: Send + Sync + 'static {
    /// What it makes.
    type Processor: FixedKeyProcessor<K, VIn, VOut>;

    /// Makes the instance of a task.
    fn get(&self, stores: Stores) -> Self::Processor;
}
