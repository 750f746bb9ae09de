//! `flat_map` and `try_flat_map`.

use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::Record;
use crate::topology::NodeId;

/// Makes any number of records of each record, in the order the function gives them.
///
/// Null keys and values are given to the function as they are. Each result has the time and the
/// headers of the record. As the key may change, an operator downstream that needs the key's
/// partition repartitions first. Java: `KStream#flatMap`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").flat_map(|key, n| (0..n).map(move |i| (i, key.clone()))).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.output::<i64, String>("out").key_values()?, [(0, "a".to_owned()), (0, "b".to_owned()), (1, "b".to_owned())]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct FlatMap<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

/// [`FlatMap`] with a function that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryFlatMap<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

impl<F> FlatMap<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The new records.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn run<K: 'static, V: 'static, I, L, W>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<impl IntoIterator<Item = Record<L, W>> + use<K, V, I, L, W, F>, Stop>
    where
        F: Fn(K, V) -> I,
        I: IntoIterator<Item = (L, W)>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let pairs = (self.mapper)(key, value);
        Ok(pairs.into_iter().map(move |(key, value)| Record {
            key,
            value,
            timestamp,
            headers: headers.clone(),
        }))
    }
}

impl<F> TryFlatMap<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The new records, none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, I, L, W, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<impl IntoIterator<Item = Record<L, W>> + use<K, V, I, L, W, E, F>, Stop>
    where
        F: Fn(K, V) -> Result<I, E>,
        I: IntoIterator<Item = (L, W)>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let pairs = match (self.mapper)(key, value) {
            Ok(pairs) => Some(pairs),
            Err(error) => {
                cx.processing_failed(self.node, timestamp, &headers, error)?;
                None
            }
        };
        Ok(pairs.into_iter().flatten().map(move |(key, value)| Record {
            key,
            value,
            timestamp,
            headers: headers.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record, resuming};

    #[test]
    fn any_number_of_records() {
        let times = FlatMap::new(NodeId(0), |key: &'static str, n: usize| vec![(n, key); n]);
        let run =
            |n| times.run(&mut context(), record("k", n)).unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!(run(0), []);
        assert_eq!(run(2), [record(2, "k"), record(2, "k")]);
    }

    #[test]
    fn a_failure_gives_none() {
        let refuse = TryFlatMap::new(NodeId(0), |key: &'static str, n: i32| match n {
            0 => Err("zero"),
            n => Ok([(key, n)]),
        });
        let mut cx = resuming();
        assert_eq!(refuse.run(&mut cx, record("k", 0)).unwrap().into_iter().count(), 0);
        assert_eq!(refuse.run(&mut cx, record("k", 1)).unwrap().into_iter().count(), 1);
        assert_eq!(cx.dropped(), 1);
    }
}
