//! `try_` forms of operators with several ways out or in: what a failure leaves as it was, and where the record goes.

use std::num::ParseIntError;
use std::time::Duration;

use streams_runtime::prelude::*;

type Steps<'a> = &'a [(&'a str, &'a str, &'a str, i64)];

fn driver(topology: &Topology, cache: &str) -> TopologyTestDriver {
    let skip = "LogAndContinueProcessingExceptionHandler";
    let config = [("processing.exception.handler", skip), ("statestore.cache.max.bytes", cache)];
    let config = TestDriverConfig::from_map(config).expect("a good configuration");
    TopologyTestDriver::new(topology, config).expect("a valid topology")
}

fn pipe(driver: &mut TopologyTestDriver, steps: Steps<'_>) {
    for (topic, key, value, time) in steps {
        driver.input::<String, String>(*topic).pipe(*key, *value, *time).expect("it goes on");
    }
}

/// The results as `key=value`, with and without a cache, and how many records were dropped.
#[track_caller]
fn check(topology: &Topology, steps: Steps<'_>, expected: &[(&str, Option<i64>)], dropped: u64) {
    for cache in ["0", "1000000"] {
        let mut driver = driver(topology, cache);
        pipe(&mut driver, steps);
        let found = driver.output::<String, Option<i64>>("out").key_values().expect("numbers");
        let found: Vec<_> = found.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        assert_eq!(found, expected, "cache: {cache}");
        assert_eq!(driver.dropped_records(), dropped, "cache: {cache}");
    }
}

/// With the default handler the last record ends the work, and the message names the operator.
#[track_caller]
fn fails_at(topology: &Topology, steps: Steps<'_>, operator: &str) {
    let mut driver =
        TopologyTestDriver::new(topology, TestDriverConfig::default()).expect("a valid topology");
    let (last, before) = steps.split_last().expect("some steps");
    pipe(&mut driver, before);
    let failed = driver.input::<String, String>(last.0).pipe(last.1, last.2, last.3);
    let error = failed.expect_err("it fails").to_string();
    assert!(error.contains(&format!("operator `{operator}` failed")), "{error}");
}

fn plus(_: &String, text: String, sum: i64) -> Result<i64, ParseIntError> {
    Ok(sum + text.parse::<i64>()?)
}

/// Zero deletes.
fn minus(_: &String, text: String, sum: i64) -> Result<Option<i64>, ParseIntError> {
    let left = sum - text.parse::<i64>()?;
    Ok(Some(left).filter(|left| *left != 0))
}

fn ten() -> Duration {
    Duration::from_millis(10)
}

#[test]
fn a_failed_input_of_a_cogroup_leaves_the_aggregate() {
    let topology = topology!({
        let out = stream::<String, String>("minus").group_by_key();
        let plain = stream::<String, String>("plain").group_by_key();
        stream::<String, String>("plus")
            .group_by_key()
            .try_cogroup(plus)
            .try_cogroup(out, minus)
            .cogroup(plain, |_, text, sum| sum + text.len() as i64)
            .aggregate(|| 0, "sums")
            .to_stream()
            .to("out");
    });
    let steps = [
        ("plus", "a", "5", 0),
        ("plus", "a", "five", 1),
        ("minus", "a", "two", 2),
        ("plain", "a", "..", 3),
        ("minus", "a", "7", 4),
        ("minus", "b", "x", 5),
        ("plus", "b", "1", 6),
    ];
    let expected = [("a", Some(5)), ("a", Some(7)), ("a", None), ("b", Some(1))];
    check(&topology, &steps, &expected, 3);
    fails_at(&topology, &steps[..2], "COGROUPKSTREAM-AGGREGATE-0000000003");
    fails_at(&topology, &steps[2..3], "COGROUPKSTREAM-AGGREGATE-0000000004");
}

#[test]
fn a_failed_input_of_a_windowed_cogroup_leaves_its_windows() {
    let topology = topology!({
        stream::<String, String>("plus")
            .group_by_key()
            .try_cogroup(plus)
            .windowed_by(TimeWindows::of_size_and_grace(ten(), ten()).advance_by(ten() / 2))
            .aggregate(|| 0, "sums")
            .to_stream(|windowed, _| format!("{}@{}", windowed.key, windowed.start))
            .to("out");
    });
    let steps = [("plus", "a", "5", 7), ("plus", "a", "x", 8), ("plus", "a", "1", 12)];
    let expected = [("a@0", Some(5)), ("a@5", Some(5)), ("a@5", Some(6)), ("a@10", Some(1))];
    check(&topology, &steps, &expected, 1);
}

fn sessions() -> SessionWindows {
    SessionWindows::of_inactivity_gap_and_grace(ten() / 2, ten())
}

/// Sums below ten only.
fn small(a: i64, b: i64) -> Result<i64, String> {
    if a + b < 10 { Ok(a + b) } else { Err(format!("{a} and {b} are too much")) }
}

fn at_end(session: &Windowed<String>, _: &Option<i64>) -> String {
    format!("{}@{}-{}", session.key, session.start, session.end)
}

/// A session of 0, one of 8, and a record between them that merges 3 with 4; then 6 with 7.
const MERGES: Steps<'static> = &[
    ("plus", "a", "3", 0),
    ("plus", "a", "4", 8),
    ("plus", "a", "1", 4),
    ("plus", "b", "6", 0),
    ("plus", "b", "7", 8),
    ("plus", "b", "1", 4),
    ("plus", "b", "x", 8),
    ("plus", "b", "2", 9),
];

const MERGED: &[(&str, Option<i64>)] = &[
    ("a@0-0", Some(3)),
    ("a@8-8", Some(4)),
    ("a@0-0", None),
    ("a@8-8", None),
    ("a@0-8", Some(8)),
    ("b@0-0", Some(6)),
    ("b@8-8", Some(7)),
    // nothing came of the failed merge, nor of the failed value
    ("b@8-8", None),
    ("b@8-9", Some(9)),
];

#[test]
fn a_failed_merger_leaves_the_sessions() {
    let grouped = topology!({
        stream::<String, String>("plus")
            .group_by_key()
            .windowed_by(sessions())
            .try_aggregate(|| 0, plus, |_, a, b| small(a, b), "sums")
            .to_stream_with_key(at_end)
            .to("out");
    });
    check(&grouped, &MERGES[..5], &[&MERGED[..5], &MERGED[5..7]].concat(), 0);
    for topology in [grouped, cogrouped()] {
        let mut driver = driver(&topology, "0");
        pipe(&mut driver, MERGES);
        let found = driver.output::<String, Option<i64>>("out").key_values().expect("numbers");
        let found: Vec<_> = found.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        assert_eq!(found, MERGED);
        assert_eq!(driver.dropped_records(), 2);
    }
    fails_at(&cogrouped(), &MERGES[..6], "COGROUPKSTREAM-AGGREGATE-0000000001");
}

fn cogrouped() -> Topology {
    topology!({
        stream::<String, String>("plus")
            .group_by_key()
            .try_cogroup(plus)
            .windowed_by(sessions())
            .try_aggregate(|| 0, |_, a, b| small(a, b), "sums")
            .to_stream_with_key(at_end)
            .to("out");
    })
}

#[test]
fn a_merger_that_cannot_fail_is_taken_too() {
    let topology = topology!({
        let windows = sessions();
        stream::<String, String>("plus")
            .group_by_key()
            .cogroup(|_, text, sum: i64| sum + text.len() as i64)
            .windowed_by(windows)
            .try_aggregate(|| 0, |_, a, b| Some(a + b).filter(|sum| *sum < 3), "sums")
            .to_stream_with_key(at_end)
            .to("out");
    });
    let steps = [("plus", "a", ".", 0), ("plus", "a", ".", 3)];
    check(&topology, &steps, &[("a@0-0", Some(1)), ("a@0-0", None), ("a@0-3", Some(2))], 0);
}

#[test]
fn a_record_whose_predicate_failed_goes_to_no_branch() {
    let topology = topology!({
        let [one, large, rest] = stream::<String, String>("in")
            .peek(|_, _| ())
            .split()
            .branch(|key, _| key == "one")
            .try_branch(|_, text| text.parse::<i64>().map(|n| n > 9), Branched::as_("-large"))
            .default_branch();
        large
            .map_values(|_| 1_i64)
            .merge(rest.map_values(|_| 2_i64))
            .merge(one.map_values(|_| 0_i64))
            .to("out");
    });
    let steps =
        [("in", "a", "11", 0), ("in", "a", "x", 0), ("in", "a", "4", 0), ("in", "one", "x", 0)];
    check(&topology, &steps, &[("a", Some(1)), ("a", Some(2)), ("one", Some(0))], 1);
    fails_at(&topology, &steps[..2], "KSTREAM-BRANCH-0000000002-large");
}

#[test]
fn the_children_beside_a_failed_branch_get_the_record() {
    let topology = topology!({
        let input = stream::<String, String>("in");
        input.map_values(|_| 1_i64).to("out");
        let [large] = input
            .split()
            .try_branch(|_, text| text.parse::<i64>().map(|n| n > 9))
            .no_default_branch();
        large.map_values(|_| 2_i64).to("out");
        input.map_values(|_| 3_i64).to("out");
    });
    let steps = [("in", "a", "x", 0), ("in", "b", "10", 0)];
    let expected = [("a", Some(1)), ("a", Some(3)), ("b", Some(1)), ("b", Some(2)), ("b", Some(3))];
    check(&topology, &steps, &expected, 1);
}

#[test]
fn a_row_whose_key_failed_does_not_leave_its_table() {
    let topology = topology!({
        table::<String, String>("in")
            .map_values(|text| text.len() as i64)
            .try_to_stream(
                |key, _| if key == "bad" { Err("a bad key") } else { Ok(format!("{key}!")) },
            )
            .to("out");
    });
    let steps = [("in", "a", "x", 0), ("in", "bad", "x", 0), ("in", "b", "xy", 0)];
    check(&topology, &steps, &[("a!", Some(1)), ("b!", Some(2))], 1);
    fails_at(&topology, &steps[..2], "KSTREAM-KEY-SELECT-0000000005");
}

#[test]
fn a_record_without_a_topic_is_skipped() {
    let topology = topology!({
        stream::<String, String>("in").map_values(|text| text.len() as i64).try_to(
            |key: &String, _, context| match context.timestamp.as_millis() {
                0 => Ok(key.clone()),
                late => Err(format!("{late} is too late")),
            },
        );
    });
    let steps = [("in", "out", "x", 0), ("in", "out", "xy", 1), ("in", "out", "xyz", 0)];
    check(&topology, &steps, &[("out", Some(1)), ("out", Some(3))], 1);
    fails_at(&topology, &steps[..2], "KSTREAM-SINK-0000000002");
}
