//! The plan beside the description: topics, settings, partition counts, pictures.

use std::collections::BTreeMap;

use super::super::{Grouped, Materialized, Repartitioned, Stores, Topology, Unset};
use super::{text, topology};
use crate::topology::{InternalTopicKind, StoreType, TopologyConfig};

fn word_count() -> Topology {
    topology(|b| {
        let (grouped, _) = text(b, "lines").group_by(b, |_, v| v.clone(), Unset);
        let (counts, _) = grouped.count(b, "counts");
        counts.to_stream(b, Unset).0.to(b, "out", Unset);
    })
}

#[test]
fn internal_topics_have_kafka_streams_names_and_settings() {
    let plan = word_count().plan(&TopologyConfig::new("app")).unwrap();
    assert_eq!(plan.sub_topologies.len(), 2);
    assert!(plan.sub_topologies[0].sink_topics.contains("app-counts-repartition"));
    let second = &plan.sub_topologies[1];
    let repartition = &second.repartition_sources[0];
    assert_eq!(repartition.name, "app-counts-repartition");
    assert_eq!(repartition.kind, InternalTopicKind::Repartition);
    assert_eq!(
        repartition.config,
        settings(&[
            ("cleanup.policy", "delete"),
            ("message.timestamp.type", "CreateTime"),
            ("retention.ms", "-1"),
            ("segment.bytes", "52428800"),
        ])
    );
    let changelog = &second.changelogs[0];
    assert_eq!(changelog.name, "app-counts-changelog");
    assert_eq!(changelog.kind, InternalTopicKind::Changelog);
    let common = settings(&[("min.insync.replicas", "2")]);
    assert_eq!(
        changelog.config_with(&common),
        settings(&[
            ("cleanup.policy", "compact"),
            ("message.timestamp.type", "CreateTime"),
            ("min.insync.replicas", "2"),
        ])
    );
}

fn settings(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn settings_of_one_changelog_win() {
    let topology = topology(|b| {
        let logged = Materialized::as_("n").with_logging_enabled([("min.insync.replicas", "3")]);
        let kept = (logged, Stores::lru_map("n", 7));
        let (counts, _) = text(b, "in").group_by_key(b, Unset).count(b, kept);
        counts.to_stream(b, Unset).0.to(b, "out", Unset);
    });
    let plan = topology.plan(&TopologyConfig::new("app")).unwrap();
    let changelog = &plan.sub_topologies[0].changelogs[0];
    let config = changelog.config_with(&settings(&[("min.insync.replicas", "2")]));
    assert_eq!(config["min.insync.replicas"], "3");
    assert_eq!(plan.stores[0].store_type, StoreType::LruMap { max_entries: 7 });
}

#[test]
fn no_cache_means_no_caching_store() {
    let none = TopologyConfig { cache_max_bytes: 0, ..TopologyConfig::new("app") };
    assert!(!word_count().plan(&none).unwrap().stores[0].caching);
    assert!(word_count().plan(&TopologyConfig::new("app")).unwrap().stores[0].caching);
}

#[test]
fn a_shared_grouping_has_one_source_with_two_runs() {
    let topology = topology(|b| {
        let (keyed, _) = text(b, "in").select_key(b, |_, v| v.clone(), Unset);
        let grouped = keyed.group_by_key(b, Grouped::as_("grp"));
        grouped.count(b, "n").0.to_stream(b, Unset).0.to(b, "x", Unset);
        grouped.count(b, "m").0.to_stream(b, Unset).0.to(b, "y", Unset);
    });
    let plan = topology.plan(&TopologyConfig::new("app")).unwrap();
    let shared = plan.sources.iter().find(|source| source.internal).unwrap();
    assert_eq!(shared.nodes.len(), 2);
    let active: Vec<bool> = shared.nodes.iter().map(|id| plan.nodes[id.index()].active).collect();
    assert_eq!(active, [true, false], "one of them writes");
}

#[test]
fn streams_of_the_same_topics_share_a_source() {
    let topology = topology(|b| {
        let one = text(b, "in");
        let two = text(b, "in");
        one.to(b, "x", Unset);
        two.to(b, "y", Unset);
    });
    let plan = topology.plan(&TopologyConfig::new("app")).unwrap();
    assert_eq!(plan.sources.len(), 1);
    assert_eq!(plan.sources[0].nodes.len(), 2);
}

fn counts_of(topology: &Topology, lines: u32) -> BTreeMap<String, u32> {
    let plan = topology.plan(&TopologyConfig::new("app")).unwrap();
    plan.partition_counts(&|topic| (topic == "lines").then_some(lines)).unwrap()
}

#[test]
fn internal_topics_follow_their_sources() {
    let counts = counts_of(&word_count(), 6);
    assert_eq!(counts["app-counts-repartition"], 6);
    assert_eq!(counts["app-counts-changelog"], 6);
}

#[test]
fn demanded_counts_win_and_go_on_downstream() {
    let topology = topology(|b| {
        let (keyed, _) = text(b, "lines").select_key(b, |_, v| v.clone(), Unset);
        let (cut, _) =
            keyed.repartition(b, Repartitioned::as_("wide").with_number_of_partitions(9));
        let (grouped, _) = cut.group_by(b, |_, v| v.clone(), Unset);
        grouped.count(b, "n").0.to_stream(b, Unset).0.to(b, "out", Unset);
    });
    let counts = counts_of(&topology, 2);
    assert_eq!(counts["app-wide-repartition"], 9);
    assert_eq!(counts["app-n-repartition"], 9);
    assert_eq!(counts["app-n-changelog"], 9);
}

#[test]
fn a_missing_source_topic_is_named() {
    let plan = word_count().plan(&TopologyConfig::new("app")).unwrap();
    let error = plan.partition_counts(&|_| None).unwrap_err().to_string();
    assert!(error.contains("source topics do not exist: `lines`; create them"), "{error}");
}

#[test]
fn pictures_have_topics_and_types() {
    let topology = word_count();
    let plan = topology.plan(&TopologyConfig::new("app")).unwrap();
    let mermaid = plan.to_mermaid(topology.graph());
    assert!(mermaid.starts_with("flowchart TD\n  subgraph s0[\"sub-topology 0\"]"));
    assert!(mermaid.contains("-->|\"String, i64\"|"), "{mermaid}");
    let dot = plan.to_dot(topology.graph());
    assert!(dot.contains("[shape=cds, label=\"lines\"]") && dot.ends_with("}\n"), "{dot}");
}
