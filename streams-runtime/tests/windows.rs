//! Windows, suppression and cogroups across restarts, and what a long run leaves behind.

use std::time::Duration;

use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
use streams_runtime::prelude::*;

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn start(topology: &Topology, cache: &str) -> TopologyTestDriver {
    let entries = [("application.id", "app"), ("statestore.cache.max.bytes", cache)];
    let config = TestDriverConfig::from_map(entries).expect("a good configuration");
    TopologyTestDriver::new(topology, config).expect("a good topology")
}

fn counts() -> Topology {
    topology!({
        stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(10), ms(5)))
            .count("counts")
            .to_stream(|windowed, _| windowed.start)
            .to("out");
    })
}

/// Pipes `(key, time)` and restarts before the last one; returns what came out as `key=value`.
#[track_caller]
fn check(topology: &Topology, cache: &str, records: &[(&str, i64)], expected: &[&str]) {
    let mut driver = start(topology, cache);
    for (at, (key, time)) in records.iter().enumerate() {
        if at + 1 == records.len() {
            driver.restart().expect("stores that restore");
        }
        driver.input::<String, i64>("in").pipe(*key, 1, *time).expect("a good record");
    }
    let out = driver.output::<i64, Option<i64>>("out").key_values().expect("good results");
    let show = |(key, value): (i64, Option<i64>)| {
        format!("{key}={}", value.map_or("-".to_owned(), |value| value.to_string()))
    };
    assert_eq!(out.into_iter().map(show).collect::<Vec<_>>(), expected);
}

#[test]
fn windows_are_restored() {
    for cache in ["0", "1000000"] {
        let expected = ["0=1", "10=1", "0=2"];
        check(&counts(), cache, &[("a", 1), ("a", 12), ("a", 9)], &expected);
    }
}

#[test]
fn sessions_are_restored() {
    let topology = topology!({
        stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(5), ms(50)))
            .count("sessions")
            .to_stream(|session, _| session.end)
            .to("out");
    });
    for cache in ["0", "1000000"] {
        let expected = ["1=1", "10=1", "1=-", "10=-", "10=3"];
        check(&topology, cache, &[("a", 1), ("a", 10), ("a", 5)], &expected);
    }
}

#[test]
fn what_was_emitted_on_close_is_not_emitted_again() {
    let topology = topology!({
        stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .emit_strategy(EmitStrategy::on_window_close())
            .count(Materialized::as_("counts").with_retention(ms(1000)))
            .to_stream(|windowed, _| windowed.start)
            .to("out");
    });
    check(&topology, "0", &[("a", 1), ("a", 12), ("a", 25)], &["0=1", "10=1"]);
}

#[test]
fn a_suppressed_update_survives_a_restart() {
    let topology = topology!({
        stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count("counts")
            .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
            .to_stream(|windowed, _| windowed.start)
            .to("out");
    });
    check(&topology, "0", &[("a", 1), ("a", 2), ("b", 10)], &["0=2"]);
}

#[test]
fn a_cogroup_shares_its_store_across_a_restart() {
    let topology = topology!({
        let one = stream::<String, i64>("in").group_by_key();
        let other = stream::<String, i64>("other").group_by(|key, _| key.clone());
        one.cogroup(|_, n, total: i64| total + n)
            .cogroup(other, |_, n, total| total + 10 * n)
            .aggregate(|| 0, "sums")
            .to_stream(|key, _| key.len() as i64)
            .to("out");
    });
    let mut driver = start(&topology, "0");
    driver.input::<String, i64>("in").pipe("a", 1, 0).expect("a good record");
    driver.restart().expect("stores that restore");
    driver.input::<String, i64>("other").pipe("a", 1, 1).expect("a good record");
    let out = driver.output::<i64, i64>("out").values().expect("good results");
    assert_eq!(out, [1, 11]);
}

#[test]
fn a_grouping_serves_a_cogroup_and_a_count() {
    let topology = topology!({
        let sums = stream::<String, i64>("in").group_by_key();
        sums.cogroup(|_, n, total: i64| total + n)
            .windowed_by(SlidingWindows::of_time_difference_and_grace(ms(5), ms(5)))
            .aggregate(|| 0, "sliding")
            .to_stream(|windowed, _| windowed.start)
            .to("out");
        sums.count("counts").to_stream(|_, _| -1_i64).to("out2");
    });
    let mut driver = start(&topology, "0");
    driver.input::<String, i64>("in").pipe_all([("a", 3), ("a", 4)], 20).expect("good records");
    let out = driver.output::<i64, i64>("out").key_values().expect("good results");
    assert_eq!(out, [(15, 3), (21, 4), (16, 7)]);
}

#[test]
fn a_long_run_leaves_only_what_the_retention_keeps() {
    let mut driver = start(&counts(), "0");
    let minute = 60_000;
    for time in 0..200 {
        driver.input::<String, i64>("in").pipe("a", 1, time * minute).expect("a good record");
    }
    assert_eq!(driver.store_rows("counts").expect("a store").len(), 1);
}

#[test]
fn wrong_windows_are_refused_with_their_mend() {
    let problem = |windows: TimeWindows, retention: u64| {
        let topology = topology!({
            stream::<String, i64>("in")
                .group_by_key()
                .windowed_by(windows)
                .count(Materialized::as_("counts").with_retention(ms(retention)));
        });
        let config = TestDriverConfig::new("app");
        TopologyTestDriver::new(&topology, config).err().map(|error| error.to_string())
    };
    let of = TimeWindows::of_size_with_no_grace;
    assert_eq!(problem(of(ms(10)), 10), None);
    let cases = [
        (of(ms(0)), 10, "size of 0 ms"),
        (of(ms(10)).advance_by(ms(11)), 10, "advance by 1 to 10 ms"),
        (of(ms(10)), 9, "keeps its windows for 9 ms, but they need 10 ms"),
    ];
    for (windows, retention, words) in cases {
        let told = problem(windows, retention).unwrap_or_default();
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn the_configuration_reaches_changelogs_and_tasks() {
    let entries = [
        ("application.id", "app"),
        ("windowstore.changelog.additional.retention.ms", "7"),
        ("default.timestamp.extractor", "WallclockTimestampExtractor"),
    ];
    let config = TestDriverConfig::from_map(entries).expect("a good configuration");
    let config = config.initial_wall_clock(40);
    let mut driver = TopologyTestDriver::new(&counts(), config).expect("a good topology");
    let changelog = &driver.topology().plan.stores[0].topic_config;
    assert_eq!(changelog["retention.ms"], "22", "window, grace period and what was configured");
    driver.input::<String, i64>("in").pipe("a", 1, 3).expect("a good record");
    let window = driver.output::<i64, i64>("out").key_values().expect("good results");
    assert_eq!(window, [(40, 1)], "its time is the wall clock's");
}
