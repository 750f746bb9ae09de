//! `run table [word]` prints the table without criterion's report; `run "map + filter" engine 2000` runs one side
//! for so many polls of 1,000 records, for profilers.

use streams_engine_bench::allocations::Counting;
use streams_engine_bench::{POLL, Running, Side, WORKLOADS, print_table};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["table"] => print_table(&WORKLOADS.each_ref()),
        ["table", word] => {
            let chosen: Vec<_> = WORKLOADS.iter().filter(|it| it.name.contains(word)).collect();
            print_table(&chosen);
        }
        [name, side, polls] => one_side(name, side, polls.parse().unwrap_or(1_000)),
        _ => usage(),
    }
}

fn one_side(name: &str, side: &str, polls: u64) {
    let Some(workload) = WORKLOADS.iter().find(|workload| workload.name == name) else {
        return usage();
    };
    let side = if side == "engine" { Side::Engine } else { Side::ByHand };
    let time = Running::new(workload, side).polls(polls);
    println!("{:.1} ns/record", time.as_nanos() as f64 / (polls * POLL as u64) as f64);
}

fn usage() {
    eprintln!("usage: run table [word]  or  run <workload> <engine|by-hand> <polls>");
    eprintln!("workloads: {:?}", WORKLOADS.each_ref().map(|workload| workload.name));
    std::process::exit(2);
}
