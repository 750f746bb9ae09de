use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        stream(In).group_by_key().aggregate(|| 0_i64, |_, line, _| line, "lengths");
    }
);

fn main() {}
