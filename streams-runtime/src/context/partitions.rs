//! How many partitions topics have.

use rustc_hash::FxHashMap;

/// How many partitions topics have, as far as the driver knows.
#[derive(Clone, Debug, Default)]
pub struct PartitionCounts {
    known: FxHashMap<String, i32>,
    otherwise: Option<i32>,
}

impl PartitionCounts {
    /// Every topic has that many.
    pub fn all(partitions: i32) -> Self {
        Self { known: FxHashMap::default(), otherwise: Some(partitions) }
    }

    /// Sets the number of one topic.
    pub fn set(&mut self, topic: impl Into<String>, partitions: i32) {
        self.known.insert(topic.into(), partitions);
    }

    /// The number of a topic's partitions; `None` when it is not there.
    pub fn of(&self, topic: &str) -> Option<i32> {
        self.known.get(topic).copied().or(self.otherwise)
    }
}
