use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        stream(In).group_by(|_, line| line.len() as i64);
        stream(In).to("out");
    }
);

fn main() {}
