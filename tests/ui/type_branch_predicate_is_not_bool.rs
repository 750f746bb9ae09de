use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let [lines] = stream(In).split().branch(|_, line| line.len()).no_default_branch();
        lines.to("out");
    }
);

fn main() {}
