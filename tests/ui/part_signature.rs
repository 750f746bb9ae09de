use streams_runtime::prelude::*;

#[topology_part]
async fn waits(lines: KStream<String, String>) {
    lines.to("out");
}

#[topology_part]
fn borrowed(lines: &KStream<String, String>) {
    lines.to("out");
}

#[topology_part]
fn from_nothing(topic: &'static str) -> KStream<String, String> {
    stream(topic)
}

#[topology_part]
fn whole(lines: KStream<String, String>) -> Topology {
    lines.to("out");
}

#[topology_part]
fn listed(lines: KStream<String, String>) -> Vec<KStream<String, String>> {
    lines.to("out");
}

#[topology_part]
fn windowed(lines: TimeWindowedKStream<String, String>, others: KStream<String, String>) {
    others.to("out");
}

#[topology_part]
fn print(lines: KStream<String, String>) {
    lines.print();
}

fn main() {}
