//! Topics that must have equal partition counts, because their records meet by key.

use std::collections::BTreeSet;

/// The groups of topics, closed over topics that several groups have in common.
pub(super) fn groups(
    copartitioned: &[BTreeSet<String>],
    topics_of_source: impl Fn(&str) -> Vec<String>,
) -> Vec<BTreeSet<String>> {
    let mut groups: Vec<BTreeSet<String>> = Vec::new();
    for sources in copartitioned {
        let mut group: BTreeSet<String> =
            sources.iter().flat_map(|name| topics_of_source(name)).collect();
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
        let pairs = [["a", "b"], ["c", "d"], ["b", "c"], ["e", "f"]];
        let pairs = pairs.map(|pair| pair.map(str::to_owned).into());
        let groups = groups(&pairs, |name| vec![name.to_owned()]);
        let text: Vec<String> =
            groups.iter().map(|g| g.iter().cloned().collect::<Vec<_>>().join("")).collect();
        assert_eq!(text, ["abcd", "ef"]);
    }
}
