//! A processor may only read a global store, of whatever kind.

use std::time::Duration;

use streams_runtime::prelude::*;

#[processor]
fn keep(record: Record<String, i64>, rows: &mut TimestampedWindowStore<String, i64>) {
    rows.put(record.key, record.value, record.timestamp, record.timestamp);
}

#[processor]
fn add(record: Record<String, i64>, rows: &mut GlobalStore<TimestampedWindowStore<String, i64>>) {
    rows.put(record.key, record.value, record.timestamp, record.timestamp);
}

fn main() {
    let _ = topology!({
        let (kept, size) = (Duration::from_secs(9), Duration::from_secs(1));
        let rows = TimestampedWindowStore::<String, i64>::persistent("rows", kept, size);
        let rows = global_store(rows, "rows", keep);
        stream::<String, i64>("in").process(add, rows);
    });
}
