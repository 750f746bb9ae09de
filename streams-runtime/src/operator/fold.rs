//! What windowed aggregations do with a value: count, reduce or aggregate it.

use std::marker::PhantomData;
use std::sync::Arc;

use super::IntoAggregate;
use super::materialize::UpdateError;
use crate::error::UserError;
use crate::serdes::Nullable;

/// A failure inside a fold: of the store, or of the user's function.
pub struct FoldError(pub(crate) UpdateError);

impl std::fmt::Debug for FoldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FoldError")
    }
}

impl FoldError {
    pub(super) fn user<E: Into<UserError>>(error: E) -> Self {
        Self(UpdateError::user(error))
    }
}

/// Takes the values of a key and a window together, one by one.
pub trait Fold<K, V, A>: Send + Sync + 'static {
    /// True when the fold may fail, so that what is there must not be lost.
    const FALLIBLE: bool;

    /// What the first value is folded into; `None` when it is taken as it is.
    fn initial(&self) -> Option<A>;

    /// The aggregate with one more value; `None` deletes it.
    ///
    /// # Errors
    /// When the user's function fails.
    fn fold(&self, key: &K, value: V, aggregate: Option<A>) -> Result<Option<A>, FoldError>;
}

/// A fold of sessions, which may have to be merged.
pub trait SessionFold<K, V, A>: Fold<K, V, A> {
    /// Two sessions' aggregates as one; there is none on the left when nothing is folded yet.
    ///
    /// # Errors
    /// When the user's function fails.
    fn merge(&self, key: &K, left: Option<A>, right: A) -> Result<Option<A>, FoldError>;
}

/// Counts.
#[derive(Clone, Copy, Debug)]
pub struct CountFold;

impl<K, V> Fold<K, V, i64> for CountFold {
    const FALLIBLE: bool = false;

    #[inline]
    fn initial(&self) -> Option<i64> {
        Some(0)
    }

    #[inline]
    fn fold(&self, _: &K, _: V, aggregate: Option<i64>) -> Result<Option<i64>, FoldError> {
        Ok(Some(aggregate.unwrap_or(0).wrapping_add(1)))
    }
}

impl<K, V> SessionFold<K, V, i64> for CountFold {
    fn merge(&self, _: &K, left: Option<i64>, right: i64) -> Result<Option<i64>, FoldError> {
        Ok(Some(left.unwrap_or(0).wrapping_add(right)))
    }
}

/// The user's function gives the aggregate, or an `Option` of it where `None` deletes.
#[derive(Clone, Copy, Debug)]
pub struct Sure;

/// The user's function gives a `Result` of that.
#[derive(Clone, Copy, Debug)]
pub struct Fallible;

/// Whether the user's function may fail.
pub trait Shape: Send + Sync + 'static {
    /// True when it may.
    const FALLIBLE: bool;
}

impl Shape for Sure {
    const FALLIBLE: bool = false;
}

impl Shape for Fallible {
    const FALLIBLE: bool = true;
}

/// What the user's function gives in the shape `S`.
pub trait Folded<A, S> {
    /// The aggregate, `None` to delete it.
    ///
    /// # Errors
    /// The user's.
    fn folded(self) -> Result<Option<A>, FoldError>;
}

impl<A, R: IntoAggregate<A>> Folded<A, Sure> for R {
    #[inline]
    fn folded(self) -> Result<Option<A>, FoldError> {
        Ok(self.into_aggregate())
    }
}

impl<A, R: IntoAggregate<A>, E: Into<UserError>> Folded<A, Fallible> for Result<R, E> {
    #[inline]
    fn folded(self) -> Result<Option<A>, FoldError> {
        self.map(IntoAggregate::into_aggregate).map_err(FoldError::user)
    }
}

/// Combines two values at a time by the user's reducer.
pub struct ReduceFold<F, S> {
    reducer: F,
    shape: PhantomData<S>,
}

impl<F, S> ReduceFold<F, S> {
    pub(crate) fn new(reducer: F) -> Self {
        Self { reducer, shape: PhantomData }
    }
}

impl<K, V, R, F, S> Fold<K, V, V::NonNull> for ReduceFold<F, S>
where
    V: Nullable,
    F: Fn(V, V) -> R + Send + Sync + 'static,
    R: Folded<V::NonNull, S>,
    S: Shape,
{
    const FALLIBLE: bool = S::FALLIBLE;

    #[inline]
    fn initial(&self) -> Option<V::NonNull> {
        None
    }

    #[inline]
    fn fold(
        &self,
        _: &K,
        value: V,
        aggregate: Option<V::NonNull>,
    ) -> Result<Option<V::NonNull>, FoldError> {
        match aggregate {
            None => Ok(value.into_non_null()),
            Some(held) => (self.reducer)(V::from_non_null(held), value).folded(),
        }
    }
}

