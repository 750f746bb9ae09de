//! What the benchmark's harness says, by environment.

use std::env;
use std::time::Duration;

/// One run of the benchmark.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `BOOTSTRAP`: the broker.
    pub(crate) bootstrap: String,
    /// `APP_ID`: the application id, hence the group's name.
    pub(crate) application_id: String,
    /// `WORKLOAD`: what to do.
    pub(crate) workload: String,
    /// `INPUT`: the main topic.
    pub(crate) input: String,
    /// `OUTPUT`: where results go.
    pub(crate) output: String,
    /// `STATE_DIR`: the only place for local state.
    pub(crate) state_dir: String,
    /// `THREADS`: processing threads.
    pub(crate) threads: usize,
    /// `GUARANTEE`: `at_least_once` or `exactly_once_v2`.
    pub(crate) guarantee: String,
    /// `COMMIT_MS`: the commit interval; the library's default when empty.
    pub(crate) commit_interval: Option<Duration>,
    /// `CACHE_BYTES`: the record cache; the library's default when empty.
    pub(crate) cache_bytes: Option<usize>,
    /// `STREAMS_PROPS`: more settings, `key=value` separated by `;`.
    pub(crate) more: Vec<(String, String)>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing or no number where one is expected.
    pub(crate) fn from_env() -> Result<Self, String> {
        Ok(Self {
            bootstrap: required("BOOTSTRAP")?,
            application_id: required("APP_ID")?,
            workload: required("WORKLOAD")?,
            input: required("INPUT")?,
            output: required("OUTPUT")?,
            state_dir: required("STATE_DIR")?,
            threads: number("THREADS")?.unwrap_or(1),
            guarantee: optional("GUARANTEE").unwrap_or_else(|| "at_least_once".to_owned()),
            commit_interval: number("COMMIT_MS")?.map(Duration::from_millis),
            cache_bytes: number("CACHE_BYTES")?,
            more: optional("STREAMS_PROPS").as_deref().map_or_else(Vec::new, pairs),
        })
    }
}

fn optional(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn required(name: &str) -> Result<String, String> {
    optional(name).ok_or_else(|| format!("the variable {name} is missing"))
}

fn number<T: std::str::FromStr>(name: &str) -> Result<Option<T>, String> {
    let Some(text) = optional(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("{name} is {text:?}, but a number is expected"))
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |entry: &str| entry.split_once('=').map(|(key, value)| (key.into(), value.into()));
    text.split(';').filter_map(pair).collect()
}
