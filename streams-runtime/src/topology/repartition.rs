//! How many partitions the internal topics have.
//!
//! Facts from Kafka Streams 4.3.1, `RepartitionTopics` and `CopartitionedTopicsEnforcer`.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{InternalTopic, TopologyPlan};
use crate::error::TopologyError;

impl TopologyPlan {
    /// The partition counts of all internal topics, from those of the topics that exist.
    ///
    /// A repartition topic has the count that was demanded for it, else the highest of the topics
    /// that the sub-topologies writing it read; co-partitioned topics all have one count. A changelog
    /// has the highest count of its sub-topology's sources, and none while it has no source topic: a pattern
    /// that no topic matches yet.
    ///
    /// # Errors
    /// When a source topic does not exist, when no count can be found, or when co-partitioned topics
    /// differ; the message names topics, counts and the mend.
    pub fn partition_counts(
        &self,
        external: &dyn Fn(&str) -> Option<u32>,
    ) -> Result<BTreeMap<String, u32>, TopologyError> {
        let internal = self.repartition_topics();
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for topic in internal.values() {
            if let Some(demanded) = topic.partitions {
                counts.insert(topic.name.clone(), demanded);
            }
        }
        let outer = self.external_counts(&internal, external)?;
        self.derive_counts(&internal, &outer, &mut counts)?;
        for group in &self.copartition_groups {
            self.align(group, &internal, &outer, &mut counts)?;
        }
        self.count_changelogs(&outer, &mut counts);
        Ok(counts)
    }

    fn repartition_topics(&self) -> BTreeMap<String, &InternalTopic> {
        let topics = self.sub_topologies.iter().flat_map(|part| &part.repartition_sources);
        topics.map(|topic| (topic.name.clone(), topic)).collect()
    }

    fn external_counts(
        &self,
        internal: &BTreeMap<String, &InternalTopic>,
        external: &dyn Fn(&str) -> Option<u32>,
    ) -> Result<BTreeMap<String, u32>, TopologyError> {
        let topics: BTreeSet<&String> =
            self.sub_topologies.iter().flat_map(|part| &part.source_topics).collect();
        let mut counts = BTreeMap::new();
        let mut missing = Vec::new();
        for topic in topics.into_iter().filter(|topic| !internal.contains_key(*topic)) {
            match external(topic) {
                Some(count) => {
                    counts.insert(topic.clone(), count);
                }
                None => missing.push(format!("`{topic}`")),
            }
        }
        if missing.is_empty() {
            return Ok(counts);
        }
        Err(TopologyError::new(format!(
            "source topics do not exist: {}; create them before the application starts",
            missing.join(", ")
        )))
    }

    /// Repeats until every repartition topic has a count: its writers' sources may be repartition
    /// topics themselves.
    fn derive_counts(
        &self,
        internal: &BTreeMap<String, &InternalTopic>,
        outer: &BTreeMap<String, u32>,
        counts: &mut BTreeMap<String, u32>,
    ) -> Result<(), TopologyError> {
        loop {
            let open: Vec<&String> =
                internal.keys().filter(|topic| !counts.contains_key(*topic)).collect();
            if open.is_empty() {
                return Ok(());
            }
            let found: Vec<(String, u32)> = open
                .iter()
                .filter_map(|topic| {
                    Some(((*topic).clone(), self.writers_max(topic, outer, counts)?))
                })
                .collect();
            if found.is_empty() {
                return Err(self.no_count(&open));
            }
            counts.extend(found);
        }
    }

    fn no_count(&self, open: &[&String]) -> TopologyError {
        let empty = self.sources.iter().filter(|source| source.topics.is_empty());
        let patterns: Vec<String> = empty
            .filter_map(|source| source.pattern.as_ref().map(|pattern| format!("`{pattern}`")))
            .collect();
        let mend = "give one by Repartitioned::number_of_partitions";
        TopologyError::new(match patterns.is_empty() {
            true => format!(
                "no partition count can be found for the repartition topics {open:?}; {mend}"
            ),
            false => format!(
                "no partition count can be found for the repartition topics {open:?}, as no topic matches {} yet; \
                 create one before the application starts, or {mend}",
                patterns.join(", ")
            ),
        })
    }

    /// The highest count among the sources of the sub-topologies that write a topic.
    fn writers_max(
        &self,
        topic: &str,
        outer: &BTreeMap<String, u32>,
        counts: &BTreeMap<String, u32>,
    ) -> Option<u32> {
        let writers = self.sub_topologies.iter().filter(|part| part.sink_topics.contains(topic));
        let sources = writers.flat_map(|part| &part.source_topics);
        sources.filter_map(|source| outer.get(source).or_else(|| counts.get(source))).max().copied()
    }

