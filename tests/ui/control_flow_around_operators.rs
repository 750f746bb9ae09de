use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In);
        if std::env::args().count() > 1 {
            words.to("out");
        }
        for topic in ["a", "b"] {
            words.to(topic);
        }
        let chosen = match std::env::args().count() {
            1 => stream("a"),
            _ => stream("b"),
        };
        chosen.to("out");
    }
);

fn main() {}
