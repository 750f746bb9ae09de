use streams_runtime::prelude::*;

#[topology_part]
fn counted(lines: KStream<String, String>) -> KStream<String, i64> {
    lines.group_by_key().count("counts")
}

#[topology_part]
fn nothing(lines: KStream<String, String>) -> KStream<String, String> {
    lines.filter(|_, line| line.len() > 3);
}

#[topology_part]
fn one(lines: KStream<String, String>) -> (KStream<String, String>, KStream<String, String>) {
    lines.filter(|_, line| line.len() > 3)
}

topology!(
    fn topology() -> Topology {
        counted(stream("in")).to("out");
    }
);

fn main() {}
