//! Topics that must have equal partition counts, because their records meet by key.

use std::collections::BTreeSet;

use super::graph::Graph;
use super::layout::all_topics;

/// The groups of topics, closed over topics that several groups have in common.
pub(super) fn groups(
    graph: &Graph,
    topics_of_source: impl Fn(&str) -> Vec<String>,
) -> Vec<BTreeSet<String>> {
    let mut groups: Vec<BTreeSet<String>> = Vec::new();
    for sources in graph.copartition_groups() {
        let mut group = all_topics(sources.iter().map(|name| topics_of_source(name)));
        groups.retain(|other| {
            let apart = other.is_disjoint(&group);
            if !apart {
                group.extend(other.iter().cloned());
            }
            apart
        });
        groups.push(group);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_share_a_topic_become_one() {
        let mut graph = Graph::default();
        for pair in [["a", "b"], ["c", "d"], ["b", "c"], ["e", "f"]] {
            graph.copartition(pair.map(str::to_owned));
        }
        let groups = groups(&graph, |name| vec![name.to_owned()]);
        let text: Vec<String> =
            groups.iter().map(|g| g.iter().cloned().collect::<Vec<_>>().join("")).collect();
        assert_eq!(text, ["abcd", "ef"]);
    }
}
