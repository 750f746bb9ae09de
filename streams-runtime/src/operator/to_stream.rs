//! `to_stream` of a table, with or without a new key.

use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::{Change, Record};
use crate::topology::NodeId;

/// Turns the updates of a table into records: the new value, `None` for a deletion.
///
/// Java: `KTable#toStream`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     table::<String, i64>("in").to_stream().to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// let mut rows = driver.input::<String, Option<i64>>("in");
/// rows.pipe("a", 1, 0)?;
/// rows.pipe("a", None, 1)?;
/// let updates = driver.output::<String, Option<i64>>("out").values()?;
/// assert_eq!(updates, [Some(1), None]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct ToStream {
    pub(crate) node: NodeId,
}

/// [`ToStream`] under a key that a function finds; the function sees deletions.
///
/// Java: `KTable#toStream(KeyValueMapper)`.
#[derive(Debug)]
pub struct ToStreamWithKey<F> {
    pub(crate) node: NodeId,
    pub(crate) selector: F,
}

/// [`ToStreamWithKey`] with a function that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryToStreamWithKey<F> {
    pub(crate) node: NodeId,
    pub(crate) selector: F,
}

impl<F> TryToStreamWithKey<F> {
    pub(crate) fn new(node: NodeId, selector: F) -> Self {
        Self { node, selector }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The update as a record under its new key, or none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, L, E>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<Option<Record<L, Option<V>>>, Stop>
    where
        F: Fn(&K, &Option<V>) -> Result<L, E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        match (self.selector)(&key, &value.new) {
            Ok(key) => Ok(Some(Record { key, value: value.new, timestamp, headers })),
            Err(error) => {
                cx.processing_failed(self.node, timestamp, &headers, error)?;
                Ok(None)
            }
        }
    }
}

impl ToStream {
    pub(crate) fn new(node: NodeId) -> Self {
        Self { node }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The update as a record.
    #[inline]
    pub fn run<K: 'static, V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Record<K, Option<V>> {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        Record { key, value: value.new, timestamp, headers }
    }
}

impl<F> ToStreamWithKey<F> {
    pub(crate) fn new(node: NodeId, selector: F) -> Self {
        Self { node, selector }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The update as a record under its new key.
    #[inline]
    pub fn run<K: 'static, V: 'static, L>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Record<L, Option<V>>
    where
        F: Fn(&K, &Option<V>) -> L,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let key = (self.selector)(&key, &value.new);
        Record { key, value: value.new, timestamp, headers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record, resuming};

    #[test]
    fn deletions_are_none() {
        let mut cx = context();
        let stream = ToStream::new(NodeId(0));
        let update = record("k", Change::latest(Some(1), Some(0)));
        assert_eq!(stream.run(&mut cx, update), record("k", Some(1)));
        let deletion = record("k", Change::latest(None, Some(1)));
        assert_eq!(stream.run(&mut cx, deletion.clone()), record("k", None));
        let length = ToStreamWithKey::new(NodeId(0), |key: &&str, value: &Option<i32>| {
            (key.len(), value.is_none())
        });
        assert_eq!(length.run(&mut cx, deletion), record((1, true), None));
    }
    #[test]
    fn a_selector_may_refuse() {
        let mut cx = resuming();
        let number =
            TryToStreamWithKey::new(NodeId(0), |key: &&str, _: &Option<i32>| key.parse::<i64>());
        let update = |key| record(key, Change::latest(Some(1), None));
        assert_eq!(number.run(&mut cx, update("7")).unwrap(), Some(record(7, Some(1))));
        assert_eq!(number.run(&mut cx, update("k")).unwrap(), None);
        assert_eq!(cx.dropped(), 1);
    }
}
