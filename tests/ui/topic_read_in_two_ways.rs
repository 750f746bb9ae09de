use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        stream(In).to("out");
        table(In).to_stream().to("copy");
        stream::<String, i64>(["a", "b"]).to("sums");
        stream::<String, i64>("b").to("more-sums");
    }
);

fn main() {}
