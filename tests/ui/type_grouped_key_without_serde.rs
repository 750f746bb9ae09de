use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;
#[derive(Clone)]
struct Secret;

topology!(
    fn topology() -> Topology {
        stream(In).group_by(|_, _| Secret).count("secrets");
    }
);

fn main() {}
