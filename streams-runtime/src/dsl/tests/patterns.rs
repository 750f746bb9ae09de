//! Sources that read all topics a pattern matches; the texts are what Kafka Streams 4.3.1 prints.

use super::{StreamsBuilder, topology};
use crate::dsl::{JoinWindows, OffsetReset, Pattern, TopologyBuilder, Unset};
use crate::topology::{TopologyConfig, TopologyPlan};
use std::time::Duration;

const TWICE: &str = "Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: orders-.*)
      --> KSTREAM-FILTER-0000000003, KSTREAM-SINK-0000000002
    Processor: KSTREAM-FILTER-0000000003 (stores: [])
      --> KSTREAM-SINK-0000000004
      <-- KSTREAM-SOURCE-0000000000
    Sink: KSTREAM-SINK-0000000002 (topic: out)
      <-- KSTREAM-SOURCE-0000000000
    Sink: KSTREAM-SINK-0000000004 (topic: out2)
      <-- KSTREAM-FILTER-0000000003

";

const COUNT: &str = "Topologies:
   Sub-topology: 0
    Source: lines (topics: lines-[0-9]+)
      --> KSTREAM-KEY-SELECT-0000000001
    Processor: KSTREAM-KEY-SELECT-0000000001 (stores: [])
      --> counts-repartition-filter
      <-- lines
    Processor: counts-repartition-filter (stores: [])
      --> counts-repartition-sink
      <-- KSTREAM-KEY-SELECT-0000000001
    Sink: counts-repartition-sink (topic: counts-repartition)
      <-- counts-repartition-filter

  Sub-topology: 1
    Source: counts-repartition-source (topics: [counts-repartition])
      --> KSTREAM-AGGREGATE-0000000002
    Processor: KSTREAM-AGGREGATE-0000000002 (stores: [counts])
      --> KTABLE-TOSTREAM-0000000006
      <-- counts-repartition-source
    Processor: KTABLE-TOSTREAM-0000000006 (stores: [])
      --> KSTREAM-SINK-0000000007
      <-- KSTREAM-AGGREGATE-0000000002
    Sink: KSTREAM-SINK-0000000007 (topic: out)
      <-- KTABLE-TOSTREAM-0000000006

";

const JOIN: &str = "Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: (left|links)-.*)
      --> KSTREAM-WINDOWED-0000000002
    Source: KSTREAM-SOURCE-0000000001 (topics: [right])
      --> KSTREAM-WINDOWED-0000000003
    Processor: KSTREAM-WINDOWED-0000000002 (stores: [KSTREAM-JOINTHIS-0000000004-store])
      --> KSTREAM-JOINTHIS-0000000004
      <-- KSTREAM-SOURCE-0000000000
    Processor: KSTREAM-WINDOWED-0000000003 (stores: [KSTREAM-JOINOTHER-0000000005-store])
      --> KSTREAM-JOINOTHER-0000000005
      <-- KSTREAM-SOURCE-0000000001
    Processor: KSTREAM-JOINOTHER-0000000005 (stores: [KSTREAM-JOINTHIS-0000000004-store])
      --> KSTREAM-MERGE-0000000006
      <-- KSTREAM-WINDOWED-0000000003
    Processor: KSTREAM-JOINTHIS-0000000004 (stores: [KSTREAM-JOINOTHER-0000000005-store])
      --> KSTREAM-MERGE-0000000006
      <-- KSTREAM-WINDOWED-0000000002
    Processor: KSTREAM-MERGE-0000000006 (stores: [])
      --> KSTREAM-SINK-0000000007
      <-- KSTREAM-JOINTHIS-0000000004, KSTREAM-JOINOTHER-0000000005
    Sink: KSTREAM-SINK-0000000007 (topic: out)
      <-- KSTREAM-MERGE-0000000006

";

