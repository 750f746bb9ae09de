//! `filter`, `filter_not` and their `try_` twins on a stream.

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
#[derive(Debug)]
pub struct Filter<F> {
    pub(crate) node: NodeId,
    pub(crate) predicate: F,
}

/// Keeps the records whose key and value do not pass a predicate; see [`Filter`].
///
/// Java: `KStream#filterNot`.
#[derive(Debug)]
pub struct FilterNot<F> {
    pub(crate) node: NodeId,
    pub(crate) predicate: F,
}

/// [`Filter`] with a predicate that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryFilter<F> {
    pub(crate) node: NodeId,
    pub(crate) predicate: F,
}

/// [`FilterNot`] with a predicate that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryFilterNot<F> {
    pub(crate) node: NodeId,
    pub(crate) predicate: F,
}

impl<F> Filter<F> {
    pub(crate) fn new(node: NodeId, predicate: F) -> Self {
        Self { node, predicate }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The record, if it passes.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn run<K: 'static, V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<K, V>>, Stop>
    where
        F: Fn(&K, &V) -> bool,
    {
        cx.entering(self.node, &record);
        let passes = (self.predicate)(&record.key, &record.value);
        Ok(passes.then_some(record))
    }
}

impl<F> FilterNot<F> {
    pub(crate) fn new(node: NodeId, predicate: F) -> Self {
        Self { node, predicate }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The record, if it does not pass.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn run<K: 'static, V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<K, V>>, Stop>
    where
        F: Fn(&K, &V) -> bool,
    {
        cx.entering(self.node, &record);
        let passes = (self.predicate)(&record.key, &record.value);
        Ok((!passes).then_some(record))
    }
}

impl<F> TryFilter<F> {
    pub(crate) fn new(node: NodeId, predicate: F) -> Self {
        Self { node, predicate }
    }

    /// The record, if it passes.
    ///
    /// # Errors
    /// When the predicate fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<K, V>>, Stop>
    where
        F: Fn(&K, &V) -> Result<bool, E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        let passes = (self.predicate)(&record.key, &record.value);
        keep(cx, self.node, record, passes)
    }
}

impl<F> TryFilterNot<F> {
    pub(crate) fn new(node: NodeId, predicate: F) -> Self {
        Self { node, predicate }
    }

    /// The record, if it does not pass.
    ///
    /// # Errors
    /// When the predicate fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<K, V>>, Stop>
    where
        F: Fn(&K, &V) -> Result<bool, E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        let passes = (self.predicate)(&record.key, &record.value).map(|passes| !passes);
        keep(cx, self.node, record, passes)
    }
}

#[inline]
fn keep<K, V, E: Into<UserError>>(
    cx: &mut Context,
    node: NodeId,
    record: Record<K, V>,
    passes: Result<bool, E>,
) -> Result<Option<Record<K, V>>, Stop> {
    match passes {
        Ok(passes) => Ok(passes.then_some(record)),
        Err(error) => {
            cx.processing_failed(node, record.timestamp, &record.headers, error)?;
            Ok(None)
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
        let long = Filter::new(NodeId(0), |_: &&str, value: &i32| *value > 1);
        assert_eq!(long.run(&mut cx, record("k", 1)).unwrap(), None);
        assert_eq!(long.run(&mut cx, record("k", 2)).unwrap(), Some(record("k", 2)));
        let short = FilterNot::new(NodeId(0), |_: &&str, value: &i32| *value > 1);
        assert_eq!(short.run(&mut cx, record("k", 1)).unwrap(), Some(record("k", 1)));
    }

    #[test]
    fn an_error_stops_or_drops_as_the_handler_says() {
        let odd =
            |_: &&str, value: &i32| if *value == 3 { Err("three") } else { Ok(value % 2 == 1) };
        let mut cx = context();
        let stop = TryFilter::new(NodeId(0), odd).run(&mut cx, record("k", 3)).unwrap_err();
        assert!(stop.to_string().contains("operator `node-0` failed"), "{stop}");
        assert!(stop.to_string().ends_with("three"), "{stop}");
        let mut cx = crate::operator::testing::resuming();
        assert_eq!(TryFilterNot::new(NodeId(0), odd).run(&mut cx, record("k", 3)).unwrap(), None);
        assert_eq!(cx.dropped(), 1);
        let even = TryFilterNot::new(NodeId(0), odd).run(&mut cx, record("k", 2)).unwrap();
        assert_eq!(even, Some(record("k", 2)));
    }
}
