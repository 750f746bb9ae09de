//! The typed settings and their defaults.

use std::path::PathBuf;
use std::time::Duration;

use crate::handler::ExceptionHandlers;
use crate::time::DefaultTimestampExtractor;
use crate::topology::{Optimization, StoreType};

/// How often a record's effects may show after a failure.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ProcessingGuarantee {
    /// No record is lost; after a failure effects may be repeated.
    #[default]
    AtLeastOnce,
    /// Each record's effects show once to consumers that read with `isolation.level=read_committed`:
    /// results, changelogs and positions are committed in one transaction of each thread (KIP-447).
    ExactlyOnceV2,
}

/// Every typed setting of the library; units are in the types.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "without the feature `kafka` some are only parsed")]
pub(crate) struct Settings {
    pub(crate) application_id: String,
    pub(crate) bootstrap_servers: String,
    pub(crate) client_id: Option<String>,
    pub(crate) state_dir: PathBuf,
    pub(crate) num_stream_threads: usize,
    pub(crate) guarantee: ProcessingGuarantee,
    /// `None` is the guarantee's default.
    pub(crate) commit_interval: Option<Duration>,
    pub(crate) poll: Duration,
    pub(crate) max_poll_records: usize,
    pub(crate) buffered_records_per_partition: usize,
    pub(crate) cache_max_bytes: usize,
    /// `None` never waits for data of other partitions.
    pub(crate) max_task_idle: Option<Duration>,
    pub(crate) task_timeout: Duration,
    pub(crate) handlers: ExceptionHandlers,
    #[cfg(feature = "observer")]
    pub(crate) observer: crate::processor::Observer,
    pub(crate) extractor: DefaultTimestampExtractor,
    pub(crate) optimization: Optimization,
    pub(crate) explicit_names: bool,
    pub(crate) default_store: StoreType,
    /// -1 is the broker's default.
    pub(crate) replication_factor: i32,
    pub(crate) window_changelog_additional_retention: Duration,
    pub(crate) repartition_purge_interval: Duration,
    pub(crate) state_cleanup_delay: Duration,
    pub(crate) rocksdb: RocksDbSettings,
}

/// How much memory RocksDB may use, in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[allow(dead_code, reason = "without the feature `rocksdb` they are only parsed")]
pub(crate) struct RocksDbSettings {
    /// Of all stores of this instance; `None` shares the default of the process.
    pub(crate) memory: Option<usize>,
    /// The part of it that write buffers may take; `None` is half.
    pub(crate) write_buffers: Option<usize>,
    /// The write buffer of one store.
    pub(crate) store_buffer: Option<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            application_id: String::new(),
            bootstrap_servers: String::new(),
            client_id: None,
            state_dir: std::env::temp_dir().join("kafka-streams"),
            num_stream_threads: 1,
            guarantee: ProcessingGuarantee::AtLeastOnce,
            commit_interval: None,
            poll: Duration::from_millis(100),
            max_poll_records: 1_000,
            buffered_records_per_partition: 1_000,
            cache_max_bytes: 10 * 1024 * 1024,
            max_task_idle: Some(Duration::ZERO),
            task_timeout: Duration::from_millis(300_000),
            handlers: ExceptionHandlers::default(),
            #[cfg(feature = "observer")]
            observer: Default::default(),
            extractor: DefaultTimestampExtractor::default(),
            optimization: Optimization::NONE,
            explicit_names: false,
            default_store: StoreType::RocksDb,
            replication_factor: -1,
            window_changelog_additional_retention: Duration::from_millis(86_400_000),
            repartition_purge_interval: Duration::from_millis(30_000),
            state_cleanup_delay: Duration::from_millis(600_000),
            rocksdb: RocksDbSettings::default(),
        }
    }
}

impl Settings {
    /// How often a thread commits: 30 s by default, 100 ms under exactly-once, as in Java.
    #[cfg_attr(not(feature = "kafka"), allow(dead_code, reason = "the test driver is told when"))]
    pub(crate) fn commit_interval(&self) -> Duration {
        self.commit_interval.unwrap_or(match self.guarantee {
            ProcessingGuarantee::AtLeastOnce => Duration::from_secs(30),
            ProcessingGuarantee::ExactlyOnceV2 => Duration::from_millis(100),
        })
    }

    /// What is missing or does not fit together.
    pub(super) fn problems(&self) -> Option<String> {
        let id = &self.application_id;
        if id.is_empty() {
            return Some(
                "`application.id` is missing: it names the consumer group, the internal \
                         topics and the state directory"
                    .into(),
            );
        }
        if let Some(problem) = self.rocksdb.problem() {
            return Some(problem);
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !id.chars().all(legal) || id == "." || id == ".." {
            return Some(format!(
                "`application.id` is {id:?}, but as part of topic names it may hold only ASCII \
                 letters, digits, `.`, `_` and `-`"
            ));
        }
        None
    }
}

impl RocksDbSettings {
    fn problem(self) -> Option<String> {
        let (memory, buffers) = (self.memory?, self.write_buffers?);
        (buffers > memory).then(|| {
            format!(
                "`rocksdb.write.buffers.bytes` is {buffers}, but write buffers are a part of \
                 `rocksdb.memory.bytes`, which is {memory}"
            )
        })
    }
}
