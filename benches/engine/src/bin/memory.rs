//! `memory [records]`: what stores with a time need over a long run; fails when it grows.

use streams_engine_bench::allocations::Counting;
use streams_engine_bench::{LONG_RUNS, is_flat};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The default cache of Kafka Streams.
const CACHE: usize = 10 * 1024 * 1024;

fn main() {
    let records = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20_000_000);
    let mut grows = false;
    for run in &LONG_RUNS {
        println!("\n{}", run.name);
        println!(
            "| records | event time s | heap MiB | caches and pending MiB | rows | resident MiB |"
        );
        println!("|---|---|---|---|---|---|");
        let looks = run.looks(records, 1, CACHE).expect("the topology runs");
        for look in &looks {
            println!(
                "| {} | {} | {:.1} | {:.1} | {} | {} |",
                look.records,
                look.event_ms / 1_000,
                look.heap as f64 / 1_048_576.0,
                look.held as f64 / 1_048_576.0,
                look.rows,
                look.resident_kib / 1_024
            );
        }
        grows |= !is_flat(&looks);
    }
    if grows {
        eprintln!("memory grows");
        std::process::exit(1);
    }
}
