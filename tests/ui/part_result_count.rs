use streams_runtime::prelude::*;

#[topology_part]
fn parted(lines: KStream<String, String>) -> (KStream<String, String>, KStream<String, String>) {
    let [short, long] = lines.split().branch(|_, line| line.len() < 3).default_branch();
    (short, long)
}

topology!(
    fn topology() -> Topology {
        let (a, b, c) = parted(stream("in"));
        let all = parted(stream("more"));
        parted(stream("rest")).to("out");
        a.merge(b).merge(c).merge(all).to("out");
    }
);

fn main() {}
