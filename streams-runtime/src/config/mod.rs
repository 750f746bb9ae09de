//! The configuration of an application: typed methods and Kafka Streams' own key names.

mod clients;
mod java;
mod keys;
mod librdkafka;
mod nearest;
mod settings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use self::clients::ClientKind;
use self::clients::ClientSettings;
pub use self::settings::ProcessingGuarantee;
#[cfg(all(feature = "kafka", feature = "rocksdb"))]
pub(crate) use self::settings::RocksDbSettings;
pub(crate) use self::settings::Settings;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::handler::{
    DeserializationExceptionHandler, ProcessingExceptionHandler, ProductionExceptionHandler,
};
use crate::task::TaskSettings;
use crate::time::DefaultTimestampExtractor;
use crate::topology::{Optimization, StoreType, TopologyConfig};

/// How an application runs: its name, its broker, its threads, its state.
///
/// Every setting has a typed method, and [`set`](Self::set) takes Kafka Streams' key names with the
/// prefixes `consumer.`, `main.consumer.`, `restore.consumer.`, `producer.`, `admin.` and `topic.`.
/// Keys of librdkafka are passed through to the clients that know them.
/// Defaults are those of Kafka Streams 4.3.
///
/// Wrong keys and values are collected; [`check`](Self::check) tells them all at once, and so
/// does everything that takes a configuration.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use streams_runtime::config::StreamsConfig;
///
/// let config = StreamsConfig::new("word-count")
///     .bootstrap_servers("localhost:9092")
///     .num_stream_threads(2)
///     .commit_interval(Duration::from_millis(500))
///     .set("statestore.cache.max.bytes", "0")
///     .set("producer.compression.type", "zstd");
/// assert!(config.check().is_ok());
///
/// let error = config.set("commit.interval", "500").check().unwrap_err();
/// assert!(error.to_string().contains("did you mean `commit.interval.ms`?"));
/// ```
#[derive(Clone, Debug)]
pub struct StreamsConfig {
    settings: Settings,
    clients: ClientSettings,
    problems: Vec<String>,
    notes: Vec<String>,
}

impl StreamsConfig {
    /// The defaults for an application.
    ///
    /// `application_id` names the consumer group, the internal topics and the state directory, so
    /// two applications on one cluster need two names.
    pub fn new(application_id: impl Into<String>) -> Self {
        let config = Self {
            settings: Settings::default(),
            clients: ClientSettings::default(),
            problems: Vec::new(),
            notes: Vec::new(),
        };
        config.set("application.id", application_id.into())
    }

    /// Reads key names and values, for example out of a properties file.
    ///
    /// # Errors
    /// When a key or a value is wrong; all of them are told at once.
    pub fn from_map<K: AsRef<str>, V: Into<String>>(
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, StreamsError> {
        let start = Self {
            settings: Settings::default(),
            clients: ClientSettings::default(),
            problems: Vec::new(),
            notes: Vec::new(),
        };
        let config =
            entries.into_iter().fold(start, |config, (key, value)| config.set(key.as_ref(), value));
        config.check()?;
        Ok(config)
    }

    /// Sets one key by its name in Kafka Streams or librdkafka.
    ///
    /// A wrong key or value is reported by [`check`](Self::check).
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        match self.apply(key, &value) {
            Ok(None) => {}
            Ok(Some(note)) => self.notes.push(note),
            Err(problem) => self.problems.push(problem),
        }
        self
    }

    fn apply(&mut self, key: &str, value: &str) -> Result<Option<String>, String> {
        if let Some(effect) = keys::effect(key) {
            return effect.apply(&mut self.settings, key, value);
        }
        self.clients.apply(key, value)
    }

    /// Where the broker is: `host:port`, several separated by commas.
    #[must_use]
    pub fn bootstrap_servers(self, servers: impl Into<String>) -> Self {
        self.set("bootstrap.servers", servers)
    }

    /// How many threads process in this instance. Default 1.
    #[must_use]
    pub fn num_stream_threads(self, threads: usize) -> Self {
        self.set("num.stream.threads", threads.to_string())
    }

