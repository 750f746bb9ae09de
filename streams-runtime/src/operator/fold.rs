//! What windowed aggregations do with a value: count, reduce or aggregate it.

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

/// Combines two values at a time by the user's reducer.
pub struct ReduceFold<F> {
    pub(crate) reducer: F,
}

impl<K, V, R, F> Fold<K, V, V::NonNull> for ReduceFold<F>
where
    V: Nullable,
    F: Fn(V, V) -> R + Send + Sync + 'static,
    R: IntoAggregate<V::NonNull>,
{
    const FALLIBLE: bool = false;

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
        Ok(match aggregate {
            None => value.into_non_null(),
            Some(held) => (self.reducer)(V::from_non_null(held), value).into_aggregate(),
        })
    }
}

impl<K, V, R, F> SessionFold<K, V, V::NonNull> for ReduceFold<F>
where
    V: Nullable,
    F: Fn(V, V) -> R + Send + Sync + 'static,
    R: IntoAggregate<V::NonNull>,
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

/// [`ReduceFold`] with a reducer that can fail.
pub struct TryReduceFold<F> {
    pub(crate) reducer: F,
}

impl<K, V, R, E, F> Fold<K, V, V::NonNull> for TryReduceFold<F>
where
    V: Nullable,
    F: Fn(V, V) -> Result<R, E> + Send + Sync + 'static,
    R: IntoAggregate<V::NonNull>,
    E: Into<UserError>,
{
    const FALLIBLE: bool = true;

    fn initial(&self) -> Option<V::NonNull> {
        None
    }

    fn fold(
        &self,
        _: &K,
        value: V,
        aggregate: Option<V::NonNull>,
    ) -> Result<Option<V::NonNull>, FoldError> {
        let Some(held) = aggregate else { return Ok(value.into_non_null()) };
        let reduced = (self.reducer)(V::from_non_null(held), value).map_err(FoldError::user)?;
        Ok(reduced.into_aggregate())
    }
}

impl<K, V, R, E, F> SessionFold<K, V, V::NonNull> for TryReduceFold<F>
where
    V: Nullable,
    F: Fn(V, V) -> Result<R, E> + Send + Sync + 'static,
    R: IntoAggregate<V::NonNull>,
    E: Into<UserError>,
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

/// Folds values into an aggregate of any type.
pub struct AggregateFold<I, F> {
    pub(crate) initializer: I,
    pub(crate) aggregator: F,
}

impl<K, V, A, R, I, F> Fold<K, V, A> for AggregateFold<I, F>
where
    I: Fn() -> A + Send + Sync + 'static,
    F: Fn(&K, V, A) -> R + Send + Sync + 'static,
    R: IntoAggregate<A>,
{
    const FALLIBLE: bool = false;

    #[inline]
    fn initial(&self) -> Option<A> {
        Some((self.initializer)())
    }

    #[inline]
    fn fold(&self, key: &K, value: V, aggregate: Option<A>) -> Result<Option<A>, FoldError> {
        let held = aggregate.unwrap_or_else(&self.initializer);
        Ok((self.aggregator)(key, value, held).into_aggregate())
    }
}

/// [`AggregateFold`] with an aggregator that can fail.
pub struct TryAggregateFold<I, F> {
    pub(crate) initializer: I,
    pub(crate) aggregator: F,
}

impl<K, V, A, R, E, I, F> Fold<K, V, A> for TryAggregateFold<I, F>
where
    I: Fn() -> A + Send + Sync + 'static,
    F: Fn(&K, V, A) -> Result<R, E> + Send + Sync + 'static,
    R: IntoAggregate<A>,
    E: Into<UserError>,
{
    const FALLIBLE: bool = true;

    fn initial(&self) -> Option<A> {
        Some((self.initializer)())
    }

    fn fold(&self, key: &K, value: V, aggregate: Option<A>) -> Result<Option<A>, FoldError> {
        let held = aggregate.unwrap_or_else(&self.initializer);
        let folded = (self.aggregator)(key, value, held).map_err(FoldError::user)?;
        Ok(folded.into_aggregate())
    }
}

/// A fold of sessions with a merger.
pub struct MergedFold<F, M> {
    pub(crate) fold: F,
    pub(crate) merger: Arc<M>,
}

impl<K, V, A, F, M> Fold<K, V, A> for MergedFold<F, M>
where
    F: Fold<K, V, A>,
    M: Send + Sync + 'static,
{
    const FALLIBLE: bool = F::FALLIBLE;

    fn initial(&self) -> Option<A> {
        self.fold.initial()
    }

    fn fold(&self, key: &K, value: V, aggregate: Option<A>) -> Result<Option<A>, FoldError> {
        self.fold.fold(key, value, aggregate)
    }
}

impl<K, V, A, R, F, M> SessionFold<K, V, A> for MergedFold<F, M>
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

/// [`MergedFold`] with a merger that can fail.
pub struct TryMergedFold<F, M> {
    pub(crate) fold: F,
    pub(crate) merger: Arc<M>,
}

impl<K, V, A, F, M> Fold<K, V, A> for TryMergedFold<F, M>
where
    F: Fold<K, V, A>,
    M: Send + Sync + 'static,
{
    const FALLIBLE: bool = true;

    fn initial(&self) -> Option<A> {
        self.fold.initial()
    }

    fn fold(&self, key: &K, value: V, aggregate: Option<A>) -> Result<Option<A>, FoldError> {
        self.fold.fold(key, value, aggregate)
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

impl<K, V, A, R, F, M> SessionFold<K, V, A> for TryMergedFold<F, M>
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

/// One input's share of a cogroup: the initializer is everybody's, the aggregator its own.
pub struct CogroupFold<I, F> {
    pub(crate) initializer: Arc<I>,
    pub(crate) aggregator: Arc<F>,
}

impl<K, V, A, R, I, F> Fold<K, V, A> for CogroupFold<I, F>
where
    I: Fn() -> A + Send + Sync + 'static,
    F: Fn(&K, V, A) -> R + Send + Sync + 'static,
    R: IntoAggregate<A>,
{
    const FALLIBLE: bool = false;

    fn initial(&self) -> Option<A> {
        Some((self.initializer)())
    }

    fn fold(&self, key: &K, value: V, aggregate: Option<A>) -> Result<Option<A>, FoldError> {
        let held = aggregate.unwrap_or_else(|| (self.initializer)());
        Ok((self.aggregator)(key, value, held).into_aggregate())
    }
}

/// [`CogroupFold`] with an aggregator that can fail.
pub struct TryCogroupFold<I, F> {
    pub(crate) initializer: Arc<I>,
    pub(crate) aggregator: Arc<F>,
}

impl<K, V, A, R, E, I, F> Fold<K, V, A> for TryCogroupFold<I, F>
where
    I: Fn() -> A + Send + Sync + 'static,
    F: Fn(&K, V, A) -> Result<R, E> + Send + Sync + 'static,
    R: IntoAggregate<A>,
    E: Into<UserError>,
{
    const FALLIBLE: bool = true;

    fn initial(&self) -> Option<A> {
        Some((self.initializer)())
    }

    fn fold(&self, key: &K, value: V, aggregate: Option<A>) -> Result<Option<A>, FoldError> {
        let held = aggregate.unwrap_or_else(|| (self.initializer)());
        let folded = (self.aggregator)(key, value, held).map_err(FoldError::user)?;
        Ok(folded.into_aggregate())
    }
}
