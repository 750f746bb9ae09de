//! Where records come in.

use std::sync::Arc;

use crate::serdes::SerdeRef;
use crate::time::TimestampExtractorRef;
use crate::topology::NodeId;

/// The reading end of one or several topics: how their records decode and which time they have.
///
/// A source has no `run`: the task decodes a record and enters the source's run with it.
/// Java: `StreamsBuilder#stream` and its source node.
pub struct Source<K, X> {
    pub(crate) node: NodeId,
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<X>,
    pub(crate) extractor: Option<TimestampExtractorRef<K, X>>,
}

impl<K, X> Source<K, X> {
    pub(crate) fn new(
        node: NodeId,
        key: SerdeRef<K>,
        value: SerdeRef<X>,
        extractor: Option<TimestampExtractorRef<K, X>>,
    ) -> Self {
        Self { node, key, value, extractor }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }
}

impl<K, X> Clone for Source<K, X> {
    fn clone(&self) -> Self {
        Self {
            node: self.node,
            key: Arc::clone(&self.key),
            value: Arc::clone(&self.value),
            extractor: self.extractor.clone(),
        }
    }
}

impl<K, X> std::fmt::Debug for Source<K, X> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("node", &self.node).finish_non_exhaustive()
    }
}
