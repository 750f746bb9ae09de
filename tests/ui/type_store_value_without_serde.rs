use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;
#[derive(Clone)]
struct Secret;

topology!(
    fn topology() -> Topology {
        stream(In).group_by_key().aggregate(|| Secret, |_, _, secret| secret, "secrets");
    }
);

fn main() {}
