//! `group_by` and `try_group_by`.

use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::Record;
use crate::topology::NodeId;

/// Groups records by a key that a function finds; an aggregation follows.
///
/// Null keys and values are given to the function as they are. The aggregation reads the groups from a
/// repartition topic, where records with a null new key end silently. Java: `KStream#groupBy`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").group_by(|_, n| n % 2).count("counts").to_stream().to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// driver.input::<String, i64>("in").pipe("c", 3, 5)?;
/// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(1, 1), (0, 1), (1, 2)]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct GroupBy<F> {
    pub(crate) node: NodeId,
    pub(crate) selector: F,
}

/// [`GroupBy`] with a function that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryGroupBy<F> {
    pub(crate) node: NodeId,
    pub(crate) selector: F,
}

impl<F> GroupBy<F> {
    pub(crate) fn new(node: NodeId, selector: F) -> Self {
        Self { node, selector }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The record under its new key.
    #[inline]
    pub fn run<K: 'static, V: 'static, L>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Record<L, V>
    where
        F: Fn(&K, &V) -> L,
    {
        cx.entering(self.node, &record);
        let key = (self.selector)(&record.key, &record.value);
        record.with_key(key)
    }
}

impl<F> TryGroupBy<F> {
    pub(crate) fn new(node: NodeId, selector: F) -> Self {
        Self { node, selector }
    }

    /// The record under its new key, or none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, L, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<L, V>>, Stop>
    where
        F: Fn(&K, &V) -> Result<L, E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        match (self.selector)(&record.key, &record.value) {
            Ok(key) => Ok(Some(record.with_key(key))),
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
    fn another_key() {
        let by_value = GroupBy::new(NodeId(0), |_: &&str, value: &i32| *value);
        assert_eq!(by_value.run(&mut context(), record("k", 2)), record(2, 2));
        let refuse = TryGroupBy::new(NodeId(0), |key: &&str, _: &i32| key.parse::<u8>());
        let mut cx = resuming();
        assert_eq!(refuse.run(&mut cx, record("7", 2)).unwrap(), Some(record(7, 2)));
        assert_eq!(refuse.run(&mut cx, record("k", 2)).unwrap(), None);
        assert_eq!(cx.dropped(), 1);
    }
}
