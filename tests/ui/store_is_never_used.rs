use streams_runtime::prelude::*;

topology!(
    fn topology() -> Topology {
        let seen = store(KeyValueStore::<String, i64>::persistent("seen"));
        stream::<String, i64>("in").to("out");
    }
);

fn main() {}
