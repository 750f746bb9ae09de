use streams_runtime::prelude::*;

#[topology_part]
fn both(left: KStream<String, String>, right: KStream<String, String>) -> KStream<String, String> {
    left.merge(right.map_values(|line| line.to_lowercase()))
}

topology!(
    fn topology() -> Topology {
        let lines = stream("in");
        both(lines, lines).to("out");
    }
);

fn main() {}
