//! Joins on a broker: what the test driver gives, over restarts, and the topics that keep them.

use std::time::Duration;

use streams_runtime::config::StreamsConfig;
use streams_runtime::prelude::*;

use crate::script::Step::{Move, Pause, Put, Restart, Wipe};
use crate::script::{play, under_both_guarantees};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn within_10_s() -> JoinWindows {
    let seconds = Duration::from_secs;
    JoinWindows::of_time_difference_and_grace(seconds(10), seconds(5))
}

fn pair(left: &str, right: &str) -> String {
    format!("{left}+{right}")
}

fn or_none(text: Option<&String>) -> &str {
    text.map_or("none", String::as_str)
}

topology!(
    fn streams_inner(left: String, right: String, output: String) -> Topology {
        let right = stream::<String, String>(right);
        let left = stream::<String, String>(left).select_key(|_, v| v[..1].to_owned());
        left.join(
            right,
            |left, right| pair(&left, &right),
            within_10_s(),
            StreamJoined::as_("both").with_store_name("kept"),
        )
        .to(output);
    }
);

#[test]
fn streams_join_records_of_before_a_restart() {
    under_both_guarantees("streams-inner", |world| {
        let [left, right, output] = ["l", "r", "out"].map(|name| world.create_topic(name, 2));
        let steps = [
            Put(&[("l", "1", "a1", 0), ("l", "2", "b1", 500), ("l", "3", "c1", 900)]),
            Put(&[("r", "a", "x", 5_000), ("r", "b", "y", 6_000)]),
            Wipe,
            Put(&[("r", "a", "z", 10_000), ("r", "c", "w", 10_900), ("r", "b", "late", 10_501)]),
            Restart,
            Put(&[("l", "1", "a2", 11_000)]),
        ];
        let results = play(world, &streams_inner(left, right, output), "out", |c| c, &steps);
        let mut sorted = results.clone();
        sorted.sort();
        let expected = [
            "a=a1+x@5000",
            "a=a1+z@10000",
            "a=a2+x@11000",
            "a=a2+z@11000",
            "b=b1+y@6000",
            "c=c1+w@10900",
        ];
        assert_eq!(sorted, expected);
        let kept = (25_000 + DAY_MS).to_string();
        // several records with one key and time are all kept, so nothing may be compacted
        let windowed = [("cleanup.policy", "delete"), ("retention.ms", kept.as_str())];
        world.expect_topic_config("kept-this-join-store-changelog", &windowed);
        world.expect_topic_config("kept-other-join-store-changelog", &windowed);
    });
}

topology!(
    fn streams_outer(left: String, right: String, output: String) -> Topology {
        let right = stream::<String, String>(right);
        stream::<String, String>(left)
            .outer_join(
                right,
                |left, right| pair(or_none(left.as_ref()), or_none(right.as_ref())),
                within_10_s(),
                StreamJoined::as_("both").with_store_name("kept"),
            )
            .to(output);
    }
);

#[test]
fn records_without_a_match_leave_once_over_restarts() {
    under_both_guarantees("streams-outer", |world| {
        let [left, right, output] = ["l", "r", "out"].map(|name| world.create_topic(name, 1));
        let steps = [
            Put(&[("l", "a", "a1", 0), ("l", "b", "b1", 100)]),
            Put(&[("r", "a", "x", 1_000), ("r", "c", "y", 2_000)]),
            Wipe,
            Put(&[("r", "d", "w", 3_000)]),
            Pause,
            Put(&[("l", "e", "e1", 15_101)]),
            Move,
            Put(&[("l", "f", "f1", 15_200)]),
            Pause,
            Wipe,
            Put(&[("l", "g", "g1", 60_000)]),
        ];
        let results = play(world, &streams_outer(left, right, output), "out", |c| c, &steps);
        let expected = [
            "a=a1+x@1000",
            "b=b1+none@100",
            "c=none+y@2000",
            "d=none+w@3000",
            "e=e1+none@15101",
            "f=f1+none@15200",
        ];
        assert_eq!(results, expected);
        world.expect_topic_config(
            "kept-outer-shared-join-store-changelog",
            &[("cleanup.policy", "compact")],
        );
    });
}

topology!(
    fn stream_table(orders: String, users: String, output: String) -> Topology {
        let users = table::<String, String>(users, "users");
        stream::<String, String>(orders)
            .select_key(|_, v| v[..1].to_owned())
            .left_join(users, |order, user| pair(&order, or_none(user.as_ref())))
            .to(output);
    }
);

