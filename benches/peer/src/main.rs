//! The project's peer in the side-by-side benchmark: reads its environment, runs one workload until
//! SIGTERM, and prints `READY <epoch ms>` when everything is assigned and restored.

mod settings;
mod workloads;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use streams_runtime::client::{KafkaStreams, State};
use streams_runtime::config::StreamsConfig;

use settings::Settings;
use workloads::{Refusal, topology};

/// Every record is allocated on one thread and freed on another; the feature's "unprefixed" form
/// serves librdkafka and RocksDB as well.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Exit code for what a later version brings.
const NOT_YET: u8 = 2;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    let topology = match topology(&settings) {
        Ok(topology) => topology,
        Err(Refusal::NotYet(what)) => return Ok(not_yet(&settings.workload, what)),
        Err(Refusal::Unknown) => {
            return Err(format!("unknown workload {:?}", settings.workload).into());
        }
    };
    let streams = KafkaStreams::new(&topology, config(&settings))?;
    streams.set_state_listener(|now, _| {
        if now == State::Running {
            println!("READY {}", epoch_ms());
        }
    });
    streams.run_until_signal()?;
    Ok(ExitCode::SUCCESS)
}

fn not_yet(what: &str, needs: &str) -> ExitCode {
    eprintln!("not yet: {what} needs {needs}, which a later version brings");
    ExitCode::from(NOT_YET)
}

fn config(settings: &Settings) -> StreamsConfig {
    let mut config = StreamsConfig::new(&settings.application_id)
        .bootstrap_servers(&settings.bootstrap)
        .state_dir(&settings.state_dir)
        .num_stream_threads(settings.threads)
        .set("processing.guarantee", &settings.guarantee);
    if let Some(interval) = settings.commit_interval {
        config = config.commit_interval(interval);
    }
    if let Some(bytes) = settings.cache_bytes {
        config = config.cache_max_bytes(bytes);
    }
    settings.more.iter().fold(config, |config, (key, value)| config.set(key, value))
}

#[expect(clippy::disallowed_methods, reason = "the harness compares it with its own clock")]
fn epoch_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
