//! The recorded graph against Kafka Streams: names and `describe` of the conformance cases.

mod aggregations;
mod naming;
mod optimized;
mod patterns;
mod plan;
mod problems;
mod tables;

use super::{StreamsBuilder, Topology, Unset};
use crate::topology::TopologyConfig;

/// What a case records of a topology's build.
struct Case {
    describe: String,
    config: TopologyConfig,
}

fn case(group: &str, name: &str) -> Case {
    let path =
        format!("{}/../tests/conformance/cases/{group}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut config = TopologyConfig::new("app");
    if let Some(rules) = json["config"]["topology.optimization"].as_str() {
        config.optimization = rules.parse().unwrap();
    }
    Case { describe: json["describe"].as_str().unwrap().to_owned(), config }
}

fn topology(record: impl FnOnce(&mut StreamsBuilder)) -> Topology {
    let mut builder = StreamsBuilder::new();
    record(&mut builder);
    builder.finish()
}

/// Records a topology and compares its description with that of the case.
#[track_caller]
fn check(group: &str, name: &str, record: impl FnOnce(&mut StreamsBuilder)) {
    let case = case(group, name);
    let described = topology(record).describe_with(&case.config);
    assert!(
        described == case.describe,
        "{name}\n--- ours\n{described}\n--- theirs\n{}",
        case.describe
    );
}

/// A stream of text, the usual input of the cases.
fn text(b: &mut StreamsBuilder, topic: &'static str) -> super::KStream<String, String> {
    b.stream(topic, Unset).0
}
