//! What a join makes of two values: the user's function, in the form that it was given.

use std::marker::PhantomData;
use std::sync::Arc;

use super::view::LookupError;
use crate::error::UserError;

/// Makes results of the values of both sides.
pub trait Joins<K, L, R>: Send + Sync + 'static {
    /// The result.
    type Joined;

    /// The result of two values, of which at least one is there; `None` where this kind of join has none.
    ///
    /// # Errors
    /// When the user's function fails.
    fn join(
        &self,
        key: &K,
        left: Option<L>,
        right: Option<R>,
    ) -> Result<Option<Self::Joined>, LookupError>;
}

/// Which sides of a join must be there.
pub trait JoinKind<L, R>: 'static {
    /// What the function sees of the left side.
    type Left;
    /// What the function sees of the right side.
    type Right;

    /// What the function sees; `None` when there is no result.
    fn sides(left: Option<L>, right: Option<R>) -> Option<(Self::Left, Self::Right)>;
}

/// Both sides must be there.
#[derive(Clone, Copy, Debug)]
pub struct Inner;

/// The left side must be there.
#[derive(Clone, Copy, Debug)]
pub struct Left;

/// One side must be there.
#[derive(Clone, Copy, Debug)]
pub struct Outer;

impl Inner {
    /// False: a left record without a right one has no result.
    pub const KEEPS_LEFT: bool = false;
}

impl Left {
    /// True: every left record has a result.
    pub const KEEPS_LEFT: bool = true;
}

impl<L, R> JoinKind<L, R> for Inner {
    type Left = L;
    type Right = R;

    #[inline]
    fn sides(left: Option<L>, right: Option<R>) -> Option<(L, R)> {
        left.zip(right)
    }
}

impl<L, R> JoinKind<L, R> for Left {
    type Left = L;
    type Right = Option<R>;

    #[inline]
    fn sides(left: Option<L>, right: Option<R>) -> Option<(L, Option<R>)> {
        left.map(|left| (left, right))
    }
}

impl<L, R> JoinKind<L, R> for Outer {
    type Left = Option<L>;
    type Right = Option<R>;

    #[inline]
    fn sides(left: Option<L>, right: Option<R>) -> Option<(Option<L>, Option<R>)> {
        (left.is_some() || right.is_some()).then_some((left, right))
    }
}

/// The function sees both values.
#[derive(Clone, Copy, Debug)]
pub struct OfValues;

/// The function sees the key and both values.
#[derive(Clone, Copy, Debug)]
pub struct WithKey;

/// A form whose function gives a `Result`.
#[derive(Clone, Copy, Debug)]
pub struct Try<S>(PhantomData<S>);

/// The user's function of a join of kind `G`, in the shape `S`.
///
/// Every join has a `try_` form, whose function gives a `Result`; an error goes to the processing exception
/// handler.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let prices = table::<String, i64>("prices");
///     stream::<String, String>("orders")
///         .try_join(prices, |count, price| count.parse::<i64>().map(|count| count * price))
///         .to("out");
/// });
/// let go_on = "LogAndContinueProcessingExceptionHandler";
/// let config = TestDriverConfig::from_map([("processing.exception.handler", go_on)])?;
/// let mut driver = TopologyTestDriver::new(&topology, config)?;
/// driver.input::<String, i64>("prices").pipe("tea", 3, 0)?;
/// driver.input::<String, String>("orders").pipe_all([("tea", "two"), ("tea", "2")], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [6]);
/// assert_eq!(driver.dropped_records(), 1);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct Joiner<F, G, S> {
    function: F,
    form: PhantomData<fn() -> (G, S)>,
}

impl<F, G, S> Joiner<F, G, S> {
    pub(crate) fn new(function: F) -> Self {
        Self { function, form: PhantomData }
    }
}

impl<K, L, R, W, F, G> Joins<K, L, R> for Joiner<F, G, OfValues>
where
    G: JoinKind<L, R>,
    F: Fn(G::Left, G::Right) -> W + Send + Sync + 'static,
{
    type Joined = W;

    #[inline]
    fn join(&self, _: &K, left: Option<L>, right: Option<R>) -> Result<Option<W>, LookupError> {
        Ok(G::sides(left, right).map(|(left, right)| (self.function)(left, right)))
    }
}

