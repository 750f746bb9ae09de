use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        table("customers").to("out");
        stream(In).count("counts").to_stream().to("counts");
        stream(In).branch(|_, line| line.is_empty()).no_default_branch();
        stream(In).group_by_key().filter(|_, line| line.is_empty());
    }
);

fn main() {}
