use streams_runtime::prelude::*;

#[topology_part]
fn long(lines: KStream<String, String>) -> KStream<String, String> {
    lines.filter(|_, line| line.len() >= 3)
}

topology!(
    fn topology() -> Topology {
        let lines = stream("in");
        long(lines);
        lines.to("out");
    }
);

fn main() {}
