//! Which source reads a topic, and a plan with the topics that match patterns.
//!
//! Facts from Kafka Streams 4.3.1: `InternalTopologyBuilder.SourceNodeFactory#topics` and
//! `setRegexMatchedTopicsToSourceNodes`. What no pattern matches here and does there: the application's own topics,
//! whose records would go round for ever.

use std::collections::BTreeSet;

use super::copartition;
use super::graph::Graph;
use super::pattern::Pattern;
use super::plan::{SourcePlan, TopologyPlan};
use crate::error::TopologyError;

/// Topics of the broker itself; Kafka's clients hide them from patterns, too (`exclude.internal.topics`).
const OF_THE_BROKER: &[&str] =
    &["__consumer_offsets", "__transaction_state", "__share_group_state"];

impl TopologyPlan {
    /// The patterns of all sources.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.sources.iter().filter_map(|source| source.pattern.as_ref())
    }

    /// True when a source reads the topics that match a pattern.
    pub fn has_patterns(&self) -> bool {
        self.patterns().next().is_some()
    }

    /// The number of the source that reads a topic, global ones left out: by name, else by pattern.
    ///
    /// # Errors
    /// When two patterns match the topic.
    pub fn source_of(&self, topic: &str) -> Result<Option<usize>, TopologyError> {
        let is_named = |source: &SourcePlan| source.topics.iter().any(|known| known == topic);
        let named = self.sources.iter().position(|source| !source.global && is_named(source));
        if named.is_some() || !self.has_patterns() || self.is_beyond_patterns(topic) {
            return Ok(named);
        }
        let matches =
            |source: &SourcePlan| source.pattern.as_ref().is_some_and(|p| p.matches(topic));
        let mut found = (0..).zip(&self.sources).filter(|(_, source)| matches(source));
        let (first, second) = (found.next(), found.next());
        match (first, second) {
            (Some((_, one)), Some((_, other))) => Err(TopologyError::new(format!(
                "topic `{topic}` matches two patterns, `{}` of `{}` and `{}` of `{}`; narrow one of them, so that \
                 each topic has one source",
                shown(one),
                one.name,
                shown(other),
                other.name
            ))),
            (first, _) => Ok(first.map(|(at, _)| at)),
        }
    }

    /// The same plan where the sources with patterns read those of these topics that match, too.
    ///
    /// # Errors
    /// When two patterns match one topic.
    pub fn with_matching<'t>(
        &self,
        topics: impl IntoIterator<Item = &'t str>,
    ) -> Result<Self, TopologyError> {
        let mut plan = self.clone();
        let topics: BTreeSet<&str> = topics.into_iter().collect();
        for topic in topics {
            let Some(at) = self.source_of(topic)? else { continue };
            let source = &mut plan.sources[at];
            if source.pattern.is_some() && !source.topics.iter().any(|known| known == topic) {
                source.topics.push(topic.to_owned());
                let part = &mut plan.sub_topologies[source.sub_topology as usize];
                part.source_topics.insert(topic.to_owned());
            }
        }
        plan.copartition_groups =
            copartition::groups(&self.copartitioned, |name| plan.topics_of_source(name));
        Ok(plan)
    }

    pub(super) fn topics_of_source(&self, name: &str) -> Vec<String> {
        let source = self.sources.iter().find(|source| source.name == name);
        source.map(|source| source.topics.clone()).unwrap_or_default()
    }

    /// True for topics that no pattern may match.
    fn is_beyond_patterns(&self, topic: &str) -> bool {
        let parts = self.sub_topologies.iter();
        let mut own =
            parts.flat_map(|part| part.repartition_sources.iter().chain(&part.changelogs));
        let mut global = self.sources.iter().filter(|s| s.global).flat_map(|source| &source.topics);
        OF_THE_BROKER.contains(&topic)
            || own.any(|own| own.name == topic)
            || global.any(|known| known == topic)
    }
}

fn shown(source: &SourcePlan) -> &str {
    source.pattern.as_ref().map_or("", Pattern::as_str)
}

/// What is wrong with the patterns of a graph by themselves.
pub(super) fn problems(graph: &Graph) -> Vec<String> {
    let patterns = graph.nodes().iter().filter_map(|node| node.pattern());
    let mut problems: Vec<String> = patterns.filter_map(Pattern::problem).collect();
    problems.dedup();
    problems
}
