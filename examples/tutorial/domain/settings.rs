//! What the flags of the command line decide.

use std::path::PathBuf;
use std::time::Duration;

/// What should happen when a record makes the processing fail.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum OnError {
    /// The stream thread stops and the uncaught exception handler is called: the default.
    #[default]
    Fail,
    /// The record is dropped and counted.
    Skip,
    /// The record is dropped and goes to a dead-letter topic with the error in its headers.
    DeadLetter,
    /// A new thread takes over and meets the same record again; gives up after three times.
    ReplaceThread,
}

/// Where a group without committed offsets begins to read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum OffsetReset {
    /// At the end of each topic, as in the tutorial.
    Latest,
    /// At the beginning of each topic.
    Earliest,
}

impl OffsetReset {
    /// Kafka's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Earliest => "earliest",
        }
    }
}

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The broker, as `host:port`.
    pub bootstrap_servers: String,
    /// Records that a producer sends in a second; 0 is as fast as it goes.
    pub rate: u32,
    /// Records that a producer sends.
    pub count: usize,
    /// What the random generators start from.
    pub seed: u64,
    /// Instances of the processor in this process, as the tutorial's constant.
    pub instances: usize,
    /// What happens to a record that fails.
    pub on_error: OnError,
    /// Where processors and consumers begin to read.
    pub from: OffsetReset,
    /// Where processors keep local state; wiped at their start.
    pub state_dir: PathBuf,
    /// How often the processor commits; `None` leaves it at Kafka Streams' 30 s.
    pub commit_interval: Option<Duration>,
}
