//! `cargo bench -p streams-engine-bench`: a table of nanoseconds and allocations per record, the engine beside
//! loops by hand. A word behind `--` picks workloads; criterion's own report comes before the table.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use streams_engine_bench::allocations::Counting;
use streams_engine_bench::{POLL, Running, Side, WORKLOADS, Workload, print_table};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Criterion's own measure of both sides; false when its filter leaves the workload out.
fn report(criterion: &mut Criterion, workload: &Workload) -> bool {
    let mut chosen = false;
    let mut group = criterion.benchmark_group(workload.name);
    group.throughput(Throughput::Elements(POLL as u64));
    for side in Side::BOTH {
        group.bench_function(BenchmarkId::from_parameter(side.name()), |bencher| {
            chosen = true;
            let mut running = Running::new(workload, side);
            bencher.iter_custom(|polls| running.polls(polls));
        });
    }
    group.finish();
    chosen
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let chosen: Vec<_> =
        WORKLOADS.iter().filter(|workload| report(&mut criterion, workload)).collect();
    criterion.final_summary();
    print_table(&chosen);
}
