use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In);
        wrods.filter(|_, word| word.len() > 3).to("out");
        words.merge(lines).to("all");
    }
);

fn main() {}
