//! How many partitions topics have.

use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Finds the number of a topic's partitions; it may wait for the broker.
type Ask = Arc<dyn Fn(&str) -> Option<i32> + Send + Sync>;

/// How many partitions topics have, as far as the driver knows.
#[derive(Clone, Default)]
pub struct PartitionCounts {
    known: FxHashMap<String, i32>,
    otherwise: Option<Ask>,
}

impl PartitionCounts {
    /// Every topic has that many.
    pub fn all(partitions: i32) -> Self {
        Self::default().or_ask(move |_| Some(partitions))
    }

    /// Sets the number of one topic.
    pub fn set(&mut self, topic: impl Into<String>, partitions: i32) {
        self.known.insert(topic.into(), partitions);
    }

    /// Asks `find` for topics that are not known; it should remember its answers.
    #[must_use]
    pub fn or_ask(mut self, find: impl Fn(&str) -> Option<i32> + Send + Sync + 'static) -> Self {
        self.otherwise = Some(Arc::new(find));
        self
    }

    /// The number of a topic's partitions; `None` when it is not there.
    pub fn of(&self, topic: &str) -> Option<i32> {
        let known = self.known.get(topic).copied();
        known.or_else(|| self.otherwise.as_ref().and_then(|find| find(topic)))
    }
}

impl fmt::Debug for PartitionCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionCounts").field("known", &self.known).finish_non_exhaustive()
    }
}
