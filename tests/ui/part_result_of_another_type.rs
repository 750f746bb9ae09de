use streams_runtime::prelude::*;

#[topology_part]
fn lengths(lines: KStream<String, String>) -> KStream<String, i64> {
    lines.map_values(|line| line.len())
}

topology!(
    fn topology() -> Topology {
        lengths(stream("in")).to("out");
    }
);

fn main() {}
