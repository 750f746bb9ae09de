use streams_runtime::prelude::*;

#[topology_part]
fn long(lines: KStream<String, String>, min: usize) -> KStream<String, String> {
    lines.filter(move |_, line| line.len() >= min)
}

topology!(
    fn topology() -> Topology {
        let rows = table::<String, String>("rows");
        long(rows, 3).to("out");
        long(stream("in"), rows).to("out");
        long(7, 3).to("out");
    }
);

fn main() {}
