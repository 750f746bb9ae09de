//! `topology.optimization`: merged repartition topics and reused source topics.
//!
//! The windowed counts of the cases are plain counts here: names and numbers are the same.

use super::super::{Materialized, StreamsBuilder, Unset};
use super::{check, text, topology};
use crate::topology::{Optimization, RepartitionRole, TopologyConfig, TopologyPlan};

fn three_below_one_map(b: &mut StreamsBuilder) {
    let (s, _) = text(b, "in").map(b, |k, v| (v, k), Unset);
    s.group_by_key(b, Unset).count(b, "c1").0.to_stream(b, Unset).0.to(b, "o1", Unset);
    let (upper, _) = s.map_values(b, |v| v.to_uppercase(), Unset);
    let (joined, _) = upper.group_by_key(b, Unset).reduce(b, |a, v| a + &v, "r1");
    joined.to_stream(b, Unset).0.to(b, "o2", Unset);
    let (kept, _) = s.filter(b, |k, _| k != "skip", Unset);
    kept.group_by_key(b, Unset).count(b, "w1").0.to_stream(b, Unset).0.to(b, "o3", Unset);
    s.cut(b);
}

#[test]
fn repartitions_below_one_change_of_the_key_become_one() {
    check("naming", "opt-merge-off", three_below_one_map);
    check("naming", "opt-merge-on", three_below_one_map);
}

fn generated(b: &mut StreamsBuilder) {
    let (kept, _) = text(b, "in").filter(b, |_, _| true, Unset);
    let (same, _) = kept.map_values(b, |v| v, Unset);
    let (flat, _) = same.flat_map_values(b, |v| [v], Unset);
    let (a, _) = flat.select_key(b, |_, v| v.clone(), Unset);
    let serdes = Materialized::default;
    a.group_by_key(b, Unset).count(b, serdes()).0.to_stream(b, Unset).0.to(b, "o1", Unset);
    let (grouped, _) = a.group_by(b, |_, v| v.clone(), Unset);
    grouped.count(b, serdes()).0.to_stream(b, Unset).0.to(b, "o2", Unset);
}

#[test]
fn generated_names() {
    check("naming", "names-generated", generated);
    check("naming", "names-generated-optimized", generated);
}

fn merging() -> TopologyConfig {
    TopologyConfig { optimization: Optimization::ALL, ..TopologyConfig::new("app") }
}

fn role(plan: &TopologyPlan, node: usize) -> RepartitionRole {
    plan.nodes[node].repartition
}

#[test]
fn a_cut_writes_for_what_was_merged() {
    let topology = topology(three_below_one_map);
    let plan = topology.plan(&merging()).unwrap();
    let graph = topology.graph();
    let repartitions: Vec<usize> = (0..graph.nodes().len())
        .filter(|ix| {
            matches!(graph.nodes()[*ix].kind, crate::topology::graph::NodeKind::Repartition(_))
        })
        .collect();
    let cut = graph.nodes().len() - 1;
    let roles: Vec<_> = repartitions.iter().map(|ix| role(&plan, *ix)).collect();
    use RepartitionRole::{PassesThrough, Writes};
    assert_eq!(roles, [PassesThrough, Writes, PassesThrough], "below map_values nothing is merged");
    assert_eq!(role(&plan, cut), Writes);
    assert_eq!(plan.nodes[cut].topic.as_deref(), Some("app-c1-repartition"));
    let merged = plan.sources.iter().find(|s| s.topics == ["app-c1-repartition"]).unwrap();
    assert_eq!(merged.nodes.iter().map(|id| id.index()).collect::<Vec<_>>(), [cut]);
}

#[test]
fn a_cut_is_idle_without_the_rule() {
    let topology = topology(three_below_one_map);
    let plan = topology.plan(&TopologyConfig::new("app")).unwrap();
    let cut = plan.nodes.len() - 1;
    assert_eq!(role(&plan, cut), RepartitionRole::None);
    assert!(topology.build(&TopologyConfig::new("app")).is_ok());
}

