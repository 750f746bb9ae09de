//! One application: its topology, its settings, and the client that runs it.

use std::sync::atomic::{AtomicUsize, Ordering};

use streams_runtime::client::{KafkaStreams, UncaughtExceptionResponse};
use streams_runtime::config::StreamsConfig;
use streams_runtime::handler::LogAndContinueProcessingExceptionHandler;
use streams_runtime::prelude::*;

use super::topologies::topology;
use crate::AnyError;
use crate::domain::{Example, OnError, Settings};

const RULE: &str = "==================================================";
/// Threads that replace a failed one before the application gives up.
const REPLACEMENTS_MAX: usize = 3;

/// Runs the example until Ctrl-C, SIGTERM or an error.
///
/// # Errors
/// When the broker or the topics cannot be used, or a thread stopped with an error.
pub fn run(example: Example, settings: &Settings) -> Result<(), AnyError> {
    let instances = prepare(example, settings)?;
    std::thread::scope(|scope| {
        let run = |one: &KafkaStreams| one.run_until_signal();
        let threads: Vec<_> = instances.iter().map(|one| scope.spawn(move || run(one))).collect();
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })
}

/// Starts the example's instances, which stop when they are dropped.
///
/// # Errors
/// When the broker or the topics cannot be used.
pub fn start(example: Example, settings: &Settings) -> Result<Vec<KafkaStreams>, AnyError> {
    let instances = prepare(example, settings)?;
    for instance in &instances {
        instance.start()?;
    }
    Ok(instances)
}

/// Prints the topology and makes the wanted number of instances, with local state wiped as the
/// tutorial does.
fn prepare(example: Example, settings: &Settings) -> Result<Vec<KafkaStreams>, AnyError> {
    let topology = topology(example);
    println!("{RULE}\n{}{RULE}", topology.describe());
    let one = |number| {
        let streams = KafkaStreams::new(&topology, config(example, settings, number))?;
        streams.set_uncaught_exception_handler(uncaught(settings.on_error));
        streams.clean_up()?;
        Ok(streams)
    };
    (0..settings.instances).map(one).collect()
}

fn config(example: Example, settings: &Settings, instance: usize) -> StreamsConfig {
    let config = StreamsConfig::new(example.application_id())
        .bootstrap_servers(&settings.bootstrap_servers)
        // instances in one process need a directory each
        .state_dir(settings.state_dir.join(instance.to_string()))
        .set("auto.offset.reset", settings.from.as_str());
    let config = match settings.commit_interval {
        Some(interval) => config.commit_interval(interval),
        None => config,
    };
    match settings.on_error {
        OnError::Fail | OnError::ReplaceThread => config,
        OnError::Skip => {
            config.processing_exception_handler(LogAndContinueProcessingExceptionHandler)
        }
        OnError::DeadLetter => config
            .processing_exception_handler(LogAndContinueProcessingExceptionHandler)
            .dead_letter_queue(example.dead_letter_topic()),
    }
}

/// Prints the thread and the error, then answers what the flag says.
fn uncaught(on_error: OnError) -> impl Fn(&StreamsError) -> UncaughtExceptionResponse {
    let replaced = AtomicUsize::new(0);
    move |error| {
        let thread = std::thread::current();
        println!("[{}] uncaught: {error}", thread.name().unwrap_or("main"));
        let again = replaced.fetch_add(1, Ordering::Relaxed) < REPLACEMENTS_MAX;
        if on_error == OnError::ReplaceThread && again {
            return UncaughtExceptionResponse::ReplaceThread;
        }
        UncaughtExceptionResponse::ShutdownClient
    }
}
