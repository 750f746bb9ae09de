//! Joins whose function may fail, and the partitioners of joins on a foreign key.

use std::num::ParseIntError;
use std::time::Duration;

use streams_runtime::prelude::*;

const GO_ON: (&str, &str) =
    ("processing.exception.handler", "LogAndContinueProcessingExceptionHandler");

fn add(left: &str, right: &str) -> Result<i64, ParseIntError> {
    Ok(left.parse::<i64>()? + right.parse::<i64>()?)
}

fn add_or_zero(left: String, right: Option<String>) -> Result<i64, ParseIntError> {
    add(&left, &right.unwrap_or_else(|| "0".to_owned()))
}

fn within(ms: u64) -> JoinWindows {
    JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(ms))
}

/// Pipes `(topic, key, value, time)`; gives the results and how many records were dropped.
fn run(topology: &Topology, steps: &[(&str, &str, &str, i64)]) -> (Vec<Option<i64>>, u64) {
    let config = TestDriverConfig::from_map([GO_ON]).expect("a good configuration");
    let mut driver = TopologyTestDriver::new(topology, config).expect("a valid topology");
    for (topic, key, value, time) in steps {
        driver.input::<String, String>(*topic).pipe(*key, *value, *time).expect("it goes on");
    }
    let values = driver.output::<String, Option<i64>>("out").values().expect("good results");
    (values, driver.dropped_records())
}

/// With the default handler the failure ends the work and names the operator.
#[track_caller]
fn fails_at(topology: &Topology, steps: &[(&str, &str, &str, i64)], operator: &str) {
    let mut driver =
        TopologyTestDriver::new(topology, TestDriverConfig::default()).expect("a valid topology");
    let mut failed = None;
    for (topic, key, value, time) in steps {
        failed = driver.input::<String, String>(*topic).pipe(*key, *value, *time).err();
    }
    let error = failed.expect("the last record fails").to_string();
    assert!(error.contains(&format!("operator `{operator}` failed")), "{error}");
}

#[test]
fn a_stream_join_keeps_what_came_before_the_failure() {
    let topology = topology!({
        let right = stream::<String, String>("right");
        stream::<String, String>("left").try_join(right, |a, b| add(&a, &b), within(10)).to("out");
    });
    let steps = [("right", "k", "1", 0), ("right", "k", "x", 1), ("right", "k", "2", 2)];
    let (values, dropped) = run(&topology, &[&steps[..], &[("left", "k", "10", 3)]].concat());
    assert_eq!((values, dropped), (vec![Some(11)], 1), "later matches of the record are lost");
    fails_at(&topology, &[steps[1], ("left", "k", "1", 3)], "KSTREAM-JOINTHIS-0000000004");
}

#[test]
fn a_record_whose_join_failed_still_joins_later_ones() {
    let topology = topology!({
        let right = stream::<String, String>("right");
        stream::<String, String>("left")
            .try_left_join(
                right,
                |key, a, b| {
                    assert_eq!(key, "k");
                    add_or_zero(a, b)
                },
                within(10),
            )
            .to("out");
    });
    let steps = [("right", "k", "x", 0), ("left", "k", "5", 1), ("right", "k", "2", 2)];
    assert_eq!(run(&topology, &steps), (vec![Some(7)], 1));
}

#[test]
fn an_unmatched_record_that_fails_is_tried_again() {
    let topology = topology!({
        let right = stream::<String, String>("right");
        stream::<String, String>("left").try_left_join(right, add_or_zero, within(10)).to("out");
    });
    // as in Java both failing and preceding record stay in the store of unmatched records
    let steps = [
        ("left", "a", "1", 0),
        ("left", "b", "x", 1),
        ("left", "c", "3", 100),
        ("left", "c", "4", 200),
    ];
    assert_eq!(run(&topology, &steps), (vec![Some(1), Some(1)], 2));
}

