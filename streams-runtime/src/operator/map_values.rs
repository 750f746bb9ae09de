//! `map_values` with the value or with key and value, and the `try_` twins.

use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::{Headers, Record};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Makes another value of each record's value; the key and so the partition stay.
///
/// A null value is given to the function as it is. Java: `KStream#mapValues`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").map_values(|n| n * 10).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [10, 20]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct MapValues<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

/// [`MapValues`] with a function that also sees the key.
#[derive(Debug)]
pub struct MapValuesWithKey<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

/// [`MapValues`] with a function that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryMapValues<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

/// [`MapValuesWithKey`] with a function that can fail; an error goes to the processing exception
/// handler.
#[derive(Debug)]
pub struct TryMapValuesWithKey<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

impl<F> MapValues<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The record with its new value.
    #[inline]
    pub fn run<K: 'static, V: 'static, W>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Record<K, W>
    where
        F: Fn(V) -> W,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        Record { key, value: (self.mapper)(value), timestamp, headers }
    }
}

impl<F> MapValuesWithKey<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The record with its new value.
    #[inline]
    pub fn run<K: 'static, V: 'static, W>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Record<K, W>
    where
        F: Fn(&K, V) -> W,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let value = (self.mapper)(&key, value);
        Record { key, value, timestamp, headers }
    }
}

impl<F> TryMapValues<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The record with its new value, or none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, W, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<K, W>>, Stop>
    where
        F: Fn(V) -> Result<W, E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let value = (self.mapper)(value);
        finish(cx, self.node, key, value, timestamp, headers)
    }
}

impl<F> TryMapValuesWithKey<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The record with its new value, or none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, W, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Option<Record<K, W>>, Stop>
    where
        F: Fn(&K, V) -> Result<W, E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let value = (self.mapper)(&key, value);
        finish(cx, self.node, key, value, timestamp, headers)
    }
}

#[inline]
fn finish<K, W, E: Into<UserError>>(
    cx: &mut Context,
    node: NodeId,
    key: K,
    value: Result<W, E>,
    timestamp: Timestamp,
    headers: Headers,
) -> Result<Option<Record<K, W>>, Stop> {
    match value {
        Ok(value) => Ok(Some(Record { key, value, timestamp, headers })),
        Err(error) => {
            cx.processing_failed(node, timestamp, &headers, error)?;
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record, resuming};

    #[test]
    fn the_key_stays() {
        let mut cx = context();
        let double = MapValues::new(NodeId(0), |value: i32| value * 2);
        assert_eq!(double.run(&mut cx, record("k", 2)), record("k", 4));
        let label =
            MapValuesWithKey::new(NodeId(0), |key: &&str, value: i32| format!("{key}{value}"));
        assert_eq!(label.run(&mut cx, record("k", 2)), record("k", "k2".to_owned()));
    }

    #[test]
    fn failures_drop_the_record() {
        let mut cx = resuming();
        let parse = TryMapValues::new(NodeId(0), |value: &'static str| value.parse::<i32>());
        assert_eq!(parse.run(&mut cx, record("k", "1")).unwrap(), Some(record("k", 1)));
        assert_eq!(parse.run(&mut cx, record("k", "x")).unwrap(), None);
        let refuse = TryMapValuesWithKey::new(NodeId(0), |key: &&str, _: i32| {
            Err::<i32, _>(key.to_string())
        });
        assert_eq!(refuse.run(&mut cx, record("k", 1)).unwrap(), None);
        assert_eq!(cx.dropped(), 2);
        assert!(refuse.run(&mut context(), record("k", 1)).is_err());
    }
}