const MERGE: &str = "Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [plain])
      --> KSTREAM-MERGE-0000000002
    Source: KSTREAM-SOURCE-0000000001 (topics: other-.*)
      --> KSTREAM-MERGE-0000000002
    Processor: KSTREAM-MERGE-0000000002 (stores: [])
      --> KSTREAM-MERGE-0000000004
      <-- KSTREAM-SOURCE-0000000000, KSTREAM-SOURCE-0000000001
    Source: KSTREAM-SOURCE-0000000003 (topics: third\\..*)
      --> KSTREAM-MERGE-0000000004
    Processor: KSTREAM-MERGE-0000000004 (stores: [])
      --> KSTREAM-SINK-0000000005
      <-- KSTREAM-MERGE-0000000002, KSTREAM-SOURCE-0000000003
    Sink: KSTREAM-SINK-0000000005 (topic: out)
      <-- KSTREAM-MERGE-0000000004

";

const LOW_LEVEL: &str = "Topologies:
   Sub-topology: 0
    Source: other (topics: [plain])
      --> sink
    Source: src (topics: in-.*)
      --> sink
    Sink: sink (topic: out)
      <-- src, other

";

const BEHIND_A_GLOBAL_TABLE: &str = "Topologies:
   Sub-topology: 0 for global store (will not generate tasks)
    Source: KSTREAM-SOURCE-0000000001 (topics: [orders-eu])
      --> KTABLE-SOURCE-0000000002
    Processor: KTABLE-SOURCE-0000000002 (stores: [orders-eu-STATE-STORE-0000000000])
      --> none
      <-- KSTREAM-SOURCE-0000000001
  Sub-topology: 1
    Source: KSTREAM-SOURCE-0000000003 (topics: orders-.*)
      --> KSTREAM-SINK-0000000004
    Sink: KSTREAM-SINK-0000000004 (topic: o2)
      <-- KSTREAM-SOURCE-0000000003

";

type Text = crate::dsl::KStream<String, String>;

fn matching(b: &mut StreamsBuilder, pattern: &str) -> Text {
    b.stream(Pattern::new(pattern), Unset).0
}

/// Counts the values of all topics that match.
fn count(b: &mut StreamsBuilder, pattern: &str) {
    let (lines, _) = b.stream::<String, String>(Pattern::new(pattern), "lines");
    let (words, _) = lines.group_by(b, |_, word| word.clone(), Unset);
    words.count(b, "counts").0.to_stream(b, Unset).0.to(b, "out", Unset);
}

fn plan(record: impl FnOnce(&mut StreamsBuilder)) -> TopologyPlan {
    topology(record).plan(&TopologyConfig::new("app")).unwrap()
}

#[track_caller]
fn refused(words: &str, record: impl FnOnce(&mut StreamsBuilder)) {
    let told = topology(record).plan(&TopologyConfig::new("app")).unwrap_err().to_string();
    assert!(told.contains(words), "{told}");
}

#[test]
fn described_as_in_java() {
    let merged = |b: &mut StreamsBuilder| {
        let plain = super::text(b, "plain");
        let other = matching(b, "other-.*");
        let both = plain.merge(b, other, Unset);
        let third = matching(b, r"third\..*");
        both.merge(b, third, Unset).to(b, "out", Unset);
    };
    let twice = |b: &mut StreamsBuilder| {
        let (one, other) = (matching(b, "orders-.*"), matching(b, "orders-.*"));
        one.to(b, "out", Unset);
        other.filter(b, |_, _| true, Unset).0.to(b, "out2", Unset);
    };
    let joined = |b: &mut StreamsBuilder| {
        let left = matching(b, "(left|links)-.*");
        let right = super::text(b, "right");
        let near = JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(5));
        left.join(b, right, |l: String, r: String| l + &r, near, Unset).0.to(b, "out", Unset);
    };
    let behind_a_global_table = |b: &mut StreamsBuilder| {
        b.global_table::<String, String>("orders-eu", Unset);
        matching(b, "orders-.*").to(b, "o2", Unset);
    };
    assert_eq!(topology(twice).describe(), TWICE);
    assert_eq!(topology(|b| count(b, "lines-[0-9]+")).describe(), COUNT);
    assert_eq!(topology(joined).describe(), JOIN);
    assert_eq!(topology(merged).describe(), MERGE);
    assert_eq!(topology(behind_a_global_table).describe(), BEHIND_A_GLOBAL_TABLE);
}