    /// What a failure may show: see [`ProcessingGuarantee`]. Default at-least-once.
    ///
    /// Exactly-once needs `producer.transaction.timeout.ms` (default 10 s) above the commit interval
    /// and above the longest time that one record may take; a broker with less than three nodes
    /// needs `transaction.state.log.replication.factor=1`.
    #[must_use]
    pub fn processing_guarantee(self, guarantee: ProcessingGuarantee) -> Self {
        let value = match guarantee {
            ProcessingGuarantee::AtLeastOnce => "at_least_once",
            ProcessingGuarantee::ExactlyOnceV2 => "exactly_once_v2",
        };
        self.set("processing.guarantee", value)
    }

    /// How often the position is committed. Default 30 s, under exactly-once 100 ms.
    ///
    /// A shorter interval brings cached results downstream sooner and repeats less after a crash.
    #[must_use]
    pub fn commit_interval(self, interval: Duration) -> Self {
        self.set("commit.interval.ms", interval.as_millis().to_string())
    }

    /// Where local state lives. Default: `kafka-streams` in the directory for temporary files.
    #[must_use]
    pub fn state_dir(self, directory: impl AsRef<Path>) -> Self {
        self.set("state.dir", directory.as_ref().to_string_lossy())
    }

    /// Bytes that all caches of this instance may hold together; its threads share them evenly. Default
    /// 10 MiB; 0 sends every update downstream.
    ///
    /// They are counted as Kafka Streams counts them: keys and values as their serdes write them, and 45 bytes
    /// a row besides. The objects in memory take two to three times as much.
    #[must_use]
    pub fn cache_max_bytes(self, bytes: usize) -> Self {
        self.set("statestore.cache.max.bytes", bytes.to_string())
    }

    /// Bytes that all RocksDB stores of this instance may use together: blocks read from disk, indexes,
    /// filters and write buffers. Key `rocksdb.memory.bytes`, which Kafka Streams has not.
    ///
    /// Default: the instances of a process share 256 MiB. Write buffers may take half of it, or
    /// `rocksdb.write.buffers.bytes`; a store writes its buffer to disk when that holds 4 MiB, or
    /// `rocksdb.store.buffer.bytes`. Caches of objects ([`cache_max_bytes`](Self::cache_max_bytes)) and
    /// uncommitted rows come on top.
    #[must_use]
    pub fn rocksdb_memory(self, bytes: usize) -> Self {
        self.set("rocksdb.memory.bytes", bytes.to_string())
    }

    /// The name under which the broker sees this instance. Default: the application id and a
    /// process id.
    #[must_use]
    pub fn client_id(self, id: impl Into<String>) -> Self {
        self.set("client.id", id)
    }

    /// Decides about records that do not decode. Default: `LogAndFailExceptionHandler`.
    #[must_use]
    pub fn deserialization_exception_handler(
        mut self,
        handler: impl DeserializationExceptionHandler,
    ) -> Self {
        self.settings.handlers.deserialization = Arc::new(handler);
        self
    }

    /// Decides about errors of user functions. Default: `LogAndFailProcessingExceptionHandler`.
    #[must_use]
    pub fn processing_exception_handler(
        mut self,
        handler: impl ProcessingExceptionHandler,
    ) -> Self {
        self.settings.handlers.processing = Arc::new(handler);
        self
    }

    /// Shows each record to an observer before a node works on it; see [`ProcessorObserver`](crate::processor::ProcessorObserver).
    /// Default: none. Java: `processor.wrapper.class`.
    #[cfg(feature = "observer")]
    #[must_use]
    pub fn processor_observer(
        mut self,
        observer: impl crate::processor::ProcessorObserver,
    ) -> Self {
        self.settings.observer.0 = Some(Arc::new(observer));
        self
    }

    /// Decides about results that cannot be produced. Default: `DefaultProductionExceptionHandler`.
    #[must_use]
    pub fn production_exception_handler(
        mut self,
        handler: impl ProductionExceptionHandler,
    ) -> Self {
        self.settings.handlers.production = Arc::new(handler);
        self
    }

    /// Where records go that an error handler drops; none by default.
    #[must_use]
    pub fn dead_letter_queue(self, topic: impl Into<String>) -> Self {
        self.set("errors.dead.letter.queue.topic.name", topic)
    }

    /// Which rewrites the plan of the topology makes. Default none.
    #[must_use]
    pub fn optimization(mut self, optimization: Optimization) -> Self {
        self.settings.optimization = optimization;
        self
    }

