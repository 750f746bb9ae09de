use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In);
        drop(words);
        let kept = Some(words.filter(|_, word| word.len() > 3));
    }
);

fn main() {}
