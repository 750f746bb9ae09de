use streams_runtime::prelude::*;

fn is_long(_: &String, n: &i64) -> bool {
    *n > 100
}

topology!(
    fn topology() -> Topology {
        let words = stream::<String, String>("in");
        words.filter(is_long).to("a");
        words.map_values(|n: i64| n + 1).to("b");
        words.group_by_key().reduce(|a: i64, b: i64| a + b, "sums").to_stream().to("c");
        words.map_values(str::len).to("d");
    }
);

fn main() {}
