use streams_runtime::prelude::*;

#[topology_part]
fn long(lines: KStream<String, String>, min: usize) -> KStream<String, String> {
    lines.filter(move |_, line| line.len() >= min)
}

topology!(
    fn topology() -> Topology {
        long(stream("in")).to("out");
    }
);

fn main() {}