    /// The kind of a store that names none. Default RocksDB.
    ///
    /// [`StoreType::own`] keeps such stores in places of your own (`dsl.store.suppliers.class`). Stores of processors name their
    /// kind when they are declared.
    #[must_use]
    pub fn default_store_type(mut self, kind: StoreType) -> Self {
        self.settings.default_store = kind;
        self
    }

    /// Tells all wrong keys and values, and the required ones that are missing.
    ///
    /// `bootstrap.servers` is not asked for here, as a test driver needs none.
    ///
    /// # Errors
    /// When there is one, with the mend for each.
    pub fn check(&self) -> Result<(), StreamsError> {
        let mut problems = self.problems.clone();
        problems.extend(self.settings.problems());
        problems.extend(self.commits_too_late());
        match problems.as_slice() {
            [] => Ok(()),
            [only] => Err(StreamsError::new(
                StreamsErrorKind::Config,
                format!("invalid configuration: {only}"),
            )),
            all => Err(StreamsError::new(
                StreamsErrorKind::Config,
                format!("invalid configuration:\n  - {}", all.join("\n  - ")),
            )),
        }
    }

    /// The broker ends a transaction that lasts too long; Java's
    /// `StreamsConfig.verifyEOSTransactionTimeoutCompatibility`.
    fn commits_too_late(&self) -> Option<String> {
        const KEY: &str = "transaction.timeout.ms";
        if self.settings.guarantee == ProcessingGuarantee::AtLeastOnce {
            return None;
        }
        let given = self.client_properties(ClientKind::Producer).remove(KEY);
        let timeout: u128 = given.map_or(Ok(10_000), |text| text.parse()).ok()?;
        let interval = self.settings.commit_interval().as_millis();
        (timeout < interval).then(|| {
            format!(
                "`producer.{KEY}` is {timeout} ms, less than `commit.interval.ms` with {interval} \
                 ms: no transaction would live until its commit; set it above"
            )
        })
    }

    /// Accepted keys that have no effect here, each with its reason.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The application's name.
    pub fn application_id(&self) -> &str {
        &self.settings.application_id
    }

    /// The broker's address; empty when none was given.
    pub fn bootstrap(&self) -> &str {
        &self.settings.bootstrap_servers
    }

    /// The directory of local state, without the application's name.
    pub fn state_directory(&self) -> &PathBuf {
        &self.settings.state_dir
    }

    /// What of this shapes a topology.
    pub fn topology_config(&self) -> TopologyConfig {
        let settings = &self.settings;
        TopologyConfig {
            application_id: settings.application_id.clone(),
            optimization: settings.optimization,
            cache_max_bytes: settings.cache_max_bytes,
            ensure_explicit_internal_resource_naming: settings.explicit_names,
            default_store_type: settings.default_store.clone(),
            window_changelog_additional_retention_ms: i64::try_from(
                settings.window_changelog_additional_retention.as_millis(),
            )
            .unwrap_or(i64::MAX),
        }
    }

    /// What of this concerns tasks; the cache's bytes are those of the whole instance.
    pub fn task_settings(&self) -> TaskSettings {
        let settings = &self.settings;
        let millis = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        TaskSettings {
            handlers: settings.handlers.clone(),
            default_timestamp_extractor: settings.extractor,
            max_task_idle_ms: settings.max_task_idle.map(millis),
            cache_max_bytes: settings.cache_max_bytes,
            #[cfg(feature = "observer")]
            observer: settings.observer.clone(),
            state_dir: Some(settings.state_dir.join(&settings.application_id)),
            ..TaskSettings::new(&settings.application_id)
        }
    }

    /// The extractor of sources that name none. Default: `FailOnInvalidTimestamp`.
    #[must_use]
    pub fn default_timestamp_extractor(mut self, extractor: DefaultTimestampExtractor) -> Self {
        self.settings.extractor = extractor;
        self
    }

    /// Everything typed, for the parts of this crate.
    #[allow(dead_code, reason = "without the feature `kafka` only tests read it")]
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What one kind of client gets, in librdkafka's names; without the library's own settings.
    pub fn client_properties(&self, kind: ClientKind) -> BTreeMap<String, String> {
        self.clients.properties(kind)
    }

    /// Configuration of internal topics, set by `topic.`.
    pub fn topic_properties(&self) -> &BTreeMap<String, String> {
        self.clients.topic()
    }
}

#[cfg(test)]
mod tests;
