//! Mistakes are kept while a topology is recorded, and reported together with their mend.

use super::super::{Named, Repartitioned, StreamsBuilder, Unset};
use super::{text, topology};
use crate::serdes::{Window, Windowed};
use crate::topology::TopologyConfig;

#[track_caller]
fn refused(wanted: &[&str], record: impl FnOnce(&mut StreamsBuilder)) {
    refused_with(&TopologyConfig::new("app"), wanted, record);
}

#[track_caller]
fn refused_with(
    config: &TopologyConfig,
    wanted: &[&str],
    record: impl FnOnce(&mut StreamsBuilder),
) {
    let error = topology(record).build(config).unwrap_err().to_string();
    for part in wanted {
        assert!(error.contains(part), "{part:?} is missing in\n{error}");
    }
}

#[test]
fn all_at_once() {
    refused(
        &[
            "invalid topology: 3 problems",
            "1. the name \"a b\" of a processor contains ' '",
            "write for example \"a-b\"",
            "2. the name of a store is empty",
            "3. two operators are called `x`; give one of them another name",
        ],
        |b| {
            let (s, _) = text(b, "in").filter(b, |_, _| true, "a b");
            let (one, _) = s.map_values(b, |v| v, "x");
            let (two, _) = one.map_values(b, |v| v, Named::as_("x"));
            two.group_by_key(b, Unset).count(b, "").0.to_stream(b, Unset).0.to(b, "o", Unset);
        },
    );
}

#[test]
fn one_illegal_name_is_told_once() {
    for record in [
        (|b: &mut StreamsBuilder| {
            let mut split = text(b, "in").split(b, "a b");
            split.branch(b, |_, _| true, "x").0.to(b, "o", Unset);
            split.default_branch(b, Unset).to(b, "p", Unset);
        }) as fn(&mut StreamsBuilder),
        |b| {
            let (t, _, _) = b.table::<String, String>("in", Named::as_("a b"));
            t.to_stream(b, Unset).0.to(b, "o", Unset);
        },
        |b| {
            let (grouped, _) = text(b, "in").group_by(b, |_, v| v.clone(), "a b");
            grouped.count(b, "n").0.to_stream(b, Unset).0.to(b, "o", Unset);
        },
    ] {
        let error = topology(record).build(&TopologyConfig::new("app")).unwrap_err().to_string();
        assert_eq!(error.matches("contains ' '").count(), 1, "{error}");
    }
}

#[test]
fn one_store_name_for_two_stores() {
    refused(&["two stores are called `s`; give one of them another name"], |b| {
        let grouped = text(b, "in").group_by_key(b, Unset);
        grouped.count(b, "s").0.to_stream(b, Unset).0.to(b, "out", Unset);
        grouped.reduce(b, |a, _| a, "s").0.to_stream(b, Unset).0.to(b, "out2", Unset);
    });
}

#[test]
fn one_topic_as_stream_and_table() {
    refused(&["topic \"in\" is read by two sources", "`to_table` or `to_stream`"], |b| {
        text(b, "in").to(b, "out1", Unset);
        let (t, _, _) = b.table::<String, String>("in", Unset);
        t.to_stream(b, Unset).0.to(b, "out2", Unset);
    });
}

#[test]
fn overlapping_topics() {
    refused(&["overlapping but not equal topics, [a] and [a, b]"], |b| {
        text(b, "a").to(b, "x", Unset);
        b.stream::<String, String>(["a", "b"], Unset).0.to(b, "y", Unset);
    });
}

#[test]
fn a_sink_into_an_internal_topic() {
    refused(&["writes to \"n-repartition\", which is the name of an internal topic"], |b| {
        let (grouped, _) = text(b, "in").group_by(b, |_, v| v.clone(), Unset);
        grouped.count(b, "n").0.to_stream(b, Unset).0.to(b, "n-repartition", Unset);
    });
}

#[test]
fn no_partitions() {
    refused(&["a repartition topic cannot have 0 partitions; ask for at least 1"], |b| {
        text(b, "in").repartition(b, Repartitioned::number_of_partitions(0)).0.to(b, "o", Unset);
    });
}

#[test]
fn generated_names_where_only_given_ones_are_allowed() {
    let config = TopologyConfig {
        ensure_explicit_internal_resource_naming: true,
        ..TopologyConfig::new("app")
    };
    refused_with(
        &config,
        &[
            "changelog topic(s) have generated names: KSTREAM-AGGREGATE-STATE-STORE-0000000002-changelog",
            "repartition topic(s) have generated names",
        ],
        |b| {
            let (keyed, _) = text(b, "in").select_key(b, |_, v| v.clone(), Unset);
            keyed.group_by_key(b, Unset).count(b, Unset).0.to_stream(b, Unset).0.to(b, "o", Unset);
        },
    );
}

#[test]
fn a_name_that_is_too_long_with_its_prefix() {
    let config = TopologyConfig::new("a".repeat(240));
    refused_with(&config, &["has a name of more than 249 characters; shorten"], |b| {
        let (grouped, _) = text(b, "in").group_by(b, |_, v| v.clone(), Unset);
        grouped.count(b, "n").0.to_stream(b, Unset).0.to(b, "o", Unset);
    });
}

#[test]
fn one_topic_has_one_type() {
    refused(
        &[
            "two streams read [in] as different types",
            "String, alloc::string::String",
            "i64",
            "#[topic]",
        ],
        |b| {
            text(b, "in").to(b, "a", Unset);
            b.stream::<String, i64>("in", Unset).0.to(b, "b", Unset);
        },
    );
}

#[test]
fn windowed_keys_need_a_kind() {
    refused(&["keys of topic `out`", "TimeWindowedSerde", "with_key_serde"], |b| {
        let key = |_: &String, word: &String| {
            let window = Window { start: 0, end: 5 };
            Windowed { key: word.clone(), window }
        };
        text(b, "in").select_key(b, key, Unset).0.to(b, "out", Unset);
    });
    refused(&["keys of topic `windows`"], |b| {
        b.stream::<Windowed<String>, i64>("windows", Unset).0.to(b, "out", "sink");
    });
}
