//! Options and reads that show their effect in no other test.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use streams_runtime::prelude::*;
use streams_runtime::topology::TopologyConfig;

type Failure = Result<(), StreamsError>;

fn started(topology: &Topology) -> TopologyTestDriver {
    TopologyTestDriver::new(topology, TestDriverConfig::default()).expect("it starts")
}

/// What was written, for the test to read.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panicked").clone()).expect("text")
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_printed_is_made_by_a_mapper() -> Failure {
    let page = Page::default();
    let copy = page.clone();
    let topology = topology!({
        let numbers = stream::<String, i64>("in");
        numbers.print(
            Printed::to_writer(copy.clone())
                .with_key_value_mapper(|key: &String, n: &i64| format!("{n} of {key}"))
                .with_label("seen"),
        );
        numbers.print(Printed::to_sys_out().with_label("a line of a test"));
    });
    started(&topology).input::<String, i64>("in").pipe("a", 1, 0)?;
    assert_eq!(page.text(), "[seen]: 1 of a\n");
    Ok(())
}

#[test]
fn a_repartition_says_how_many_partitions_and_which() -> Failure {
    let topology = topology!({
        let input = stream::<String, i64>("in");
        input.repartition(Repartitioned::number_of_partitions(3).with_name("three")).to("out");
        let first = Repartitioned::<String, i64>::stream_partitioner(
            |_: &str, _: &String, _: &i64, partitions: i32| Some(vec![partitions - 1]),
        );
        input.repartition(first.with_name("last")).to("out");
    });
    let plan = topology.plan(&TopologyConfig::new("app")).expect("a plan");
    let counts: Vec<_> = plan
        .sub_topologies
        .iter()
        .flat_map(|part| &part.repartition_sources)
        .map(|topic| (topic.name.as_str(), topic.partitions))
        .collect();
    assert!(counts.contains(&("app-three-repartition", Some(3))), "{counts:?}");
    let mut driver = started(&topology);
    driver.input::<String, i64>("in").pipe("a", 1, 0)?;
    let sent = driver.take_output();
    let last = sent.iter().find(|record| record.topic.contains("-last-repartition"));
    assert_eq!(last.and_then(|record| record.partition), Some(0), "the only one of a test");
    Ok(())
}

#[test]
fn an_offset_reset_stands_in_the_plan() {
    let topology = topology!({
        let from_now = Consumed::default().with_offset_reset_policy(OffsetReset::Latest);
        stream::<String, i64>("in", from_now).to("out");
        stream::<String, i64>("more", OffsetReset::Earliest).to("out");
        stream::<String, i64>("none", OffsetReset::None).to("out");
    });
    let plan = topology.plan(&TopologyConfig::new("app")).expect("a plan");
    let resets: Vec<_> = plan.sources.iter().map(|source| source.offset_reset).collect();
    let expected = [OffsetReset::Latest, OffsetReset::Earliest, OffsetReset::None].map(Some);
    assert_eq!(resets, expected);
}

#[test]
fn bounds_of_a_buffer_may_be_several_or_none() -> Failure {
    let hour = Duration::from_secs(3600);
    let held_by = |buffer: BufferConfig<_>| -> Result<usize, StreamsError> {
        let topology = topology!({
            table::<String, i64>("in")
                .suppress(Suppressed::until_time_limit(hour, buffer))
                .to_stream()
                .to("out");
        });
        let mut driver = started(&topology);
        driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2), ("c", 3)], 0)?;
        Ok(3 - driver.output::<String, i64>("out").len())
    };
    assert_eq!(held_by(BufferConfig::max_bytes(1_000).with_max_records(1))?, 1);
    assert_eq!(held_by(BufferConfig::max_records(9).with_max_bytes(1))?, 0);
    let unbound = BufferConfig::max_records(1).with_no_bound().emit_early_when_full();
    assert_eq!(held_by(unbound)?, 3);
    Ok(())
}