#[test]
fn a_stream_finds_rows_of_before_a_restart() {
    let steps = [
        Put(&[("u", "a", "ann", 0), ("u", "b", "bob", 0), ("u", "c", "cat", 0)]),
        Put(&[("o", "1", "a1", 10), ("o", "2", "b1", 10), ("o", "3", "d1", 10)]),
        Wipe,
        Put(&[("o", "1", "a2", 20), ("o", "3", "c2", 20)]),
        Put(&[("u", "a", "-", 30), ("u", "b", "ben", 30)]),
        Restart,
        Put(&[("o", "1", "a3", 40), ("o", "2", "b3", 40), ("o", "3", "c3", 40)]),
    ];
    for optimization in ["none", "all"] {
        // with `all` the source topic is the changelog
        under_both_guarantees("stream-table", |world| {
            let [orders, users, output] = ["o", "u", "out"].map(|name| world.create_topic(name, 3));
            let topology = stream_table(orders, users, output);
            let config = |config: StreamsConfig| config.set("topology.optimization", optimization);
            let results = play(world, &topology, "out", config, &steps);
            assert!(results.contains(&"a=a2+ann@20".to_owned()), "{results:?}");
            assert!(results.contains(&"a=a3+none@40".to_owned()), "{results:?}");
            if optimization == "none" {
                world.expect_topic_config("users-changelog", &[("cleanup.policy", "compact")]);
            }
        });
    }
}

topology!(
    fn tables(left: String, right: String, output: String) -> Topology {
        let right = table::<String, String>(right);
        table::<String, String>(left)
            .outer_join(
                right,
                |left, right| pair(or_none(left.as_ref()), or_none(right.as_ref())),
                Materialized::as_("joined"),
            )
            .to_stream()
            .to(output);
    }
);

#[test]
fn tables_join_rows_of_before_a_restart() {
    under_both_guarantees("tables", |world| {
        let [left, right, output] = ["l", "r", "out"].map(|name| world.create_topic(name, 2));
        let steps = [
            Put(&[("l", "a", "a1", 0), ("l", "b", "b1", 0), ("l", "c", "c1", 5)]),
            Put(&[("r", "a", "x", 3), ("r", "d", "y", 3)]),
            Wipe,
            Put(&[("r", "b", "z", 10), ("r", "d", "-", 11)]),
            Move,
            Put(&[("l", "a", "-", 20), ("l", "b", "b2", 20)]),
            Put(&[("r", "a", "-", 30), ("r", "c", "w", 4)]),
        ];
        let results = play(world, &tables(left, right, output), "out", |c| c, &steps);
        for line in ["a=a1+x@3", "b=b1+z@10", "d=-@11", "a=none+x@20", "a=-@30", "c=c1+w@5"] {
            assert!(results.contains(&line.to_owned()), "{line}: {results:?}");
        }
        world.expect_topic_config("joined-changelog", &[("cleanup.policy", "compact")]);
    });
}

topology!(
    /// People with the size of their city, if it is known.
    pub fn foreign(people: String, cities: String, output: String) -> Topology {
        let cities = table::<String, String>(cities, "cities");
        table::<String, String>(people, "people")
            .left_join(
                cities,
                |person| person.split_once(':').map(|(_, city)| city.to_owned()),
                |person, city| pair(&person, or_none(city.as_ref())),
                TableJoined::as_("lives"),
                Materialized::as_("homes"),
            )
            .to_stream()
            .to(output);
    }
);

#[test]
fn a_foreign_key_finds_its_row_on_another_partition_over_restarts() {
    under_both_guarantees("foreign", |world| {
        let (people, cities) = (world.create_topic("p", 3), world.create_topic("c", 2));
        let output = world.create_topic("out", 3);
        let steps = [
            Put(&[("c", "rome", "3M", 0), ("c", "oslo", "1M", 0)]),
            Put(&[("p", "ann", "1:rome", 1), ("p", "bob", "1:oslo", 1), ("p", "cat", "1:bern", 1)]),
            Put(&[("p", "dan", "1:rome", 2), ("p", "eve", "1", 2)]),
            Wipe,
            Put(&[("c", "rome", "4M", 10)]),
            Put(&[("c", "bern", "2M", 11)]),
            Restart,
            Put(&[("p", "ann", "2:oslo", 20), ("p", "bob", "-", 20)]),
            Put(&[("c", "oslo", "-", 30)]),
            Move,
            Put(&[("c", "rome", "5M", 40), ("c", "oslo", "6M", 40)]),
        ];
        let results = play(world, &foreign(people, cities, output), "out", |c| c, &steps);
        for line in
            ["dan=1:rome+4M@10", "ann=2:oslo+none@30", "ann=2:oslo+6M@40", "cat=1:bern+2M@11"]
        {
            assert!(results.contains(&line.to_owned()), "{line}: {results:?}");
        }
        assert!(!results.iter().any(|line| line.contains("ann=1:rome+5M")), "{results:?}");
        let carried = [("cleanup.policy", "delete"), ("retention.ms", "-1")];
        world.expect_topic_config("lives-subscription-registration-topic", &carried);
        world.expect_topic_config("lives-subscription-response-topic", &carried);
        let kept = [("cleanup.policy", "compact")];
        world.expect_topic_config("lives-subscription-store-changelog", &kept);
        world.expect_topic_config("people-changelog", &kept);
    });
}
