//! Windows of the user's own: layout, cache, late records, cogroups, and what is refused.

use std::time::Duration;

use streams_runtime::prelude::*;

/// Windows of 10 ms, and the half of it around a time that ends at a multiple of 10.
struct Halves {
    grace: Duration,
}

impl Windows for Halves {
    fn windows_for(&self, time: Timestamp) -> Vec<Window> {
        let time = time.as_millis();
        let start = time - time % 10;
        let whole = Window { start, end: start + 10 };
        let half = Window { start: start + 5, end: start + 10 };
        if time % 10 < 5 { vec![whole] } else { vec![whole, half] }
    }

    fn size(&self) -> Duration {
        Duration::from_millis(10)
    }

    fn grace_period(&self) -> Duration {
        self.grace
    }
}

/// Whatever windows are wanted for every time.
struct Always(Vec<Window>, Duration);

impl Windows for Always {
    fn windows_for(&self, _: Timestamp) -> Vec<Window> {
        self.0.clone()
    }

    fn size(&self) -> Duration {
        self.1
    }

    fn grace_period(&self) -> Duration {
        Duration::ZERO
    }
}

fn halves(grace: u64) -> Halves {
    Halves { grace: Duration::from_millis(grace) }
}

fn window(start: i64, end: i64) -> Window {
    Window { start, end }
}

fn counts(caching: bool) -> Topology {
    topology!({
        let store = Materialized::as_("counts");
        let store =
            if caching { store.with_caching_enabled() } else { store.with_caching_disabled() };
        stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(halves(0))
            .count(store)
            .to_stream(|windowed, _| format!("{}..{}", windowed.start, windowed.end))
            .to("out");
    })
}

fn driver(topology: &Topology) -> TopologyTestDriver {
    TopologyTestDriver::new(topology, TestDriverConfig::default()).expect("a driver")
}

#[test]
fn each_window_is_updated_in_the_order_that_is_given() {
    let mut driver = driver(&counts(false));
    driver.input::<String, i64>("in").pipe_all([("a", 0)], 3).expect("taken");
    driver.input::<String, i64>("in").pipe_all([("a", 0)], 7).expect("taken");
    let rows = driver.output::<String, i64>("out").key_values().expect("rows");
    let expected = [("0..10", 1), ("0..10", 2), ("5..10", 1)];
    assert_eq!(rows, expected.map(|(window, count)| (window.to_owned(), count)));
}

#[test]
fn what_leaves_a_cache_ends_a_size_after_its_start_as_the_store_knows_no_end() {
    let mut driver = driver(&counts(true));
    driver.input::<String, i64>("in").pipe("a", 0, 7).expect("taken");
    let rows = driver.output::<String, i64>("out").key_values().expect("rows");
    let expected = [("0..10", 1), ("5..15", 1)];
    assert_eq!(rows, expected.map(|(window, count)| (window.to_owned(), count)));
}

#[test]
fn windows_that_are_closed_take_no_record_each_for_itself() {
    let mut driver = driver(&counts(false));
    let mut input = driver.input::<String, i64>("in");
    input.pipe("a", 0, 10).expect("taken");
    input.pipe("a", 0, 7).expect("dropped from both windows");
    assert_eq!(driver.dropped_records(), 2);
    assert_eq!(driver.output::<String, i64>("out").values().expect("rows"), [1]);
}

#[test]
fn rows_lie_in_a_window_store_by_key_and_start() {
    let mut driver = driver(&counts(false));
    driver.input::<String, i64>("in").pipe("a", 0, 7).expect("taken");
    let mut store = driver.window_store::<String, i64>("counts").expect("the store");
    let rows = store.all().expect("rows");
    let starts: Vec<i64> = rows.iter().map(|(windowed, _)| windowed.window.start).collect();
    assert_eq!(starts, [0, 5]);
}

