//! What a running instance tells about itself.

use super::state::ThreadState;
use crate::record::TopicPartition;
use crate::topology::TaskId;

/// A thread and its tasks, as they were when asked.
///
/// Java: `org.apache.kafka.streams.ThreadMetadata`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ThreadMetadata {
    /// The thread's name, `<client.id>-StreamThread-<n>`.
    pub name: String,
    /// Its state.
    pub state: ThreadState,
    /// Its active tasks, by id.
    pub tasks: Vec<TaskMetadata>,
}

/// A task, as it was when asked.
///
/// Java: `org.apache.kafka.streams.TaskMetadata`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TaskMetadata {
    /// The task's id.
    pub id: TaskId,
    /// The partitions that it reads.
    pub partitions: Vec<TopicPartition>,
    /// True while its stores are read from their changelogs.
    pub restoring: bool,
}
