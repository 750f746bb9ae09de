//! Stores that a processor fills from a topic of its task, which is their changelog.

use streams_runtime::prelude::*;
use streams_runtime::topology::TopologyConfig;

#[processor]
fn keep(record: Record<String, i64>, limits: &mut KeyValueStore<String, i64>) {
    limits.put(record.key, record.value);
}

#[processor]
fn limited(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    limits: &ReadOnlyStore<KeyValueStore<String, i64>>,
) {
    if limits.get(&record.key).is_none_or(|limit| record.value <= limit) {
        ctx.forward(record);
    }
}

fn limits() -> Topology {
    let mut builder = TopologyBuilder::new();
    let limits = KeyValueStore::<String, i64>::persistent("limits");
    let limits =
        builder.add_read_only_state_store(limits, "read", "limits-topic", "keep", keep, ());
    let orders = builder.add_source::<String, i64>("orders", "in", ());
    let passed = builder.add_processor("limited", limited, [&orders], limits);
    builder.add_sink("sink", "out", [&passed], ());
    builder.finish()
}

/// As `Topology#describe` of Kafka Streams 4.3.1 has it.
const DESCRIBED: &str = "\
Topologies:
   Sub-topology: 0
    Source: orders (topics: [in])
      --> limited
    Processor: limited (stores: [limits])
      --> sink
      <-- orders
    Source: read (topics: [limits-topic])
      --> keep
    Processor: keep (stores: [limits])
      --> none
      <-- read
    Sink: sink (topic: out)
      <-- limited
";

#[test]
fn its_topic_is_its_changelog() {
    let topology = limits();
    assert_eq!(topology.describe().trim_end(), DESCRIBED.trim_end());
    let plan = topology.plan(&TopologyConfig::new("app")).expect("a plan");
    let store = &plan.stores[0];
    assert_eq!(store.changelog.as_deref(), Some("limits-topic"));
    assert!(store.source_changelog && !store.logging && !store.global);
    let read = plan.sources.iter().find(|source| source.name == "read").expect("a source");
    assert_eq!(read.offset_reset, Some(OffsetReset::Earliest));
    assert!(plan.sub_topologies.iter().all(|part| part.changelogs.is_empty()));
}

#[test]
fn a_restart_finds_its_rows_in_the_topic() -> Result<(), StreamsError> {
    let mut driver = TopologyTestDriver::new(&limits(), TestDriverConfig::default())?;
    driver.input::<String, i64>("limits-topic").pipe_all([("a", 5), ("b", 1), ("b", 2)], 0)?;
    for restarted in [false, true] {
        if restarted {
            driver.restart()?;
        }
        driver.input::<String, i64>("in").pipe_all([("a", 5), ("a", 6), ("b", 2), ("b", 3)], 9)?;
        assert_eq!(driver.output::<String, i64>("out").values()?, [5, 2], "{restarted}");
    }
    driver.input::<String, Option<i64>>("limits-topic").pipe("a", Some(9), 10).expect("kept");
    driver.input::<String, i64>("in").pipe("a", 7, 9)?;
    assert_eq!(driver.output::<String, i64>("out").values()?, [7]);
    assert_eq!(driver.produced_topic_names(), ["out"]);
    Ok(())
}
