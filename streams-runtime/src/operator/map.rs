//! `map` and `try_map`.

use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::Record;
use crate::topology::NodeId;

/// Makes another key and value of each record.
///
/// Null keys and values are given to the function as they are. Time and headers stay. As the key
/// may change, an operator downstream that needs the key's partition repartitions first.
/// Java: `KStream#map`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").map(|key, n| (n, key)).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.output::<i64, String>("out").key_values()?, [(1, "a".to_owned()), (2, "b".to_owned())]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct Map<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

/// [`Map`] with a function that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryMap<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

impl<F> Map<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The new record.
    #[inline]
    pub fn run<K: 'static, V: 'static, L, W>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Record<L, W>
    where
        F: Fn(K, V) -> (L, W),
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let (key, value) = (self.mapper)(key, value);
        Record { key, value, timestamp, headers }
    }
}

impl<F> TryMap<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The new record, or none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, L, W, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<L, W>>, Stop>
    where
        F: Fn(K, V) -> Result<(L, W), E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        match (self.mapper)(key, value) {
            Ok((key, value)) => Ok(Some(Record { key, value, timestamp, headers })),
            Err(error) => {
                cx.processing_failed(self.node, timestamp, &headers, error)?;
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
    fn makes_another_key_and_value() {
        let swap = Map::new(NodeId(0), |key: &'static str, value: i32| (value, key));
        assert_eq!(swap.run(&mut context(), record("k", 2)), record(2, "k"));
    }

    #[test]
    fn a_failure_drops_the_record() {
        let parse = TryMap::new(NodeId(0), |key: &'static str, value: &'static str| {
            value.parse::<i32>().map(|number| (key, number))
        });
        let mut cx = resuming();
        assert_eq!(parse.run(&mut cx, record("k", "7")).unwrap(), Some(record("k", 7)));
        assert_eq!(parse.run(&mut cx, record("k", "x")).unwrap(), None);
        assert_eq!(cx.dropped(), 1);
        assert!(parse.run(&mut context(), record("k", "x")).is_err());
    }
}
