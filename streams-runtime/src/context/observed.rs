//! Where records are shown to the application's observer.

use super::Context;
use crate::record::Record;
use crate::topology::NodeId;

impl Context {
    /// Shows a record to the observer before a node works on it. Every operator begins with it.
    #[cfg(feature = "observer")]
    #[inline]
    pub(crate) fn entering<K: 'static, V: 'static>(&self, node: NodeId, record: &Record<K, V>) {
        let Some(observer) = &self.facts.observer.0 else { return };
        observer.entering(&crate::processor::Entering {
            node: &self.nodes[node.index()].name,
            task_id: self.facts.task_id,
            timestamp: record.timestamp,
            headers: &record.headers,
            origin: &self.record,
            key: &record.key,
            value: &record.value,
        });
    }

    /// Nothing: the feature `observer` is off.
    #[cfg(not(feature = "observer"))]
    #[inline(always)]
    pub(crate) fn entering<K: 'static, V: 'static>(&self, _: NodeId, _: &Record<K, V>) {}
}
