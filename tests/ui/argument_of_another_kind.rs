use std::time::Duration;
use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let lines = stream(In);
        let names = global_table::<String, String>("names");
        let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_secs(1));
        lines.join(names, |line, name| line + &name, Joined::as_("names")).to("named");
        lines.join(lines, |a, b| a + &b, StreamJoined::as_("pairs")).to("pairs");
        lines.join(lines, |a, b| a + &b, within).to("more-pairs");
        lines.group_by_key().windowed_by(JoinWindows::of_time_difference_with_no_grace(Duration::ZERO)).count("c");
    }
);

fn main() {}
