use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        stream(In).split().branch(|_, line| line.is_empty());
    }
);

fn main() {}
