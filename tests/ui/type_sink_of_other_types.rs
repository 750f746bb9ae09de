use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;
#[topic("counts")]
type Counts = Topic<String, i64>;

topology!(
    fn topology() -> Topology {
        stream(In).to(Counts);
    }
);

fn main() {}
