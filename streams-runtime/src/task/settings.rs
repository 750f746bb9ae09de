//! What a task is told when it starts, and what it tells of its work.

use std::path::PathBuf;
use std::sync::Arc;

use crate::context::PartitionCounts;
use crate::handler::ExceptionHandlers;
use crate::time::DefaultTimestampExtractor;

/// The settings of an application that concern its tasks.
#[derive(Clone, Debug)]
pub struct TaskSettings {
    /// `application.id`
    pub application_id: String,
    /// The folder of this application, `<state.dir>/<application.id>`, if it has one.
    pub state_dir: Option<PathBuf>,
    /// Who sees each record at each node.
    #[cfg(feature = "observer")]
    pub observer: crate::processor::Observer,
    /// The exception handlers and the dead-letter topic.
    pub handlers: ExceptionHandlers,
    /// `default.timestamp.extractor`
    pub default_timestamp_extractor: DefaultTimestampExtractor,
    /// How long a task waits for data of an empty partition (`max.task.idle.ms`); `None` never waits.
    pub max_task_idle_ms: Option<u64>,
    /// The bytes that the caches of this task may hold together.
    pub cache_max_bytes: usize,
    /// The least wall-clock time between two emissions of closed windows; tests set 0.
    pub emit_interval_ms: i64,
}

impl TaskSettings {
    /// The defaults of Kafka Streams.
    pub fn new(application_id: impl Into<String>) -> Self {
        Self {
            application_id: application_id.into(),
            state_dir: None,
            #[cfg(feature = "observer")]
            observer: Default::default(),
            handlers: ExceptionHandlers::default(),
            default_timestamp_extractor: DefaultTimestampExtractor::default(),
            max_task_idle_ms: Some(0),
            cache_max_bytes: 10 * 1024 * 1024,
            emit_interval_ms: 1000,
        }
    }
}

/// Which part of a topology a task runs, and on which partitions.
#[derive(Clone, Debug)]
pub struct TaskSpec {
    /// The sub-topologies; one, but for the test driver's task, which runs all.
    pub sub_topologies: Vec<u32>,
    /// The input partitions: topic and partition, in the order of the plan.
    pub inputs: Vec<(Arc<str>, i32)>,
    /// How many partitions topics have, for partitioners.
    pub partition_counts: PartitionCounts,
}

/// What a task has done since it started.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TaskStats {
    /// Records processed.
    pub processed: u64,
    /// Records dropped: null keys, late, unreadable, failed with a handler that said go on.
    pub dropped: u64,
    /// Times the task went on although a partition was empty (`max.task.idle.ms` was over).
    pub enforced: u64,
    /// Records that wait.
    pub buffered: usize,
    /// Bytes in caches.
    pub cache_bytes: usize,
    /// Bytes in stores that wait for a commit.
    pub pending_bytes: usize,
    /// The highest time processed, -1 before the first record.
    pub stream_time_ms: i64,
}
