//! Windows on a broker: what the test driver gives, over restarts, and the topics that keep them.

use std::time::Duration;

use streams_runtime::prelude::*;

use crate::script::Step::{Move, Pause, Put, Restart, Wipe};
use crate::script::{play, under_both_guarantees};

const SECONDS_10: Duration = Duration::from_secs(10);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

topology!(
    fn tumbling(input: String, output: String) -> Topology {
        stream::<String, String>(input)
            .group_by(|_, word| word.clone())
            .windowed_by(TimeWindows::of_size_and_grace(SECONDS_10, Duration::from_secs(5)))
            .count("counts")
            .to_stream(|window, _| window.key.clone())
            .map_values(|count| count.map(|count| count.to_string()))
            .to(output);
    }
);

#[test]
fn tumbling_counts_go_on_after_their_state_was_lost() {
    under_both_guarantees("tumbling", |world| {
        let (input, output) = (world.create_topic("in", 3), world.create_topic("out", 3));
        let steps = [
            Put(&[("in", "1", "a", 0), ("in", "1", "b", 100)]),
            Put(&[("in", "3", "a", 9_000)]),
            Wipe,
            Put(&[("in", "1", "a", 9_999), ("in", "1", "b", 10_000), ("in", "1", "a", 12_000)]),
            Restart,
            Put(&[("in", "5", "a", 14_000), ("in", "5", "a", 9_000), ("in", "5", "c", 3)]),
        ];
        let results = play(world, &tumbling(input, output), "out", |config| config, &steps);
        assert_eq!(results.iter().filter(|line| line.starts_with("a=")).count(), 6, "{results:?}");
        assert!(results.contains(&"a=4@9999".to_owned()), "{results:?}");
        let kept = (15_000 + DAY_MS).to_string();
        let windowed = [("cleanup.policy", "compact,delete"), ("retention.ms", kept.as_str())];
        world.expect_topic_config("counts-changelog", &windowed);
        let carried = [
            ("cleanup.policy", "delete"),
            ("retention.ms", "-1"),
            ("segment.bytes", "52428800"),
            ("message.timestamp.type", "CreateTime"),
        ];
        world.expect_topic_config("counts-repartition", &carried);
    });
}

topology!(
    fn sessions(input: String, output: String) -> Topology {
        stream::<String, String>(input)
            .group_by(|_, user| user.clone())
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(
                SECONDS_10,
                Duration::from_secs(5),
            ))
            .count("visits")
            .to_stream(|window, _| window.key.clone())
            .map_values(|count| count.map(|count| count.to_string()))
            .to(output);
    }
);

#[test]
fn sessions_merge_with_those_of_before_a_restart() {
    under_both_guarantees("sessions", |world| {
        let (input, output) = (world.create_topic("in", 2), world.create_topic("out", 2));
        let steps = [
            Put(&[("in", "1", "ann", 0), ("in", "1", "bob", 0), ("in", "1", "ann", 14_000)]),
            Wipe,
            // closes the gap between both sessions of ann
            Put(&[("in", "1", "ann", 8_000), ("in", "1", "bob", 20_000)]),
            Move,
            Put(&[("in", "2", "ann", 24_000), ("in", "2", "bob", 40_000), ("in", "2", "bob", 1)]),
        ];
        let results = play(world, &sessions(input, output), "out", |config| config, &steps);
        assert!(results.contains(&"ann=3@14000".to_owned()), "{results:?}");
        assert!(results.contains(&"ann=4@24000".to_owned()), "{results:?}");
        let kept = (15_000 + DAY_MS).to_string();
        let windowed = [("cleanup.policy", "compact,delete"), ("retention.ms", kept.as_str())];
        world.expect_topic_config("visits-changelog", &windowed);
    });
}

topology!(
    fn on_close(input: String, output: String) -> Topology {
        stream::<String, String>(input)
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(SECONDS_10, Duration::from_secs(2)))
            .emit_strategy(EmitStrategy::on_window_close())
            .count("final")
            .to_stream(|window, _| window.key.clone())
            .map_values(|count| count.map(|count| count.to_string()))
            .to(output);
    }
);

#[test]
fn closed_windows_leave_once_over_restarts() {
    under_both_guarantees("on-close", |world| {
        let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
        let steps = [
            Put(&[("in", "a", "x", 0), ("in", "b", "x", 1_000), ("in", "a", "x", 9_000)]),
            Pause,
            Wipe,
            Put(&[("in", "a", "x", 11_000), ("in", "a", "x", 2_000)]),
            Pause,
            Put(&[("in", "c", "x", 13_000)]),
            Restart,
            Put(&[("in", "c", "x", 14_000)]),
            Wipe,
            Put(&[("in", "late", "x", 1_000), ("in", "c", "x", 15_000)]),
            Pause,
            Put(&[("in", "z", "x", 23_000)]),
        ];
        let results = play(world, &on_close(input, output), "out", |config| config, &steps);
        assert_eq!(results, ["a=3@9000", "b=1@1000", "a=1@11000", "c=3@15000"]);
    });
}

topology!(
    fn suppressed(input: String, output: String) -> Topology {
        stream::<String, String>(input)
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(SECONDS_10, Duration::from_secs(2)))
            .count("counts")
            .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()).with_name("held"))
            .to_stream(|window, _| window.key.clone())
            .map_values(|count| count.map(|count| count.to_string()))
            .to(output);
    }
);

#[test]
fn what_suppress_holds_back_survives_restarts() {
    under_both_guarantees("suppress", |world| {
        let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
        let steps = [
            Put(&[("in", "a", "x", 0), ("in", "b", "x", 1_000), ("in", "a", "x", 9_000)]),
            Wipe,
            Put(&[("in", "a", "x", 11_000), ("in", "b", "x", 2_000)]),
            Restart,
            Put(&[("in", "c", "x", 12_000)]),
            Move,
            Put(&[("in", "c", "x", 50_000)]),
        ];
        let results = play(world, &suppressed(input, output), "out", |config| config, &steps);
        assert_eq!(results, ["a=2@9000", "b=2@2000", "a=1@11000", "c=1@12000"]);
        world.expect_topic_config("held-store-changelog", &[("cleanup.policy", "compact")]);
    });
}
