use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        words.filter(|_, word| word.len() > 3).to("out");
        let words = stream(In);
        words.to("all");
    }
);

fn main() {}
