use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;
fn clean<S>(_: S) {}

topology!(
    fn topology() -> Topology {
        let words = stream(In);
        clean(words);
    }
);

fn main() {}
