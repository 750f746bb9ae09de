use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    async fn waits() -> Topology {
        stream(In).to("out");
    }
);

#[topology_fn]
fn nothing() {
    stream(In).to("out");
}

topology!(
    fn number() -> u32 {
        stream(In).to("out");
    }
);

topology!();

fn main() {}
