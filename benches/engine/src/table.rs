//! The table of `docs/BENCHMARKS.md`.

use crate::{POLL, POLLS_OF_A_COMMIT, Running, Side, Workload};

/// Turns of both sides; each lasts from one commit to the next.
const ROUNDS: usize = 200;

/// The fastest round and the middle one, in nanoseconds per record.
#[derive(Clone, Copy)]
struct Speed {
    fastest: f64,
    median: f64,
    allocations: f64,
}

/// Both sides in turns, so that a neighbour's work on the machine hits both.
fn side_by_side(workload: &Workload) -> [Speed; 2] {
    let mut running = Side::BOTH.map(|side| Running::new(workload, side));
    let mut rounds = [Vec::new(), Vec::new()];
    let before = running.each_ref().map(|side| side.allocations);
    for _ in 0..ROUNDS {
        for (side, rounds) in running.iter_mut().zip(&mut rounds) {
            let time = side.polls(POLLS_OF_A_COMMIT).as_nanos() as f64;
            rounds.push(time / (POLLS_OF_A_COMMIT * POLL as u64) as f64);
        }
    }
    let records = (ROUNDS as u64 * POLLS_OF_A_COMMIT * POLL as u64) as f64;
    [0, 1].map(|ix| {
        let rounds = &mut rounds[ix];
        rounds.sort_by(f64::total_cmp);
        let allocations = (running[ix].allocations - before[ix]) as f64 / records;
        Speed { fastest: rounds[0], median: rounds[rounds.len() / 2], allocations }
    })
}

/// Measures and prints a line for each workload: the fastest round, and the middle one in brackets.
pub fn print_table(workloads: &[&Workload]) {
    println!("\n| workload | ns/record | by hand | ratio | allocations/record | by hand |");
    println!("|---|---|---|---|---|---|");
    for workload in workloads {
        let [engine, by_hand] = side_by_side(workload);
        println!(
            "| {} | {:.1} ({:.1}) | {:.1} ({:.1}) | {:.2} | {:.2} | {:.2} |",
            workload.name,
            engine.fastest,
            engine.median,
            by_hand.fastest,
            by_hand.median,
            engine.fastest / by_hand.fastest,
            engine.allocations,
            by_hand.allocations
        );
    }
}