    fn align(
        &self,
        group: &BTreeSet<String>,
        internal: &BTreeMap<String, &InternalTopic>,
        outer: &BTreeMap<String, u32>,
        counts: &mut BTreeMap<String, u32>,
    ) -> Result<(), TopologyError> {
        let demanded =
            |topic: &&String| internal.get(*topic).is_some_and(|t| t.partitions.is_some());
        let outside: BTreeMap<&String, u32> =
            group.iter().filter_map(|topic| Some((topic, *outer.get(topic)?))).collect();
        let asked: BTreeMap<&String, u32> =
            group.iter().filter(demanded).filter_map(|t| Some((t, *counts.get(t)?))).collect();
        let mend = "change their partition counts, or send one through `repartition`";
        let count =
            match (common(&outside, mend)?, common(&asked, "demand the same count for all")?) {
                (Some(outside), Some(asked)) if outside != asked => {
                    let all = outside_and_asked(group, outer, counts);
                    return Err(unequal(&all, "demand the count of the other topics, or none"));
                }
                (Some(count), _) | (None, Some(count)) => count,
                (None, None) => {
                    group.iter().filter_map(|t| counts.get(t)).max().copied().unwrap_or(1)
                }
            };
        for topic in group.iter().filter(|topic| internal.contains_key(*topic)) {
            counts.insert(topic.clone(), count);
        }
        Ok(())
    }

    fn count_changelogs(&self, outer: &BTreeMap<String, u32>, counts: &mut BTreeMap<String, u32>) {
        for part in &self.sub_topologies {
            let sources = part.source_topics.iter();
            let max = sources.filter_map(|t| outer.get(t).or_else(|| counts.get(t))).max().copied();
            // a part whose patterns match nothing yet has no tasks, so nobody knows how many changelogs it will need
            let Some(max) = max else { continue };
            for changelog in &part.changelogs {
                counts.insert(changelog.name.clone(), max);
            }
        }
    }
}

fn outside_and_asked<'a>(
    group: &'a BTreeSet<String>,
    outer: &BTreeMap<String, u32>,
    counts: &BTreeMap<String, u32>,
) -> BTreeMap<&'a String, u32> {
    let known = |topic: &&'a String| outer.get(*topic).or_else(|| counts.get(*topic)).copied();
    group.iter().filter_map(|topic| Some((topic, known(&topic)?))).collect()
}

/// The one count of all topics, none when there are no topics.
fn common(counts: &BTreeMap<&String, u32>, mend: &str) -> Result<Option<u32>, TopologyError> {
    let first = counts.values().next().copied();
    match counts.values().all(|count| Some(*count) == first) {
        true => Ok(first),
        false => Err(unequal(counts, mend)),
    }
}

fn unequal(counts: &BTreeMap<&String, u32>, mend: &str) -> TopologyError {
    let list: Vec<String> =
        counts.iter().map(|(topic, count)| format!("`{topic}` has {count}")).collect();
    TopologyError::new(format!(
        "topics whose records are joined by key need equal partition counts, but {}; {mend}",
        list.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::config::TopologyConfig;
    use crate::topology::graph::{Effect, Graph, NewNode, NodeKind, RepartitionNode, SourceNode};

    /// Two streams that meet by key: `left` behind a repartition, `right` as it is.
    fn plan(demanded: Option<u32>) -> TopologyPlan {
        let mut graph = Graph::default();
        let source = |graph: &mut Graph, topic: &str| {
            let kind = NodeKind::Source(SourceNode {
                topics: vec![topic.to_owned()],
                pattern: None,
                offset_reset: None,
            });
            graph.add(&[], NewNode::new(format!("{topic}-source"), kind))
        };
        let left = source(&mut graph, "left");
        let right = source(&mut graph, "right");
        let kind = NodeKind::Repartition(RepartitionNode {
            topic: "r".to_owned(),
            sink: "r-sink".to_owned(),
            filter: None,
            partitions: demanded,
            optimizable: false,
        });
        let cut = graph.add(&[left], NewNode::new("r-source".to_owned(), kind));
        let joined = NewNode {
            effect: Effect::Merges,
            ..NewNode::new("join".to_owned(), NodeKind::Processor { stores: Vec::new() })
        };
        graph.add(&[cut, right], joined);
        graph.copartition(["r-source".to_owned(), "right-source".to_owned()]);
        TopologyPlan::new(&graph, &TopologyConfig::new("app")).unwrap()
    }

    fn counts(plan: &TopologyPlan) -> Result<BTreeMap<String, u32>, TopologyError> {
        plan.partition_counts(&|topic| Some(if topic == "left" { 2 } else { 5 }))
    }

    #[test]
    fn a_repartition_follows_the_topic_it_meets() {
        let plan = plan(None);
        assert_eq!(plan.copartition_groups.len(), 1);
        assert_eq!(counts(&plan).unwrap()["app-r"], 5);
    }

    #[test]
    fn a_demanded_count_must_fit_the_topic_it_meets() {
        assert_eq!(counts(&plan(Some(5))).unwrap()["app-r"], 5);
        let error = counts(&plan(Some(3))).unwrap_err().to_string();
        assert!(
            error.contains("`app-r` has 3, `right` has 5; demand the count of the other"),
            "{error}"
        );
    }

    #[test]
    fn topics_of_the_broker_must_fit_each_other() {
        let mut plan = plan(None);
        plan.copartition_groups = vec![["left".to_owned(), "right".to_owned()].into()];
        let error = counts(&plan).unwrap_err().to_string();
        assert!(
            error.contains("`left` has 2, `right` has 5; change their partition counts"),
            "{error}"
        );
    }
}
