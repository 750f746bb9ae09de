//! Functions as processors: what `#[processor]` makes of them.

use super::{
    FixedKeyProcessor, FixedKeyProcessorContext, FixedKeyRecord, Processor, ProcessorContext,
};
use crate::error::UserError;
use crate::record::Record;

/// What a processor function may return: nothing, or a `Result` whose error the processing exception
/// handler gets.
pub trait Returned {
    /// As a result.
    ///
    /// # Errors
    /// The function's own.
    fn returned(self) -> Result<(), UserError>;
}

impl Returned for () {
    fn returned(self) -> Result<(), UserError> {
        Ok(())
    }
}

impl<E: Into<UserError>> Returned for Result<(), E> {
    fn returned(self) -> Result<(), UserError> {
        self.map_err(Into::into)
    }
}

/// A function that processes one record; implemented by `#[processor]`.
pub trait ProcessorFunction<KIn, VIn, KOut, VOut, S>: Copy + Send + Sync + 'static {
    /// Calls it.
    ///
    /// # Errors
    /// The function's own.
    fn call(
        record: Record<KIn, VIn>,
        ctx: &mut ProcessorContext<'_, KOut, VOut>,
        stores: S,
    ) -> Result<(), UserError>;
}

/// A function that processes one record and leaves its key; implemented by `#[processor]`.
pub trait FixedKeyProcessorFunction<K, VIn, VOut, S>: Copy + Send + Sync + 'static {
    /// Calls it.
    ///
    /// # Errors
    /// The function's own.
    fn call(
        record: FixedKeyRecord<K, VIn>,
        ctx: &mut FixedKeyProcessorContext<'_, K, VOut>,
        stores: S,
    ) -> Result<(), UserError>;
}

/// A [`ProcessorFunction`] with its stores, as a processor.
pub struct Function<F, S> {
    function: std::marker::PhantomData<fn() -> F>,
    stores: S,
}

impl<F, S> Function<F, S> {
    /// The function with the stores it asks for.
    pub fn new(_: F, stores: S) -> Self {
        Self { function: std::marker::PhantomData, stores }
    }
}

impl<F, S, KIn, VIn, KOut, VOut> Processor<KIn, VIn, KOut, VOut> for Function<F, S>
where
    F: ProcessorFunction<KIn, VIn, KOut, VOut, S>,
    S: Copy + Send + 'static,
{
    fn process(
        &mut self,
        record: Record<KIn, VIn>,
        ctx: &mut ProcessorContext<'_, KOut, VOut>,
    ) -> Result<(), UserError> {
        F::call(record, ctx, self.stores)
    }
}

/// A [`FixedKeyProcessorFunction`] with its stores, as a processor.
pub struct FixedKeyFunction<F, S>(Function<F, S>);

impl<F, S> FixedKeyFunction<F, S> {
    /// The function with the stores it asks for.
    pub fn new(function: F, stores: S) -> Self {
        Self(Function::new(function, stores))
    }
}

impl<F, S, K, VIn, VOut> FixedKeyProcessor<K, VIn, VOut> for FixedKeyFunction<F, S>
where
    F: FixedKeyProcessorFunction<K, VIn, VOut, S>,
    S: Copy + Send + 'static,
{
    fn process(
        &mut self,
        record: FixedKeyRecord<K, VIn>,
        ctx: &mut FixedKeyProcessorContext<'_, K, VOut>,
    ) -> Result<(), UserError> {
        F::call(record, ctx, self.0.stores)
    }
}
