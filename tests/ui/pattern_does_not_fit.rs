use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let (a, b) = stream(In);
        let sink = stream(In).to("out");
        a.merge(b).to("out");
    }
);

fn main() {}