impl<K, L, R, W, F, G> Joins<K, L, R> for Joiner<F, G, WithKey>
where
    G: JoinKind<L, R>,
    F: Fn(&K, G::Left, G::Right) -> W + Send + Sync + 'static,
{
    type Joined = W;

    #[inline]
    fn join(&self, key: &K, left: Option<L>, right: Option<R>) -> Result<Option<W>, LookupError> {
        Ok(G::sides(left, right).map(|(left, right)| (self.function)(key, left, right)))
    }
}

impl<K, L, R, W, E, F, G> Joins<K, L, R> for Joiner<F, G, Try<OfValues>>
where
    G: JoinKind<L, R>,
    F: Fn(G::Left, G::Right) -> Result<W, E> + Send + Sync + 'static,
    E: Into<UserError>,
{
    type Joined = W;

    #[inline]
    fn join(&self, _: &K, left: Option<L>, right: Option<R>) -> Result<Option<W>, LookupError> {
        let joined = G::sides(left, right).map(|(left, right)| (self.function)(left, right));
        joined.transpose().map_err(LookupError::user)
    }
}

impl<K, L, R, W, E, F, G> Joins<K, L, R> for Joiner<F, G, Try<WithKey>>
where
    G: JoinKind<L, R>,
    F: Fn(&K, G::Left, G::Right) -> Result<W, E> + Send + Sync + 'static,
    E: Into<UserError>,
{
    type Joined = W;

    #[inline]
    fn join(&self, key: &K, left: Option<L>, right: Option<R>) -> Result<Option<W>, LookupError> {
        let joined = G::sides(left, right).map(|(left, right)| (self.function)(key, left, right));
        joined.transpose().map_err(LookupError::user)
    }
}

impl<K, L, R, J: Joins<K, L, R>> Joins<K, L, R> for Arc<J> {
    type Joined = J::Joined;

    #[inline]
    fn join(
        &self,
        key: &K,
        left: Option<L>,
        right: Option<R>,
    ) -> Result<Option<J::Joined>, LookupError> {
        (**self).join(key, left, right)
    }
}

/// The same function as the right side calls it: its own value first.
pub struct Reversed<J>(pub(crate) Arc<J>);

impl<K, L, R, J: Joins<K, R, L>> Joins<K, L, R> for Reversed<J> {
    type Joined = J::Joined;

    #[inline]
    fn join(
        &self,
        key: &K,
        left: Option<L>,
        right: Option<R>,
    ) -> Result<Option<J::Joined>, LookupError> {
        self.0.join(key, right, left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<G: JoinKind<i64, i64>>(expected: [bool; 4]) {
        let sides = [(Some(1), Some(2)), (Some(1), None), (None, Some(2)), (None, None)];
        let found = sides.map(|(left, right)| G::sides(left, right).is_some());
        assert_eq!(found, expected);
    }

    #[test]
    fn the_kind_says_which_sides_must_be_there() {
        check::<Inner>([true, false, false, false]);
        check::<Left>([true, true, false, false]);
        check::<Outer>([true, true, true, false]);
    }

    #[test]
    fn a_failure_keeps_the_name_of_its_type() {
        let parse = |left: &'static str, _: Option<i64>| left.parse::<i64>();
        let joiner = Joiner::<_, Left, Try<OfValues>>::new(parse);
        assert_eq!(joiner.join(&(), Some("7"), Some(1)).unwrap(), Some(7));
        match joiner.join(&(), Some("x"), None::<i64>) {
            Err(LookupError::User(name, _)) => assert!(name.contains("ParseIntError"), "{name}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_right_side_calls_it_the_other_way_round() {
        let joiner = |key: &&str, left: i64, right: u8| format!("{key}{left}{right}");
        let joiner = Reversed(Arc::new(Joiner::<_, Inner, WithKey>::new(joiner)));
        assert_eq!(joiner.join(&"k", Some(2u8), Some(1i64)).unwrap().unwrap(), "k12");
    }
}
