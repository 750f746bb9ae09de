use streams_runtime::prelude::*;

topology!(
    fn topology() -> Topology {
        stream("in").to("out");
        table("rows", "rows").to_stream().peek(|key, row| println!("{key}: {row:?}"));
        stream("told").map(|word: String, n: i64| (word, n + 1)).to("more");
    }
);

fn main() {}
