use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        stream(In).filter(|_, line| line.len()).to("out");
    }
);

fn main() {}