#[test]
fn described_as_in_java_from_the_low_level() {
    let mut builder = TopologyBuilder::new();
    let matching = builder.add_source::<String, String>("src", Pattern::new("in-.*"), ());
    let plain = builder.add_source::<String, String>("other", "plain", ());
    builder.add_sink("sink", "out", [&matching, &plain], ());
    assert_eq!(builder.finish().describe(), LOW_LEVEL);
}

#[test]
fn a_topic_has_one_source() {
    let told = "matches the topic \"orders-eu\", which `KSTREAM-SOURCE-";
    refused(told, |b| {
        super::text(b, "orders-eu").to(b, "o1", Unset);
        matching(b, "orders-.*").to(b, "o2", Unset);
    });
    refused(told, |b| {
        matching(b, "orders-.*").to(b, "o2", Unset);
        super::text(b, "orders-eu").to(b, "o1", Unset);
    });
    refused(told, |b| {
        matching(b, "orders-.*").to(b, "o2", Unset);
        b.global_table::<String, String>("orders-eu", Unset);
    });
    refused("matches the topic \"counts-repartition\"", |b| count(b, ".*"));
}

#[test]
fn streams_of_one_pattern_have_one_reset_policy_and_one_type() {
    refused("`x.*` with different offset reset policies", |b| {
        let x = || Pattern::new("x.*");
        b.stream::<String, String>(x(), OffsetReset::Earliest).0.to(b, "o1", Unset);
        b.stream::<String, String>(x(), OffsetReset::Latest).0.to(b, "o2", Unset);
    });
    refused("as different types of key and value", |b| {
        b.stream::<String, String>(Pattern::new("x.*"), Unset).0.to(b, "o1", Unset);
        b.stream::<String, i64>(Pattern::new("x.*"), Unset).0.to(b, "o2", Unset);
    });
}

#[test]
fn an_expression_that_does_not_parse() {
    refused("the pattern `orders-(` is no regular expression: unclosed group; correct it", |b| {
        matching(b, "orders-(").to(b, "o", Unset);
    });
}

#[test]
fn topics_of_a_cluster_make_partitions_and_groups() {
    let plan = plan(|b| count(b, "app-.*|lines-.*"));
    assert!(plan.sub_topologies[0].source_topics.is_empty());
    let cluster = ["lines-b", "lines-a", "app-counts-repartition", "other", "__consumer_offsets"];
    let found = plan.with_matching(cluster).unwrap();
    let read: Vec<&String> = found.sub_topologies[0].source_topics.iter().collect();
    assert_eq!(read, ["lines-a", "lines-b"]);
    let counts = |topic: &str| Some(if topic == "lines-a" { 2 } else { 5 });
    let counts = found.partition_counts(&counts).unwrap();
    assert_eq!((counts["app-counts-repartition"], counts["app-counts-changelog"]), (5, 5));
}

#[test]
fn a_pattern_that_nothing_matches_has_no_partitions() {
    let plan = plan(|b| count(b, "lines-.*"));
    let told = plan.partition_counts(&|_| Some(1)).unwrap_err().to_string();
    assert!(told.contains("as no topic matches `lines-.*` yet; create one before"), "{told}");
}

#[test]
fn a_topic_that_two_patterns_match() {
    let plan = plan(|b| {
        matching(b, "a.*").to(b, "o1", Unset);
        matching(b, ".*z").to(b, "o2", Unset);
    });
    let told = plan.with_matching(["ab", "az"]).unwrap_err().to_string();
    assert!(told.contains("topic `az` matches two patterns, `a.*` of"), "{told}");
}

#[test]
fn what_a_pattern_is_joined_with_has_as_many_partitions() {
    let plan = plan(|b| {
        let left = matching(b, "left-.*");
        let right = super::text(b, "right");
        let near = JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(5));
        left.join(b, right, |l: String, r: String| l + &r, near, Unset).0.to(b, "out", Unset);
    });
    let found = plan.with_matching(["left-1", "left-2"]).unwrap();
    let group = ["left-1", "left-2", "right"].map(str::to_owned).into();
    assert_eq!(found.copartition_groups, [group]);
    let told = found.partition_counts(&|topic| Some(if topic == "left-2" { 3 } else { 4 }));
    assert!(told.unwrap_err().to_string().contains("`left-2` has 3, `right` has 4"));
}
