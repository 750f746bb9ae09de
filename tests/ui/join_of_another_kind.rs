use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let lines = stream(In);
        let rows = table::<String, String>("other");
        rows.join(lines, |row, line| row + &line).to_stream().to("out");
        lines.join(lines.group_by_key(), |a, b| a + &b).to("more");
    }
);

fn main() {}
