use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let lines = stream(In);
        lines.filter().to("out");
        lines.filter(|_, line| line.is_empty(), "empty", "lines").to("out");
        lines.group_by_key().aggregate(|| 0_i64).to_stream().to("out");
    }
);

fn main() {}
