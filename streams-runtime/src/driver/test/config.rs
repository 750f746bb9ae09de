//! What a test driver is told.

use std::path::PathBuf;

use crate::config::StreamsConfig;
use crate::error::StreamsError;
use crate::task::TaskSettings;
use crate::time::Timestamp;
use crate::topology::TopologyConfig;

/// The configuration of a [`TopologyTestDriver`](super::TopologyTestDriver).
///
/// # Example
/// ```
/// use streams_runtime::driver::test::TestDriverConfig;
///
/// let config = TestDriverConfig::from_map([
///     ("application.id", "orders"),
///     ("statestore.cache.max.bytes", "0"),
/// ])?
/// .initial_wall_clock(1_000);
/// # Ok::<(), streams_runtime::error::StreamsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TestDriverConfig {
    pub(super) topology: TopologyConfig,
    pub(super) tasks: TaskSettings,
    pub(super) initial_wall_clock: Timestamp,
    pub(super) manual_commit: bool,
    pub(super) state_dir: Option<PathBuf>,
}

impl TestDriverConfig {
    /// Kafka Streams' defaults for an application of that name.
    pub fn new(application_id: impl Into<String>) -> Self {
        Self::from(&StreamsConfig::new(application_id))
    }

    /// Reads Kafka Streams' key names; `application.id` is `app` unless it is among them.
    ///
    /// # Errors
    /// When a key or a value is wrong.
    pub fn from_map<K: AsRef<str>, V: Into<String>>(
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, StreamsError> {
        let start = StreamsConfig::new("app");
        let set = |config: StreamsConfig, (key, value): (K, V)| config.set(key.as_ref(), value);
        let config = entries.into_iter().fold(start, set);
        config.check()?;
        Ok(Self::from(&config))
    }

    /// The wall clock at the start, in milliseconds since the epoch.
    #[must_use]
    pub fn initial_wall_clock(mut self, ms: u32) -> Self {
        self.initial_wall_clock = Timestamp::from(ms);
        self
    }

    /// Leaves it to [`TopologyTestDriver::commit`](super::TopologyTestDriver::commit) when to commit, as a
    /// commit interval does in production: until then caches hold results back.
    #[must_use]
    pub fn with_manual_commit(mut self) -> Self {
        self.manual_commit = true;
        self
    }

    /// Keeps stores of the kind RocksDB in files below this folder, in place of memory, and the files of processors
    /// ([`state_dir`](crate::processor::ProcessingContext::state_dir)).
    ///
    /// Stores survive a restart of the driver, and what follows in their changelogs is then added; without the feature
    /// `rocksdb` they stay in memory.
    #[must_use]
    pub fn with_state_dir(mut self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        self.tasks.state_dir = Some(path.join(&self.tasks.application_id));
        self.state_dir = Some(path);
        self
    }

    /// Changes what tasks are told: handlers, default extractor, cache.
    #[must_use]
    pub fn with_tasks(mut self, change: impl FnOnce(&mut TaskSettings)) -> Self {
        change(&mut self.tasks);
        self
    }
}

impl Default for TestDriverConfig {
    fn default() -> Self {
        Self::new("app")
    }
}

impl From<&StreamsConfig> for TestDriverConfig {
    fn from(config: &StreamsConfig) -> Self {
        Self {
            topology: config.topology_config(),
            // a test sees closed windows at once, as in Java's driver
            tasks: TaskSettings { emit_interval_ms: 0, state_dir: None, ..config.task_settings() },
            initial_wall_clock: Timestamp::ZERO,
            manual_commit: false,
            state_dir: None,
        }
    }
}

impl From<StreamsConfig> for TestDriverConfig {
    fn from(config: StreamsConfig) -> Self {
        Self::from(&config)
    }
}

impl From<&Self> for TestDriverConfig {
    fn from(config: &Self) -> Self {
        config.clone()
    }
}
