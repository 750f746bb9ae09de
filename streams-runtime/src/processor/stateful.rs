//! Types as processors: what `#[processor]` makes of an impl.

use super::{
    FixedKeyProcessor, FixedKeyProcessorContext, FixedKeyRecord, Processor, ProcessorContext,
};
use crate::error::UserError;
use crate::record::Record;

/// A type that processes records with stores at hand; implemented by `#[processor]`.
pub trait StatefulProcessor<KIn, VIn, KOut, VOut, S>: Send + Sized + 'static {
    /// Called once before the first record; schedules its punctuations.
    fn start(&mut self, ctx: &mut ProcessorContext<'_, KOut, VOut>, stores: S);

    /// Called for each record.
    ///
    /// # Errors
    /// The user's own.
    fn record(
        &mut self,
        record: Record<KIn, VIn>,
        ctx: &mut ProcessorContext<'_, KOut, VOut>,
        stores: S,
    ) -> Result<(), UserError>;

    /// Called once when the task ends.
    fn end(&mut self);
}

/// The same for records whose keys stay; implemented by `#[processor]`.
pub trait StatefulFixedKeyProcessor<K, VIn, VOut, S>: Send + Sized + 'static {
    /// Called once before the first record; schedules its punctuations.
    fn start(&mut self, ctx: &mut FixedKeyProcessorContext<'_, K, VOut>, stores: S);

    /// Called for each record.
    ///
    /// # Errors
    /// The user's own.
    fn record(
        &mut self,
        record: FixedKeyRecord<K, VIn>,
        ctx: &mut FixedKeyProcessorContext<'_, K, VOut>,
        stores: S,
    ) -> Result<(), UserError>;

    /// Called once when the task ends.
    fn end(&mut self);
}

/// An instance of such a type with the stores it asks for, as a processor.
pub struct Stateful<P, S> {
    /// The user's instance.
    pub processor: P,
    /// The handles of its stores.
    pub stores: S,
}

impl<P, S, KIn, VIn, KOut, VOut> Processor<KIn, VIn, KOut, VOut> for Stateful<P, S>
where
    P: StatefulProcessor<KIn, VIn, KOut, VOut, S>,
    S: Copy + Send + 'static,
{
    fn init(&mut self, ctx: &mut ProcessorContext<'_, KOut, VOut>) {
        self.processor.start(ctx, self.stores);
    }

    fn process(
        &mut self,
        record: Record<KIn, VIn>,
        ctx: &mut ProcessorContext<'_, KOut, VOut>,
    ) -> Result<(), UserError> {
        self.processor.record(record, ctx, self.stores)
    }

    fn close(&mut self) {
        self.processor.end();
    }
}

/// [`Stateful`] for fixed keys.
pub struct StatefulFixedKey<P, S> {
    /// The user's instance.
    pub processor: P,
    /// The handles of its stores.
    pub stores: S,
}

impl<P, S, K, VIn, VOut> FixedKeyProcessor<K, VIn, VOut> for StatefulFixedKey<P, S>
where
    P: StatefulFixedKeyProcessor<K, VIn, VOut, S>,
    S: Copy + Send + 'static,
{
    fn init(&mut self, ctx: &mut FixedKeyProcessorContext<'_, K, VOut>) {
        self.processor.start(ctx, self.stores);
    }

    fn process(
        &mut self,
        record: FixedKeyRecord<K, VIn>,
        ctx: &mut FixedKeyProcessorContext<'_, K, VOut>,
    ) -> Result<(), UserError> {
        self.processor.record(record, ctx, self.stores)
    }

    fn close(&mut self) {
        self.processor.end();
    }
}
