use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        #[cfg(test)]
        let lines = stream(In);
        lines.to("out");
    }
);

fn main() {}
