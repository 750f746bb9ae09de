use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In);
        let small = stream("small");
        words.filter(|_, word| small.contains(word)).to("out");
    }
);

fn main() {}