#[test]
fn direct_repartitions_merge_without_a_cut() {
    let topology = topology(|b| {
        let (keyed, _) = text(b, "in").select_key(b, |_, v| v.clone(), Unset);
        keyed.group_by_key(b, Unset).count(b, "a").0.to_stream(b, Unset).0.to(b, "x", Unset);
        keyed.group_by_key(b, Unset).count(b, "b").0.to_stream(b, Unset).0.to(b, "y", Unset);
    });
    let built = topology.build(&merging()).unwrap();
    let merged = built.plan.sources.iter().find(|source| source.internal).unwrap();
    let roles: Vec<_> = merged.nodes.iter().map(|id| role(&built.plan, id.index())).collect();
    assert_eq!(roles, [RepartitionRole::Writes, RepartitionRole::Joined]);
    assert_eq!(merged.name, "a-repartition-source");
}

#[test]
fn a_deeper_merge_without_a_place_to_cut_is_refused_when_built() {
    let topology = topology(|b| {
        let (keyed, _) = text(b, "in").select_key(b, |_, v| v.clone(), Unset);
        let (kept, _) = keyed.filter(b, |_, _| true, Unset);
        kept.group_by_key(b, Unset).count(b, "n").0.to_stream(b, Unset).0.to(b, "x", Unset);
    });
    let error = topology.build(&merging()).unwrap_err().to_string();
    assert!(
        error.contains("moves the repartition up to `KSTREAM-KEY-SELECT-0000000001`"),
        "{error}"
    );
    assert!(topology.describe_with(&merging()).contains("n-repartition-filter"));
}

#[test]
fn two_repartitions_below_one_filter_share_the_topic() {
    let topology = topology(|b| {
        let (keyed, _) = text(b, "in").select_key(b, |_, v| v.clone(), Unset);
        let (kept, _) = keyed.filter(b, |_, _| true, Unset);
        kept.group_by_key(b, Unset).count(b, "n").0.to_stream(b, Unset).0.to(b, "x", Unset);
        kept.group_by_key(b, Unset).count(b, "m").0.to_stream(b, Unset).0.to(b, "y", Unset);
        keyed.cut(b);
    });
    let built = topology.build(&merging()).unwrap();
    assert_eq!(built.plan.sub_topologies.len(), 2);
    assert_eq!(built.plan.sub_topologies[1].stores.len(), 2);
}

#[test]
fn a_merge_of_streams_is_cut_behind_the_merge() {
    let topology = topology(|b| {
        let (one, _) = text(b, "a").select_key(b, |_, v| v.clone(), Unset);
        let (two, _) = text(b, "b").select_key(b, |_, v| v.clone(), Unset);
        let merged = one.merge(b, two, Unset);
        merged.group_by_key(b, Unset).count(b, "n").0.to_stream(b, Unset).0.to(b, "x", Unset);
        merged.group_by_key(b, Unset).count(b, "m").0.to_stream(b, Unset).0.to(b, "y", Unset);
    });
    let described = topology.describe_with(&merging());
    assert!(described.contains("Processor: n-repartition-filter (stores: [])\n      --> n-repartition-sink\n      <-- KSTREAM-MERGE-0000000004"), "{described}");
}

#[test]
fn a_table_restores_from_its_own_topic() {
    let topology = topology(|b| {
        let (t, _, _) = b.table::<String, String>("in", "tbl");
        t.to_stream(b, Unset).0.to(b, "out", Unset);
        let (s, _) = text(b, "s").to_table(b, "of-stream");
        s.to_stream(b, Unset).0.to(b, "out2", Unset);
    });
    let plan = topology.plan(&merging()).unwrap();
    let (table, of_stream) = (&plan.stores[0], &plan.stores[1]);
    assert_eq!(table.changelog.as_deref(), Some("in"));
    assert!(table.source_changelog && !table.logging);
    assert_eq!(of_stream.changelog.as_deref(), Some("app-of-stream-changelog"));
    assert!(!of_stream.source_changelog && of_stream.logging);
    let plan = topology.plan(&TopologyConfig::new("app")).unwrap();
    assert_eq!(plan.stores[0].changelog.as_deref(), Some("app-tbl-changelog"));
}
