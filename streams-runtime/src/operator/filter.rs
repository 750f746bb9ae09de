//! `filter`, `filter_not` and their `try_` twins on a stream.

use std::convert::Infallible;
use std::marker::PhantomData;

use super::joiner::Try;
use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::Record;
use crate::topology::NodeId;

/// Keeps the records whose key and value pass a predicate.
///
/// Null keys and values are given to the predicate as they are. Order and times stay. Costs one call.
/// Java: `KStream#filter`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").filter(|_, n| *n > 1).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").key_values()?, [("b".to_owned(), 2)]);
/// # Ok::<(), StreamsError>(())
/// ```
///
/// The shape `S` says whether those that pass stay or the others ([`Is`], [`IsNot`]), and in [`Try`] that the predicate gives a
/// `Result`, whose error goes to the processing exception handler.
#[derive(Debug)]
pub struct Filter<F, S> {
    node: NodeId,
    predicate: F,
    shape: PhantomData<S>,
}

/// What passes the predicate stays.
#[derive(Clone, Copy, Debug)]
pub struct Is;

/// What does not pass the predicate stays.
#[derive(Clone, Copy, Debug)]
pub struct IsNot;

/// Which answer of a predicate keeps a record.
pub trait Wanted {
    /// The answer.
    const ANSWER: bool;
}

impl Wanted for Is {
    const ANSWER: bool = true;
}

impl Wanted for IsNot {
    const ANSWER: bool = false;
}

/// A predicate in the shape `S`.
pub trait Decides<K, V, S> {
    /// Why it may not know.
    type Error: Into<UserError>;

    /// True when the record stays.
    ///
    /// # Errors
    /// The user's.
    fn keeps(&self, key: &K, value: &V) -> Result<bool, Self::Error>;
}

impl<K, V, S: Wanted, F: Fn(&K, &V) -> bool> Decides<K, V, S> for F {
    type Error = Infallible;

    #[inline]
    fn keeps(&self, key: &K, value: &V) -> Result<bool, Infallible> {
        Ok(self(key, value) == S::ANSWER)
    }
}

impl<K, V, S, E, F> Decides<K, V, Try<S>> for F
where
    S: Wanted,
    E: Into<UserError>,
    F: Fn(&K, &V) -> Result<bool, E>,
{
    type Error = E;

    #[inline]
    fn keeps(&self, key: &K, value: &V) -> Result<bool, E> {
        Ok(self(key, value)? == S::ANSWER)
    }
}

impl<F, S> Filter<F, S> {
    pub(crate) fn new(node: NodeId, predicate: F) -> Self {
        Self { node, predicate, shape: PhantomData }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The record, if it stays.
    ///
    /// # Errors
    /// When the predicate fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<K, V>>, Stop>
    where
        F: Decides<K, V, S>,
    {
        cx.entering(self.node, &record);
        match self.predicate.keeps(&record.key, &record.value) {
            Ok(keeps) => Ok(keeps.then_some(record)),
            Err(error) => {
                cx.processing_failed(self.node, record.timestamp, &record.headers, error)?;
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record};

    #[test]
    fn keeps_what_passes() {
        let mut cx = context();
        let long = Filter::<_, Is>::new(NodeId(0), |_: &&str, value: &i32| *value > 1);
        assert_eq!(long.run(&mut cx, record("k", 1)).unwrap(), None);
        assert_eq!(long.run(&mut cx, record("k", 2)).unwrap(), Some(record("k", 2)));
        let short = Filter::<_, IsNot>::new(NodeId(0), |_: &&str, value: &i32| *value > 1);
        assert_eq!(short.run(&mut cx, record("k", 1)).unwrap(), Some(record("k", 1)));
    }

    #[test]
    fn an_error_stops_or_drops_as_the_handler_says() {
        let odd =
            |_: &&str, value: &i32| if *value == 3 { Err("three") } else { Ok(value % 2 == 1) };
        let mut cx = context();
        let stop =
            Filter::<_, Try<Is>>::new(NodeId(0), odd).run(&mut cx, record("k", 3)).unwrap_err();
        assert!(stop.to_string().contains("operator `node-0` failed"), "{stop}");
        assert!(stop.to_string().ends_with("three"), "{stop}");
        let mut cx = crate::operator::testing::resuming();
        assert_eq!(
            Filter::<_, Try<IsNot>>::new(NodeId(0), odd).run(&mut cx, record("k", 3)).unwrap(),
            None
        );
        assert_eq!(cx.dropped(), 1);
        let even =
            Filter::<_, Try<IsNot>>::new(NodeId(0), odd).run(&mut cx, record("k", 2)).unwrap();
        assert_eq!(even, Some(record("k", 2)));
    }
}
