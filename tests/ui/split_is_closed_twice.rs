use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let split = stream(In).split();
        let [empty] = split.branch(|_, line| line.is_empty()).no_default_branch();
        empty.to("empty");
        split.branch(|_, line| line.len() > 10);
    }
);

fn main() {}
