//! The command line: a role, an example, and flags.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::domain::{Example, OffsetReset, OnError, Settings};
use crate::{AnyError, all, consumer, processor, producer};

/// Five small Kafka Streams applications, from first record to shown result.
#[derive(Debug, Parser)]
#[command(name = "tutorial")]
pub struct Cli {
    /// Which part to run
    role: Role,
    /// Which example to run
    #[arg(value_enum, default_value = "all")]
    example: Choice,
    /// The broker [default: localhost:9092; `all`: an embedded broker]
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap_servers: Option<String>,
    /// Records a second that the producer sends; 0: as fast as it goes; the tutorial's own: 5
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// Records that the producer sends [default: 500; `all`: 20]
    #[arg(long)]
    count: Option<usize>,
    /// What the random generators start from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What a record that fails does (record 20 of products fails on purpose)
    #[arg(long, value_enum, default_value_t)]
    on_error: OnError,
    /// Instances of the processor in this process
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    instances: u8,
    /// Where processors and consumers begin to read [default: latest; `all`: earliest]
    #[arg(long, value_enum)]
    from: Option<OffsetReset>,
    /// How often the processor commits and shows new counts [default: 30000; `all`: 200]
    #[arg(long, value_name = "MS")]
    commit_ms: Option<u64>,
}

/// A part of an application.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Role {
    /// Makes the topics anew and sends records
    Producer,
    /// Runs the topology until Ctrl-C
    Processor,
    /// Shows the results until Ctrl-C
    Consumer,
    /// All three on an embedded broker, checked, one example after the other
    All,
}

/// One example, or all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Choice {
    /// Stateless string processing
    String,
    /// How often each animal comes
    Frequency,
    /// How often each word comes
    WordCount,
    /// A lookup per record, and an error on purpose
    Products,
    /// Two streams joined within three seconds
    Merge,
    /// Every example
    All,
}

impl Cli {
    /// Does what the command line says.
    ///
    /// # Errors
    /// When the broker cannot be used, or an application fails.
    pub fn run(&self) -> Result<ExitCode, AnyError> {
        let examples = self.example.examples();
        let settings = self.settings();
        if self.role == Role::All {
            return all::run(&examples, &settings, self.bootstrap_servers.is_none());
        }
        let role = |example| match self.role {
            Role::Producer => producer::run(example, &settings),
            Role::Processor => processor::run(example, &settings),
            Role::Consumer => consumer::run(example, &settings, || true, drop),
            Role::All => Ok(()),
        };
        in_parallel(&examples, role)?;
        Ok(ExitCode::SUCCESS)
    }

    fn settings(&self) -> Settings {
        let all = self.role == Role::All;
        let commit_ms = self.commit_ms.or(all.then_some(200));
        let from = if all { OffsetReset::Earliest } else { OffsetReset::Latest };
        Settings {
            bootstrap_servers: self
                .bootstrap_servers
                .clone()
                .unwrap_or_else(|| "localhost:9092".to_owned()),
            rate: self.rate,
            count: self.count.unwrap_or(if all { 20 } else { 500 }),
            seed: self.seed,
            instances: usize::from(self.instances),
            on_error: self.on_error,
            from: self.from.unwrap_or(from),
            state_dir: std::env::temp_dir().join("streams-tutorial"),
            commit_interval: commit_ms.map(Duration::from_millis),
        }
    }
}

impl Choice {
    fn examples(self) -> Vec<Example> {
        match self {
            Self::String => vec![Example::String],
            Self::Frequency => vec![Example::Frequency],
            Self::WordCount => vec![Example::WordCount],
            Self::Products => vec![Example::Products],
            Self::Merge => vec![Example::Merge],
            Self::All => Example::ALL.to_vec(),
        }
    }
}

/// Runs the role once per example, each on its own thread; the first error wins.
fn in_parallel(
    examples: &[Example],
    role: impl Fn(Example) -> Result<(), AnyError> + Sync,
) -> Result<(), AnyError> {
    let role = &role;
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            examples.iter().map(|example| scope.spawn(move || role(*example))).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err("a thread of the tutorial panicked".into()))
        })
    })
}
