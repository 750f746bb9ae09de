//! `peek` and `try_peek`.

use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::Record;
use crate::topology::NodeId;

/// Looks at each record and lets it pass.
///
/// A record is shown again when it is processed again after a failure. Java: `KStream#peek`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").peek(|key, n| println!("{key} {n}")).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").len(), 2);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct Peek<F> {
    pub(crate) node: NodeId,
    pub(crate) action: F,
}

/// [`Peek`] with a function that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryPeek<F> {
    pub(crate) node: NodeId,
    pub(crate) action: F,
}

impl<F> Peek<F> {
    pub(crate) fn new(node: NodeId, action: F) -> Self {
        Self { node, action }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The record as it came.
    #[inline]
    pub fn run<K: 'static, V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Record<K, V>
    where
        F: Fn(&K, &V),
    {
        cx.entering(self.node, &record);
        (self.action)(&record.key, &record.value);
        record
    }
}

impl<F> TryPeek<F> {
    pub(crate) fn new(node: NodeId, action: F) -> Self {
        Self { node, action }
    }

    /// The record as it came, or none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<K, V>>, Stop>
    where
        F: Fn(&K, &V) -> Result<(), E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        match (self.action)(&record.key, &record.value) {
            Ok(()) => Ok(Some(record)),
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
    use crate::operator::testing::{context, record, resuming};

    #[test]
    fn looks_and_lets_pass() {
        let seen = std::cell::Cell::new(0);
        let peek = Peek::new(NodeId(0), |_: &&str, value: &i32| seen.set(*value));
        assert_eq!(peek.run(&mut context(), record("k", 2)), record("k", 2));
        assert_eq!(seen.get(), 2);
        let mut cx = resuming();
        let refuse = TryPeek::new(NodeId(0), |_: &&str, _: &i32| Err("no"));
        assert_eq!(refuse.run(&mut cx, record("k", 2)).unwrap(), None);
        assert_eq!(cx.dropped(), 1);
    }
}
