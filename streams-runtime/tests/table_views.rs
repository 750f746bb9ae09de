//! What joins and processors see of tables that are suppressed, cogrouped or keep sessions.

use std::time::Duration;

use streams_runtime::prelude::*;
use streams_runtime::topology::TopologyConfig;

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn start(topology: &Topology, cache: &str) -> TopologyTestDriver {
    let config = TestDriverConfig::from_map([("statestore.cache.max.bytes", cache)]);
    TopologyTestDriver::new(topology, config.expect("a good configuration")).expect("it fits")
}

#[track_caller]
fn check<K, V>(topology: &Topology, steps: &[(&str, i64, i64)], expected: &[V])
where
    K: HasSerde,
    V: HasSerde + PartialEq + std::fmt::Debug,
{
    for cache in ["0", "1000000"] {
        let mut driver = start(topology, cache);
        for (topic, value, time) in steps {
            driver.input::<String, i64>(*topic).pipe("k", *value, *time).expect("it runs");
        }
        let results = driver.output::<K, V>("out").values().expect("good results");
        assert_eq!(results, expected, "cache of {cache} bytes");
    }
}

/// A lookup sees the row as it was before the updates that wait, as in Java.
#[test]
fn a_join_sees_a_suppressed_table_as_it_was_sent_on() {
    let topology = topology!({
        let sums = stream::<String, i64>("in")
            .group_by_key()
            .reduce(|a, b| a + b, "sums")
            .suppress(Suppressed::until_time_limit(ms(10), BufferConfig::max_records(99)));
        stream::<String, i64>("look").left_join(sums, |_, sum| sum.unwrap_or(-1)).to("out");
    });
    let steps = [
        ("look", 0, 0),
        ("in", 1, 0),
        ("look", 0, 0), // the sum 1 waits
        ("in", 2, 10),
        ("look", 0, 0), // both updates have left together
        ("in", 4, 11),
        ("look", 0, 0), // the sum 7 waits, 3 was sent on
    ];
    check::<String, i64>(&topology, &steps, &[-1, -1, 3, 3]);
}

#[test]
fn a_join_sees_a_cogroup() {
    let topology = topology!({
        let one = stream::<String, i64>("one").group_by_key();
        let two = stream::<String, i64>("two").group_by_key();
        let both = one
            .cogroup(|_, n, sum: i64| sum + n)
            .cogroup(two, |_, n, sum| sum + 10 * n)
            .aggregate(|| 0, "sums");
        let doubled = both.map_values(|sum| 2 * sum);
        stream::<String, i64>("look").left_join(doubled, |_, sum| sum.unwrap_or(-1)).to("out");
    });
    let steps = [("look", 0, 0), ("one", 1, 0), ("two", 1, 0), ("look", 0, 0)];
    check::<String, i64>(&topology, &steps, &[-1, 22]);
}

#[test]
fn a_join_asks_the_transformer_of_a_table() {
    fn plus_time() -> impl ValueTransformerWithKey<String, i64, i64> {
        |_: &String, value: Option<i64>, ctx: &ProcessingContext<'_>| {
            Some(100 * value? + ctx.timestamp().as_millis())
        }
    }
    let topology = topology!({
        let rows = table::<String, i64>("in");
        let computed = rows.transform_values(plus_time);
        let kept = rows.transform_values(plus_time, Materialized::as_("kept"));
        let look = stream::<String, i64>("look");
        look.left_join(computed, |_, row| row.unwrap_or(-1)).to("out");
        look.left_join(kept, |_, row| row.unwrap_or(-1)).to("out");
    });
    let steps = [("look", 0, 1), ("in", 2, 7), ("look", 0, 9)];
    check::<String, i64>(&topology, &steps, &[-1, -1, 207, 207]);
}

#[test]
fn tables_of_windows_and_sessions_join() {
    let topology = topology!({
        let input = stream::<String, i64>("in").group_by_key();
        let windows = input
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count("windows")
            .map_values(|n| n);
        let cogrouped = input
            .cogroup(|_, n, sum: i64| sum + n)
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .aggregate(|| 0, "cogrouped");
        windows
            .join(cogrouped, |count, sum| 100 * count + sum)
            .to_stream(|windowed, _| windowed.key.clone())
            .to("out");
    });
    let mut driver = start(&topology, "0");
    driver.input::<String, i64>("in").pipe("k", 7, 0).expect("it runs");
    assert_eq!(driver.output::<String, i64>("out").values().expect("numbers"), [107]);
}

#[test]
fn sessions_are_looked_up_by_key_and_window() {
    let topology = topology!({
        let input = stream::<String, i64>("in").group_by_key();
        let gap = SessionWindows::of_inactivity_gap_with_no_grace(ms(10));
        let counts = input.windowed_by(gap).count("counts");
        let sums = input.cogroup(|_, n, sum: i64| sum + n).windowed_by(gap).aggregate(
            || 0,
            |_, a, b| a + b,
            "sums",
        );
        counts
            .outer_join(sums, |count, sum| 100 * count.unwrap_or(0) + sum.unwrap_or(0))
            .to_stream(|session, _| session.end)
            .to("out");
    });
    let mut driver = start(&topology, "0");
    driver.input::<String, i64>("in").pipe("k", 7, 0).expect("it runs");
    driver.input::<String, i64>("in").pipe("k", 1, 5).expect("it runs");
    let out = driver.output::<i64, Option<i64>>("out").key_values().expect("numbers");
    let expected = [
        (0, Some(100)),
        (0, Some(107)),
        (0, Some(7)), // the count's session 0..0 goes, the sum's is still there
        (5, Some(200)),
        (0, None),
        (5, Some(208)),
    ];
    assert_eq!(out, expected);
}

