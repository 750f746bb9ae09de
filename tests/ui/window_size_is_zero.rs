use std::time::Duration;
use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In).group_by_key();
        words.windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(0))).count("a");
        words.windowed_by(TimeWindows::of_size_with_no_grace(Duration::ZERO)).count("b");
        words.windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(Duration::from_micros(9))).count("c");
    }
);

fn main() {}
