//! The input partitions of a task, each with what happens to its records.

use std::sync::Arc;

use super::queue::PartitionQueue;
use super::settings::TaskSpec;
use super::source::SourceRunner;
use crate::dsl::BuiltTopology;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::topology::TaskId;

/// The queues of the inputs, with the runs of their source.
pub(super) fn queues(
    topology: &BuiltTopology,
    spec: &TaskSpec,
    id: TaskId,
) -> Result<Vec<PartitionQueue>, StreamsError> {
    let inputs = spec.inputs.iter();
    let parts = &spec.sub_topologies;
    inputs.map(|(topic, partition)| queue(topology, parts, (topic, *partition), id)).collect()
}

/// One input, with the runs of its source.
pub(super) fn queue(
    topology: &BuiltTopology,
    parts: &[u32],
    (topic, partition): (&Arc<str>, i32),
    id: TaskId,
) -> Result<PartitionQueue, StreamsError> {
    let runners = runners_of(topology, parts, topic).ok_or_else(|| {
        StreamsError::new(
            StreamsErrorKind::Topics,
            format!("task {id}: topic `{topic}` is no source of the topology"),
        )
    })?;
    Ok(PartitionQueue::new(Arc::clone(topic), partition, runners))
}

fn runners_of(
    topology: &BuiltTopology,
    parts: &[u32],
    topic: &str,
) -> Option<Vec<Arc<dyn SourceRunner>>> {
    let plan = &topology.plan;
    let is_ours = |at: &usize| parts.contains(&plan.sources[*at].sub_topology);
    let is_named = |at: &usize| plan.sources[*at].topics.iter().any(|known| known == topic);
    let named = (0..plan.sources.len()).find(|at| is_ours(at) && is_named(at));
    let source = named.or_else(|| plan.source_of(topic).ok().flatten().filter(is_ours))?;
    let runners = topology.sources.get(source)?.iter().map(|entry| Arc::clone(&entry.runner));
    Some(runners.collect())
}

/// The offset of the last record that was processed of each partition of a topic.
pub(super) fn positions(queues: &[PartitionQueue], topic: &str) -> Vec<(i32, i64)> {
    let of_topic = queues.iter().filter(|queue| *queue.topic == *topic);
    of_topic.filter_map(|queue| Some((queue.partition, queue.position()? - 1))).collect()
}
