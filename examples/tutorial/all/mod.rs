//! Everything by one command: broker, producer, processor and consumer, and a check of the results.

mod expected;
mod outcome;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use streams_test_broker::Broker;

use crate::AnyError;
use crate::domain::{Example, OnError, Settings, interval};
use crate::{consumer, processor, producer};

use expected::Expected;
use outcome::Outcome;

/// Results that have not come after so long will not come.
const QUIET: Duration = Duration::from_secs(10);
/// What is still under way when a processor stops arrives within this time.
const LAST_RESULTS: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs the examples one after the other and shows what came out.
///
/// The exit code says whether all results are right.
///
/// # Errors
/// When the broker cannot be used.
pub fn run(
    examples: &[Example],
    settings: &Settings,
    embedded: bool,
) -> Result<ExitCode, AnyError> {
    let broker = embedded.then(Broker::start).transpose()?;
    let mut settings = settings.clone();
    // several of these programs may run at the same time
    settings.state_dir = settings.state_dir.join(std::process::id().to_string());
    if let Some(broker) = &broker {
        settings.bootstrap_servers = broker.bootstrap_servers();
    }
    let mut verdicts = Vec::new();
    for example in examples {
        println!("\n### {}\n", example.row().about);
        verdicts.push(run_one(*example, &settings)?);
    }
    if settings.state_dir.exists() {
        std::fs::remove_dir_all(&settings.state_dir)?;
    }
    println!("\n{}", outcome::table(&verdicts));
    let right = verdicts.iter().all(Outcome::is_right);
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_one(example: Example, settings: &Settings) -> Result<Outcome, AnyError> {
    let messages = producer::messages(example, settings.count, settings.seed);
    let expected = Expected::of(example, &messages, settings.on_error, interval(settings.rate));
    let outcome = Outcome::new(example, messages.len(), expected);
    // the counts of an earlier run would go on otherwise
    producer::reset_application(example, settings)?;
    producer::create_topics(example, settings)?;
    let instances = processor::start(example, settings)?;
    let go_on = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let shown = scope.spawn(|| {
            let running = || go_on.load(Ordering::Relaxed);
            consumer::run(example, settings, running, |shown| outcome.add(shown))
        });
        let sent = producer::send(example, settings);
        if sent.is_ok() {
            wait(&outcome, || instances.iter().any(|one| one.state().is_alive()));
        }
        go_on.store(false, Ordering::Relaxed);
        let shown = shown.join().unwrap_or_else(|_| Err("the consumer panicked".into()));
        sent.and(shown)
    })?;
    drop(instances);
    if settings.on_error == OnError::DeadLetter {
        consumer::show_dead_letters(example, settings, outcome.failures())?;
    }
    Ok(outcome)
}

/// Waits until the results are there, or will not come any more.
fn wait(outcome: &Outcome, runs: impl Fn() -> bool) {
    while !outcome.is_complete() {
        let patience = if runs() { QUIET } else { LAST_RESULTS };
        if outcome.quiet_for() > patience {
            return;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
