use streams_runtime::prelude::*;

#[topology_part]
fn long(lines: KStream<String, String>, min: usize) -> KStream<String, String> {
    lines.filter(move |_, line| line.len() >= min)
}

topology!(
    fn topology() -> Topology {
        let numbers = stream::<String, i64>("numbers");
        long(numbers, 3).to("out");
        long(stream("in"), "three").to("out");
    }
);

fn main() {}