impl<K, V, F, S> SessionFold<K, V, V::NonNull> for ReduceFold<F, S>
where
    V: Nullable,
    Self: Fold<K, V, V::NonNull>,
{
    fn merge(
        &self,
        key: &K,
        left: Option<V::NonNull>,
        right: V::NonNull,
    ) -> Result<Option<V::NonNull>, FoldError> {
        self.fold(key, V::from_non_null(right), left)
    }
}

/// Folds values into an aggregate of any type; the inputs of a cogroup share the initializer.
pub struct AggregateFold<I, F, S> {
    initializer: Arc<I>,
    aggregator: Arc<F>,
    shape: PhantomData<S>,
}

impl<I, F, S> AggregateFold<I, F, S> {
    pub(crate) fn new(initializer: Arc<I>, aggregator: Arc<F>) -> Self {
        Self { initializer, aggregator, shape: PhantomData }
    }
}

impl<K, V, A, R, I, F, S> Fold<K, V, A> for AggregateFold<I, F, S>
where
    I: Fn() -> A + Send + Sync + 'static,
    F: Fn(&K, V, A) -> R + Send + Sync + 'static,
    R: Folded<A, S>,
    S: Shape,
{
    const FALLIBLE: bool = S::FALLIBLE;

    #[inline]
    fn initial(&self) -> Option<A> {
        Some((self.initializer)())
    }

    #[inline]
    fn fold(&self, key: &K, value: V, aggregate: Option<A>) -> Result<Option<A>, FoldError> {
        let held = aggregate.unwrap_or_else(|| (self.initializer)());
        (self.aggregator)(key, value, held).folded()
    }
}

/// A fold of sessions with a merger, which has a shape of its own.
pub struct MergedFold<F, M, S> {
    fold: F,
    merger: Arc<M>,
    shape: PhantomData<S>,
}

impl<F, M, S> MergedFold<F, M, S> {
    pub(crate) fn new(fold: F, merger: Arc<M>) -> Self {
        Self { fold, merger, shape: PhantomData }
    }
}

impl<K, V, A, F, M, S> Fold<K, V, A> for MergedFold<F, M, S>
where
    F: Fold<K, V, A>,
    M: Send + Sync + 'static,
    S: Shape,
{
    const FALLIBLE: bool = F::FALLIBLE || S::FALLIBLE;

    fn initial(&self) -> Option<A> {
        self.fold.initial()
    }

    fn fold(&self, key: &K, value: V, aggregate: Option<A>) -> Result<Option<A>, FoldError> {
        self.fold.fold(key, value, aggregate)
    }
}

impl<K, V, A, R, F, M> SessionFold<K, V, A> for MergedFold<F, M, Sure>
where
    F: Fold<K, V, A>,
    M: Fn(&K, A, A) -> R + Send + Sync + 'static,
    R: IntoAggregate<A>,
{
    fn merge(&self, key: &K, left: Option<A>, right: A) -> Result<Option<A>, FoldError> {
        Ok(match left {
            None => Some(right),
            Some(left) => (self.merger)(key, left, right).into_aggregate(),
        })
    }
}

impl<K, V, A, R, F, M> SessionFold<K, V, A> for MergedFold<F, M, Fallible>
where
    F: Fold<K, V, A>,
    M: Fn(&K, A, A) -> R + Send + Sync + 'static,
    R: IntoMerged<A>,
{
    fn merge(&self, key: &K, left: Option<A>, right: A) -> Result<Option<A>, FoldError> {
        match left {
            None => Ok(Some(right)),
            Some(left) => (self.merger)(key, left, right).into_merged(),
        }
    }
}

/// What the merger of a `try_` aggregation may return: the aggregate, an `Option` of it where `None` deletes,
/// or a `Result` of either.
#[diagnostic::on_unimplemented(
    message = "the merger returns `{Self}`, but the aggregate is a `{A}`",
    label = "return a `{A}`, an `Option` of it where `None` deletes the session, or a `Result` of either"
)]
pub trait IntoMerged<A> {
    /// The aggregate of two sessions, `None` to delete it.
    ///
    /// # Errors
    /// The user's.
    fn into_merged(self) -> Result<Option<A>, FoldError>;
}

impl<A> IntoMerged<A> for A {
    fn into_merged(self) -> Result<Option<A>, FoldError> {
        Ok(Some(self))
    }
}

impl<A> IntoMerged<A> for Option<A> {
    fn into_merged(self) -> Result<Option<A>, FoldError> {
        Ok(self)
    }
}

impl<A, E: Into<UserError>> IntoMerged<A> for Result<A, E> {
    fn into_merged(self) -> Result<Option<A>, FoldError> {
        self.map(Some).map_err(FoldError::user)
    }
}

impl<A, E: Into<UserError>> IntoMerged<A> for Result<Option<A>, E> {
    fn into_merged(self) -> Result<Option<A>, FoldError> {
        self.map_err(FoldError::user)
    }
}
