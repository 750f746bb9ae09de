use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let lines = stream(In);
        lines.filter(|line| line.is_empty()).to("out");
        lines.map_values(|a, b, c| a).to("out");
        lines.group_by_key().reduce(|| String::new()).to_stream().to("out");
    }
);

fn main() {}
