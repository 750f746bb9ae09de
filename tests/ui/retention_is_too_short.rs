use std::time::Duration;
use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In).group_by_key();
        words
            .windowed_by(TimeWindows::of_size_and_grace(Duration::from_secs(10), Duration::from_secs(5)))
            .count(Materialized::as_("counts").with_retention(Duration::from_secs(12)));
    }
);

fn main() {}
