use streams_runtime::prelude::*;

#[processor]
fn forget(_record: Record<String, i64>) {}

topology!(
    fn topology() -> Topology {
        let seen = store();
        let rates = global_store(KeyValueStore::<String, i64>::in_memory("rates"));
        stream::<String, i64>("in").process(forget, seen);
    }
);

fn main() {}
