use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        stream(In).fliter(|_, line| !line.is_empty()).to("out");
        stream(In).mapValues(|line| line.len()).to("out");
        table("customers").sort().to_stream().to("out");
        stream(In).through("between").to("out");
        stream(In).transformValues(double).to("out");
    }
);

fn main() {}
