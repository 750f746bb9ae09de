//! From partitions to tasks: which task reads which partition.

use std::collections::BTreeMap;

use crate::record::TopicPartition;
use crate::topology::{TaskId, TopologyPlan};

/// Groups partitions by the task that reads them; partitions of no sub-topology are left out.
pub(super) fn tasks(
    plan: &TopologyPlan,
    partitions: &[TopicPartition],
) -> BTreeMap<TaskId, Vec<TopicPartition>> {
    let mut tasks: BTreeMap<TaskId, Vec<TopicPartition>> = BTreeMap::new();
    for place in partitions {
        let readers = plan.sub_topologies.iter().filter(|part| !part.global);
        let reader = readers.into_iter().find(|part| part.source_topics.contains(&*place.topic));
        if let Some(part) = reader {
            let id = TaskId { sub_topology: part.id, partition: place.partition };
            tasks.entry(id).or_default().push(place.clone());
        }
    }
    for partitions in tasks.values_mut() {
        partitions.sort();
    }
    tasks
}

/// The topics that the group subscribes to, repartition topics included.
pub(super) fn subscription(plan: &TopologyPlan) -> Vec<&str> {
    let parts = plan.sub_topologies.iter().filter(|part| !part.global);
    let mut topics: Vec<&str> =
        parts.flat_map(|part| part.source_topics.iter().map(String::as_str)).collect();
    topics.sort_unstable();
    topics.dedup();
    topics
}
