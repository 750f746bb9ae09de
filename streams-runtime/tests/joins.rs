//! What joins give for the golden runs of Kafka Streams 4.3.1 (`docs`: reference, appendix B), and after a
//! restart.

#![expect(clippy::redundant_closure, reason = "a closure, not a path, chooses the form of a join")]

use std::time::Duration;

use streams_runtime::prelude::*;

type Text = Option<String>;

/// One record to pipe: topic, key, value, time. `-` is a null.
type Step<'a> = (&'a str, &'a str, &'a str, i64);

fn part(text: &str) -> Option<&[u8]> {
    (text != "-").then_some(text.as_bytes())
}

fn start(topology: &Topology) -> TopologyTestDriver {
    TopologyTestDriver::new(topology, TestDriverConfig::new("app")).expect("a valid topology")
}

fn pipe(driver: &mut TopologyTestDriver, steps: &[Step<'_>]) {
    for (topic, key, value, time) in steps {
        driver.pipe_raw(topic, part(key), part(value), *time, Headers::default()).expect("it runs");
    }
}

/// The results so far, as `key value@time`.
fn results(driver: &mut TopologyTestDriver) -> Vec<String> {
    let text = |bytes: Option<Vec<u8>>| {
        bytes.map_or("-".to_owned(), |bytes| String::from_utf8(bytes).expect("text"))
    };
    let shown = driver
        .take_output()
        .into_iter()
        .filter(|record| &*record.topic == "out")
        .map(|r| format!("{} {}@{}", text(r.key), text(r.value), r.timestamp.unwrap_or(-1)));
    shown.collect()
}

#[track_caller]
fn check(topology: &Topology, steps: &[Step<'_>], expected: &[&str], dropped: u64) {
    let mut driver = start(topology);
    pipe(&mut driver, steps);
    assert_eq!(results(&mut driver), expected);
    assert_eq!(driver.dropped_records(), dropped, "dropped records");
}

fn show(left: impl std::fmt::Display, right: Option<String>) -> String {
    format!("{left}+{}", right.unwrap_or_else(|| "null".to_owned()))
}

fn show_both(left: Option<String>, right: Option<String>) -> String {
    show(left.unwrap_or_else(|| "null".to_owned()), right)
}

fn within(difference: u64, grace: u64) -> JoinWindows {
    let ms = Duration::from_millis;
    JoinWindows::of_time_difference_and_grace(ms(difference), ms(grace))
}

topology!(
    fn global() -> Topology {
        let rows = global_table::<String, String>("rows", "rows");
        stream::<Text, String>("l")
            .join(rows, |_, v| (v != "n").then(|| v.clone()), |v, row| show(v, Some(row)))
            .to("out");
    }
);

#[test]
fn a_global_row_is_found_for_null_stream_keys() {
    let steps = [("rows", "x", "G", 1), ("l", "-", "x", 5), ("l", "k", "n", 6), ("l", "k", "y", 7)];
    check(&global(), &steps, &["- x+G@5"], 1);
}

topology!(
    fn inner_streams() -> Topology {
        let right = stream::<Text, Text>("r");
        let left = stream::<Text, Text>("l");
        left.join(right, |a, b| show(a, Some(b)), within(10, 0)).to("out");
    }
);

#[test]
fn streams_join_what_is_still_kept() {
    let steps = [
        ("l", "-", "a", 5),
        ("l", "k", "-", 5),
        ("l", "k", "a", 5),
        ("r", "k", "x", 15),
        ("r", "k", "y", 16),
        ("r", "k", "late", 0),
        ("l", "k", "b", 5),
        ("l", "k", "z", 200_000),
        ("r", "k", "gone", 6),
    ];
    let expected = ["k a+x@15", "k a+late@5", "k b+late@5", "k b+x@15"];
    check(&inner_streams(), &steps, &expected, 2);
}

topology!(
    fn left_streams() -> Topology {
        let right = stream::<Text, Text>("r");
        stream::<Text, Text>("l").left_join(right, show, within(10, 5)).to("out");
    }
);

#[test]
fn unmatched_records_leave_when_their_windows_close() {
    let steps = [
        ("l", "-", "nk", 1),
        ("l", "k", "a", 5),
        ("r", "q", "x", 20),
        ("r", "q", "x", 21),
        ("l", "k", "late", 4),
        ("r", "k", "z", 30),
    ];
    check(&left_streams(), &steps, &["- nk+null@1", "k a+null@5", "k late+null@4"], 0);
}

#[test]
fn unmatched_records_survive_a_restart() {
    let mut driver = start(&left_streams());
    pipe(&mut driver, &[("l", "k", "a", 5), ("r", "m", "x", 6), ("l", "k", "b", 6)]);
    driver.restart().unwrap();
    pipe(&mut driver, &[("l", "m", "c", 7), ("r", "q", "x", 40)]);
    assert_eq!(results(&mut driver), ["m c+x@7", "k a+null@5", "k b+null@6"]);
}

topology!(
    fn outer_streams() -> Topology {
        let right = stream::<Text, Text>("r");
        stream::<Text, Text>("l").outer_join(right, show_both, within(10, 0)).to("out");
    }
);

#[test]
fn an_outer_join_sends_on_the_right_side_first() {
    let steps = [
        ("l", "k", "a", 5),
        ("l", "k", "b", 5),
        ("r", "a", "x", 5),
        ("r", "z", "y", 40),
        ("l", "z", "y2", 41),
    ];
    let expected = ["a null+x@5", "k a+null@5", "k b+null@5", "z y2+y@41"];
    check(&outer_streams(), &steps, &expected, 0);
}

topology!(
    fn self_join() -> Topology {
        let both = stream::<Text, Text>("l");
        both.join(both, |a, b| show(a, Some(b)), within(10, 0)).to("out");
    }
);

#[test]
fn a_stream_joins_itself_in_one_store_or_two() {
    let steps = [("l", "k", "a", 5), ("l", "k", "b", 6), ("l", "k", "c", 3)];
    let expected = [
        "k a+a@5", "k b+a@6", "k a+b@6", "k b+b@6", "k c+a@5", "k c+b@6", "k c+c@3", "k a+c@5",
        "k b+c@6",
    ];
    check(&self_join(), &steps, &expected, 0);
    let config = TestDriverConfig::from_map([
        ("application.id", "app"),
        ("topology.optimization", "single.store.self.join"),
    ]);
    let mut driver = TopologyTestDriver::new(&self_join(), config.unwrap()).unwrap();
    pipe(&mut driver, &steps);
    assert_eq!(results(&mut driver), expected);
    assert_eq!(driver.store_names().len(), 1);
}

topology!(
    fn left_table() -> Topology {
        let rows = table::<String, String>("t");
        stream::<Text, Text>("l").left_join(rows, show).to("out");
    }
);

#[test]
fn a_stream_meets_the_row_of_the_moment() {
    let steps = [
        ("l", "-", "nk", 1),
        ("l", "k", "-", 1),
        ("l", "k", "a", 1),
        ("t", "k", "T", 100),
        ("l", "k", "b", 2),
    ];
    check(&left_table(), &steps, &["- nk+null@1", "k a+null@1", "k b+T@2"], 1);
}

topology!(
    fn computed_table() -> Topology {
        let rows = table::<String, String>("t").filter(|_, v| v != "no").map_values(|v| v + "!");
        stream::<String, String>("l").join(rows, |a, b| show(a, Some(b))).to("out");
    }
);

#[test]
fn rows_of_a_table_without_a_store_are_computed() {
    let steps = [("t", "k", "T", 0), ("l", "k", "a", 1), ("t", "k", "no", 2), ("l", "k", "b", 3)];
    check(&computed_table(), &steps, &["k a+T!@1"], 0);
}

topology!(
    fn inner_tables() -> Topology {
        let right = table::<String, String>("r");
        let left = table::<String, String>("l");
        left.join(right, |a, b| show(a, Some(b))).to_stream().to("out");
    }
);

#[test]
fn tables_join_under_the_later_time() {
    let steps = [
        ("l", "k", "a", 5),
        ("r", "k", "x", 3),
        ("l", "k", "-", 4),
        ("l", "k", "-", 4),
        ("r", "k", "y", 9),
        ("l", "k", "b", 1),
        ("r", "k", "-", 2),
    ];
    check(&inner_tables(), &steps, &["k a+x@5", "k -@4", "k b+y@9", "k -@2"], 0);
}

topology!(
    fn outer_tables() -> Topology {
        let right = table::<String, String>("r");
        let left = table::<String, String>("l");
        left.outer_join(right, show_both, Materialized::as_("both")).to_stream().to("out");
    }
);

#[test]
fn an_outer_row_goes_with_both_of_its_rows() {
    let steps = [
        ("l", "k", "a", 5),
        ("r", "k", "x", 3),
        ("l", "k", "-", 4),
        ("r", "k", "-", 9),
        ("r", "k", "-", 10),
    ];
    check(&outer_tables(), &steps, &["k a+null@5", "k a+x@5", "k null+x@4", "k -@9"], 0);
}

fn reference(value: &str) -> Option<String> {
    value.split_once(':').map(|(key, _)| key.to_owned())
}

topology!(
    fn inner_foreign_key() -> Topology {
        let right = table::<String, String>("r");
        let left = table::<String, String>("l");
        left.join(right, |v| reference(v), |a, b| show(a, Some(b)), TableJoined::as_("fk"))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn left_foreign_key() -> Topology {
        let right = table::<String, String>("r");
        let left = table::<String, String>("l");
        left.left_join(right, |_, v| reference(v), |a, b| show(a, b)).to_stream().to("out");
    }
);

const FOREIGN_STEPS: [Step<'_>; 9] = [
    ("r", "f", "R", 1),
    ("l", "k", "f:1", 5),
    ("l", "k", "f:2", 3),
    ("l", "k", "n", 7),
    ("l", "k", "g:1", 8),
    ("l", "k", "f:3", 9),
    ("r", "f", "-", 10),
    ("r", "f", "R2", 11),
    ("l", "k", "-", 12),
];

#[test]
fn foreign_keys_join_both_ways() {
    let expected =
        ["k f:1+R@5", "k f:2+R@3", "k -@7", "k f:3+R@9", "k -@10", "k f:3+R2@11", "k -@12"];
    check(&inner_foreign_key(), &FOREIGN_STEPS, &expected, 1);
}

#[test]
fn a_left_join_keeps_rows_without_a_foreign_row() {
    let expected = [
        "k f:1+R@5",
        "k f:2+R@3",
        "k n+null@7",
        "k g:1+null@8",
        "k f:3+R@9",
        "k f:3+null@10",
        "k f:3+R2@11",
        "k -@12",
    ];
    check(&left_foreign_key(), &FOREIGN_STEPS, &expected, 0);
}

#[test]
fn subscriptions_survive_a_restart() {
    let mut driver = start(&inner_foreign_key());
    pipe(&mut driver, &[("l", "k", "f:1", 5), ("r", "f", "R", 6)]);
    driver.restart().unwrap();
    pipe(&mut driver, &[("r", "f", "R2", 7)]);
    assert_eq!(results(&mut driver), ["k f:1+R@6", "k f:1+R2@7"]);
}
