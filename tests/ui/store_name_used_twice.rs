use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let lines = stream(In).group_by_key();
        lines.count("lines");
        lines.reduce(|all, line| all + &line, Materialized::as_("lines"));
    }
);

fn main() {}
