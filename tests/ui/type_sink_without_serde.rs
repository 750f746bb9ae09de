use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;
#[derive(Clone)]
struct Secret;

topology!(
    fn topology() -> Topology {
        stream(In).map_values(|_| Secret).to("out");
    }
);

fn main() {}