#[test]
fn a_join_reads_its_sides_with_these_serdes() -> Failure {
    let topology = topology!({
        let json = Consumed::default().with_value_serde(JsonSerde::<i64>::default());
        let right = stream::<String, i64>("right", json);
        let options = StreamJoined::as_("pairs")
            .with_key_serde(StringSerde::default())
            .with_value_serde(JsonSerde::<i64>::default())
            .with_other_value_serde(JsonSerde::<i64>::default())
            .with_logging_enabled([("segment.bytes", "1000000")]);
        let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_secs(1));
        stream::<String, i64>("left").join(right, |a, b| a + b, within, options).to("out");
    });
    let mut driver = started(&topology);
    driver.pipe_raw("right", Some(b"a"), Some(b"70"), 0, Headers::default())?;
    driver.input::<String, i64>("left").pipe("a", 7, 0)?;
    assert_eq!(driver.output::<String, i64>("out").values()?, [77]);
    let values = |driver: &mut TopologyTestDriver, part: &str| -> Vec<Vec<u8>> {
        let sent = driver.take_output();
        let of_store = sent.iter().filter(|record| record.topic.contains(part));
        of_store.filter_map(|record| record.value.clone()).collect()
    };
    let kept = values(&mut driver, "pairs");
    assert_eq!(kept, [b"70".to_vec(), b"7".to_vec()], "the stores keep JSON");
    Ok(())
}

#[test]
fn a_foreign_key_join_sends_where_its_partitioners_say() -> Failure {
    let topology = topology!({
        let teams = table::<String, String>("teams");
        let options = TableJoined::as_("teams-of")
            .with_partitioner(|_: &str, key: &String, _: &(), _: i32| {
                Some(vec![i32::from(key == "x")])
            })
            .with_other_partitioner(|_: &str, _: &String, _: &(), _: i32| Some(vec![0]));
        table::<String, String>("members")
            .join(teams, |team| team.clone(), |team, name| format!("{team}: {name}"), options)
            .to_stream()
            .to("out");
    });
    let mut driver = started(&topology);
    driver.input::<String, String>("teams").pipe("red", "Reds", 0)?;
    driver.input::<String, String>("members").pipe("ann", "red", 1)?;
    assert_eq!(driver.output::<String, String>("out").values()?, ["red: Reds"]);
    let sent = driver.take_output();
    let internal: Vec<_> = sent
        .iter()
        .filter(|record| record.topic.contains("teams-of"))
        .map(|r| r.partition)
        .collect();
    assert!(!internal.is_empty() && internal.iter().all(|partition| *partition == Some(0)));
    Ok(())
}

#[processor]
fn where_from(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, String>,
    seen: &mut KeyValueStore<String, i64>,
) {
    seen.put(record.key.clone(), record.value);
    let rows = seen.approximate_num_entries();
    let place =
        ctx.record_metadata().map(|at| format!("{}-{}@{}", at.topic, at.partition, at.offset));
    let origin = record.headers.last("origin").and_then(|header| header.value.clone());
    let text = format!("{} {:?} {}", place.unwrap_or_default(), origin.map(|o| o.len()), rows <= 2);
    ctx.forward(record.with_value(text));
}

#[test]
fn a_record_says_where_it_comes_from() -> Failure {
    let topology = topology!({
        let seen = store(Stores::key_value_store_builder(
            Stores::persistent_key_value_store("seen"),
            StringSerde::default(),
            I64Serde,
        ));
        stream::<String, i64>("in").process(where_from, seen).to("out");
    });
    let mut driver = started(&topology);
    let mut headers = Headers::default();
    headers.push("origin", Some(b"test".to_vec()));
    driver.input::<String, i64>("in").pipe("a", 1, 0)?;
    driver.input::<String, i64>("in").pipe_with_headers("b", 1, 0, headers)?;
    let told = driver.output::<String, String>("out").values()?;
    assert_eq!(told, ["in-0@0 None true", "in-0@1 Some(4) true"]);
    Ok(())
}

#[test]
fn results_on_update_are_the_default() -> Failure {
    let windows = TimeWindows::of_size_with_no_grace(Duration::from_secs(1));
    let topology = topology!({
        let input = stream::<String, i64>("in").group_by_key();
        input
            .windowed_by(windows)
            .emit_strategy(EmitStrategy::on_window_update())
            .count("said")
            .to_stream(|windowed, _| windowed.key.clone())
            .to("said");
        input
            .windowed_by(windows)
            .count("unsaid")
            .to_stream(|windowed, _| windowed.key.clone())
            .to("unsaid");
    });
    let mut driver = started(&topology);
    driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    for topic in ["said", "unsaid"] {
        assert_eq!(driver.output::<String, i64>(topic).values()?, [1, 2]);
    }
    Ok(())
}
