use streams_runtime::prelude::*;

/// The mistakes stand in the part's body, and its caller has none.
#[topology_part]
fn clean(lines: KStream<String, String>, unused: KStream<String, String>) -> KStream<String, String> {
    let long = lines.fliter(|_, line| line.len() > 3);
    long.map_values(|line| line.to_lowercase())
}

#[topology_part]
fn short(lines: KStream<String, String>) -> KStream<String, String> {
    lines.filter(|_, line| line.length() < 3)
}

struct Secret;

#[topology_part]
fn hidden(lines: KStream<String, String>) {
    lines.map_values(|_| Secret).to("out");
}

topology!(
    fn topology() -> Topology {
        let lines = stream("in");
        hidden(lines);
        short(clean(lines, stream("more"))).to("out");
    }
);

fn main() {}
