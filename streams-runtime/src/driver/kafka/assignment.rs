//! From partitions to tasks: which task reads which partition.
//!
//! `range` gives out partitions topic by topic, and each member looks for topics that match a pattern by itself. So
//! that a task with state never runs twice, its owner is who was given partition n of **all** topics that have
//! as many partitions as there are tasks, as far as that member knows them: at least one of them is known to
//! every member, and its partition has one owner. The owner reads partition n of the smaller topics, too, whoever they
//! were given to. Tasks without state read what was given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::inputs::Inputs;
use crate::record::TopicPartition;
use crate::topology::{SubTopologyPlan, TaskId};

/// What a member makes of its partitions.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Assigned {
    /// Its tasks, and what each reads.
    pub(super) tasks: BTreeMap<TaskId, Vec<TopicPartition>>,
    /// Tasks of which it was given a part only: other members know other topics.
    pub(super) incomplete: Vec<TaskId>,
    /// True when partitions were given that nobody knew of.
    pub(super) outdated: bool,
}

/// Groups partitions by the task that reads them; partitions of no sub-topology are left out.
pub(super) fn tasks(inputs: &Inputs, partitions: &[TopicPartition]) -> Assigned {
    let mut assigned = Assigned::default();
    for part in inputs.plan.sub_topologies.iter().filter(|part| !part.global) {
        let ours = partitions.iter().filter(|place| part.source_topics.contains(&*place.topic));
        let mut given: BTreeMap<i32, BTreeSet<&TopicPartition>> = BTreeMap::new();
        for place in ours {
            assigned.outdated |= count(inputs, &place.topic) <= place.partition;
            given.entry(place.partition).or_default().insert(place);
        }
        for (partition, places) in given {
            let id = TaskId { sub_topology: part.id, partition };
            if part.stores.is_empty() {
                let places = places.into_iter().cloned().collect();
                assigned.tasks.insert(id, places);
                continue;
            }
            match reads(inputs, part, partition, &places) {
                Owner::This(places) => {
                    assigned.tasks.insert(id, places);
                }
                Owner::Nobody => assigned.incomplete.push(id),
                Owner::Another => {}
            }
        }
    }
    assigned
}

/// Who runs a task with state.
enum Owner {
    /// This member, with these partitions.
    This(Vec<TopicPartition>),
    /// Another member: this one was given partitions of smaller topics only.
    Another,
    /// Nobody can say: the partitions that tell are with several members.
    Nobody,
}

fn reads(
    inputs: &Inputs,
    part: &SubTopologyPlan,
    partition: i32,
    given: &BTreeSet<&TopicPartition>,
) -> Owner {
    let topics = || part.source_topics.iter().map(|topic| (topic, count(inputs, topic)));
    let most = topics().map(|(_, count)| count).max().unwrap_or(0);
    let mut largest = topics().filter(|(_, count)| *count == most).map(|(topic, _)| topic);
    let is_given = |topic: &String| given.iter().any(|place| *place.topic == **topic);
    if largest.clone().all(is_given) {
        let there = topics().filter(|(_, count)| *count > partition);
        let place =
            |(topic, _): (&String, i32)| TopicPartition::new(Arc::from(&**topic), partition);
        return Owner::This(there.map(place).collect());
    }
    if largest.any(is_given) { Owner::Nobody } else { Owner::Another }
}

fn count(inputs: &Inputs, topic: &str) -> i32 {
    let known = inputs.counts.get(topic).copied().unwrap_or(0);
    i32::try_from(known).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsl::{Pattern, StreamsBuilder, Unset};
    use crate::topology::TopologyConfig;

    /// What a member reads who knows these topics with their partition counts.
    fn inputs(stateful: bool, topics: &[(&str, u32)]) -> Inputs {
        let mut b = StreamsBuilder::new();
        let (lines, _) = b.stream::<String, String>(Pattern::new("t.*"), Unset);
        if stateful {
            lines.group_by_key(&mut b, Unset).count(&mut b, "counts");
        } else {
            lines.to(&mut b, "out", Unset);
        }
        let plan = b.finish().plan(&TopologyConfig::new("app")).unwrap();
        let plan = plan.with_matching(topics.iter().map(|(topic, _)| *topic)).unwrap();
        let counts = topics.iter().map(|(topic, count)| ((*topic).to_owned(), *count)).collect();
        Inputs { plan, counts }
    }

    fn places(text: &str) -> Vec<TopicPartition> {
        let place = |word: &str| {
            let (topic, partition) = word.split_once('-').unwrap();
            TopicPartition::new(topic, partition.parse().unwrap())
        };
        text.split_whitespace().map(place).collect()
    }

    /// The tasks with their partitions, then those that are incomplete.
    fn told(inputs: &Inputs, given: &str) -> String {
        let assigned = tasks(inputs, &places(given));
        let one = |(id, places): (&TaskId, &Vec<TopicPartition>)| {
            let places: Vec<String> = places.iter().map(ToString::to_string).collect();
            format!("{id}: {}", places.join(" "))
        };
        let mut told: Vec<String> = assigned.tasks.iter().map(one).collect();
        told.extend(assigned.incomplete.iter().map(|id| format!("{id}?")));
        told.join(", ")
    }

    #[test]
    fn the_owner_of_the_largest_reads_the_smaller_ones() {
        let inputs = inputs(true, &[("ta", 4), ("tb", 2), ("tc", 4)]);
        // what `range` gives two members
        assert_eq!(
            told(&inputs, "ta-0 ta-1 tb-0 tc-0 tc-1"),
            "0_0: ta-0 tb-0 tc-0, 0_1: ta-1 tb-1 tc-1"
        );
        assert_eq!(told(&inputs, "ta-2 ta-3 tb-1 tc-2 tc-3"), "0_2: ta-2 tc-2, 0_3: ta-3 tc-3");
    }

    #[test]
    fn a_task_has_one_owner_while_members_know_other_topics() {
        let (knows, knows_not) =
            (inputs(true, &[("t0", 2), ("ta", 2)]), inputs(true, &[("ta", 2)]));
        assert_eq!(told(&knows, "t0-0 t0-1 ta-0"), "0_0: t0-0 ta-0, 0_1?");
        assert_eq!(told(&knows_not, "ta-1"), "0_1: ta-1");
    }

    #[test]
    fn without_state_a_task_reads_what_was_given() {
        let inputs = inputs(false, &[("ta", 2), ("tb", 1)]);
        assert_eq!(told(&inputs, "ta-1 tb-0"), "0_0: tb-0, 0_1: ta-1");
    }

    #[test]
    fn more_partitions_than_are_known() {
        let inputs = inputs(true, &[("ta", 2)]);
        assert!(tasks(&inputs, &places("ta-2")).outdated);
        assert!(!tasks(&inputs, &places("ta-1")).outdated);
    }
}
