use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let [small, large] = stream(In)
            .split()
            .branch(|_, line| line.len() < 10)
            .branch(|_, line| line.len() > 1000)
            .default_branch();
        small.to("small");
        large.to("large");
        stream(In).split().branch(|_, line| line.is_empty()).default_branch();
    }
);

fn main() {}
