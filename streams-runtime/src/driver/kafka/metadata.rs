//! What a stream thread tells about itself.

use std::fmt;

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

/// The state of one stream thread.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ThreadState {
    /// Made, not started.
    Created,
    /// Makes its clients and joins the group.
    Starting,
    /// Has given its partitions back.
    PartitionsRevoked,
    /// Has partitions and restores their state.
    PartitionsAssigned,
    /// Processes.
    Running,
    /// Commits and closes.
    PendingShutdown,
    /// Is gone.
    Dead,
}

impl fmt::Display for ThreadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "CREATED",
            Self::Starting => "STARTING",
            Self::PartitionsRevoked => "PARTITIONS_REVOKED",
            Self::PartitionsAssigned => "PARTITIONS_ASSIGNED",
            Self::Running => "RUNNING",
            Self::PendingShutdown => "PENDING_SHUTDOWN",
            Self::Dead => "DEAD",
        })
    }
}
