//! Caches that are full: what leaves them goes downstream inside the read or write that filled them.

use streams_runtime::prelude::*;

fn run(topology: &Topology, cache: usize) -> TopologyTestDriver {
    let config = StreamsConfig::new("app").cache_max_bytes(cache);
    TopologyTestDriver::new(topology, config).expect("the topology is valid")
}

/// A row of these counts 45 bytes, a key of 1, time and number, and the topic's 2.
const ROW: usize = 45 + 1 + 16 + 2;

#[test]
fn a_write_over_the_bound_flushes_before_the_next_child_runs() {
    let topology = topology!({
        let lines = stream::<String, i64>("in");
        lines.group_by_key().count("n").to_stream().to("counts");
        lines.to("lines");
    });
    let late = ["lines", "app-n-changelog", "counts"];
    let early = ["app-n-changelog", "counts", "lines"];
    for (cache, wanted) in [(ROW, late), (ROW - 1, early)] {
        let mut driver = run(&topology, cache);
        driver.input::<String, i64>("in").pipe("a", 1, 0).expect("it runs");
        let records = driver.take_output();
        let topics: Vec<&str> = records.iter().map(|record| &*record.topic).collect();
        assert_eq!(topics, wanted, "{cache} bytes");
    }
}

#[processor]
fn beside_a(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    rows: &TimestampedKeyValueStore<String, i64>,
) {
    let a = rows.get(&"a".to_owned()).map_or(0, |row| row.value);
    let value = record.value * 10 + a;
    ctx.forward(record.with_value(value));
}

/// In Java the processor would be entered a second time; here the cache waits until it has returned.
#[test]
fn a_processor_that_fills_the_cache_before_it_is_entered_once_at_a_time() {
    let topology = topology!({
        let lines = stream::<String, i64>("in");
        let rows = lines.to_table("rows");
        let updates = rows.to_stream().map_values(|value| value.unwrap_or(0));
        lines.merge(updates).process(beside_a, rows.store()).to("out");
    });
    for cache in [1, ROW, ROW + 40, 10_000] {
        let mut driver = run(&topology, cache);
        driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0).expect("it runs");
        let results = driver.output::<String, i64>("out").values().expect("numbers");
        assert_eq!(results, [11, 11, 21, 21], "{cache} bytes");
    }
}
