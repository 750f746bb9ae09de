use streams_runtime::prelude::*;

#[topic("in")]
type In = Topic<String, String>;

topology!(
    fn topology() -> Topology {
        let words = stream(In).flatMapValues(|line| vec![line]);
        let counts = words.group_by_key().count("word counts");
        table(In).to("table");
        stream(In).to();
        stream(In).map_values(|line| line.len());
    }
);

fn main() {}
