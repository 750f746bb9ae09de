//! Windows that are over leave memory: in window, session and join stores.

use streams_engine_bench::allocations::Counting;
use streams_engine_bench::{LONG_RUNS, is_flat};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn old_windows_go_and_memory_stays() {
    for run in &LONG_RUNS {
        // 200 windows of a minute; the join's stores turn over 200 times and more
        let looks = run.looks(300_000, 40, 1 << 20).expect("the topology runs");
        assert!(is_flat(&looks), "{}: {looks:#?}", run.name);
    }
}
