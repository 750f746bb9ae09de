use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let [empty] = stream(In)
            .split()
            .branch(|_, line| line.is_empty(), Branched::with_function(|empty| empty.to("empty")))
            .no_default_branch();
        empty.to("copy");
    }
);

fn main() {}
