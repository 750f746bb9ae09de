//! What `process` and `process_values` take: a function that makes processors, or a supplier.

use super::{
    FixedKeyProcessor, FixedKeyProcessorSupplier, Processor, ProcessorSupplier, Stateful,
    StatefulFixedKey, StatefulFixedKeyProcessor, StatefulProcessor,
};

/// Tells that a function without arguments makes the processors.
#[derive(Clone, Copy, Debug)]
pub struct ByFunction;

/// Tells that a supplier makes the processors from handles of stores.
#[derive(Clone, Copy, Debug)]
pub struct BySupplier;

/// Tells that a function makes instances of a type whose impl `#[processor]` annotates.
#[derive(Clone, Copy, Debug)]
pub struct ByType;

/// Makes processors of records of `KIn` and `VIn`: a closure `|| MyProcessor { .. }`, or what
/// `#[processor]` annotates.
///
/// `By` is inferred: [`ByFunction`], [`ByType`] or [`BySupplier`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not process records with keys of `{KIn}` and values of `{VIn}`",
    label = "not a processor of this stream",
    note = "a `#[processor]` takes the records of the stream that it is given, `Record<Key, Value>`; a closure \
            makes an instance of a type of yours, `|| MyProcessor::new()`"
)]
pub trait Supplies<KIn, VIn, KOut, VOut, Stores, By>: Send + Sync + 'static {
    /// What it makes.
    type Processor: Processor<KIn, VIn, KOut, VOut>;

    /// Makes the instance of a task.
    fn supply(&self, stores: Stores) -> Self::Processor;
}

impl<F, P, KIn, VIn, KOut, VOut, S> Supplies<KIn, VIn, KOut, VOut, S, ByFunction> for F
where
    F: Fn() -> P + Send + Sync + 'static,
    P: Processor<KIn, VIn, KOut, VOut>,
{
    type Processor = P;

    fn supply(&self, _: S) -> P {
        self()
    }
}

impl<X, KIn, VIn, KOut, VOut, S> Supplies<KIn, VIn, KOut, VOut, S, BySupplier> for X
where
    X: ProcessorSupplier<KIn, VIn, KOut, VOut, S>,
{
    type Processor = X::Processor;

    fn supply(&self, stores: S) -> X::Processor {
        self.get(stores)
    }
}

impl<F, P, KIn, VIn, KOut, VOut, S> Supplies<KIn, VIn, KOut, VOut, S, ByType> for F
where
    F: Fn() -> P + Send + Sync + 'static,
    P: StatefulProcessor<KIn, VIn, KOut, VOut, S>,
    S: Copy + Send + 'static,
{
    type Processor = Stateful<P, S>;

    fn supply(&self, stores: S) -> Stateful<P, S> {
        Stateful { processor: self(), stores }
    }
}

/// Makes fixed-key processors of records of `K` and `VIn`: a closure, or what `#[processor]` annotates
/// for a `FixedKeyRecord`.
///
/// `By` is inferred: [`ByFunction`], [`ByType`] or [`BySupplier`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not process values of `{VIn}` under fixed keys of `{K}`",
    label = "not a fixed-key processor of this stream",
    note = "`process_values` takes processors of a `FixedKeyRecord`, which leave the key alone; one that changes \
            keys goes to `process`, and a closure makes an instance, `|| MyProcessor::new()`"
)]
pub trait SuppliesFixedKey<K, VIn, VOut, Stores, By>: Send + Sync + 'static {
    /// What it makes.
    type Processor: FixedKeyProcessor<K, VIn, VOut>;

    /// Makes the instance of a task.
    fn supply(&self, stores: Stores) -> Self::Processor;
}

impl<F, P, K, VIn, VOut, S> SuppliesFixedKey<K, VIn, VOut, S, ByFunction> for F
where
    F: Fn() -> P + Send + Sync + 'static,
    P: FixedKeyProcessor<K, VIn, VOut>,
{
    type Processor = P;

    fn supply(&self, _: S) -> P {
        self()
    }
}

impl<X, K, VIn, VOut, S> SuppliesFixedKey<K, VIn, VOut, S, BySupplier> for X
where
    X: FixedKeyProcessorSupplier<K, VIn, VOut, S>,
{
    type Processor = X::Processor;

    fn supply(&self, stores: S) -> X::Processor {
        self.get(stores)
    }
}

impl<F, P, K, VIn, VOut, S> SuppliesFixedKey<K, VIn, VOut, S, ByType> for F
where
    F: Fn() -> P + Send + Sync + 'static,
    P: StatefulFixedKeyProcessor<K, VIn, VOut, S>,
    S: Copy + Send + 'static,
{
    type Processor = StatefulFixedKey<P, S>;

    fn supply(&self, stores: S) -> StatefulFixedKey<P, S> {
        StatefulFixedKey { processor: self(), stores }
    }
}