#[test]
fn cogroups_take_them_too_and_suppress_waits_for_their_end() {
    let topology = topology!({
        stream::<String, i64>("in")
            .group_by_key()
            .cogroup(|_, n, sum: i64| sum + n)
            .cogroup(stream::<String, i64>("other").group_by_key(), |_, n, sum| sum - n)
            .windowed_by(halves(1))
            .aggregate(|| 0, Materialized::as_("sums").with_caching_disabled())
            .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
            .to_stream(|windowed, _| windowed.start)
            .to("out");
    });
    let mut driver = driver(&topology);
    driver.input::<String, i64>("in").pipe("a", 5, 3).expect("taken");
    driver.input::<String, i64>("other").pipe("a", 2, 4).expect("taken");
    driver.input::<String, i64>("in").pipe("a", 1, 10).expect("taken");
    assert!(driver.output::<i64, i64>("out").is_empty(), "the grace period is not over");
    driver.input::<String, i64>("in").pipe("a", 1, 11).expect("taken");
    assert_eq!(driver.output::<i64, i64>("out").key_values().expect("rows"), [(0, 3)]);
}

#[test]
fn a_reducer_that_fails_leaves_the_windows_before_it() {
    let topology = topology!({
        stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(halves(0))
            .try_reduce(|a, b| i64::checked_add(a, b).ok_or("too large"), "sums")
            .to_stream(|windowed, _| windowed.start)
            .to("out");
    });
    let handler = ("processing.exception.handler", "LogAndContinueProcessingExceptionHandler");
    let config = TestDriverConfig::from_map([handler]).expect("a configuration");
    let mut driver = TopologyTestDriver::new(&topology, config).expect("a driver");
    driver.input::<String, i64>("in").pipe_all([("a", i64::MAX), ("a", 1)], 3).expect("taken");
    assert_eq!(driver.output::<i64, i64>("out").values().expect("rows"), [i64::MAX]);
}

fn always(windows: Vec<Window>, size: u64) -> Topology {
    topology!({
        let windows = Always(windows, Duration::from_millis(size));
        stream::<String, i64>("in").group_by_key().windowed_by(windows).count("counts");
    })
}

#[test]
fn windows_that_cannot_be_are_the_records_failure() {
    let twice = vec![window(0, 5), window(0, 6)];
    for (windows, told) in [
        (vec![window(0, 4), window(-1, 5)], "a window from -1 to 5 ms"),
        (vec![window(3, 3)], "a window from 3 to 3 ms"),
        (twice, "two windows that begin at 0 ms"),
    ] {
        let mut driver = driver(&always(windows, 10));
        let error = driver.input::<String, i64>("in").pipe("a", 0, 7).expect_err("refused");
        assert!(error.to_string().contains(told), "{error}");
        let mut store = driver.window_store::<String, i64>("counts").expect("the store");
        assert!(store.all().expect("rows").is_empty(), "nothing is written");
    }
}

#[test]
fn a_record_in_no_window_is_not_dropped() {
    let mut driver = driver(&always(vec![], 10));
    driver.input::<String, i64>("in").pipe("a", 0, 7).expect("taken");
    assert_eq!(driver.dropped_records(), 0);
}

#[track_caller]
fn refused(topology: &Topology, told: &str) {
    let error = topology.build(&streams_runtime::topology::TopologyConfig::new("app"));
    let error = error.expect_err("refused").to_string();
    assert!(error.contains(told), "{error}");
}

#[test]
fn windows_without_length_a_short_retention_and_emission_on_close_are_refused() {
    refused(&always(vec![], 0), "let `size` give at least 1 ms");
    let short = topology!({
        let store = Materialized::as_("counts").with_retention(Duration::from_millis(14));
        stream::<String, i64>("in").group_by_key().windowed_by(halves(5)).count(store);
    });
    refused(&short, "keeps its windows for 14 ms, but they need 15 ms");
    let on_close = topology!({
        stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(halves(5))
            .emit_strategy(EmitStrategy::on_window_close())
            .count("counts");
    });
    refused(&on_close, "for `TimeWindows` and `SlidingWindows` alone");
}
