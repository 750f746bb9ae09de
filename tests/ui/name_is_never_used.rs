use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In).flat_map_values(|line| vec![line]);
        let counts = stream(In).group_by_key().count("counts");
    }
);

fn main() {}
