//! A processor may only read a global store: the topic that it is made of fills it.

use streams_runtime::prelude::*;

#[processor]
fn keep(record: Record<String, i64>, limits: &mut KeyValueStore<String, i64>) {
    limits.put(record.key, record.value);
}

#[processor]
fn raise(record: Record<String, i64>, limits: &mut GlobalStore<KeyValueStore<String, i64>>) {
    limits.put(record.key, record.value);
}

fn main() {
    let _ = topology!({
        let limits = global_store(KeyValueStore::<String, i64>::persistent("limits"), "limits", keep);
        stream::<String, i64>("in").process(raise, limits);
    });
}
