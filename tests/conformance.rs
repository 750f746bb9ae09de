//! Replays the recorded runs of Kafka Streams 4.3.1 (`tests/conformance/cases`, or the folder that
//! `CONFORMANCE_DIR` names) against topologies written with `topology!`.
//!
//! `cargo test --test conformance -- naming to-table` runs the cases whose `group/name` contains
//! one of the words.

#[path = "conformance/builders/mod.rs"]
mod builders;
#[path = "conformance/support/mod.rs"]
mod support;

use std::process::ExitCode;

use support::{case, replay, report::Report};

fn main() -> ExitCode {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let cases = match case::load(&case::cases_dir()) {
        Ok(cases) => cases,
        Err(error) => {
            println!("FAILED to read the cases: {error}");
            println!("0 passed, 1 failed");
            return ExitCode::FAILURE;
        }
    };
    std::panic::set_hook(Box::new(|_| {}));
    let mut report = Report::default();
    for case in cases.iter().filter(|case| wanted(case, &words)) {
        let topology_id = case.topology_id.as_deref().unwrap_or("vectors");
        report.add(&case.group, &case.name, topology_id, &replay::run(case));
    }
    if report.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn wanted(case: &case::Case, words: &[String]) -> bool {
    let name = format!("{}/{}", case.group, case.name);
    words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
}
