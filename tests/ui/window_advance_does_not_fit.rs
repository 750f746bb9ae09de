use std::time::Duration;
use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In).group_by_key();
        words
            .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_secs(10)).advance_by(Duration::ZERO))
            .count("still");
        words
            .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_secs(10)).advance_by(Duration::from_secs(11)))
            .count("jumping");
    }
);

fn main() {}
