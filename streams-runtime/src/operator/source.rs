//! Where records come in.

use crate::serdes::{Direct, SerdeRef};
use crate::time::TimestampExtractorRef;
use crate::topology::NodeId;

/// The reading end of one or several topics: how their records decode and which time they have.
///
/// A source has no `run`: the task decodes a record and enters the source's run with it.
/// Java: `StreamsBuilder#stream` and its source node.
pub struct Source<K, X> {
    pub(crate) node: NodeId,
    pub(crate) key: Direct<K>,
    pub(crate) value: Direct<X>,
    pub(crate) extractor: Option<TimestampExtractorRef<K, X>>,
}

impl<K: 'static, X: 'static> Source<K, X> {
    pub(crate) fn new(
        node: NodeId,
        key: SerdeRef<K>,
        value: SerdeRef<X>,
        extractor: Option<TimestampExtractorRef<K, X>>,
    ) -> Self {
        Self { node, key: key.into(), value: value.into(), extractor }
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
            key: self.key.clone(),
            value: self.value.clone(),
            extractor: self.extractor.clone(),
        }
    }
}

impl<K, X> std::fmt::Debug for Source<K, X> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("node", &self.node).finish_non_exhaustive()
    }
}
