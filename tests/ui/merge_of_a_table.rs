use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let lines = stream(In);
        let table = table("other");
        lines.merge(table).to("out");
    }
);

fn main() {}