#[processor]
fn sums_of(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    sums: &TimestampedKeyValueStore<String, i64>,
) {
    let sum = sums.get(&record.key).map_or(-1, |row| row.value);
    ctx.forward(record.with_value(sum));
}

#[processor]
fn sums_by_window(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    sums: &TimestampedKeyValueStore<Windowed<String>, i64>,
) {
    let rows = sums.all().map(|(_, row)| row.value);
    ctx.forward(record.with_value(rows.sum()));
}

#[test]
fn a_processor_reads_the_store_of_a_cogroup() {
    let topology = topology!({
        let sums = stream::<String, i64>("in")
            .group_by_key()
            .cogroup(|_, n, sum: i64| sum + n)
            .aggregate(|| 0, "sums");
        stream::<String, i64>("look").process(sums_of, sums.store()).to("out");
    });
    let steps = [("in", 3, 0), ("in", 4, 1), ("look", 0, 2)];
    check::<String, i64>(&topology, &steps, &[7]);
}

#[test]
fn a_store_of_another_kind_is_refused() {
    let sessions = topology!({
        let counts = stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(ms(10)))
            .count("counts");
        stream::<String, i64>("look").process(sums_by_window, counts.store()).to("out");
    });
    let error = sessions.build(&TopologyConfig::new("app")).expect_err("sessions").to_string();
    assert!(
        error.contains("which keeps sessions; take its store by `.session_store()`"),
        "{error}"
    );
    let suppressed = topology!({
        let sums = stream::<String, i64>("in")
            .group_by_key()
            .reduce(|a, b| a + b, "sums")
            .suppress(Suppressed::until_time_limit(ms(10), BufferConfig::max_records(99)));
        stream::<String, i64>("look").process(sums_of, sums.store()).to("out");
    });
    let error = suppressed.build(&TopologyConfig::new("app")).expect_err("no store").to_string();
    assert!(error.contains("KTABLE-SUPPRESS-0000000002`, which has none"), "{error}");
}

#[processor]
fn counts_at(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    counts: &TimestampedWindowStore<String, i64>,
) {
    let found = counts.fetch_all(0, record.value).map(|(at, row)| at.start * 100 + row.value);
    ctx.forward(record.with_value(found.sum()));
}

#[test]
fn a_processor_reads_the_windows_of_an_aggregation() {
    let topology = topology!({
        let counts = stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(10), ms(20)))
            .count("counts");
        stream::<String, i64>("look").process(counts_at, counts.window_store()).to("out");
    });
    let steps = [("in", 3, 0), ("in", 4, 11), ("in", 4, 12), ("look", 9, 2), ("look", 10, 2)];
    check::<String, i64>(&topology, &steps, &[1, 1 + 1002]);
}

#[test]
fn windows_are_read_where_windows_are_kept() {
    let derived = topology!({
        let tens = stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count("counts")
            .map_values(|n| n * 10, Materialized::as_("tens"));
        stream::<String, i64>("look").process(counts_at, tens.window_store()).to("out");
    });
    let error = derived.build(&TopologyConfig::new("app")).expect_err("no windows").to_string();
    assert!(error.contains("which keeps a row per key; take its store by `.store()`"), "{error}");
}

/// Rows of a table in no store are computed when a join looks for them, whatever the form of the function.
#[test]
fn a_join_computes_the_rows_of_mapped_tables() {
    fn check_mapped(topology: &Topology) {
        let steps = [("in", 3, 0), ("look", 0, 0), ("in", 4, 1), ("look", 0, 1)];
        check::<String, i64>(topology, &steps, &[-1, 2]);
    }
    fn even(n: i64) -> Option<i64> {
        (n % 2 == 0).then_some(n / 2)
    }
    check_mapped(&topology!({
        let halves = table::<String, i64>("in").filter_map_values(even);
        stream::<String, i64>("look").left_join(halves, |_, n| n.unwrap_or(-1)).to("out");
    }));
    check_mapped(&topology!({
        let halves = table::<String, i64>("in").filter_map_values(|_, n| even(n));
        stream::<String, i64>("look").left_join(halves, |_, n| n.unwrap_or(-1)).to("out");
    }));
    check_mapped(&topology!({
        let halves = table::<String, i64>("in").try_filter_map_values(|n| Ok::<_, String>(even(n)));
        stream::<String, i64>("look").left_join(halves, |_, n| n.unwrap_or(-1)).to("out");
    }));
    check_mapped(&topology!({
        let halves =
            table::<String, i64>("in").try_filter_map_values(|_, n| Ok::<_, String>(even(n)));
        stream::<String, i64>("look").left_join(halves, |_, n| n.unwrap_or(-1)).to("out");
    }));
}