#[test]
fn lookups_in_tables_may_fail() {
    let topology = topology!({
        let rows = table::<String, String>("rows");
        let everywhere = global_table::<String, String>("global", "global");
        let input = stream::<String, String>("left");
        input.try_join(rows, |_, a, b| add(&a, &b)).to("out");
        input.try_left_join(everywhere, |key, _| key.clone(), add_or_zero).to("out");
    });
    let steps = [("rows", "k", "1", 0), ("global", "k", "2", 0)];
    let steps = [&steps[..], &[("left", "k", "x", 1), ("left", "k", "10", 2)]].concat();
    assert_eq!(run(&topology, &steps), (vec![Some(11), Some(12)], 2));
    fails_at(&topology, &steps[..3], "KSTREAM-JOIN-0000000006");
}

#[test]
fn joins_of_tables_may_fail() {
    let topology = topology!({
        let right = table::<String, String>("right");
        table::<String, String>("left")
            .try_outer_join(right, |a, b| add_or_zero(a.unwrap_or_else(|| "0".to_owned()), b))
            .to_stream()
            .to("out");
    });
    let steps = [
        ("left", "k", "1", 0),
        ("right", "k", "x", 1),
        ("right", "k", "2", 2),
        ("left", "k", "y", 3),
    ];
    // an outer join needs the value before an update, so the mend of a bad row fails once more
    assert_eq!(run(&topology, &steps[..2]), (vec![Some(1)], 1));
    assert_eq!(run(&topology, &steps), (vec![Some(1), Some(3)], 2));
}

#[test]
fn joins_on_a_foreign_key_may_fail() {
    let topology = topology!({
        let right = table::<String, String>("right");
        table::<String, String>("left")
            .try_join(
                right,
                |value| value.chars().last().map(String::from),
                |a, b| add(a.trim_end_matches(char::is_alphabetic), &b),
            )
            .to_stream()
            .to("out");
    });
    let steps = [("right", "a", "1", 0), ("left", "p", "5a", 1), ("right", "a", "x", 2)];
    assert_eq!(run(&topology, &steps), (vec![Some(6)], 1));
}

#[test]
fn a_foreign_key_join_asks_its_partitioners() {
    let topology = topology!({
        let right = table::<String, String>("right");
        let to_row = |topic: &str, row: &String, _: &(), count: i32| {
            assert!(topic.ends_with("-subscription-response-topic"), "{topic}");
            assert_eq!((row.as_str(), count), ("p", 1));
            Some(vec![0])
        };
        let to_key = |topic: &str, key: &String, _: &(), _: i32| {
            assert!(topic.ends_with("-subscription-registration-topic"), "{topic}");
            (key != "both").then(|| vec![0; if key == "two" { 2 } else { 1 }])
        };
        table::<String, String>("left")
            .join(
                right,
                |key| key.clone(),
                |_, n| n,
                TableJoined::with(to_row, to_key).with_name("fk"),
            )
            .to_stream()
            .to("out");
    });
    let mut driver =
        TopologyTestDriver::new(&topology, TestDriverConfig::default()).expect("a valid topology");
    driver.input::<String, String>("right").pipe("a", "1", 0).expect("it runs");
    driver.input::<String, String>("left").pipe("p", "a", 0).expect("it runs");
    assert_eq!(driver.output::<String, String>("out").values().expect("text"), ["1"]);
    let error = driver.input::<String, String>("left").pipe("p", "two", 1).expect_err("two places");
    let told = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(told.contains("it chose the partitions [0, 0] where one is wanted"), "{error}: {told}");
}

#[test]
fn windowed_results_go_to_the_partition_of_their_key() {
    let topology = topology!({
        let counts = stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(10)))
            .count("counts");
        counts.to_stream().to("out");
        counts.to_stream(|windowed, _| windowed.key.clone()).to("plain");
    });
    let mut driver =
        TopologyTestDriver::new(&topology, TestDriverConfig::default()).expect("a valid topology");
    driver.input::<String, i64>("in").pipe("a", 1, 0).expect("it runs");
    let chosen = |topic: &str, driver: &[_]| {
        let found = driver
            .iter()
            .find(|r: &&streams_runtime::driver::test::ProducedRecord| *r.topic == *topic);
        found.map(|record| record.partition)
    };
    let produced = driver.take_output();
    assert_eq!(chosen("out", &produced), Some(Some(0)), "chosen by the key without its window");
    assert_eq!(chosen("plain", &produced), Some(None), "left to the producer");
}
