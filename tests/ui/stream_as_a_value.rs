use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In);
        let pair = (words, 1);
        println!("{}", pair.1);
    }
);

fn main() {}
