//! One run of a script, and what came of it.

use std::collections::BTreeMap;

use streams_runtime::driver::test::{ProducedRecord, StoreRow};
use streams_runtime::prelude::{
    StreamsConfig, StreamsError, TestDriverConfig, Topology, TopologyTestDriver,
};
use streams_runtime::record::Headers;

use super::script::Step;

/// How a run differs from another of the same script.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Bytes of cache; 0 is none.
    pub(crate) cache: usize,
    /// Names of optimisations, as `topology.optimization` takes them.
    pub(crate) optimization: &'static str,
    /// When commits happen.
    pub(crate) commits: Commits,
    /// What happens at the script's marks.
    pub(crate) marks: Marker,
    /// True to keep rows in places of a user's own.
    pub(crate) own: bool,
    #[cfg(feature = "rocksdb")]
    pub(crate) state_dir: Option<std::path::PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Commits {
    /// Where the script says so.
    Script,
    /// After each record.
    Always,
    /// At the end only.
    Never,
}

/// What happens at a mark.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Marker {
    Nothing,
    Commit,
    CommitThen(Break),
    Just(Break),
}

/// How a task ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Break {
    /// A crash; what was produced stays.
    Restart,
    /// A crash; what was not committed is taken back.
    RestartFromLastCommit,
    /// The task goes and comes back with its stores.
    Rebalance,
}

impl Setup {
    pub(crate) fn new(cache: usize) -> Self {
        Self {
            cache,
            optimization: "none",
            commits: Commits::Script,
            marks: Marker::Nothing,
            own: false,
            #[cfg(feature = "rocksdb")]
            state_dir: None,
        }
    }

    pub(crate) fn optimized(self, all: bool) -> Self {
        Self { optimization: if all { "all" } else { "none" }, ..self }
    }

    pub(crate) fn with_commits(self, commits: Commits) -> Self {
        Self { commits, ..self }
    }

    pub(crate) fn at_marks(self, marks: Marker) -> Self {
        Self { marks, ..self }
    }

    pub(crate) fn in_own_places(self) -> Self {
        Self { own: true, ..self }
    }

    #[cfg(feature = "rocksdb")]
    pub(crate) fn on_disk(self, folder: &std::path::Path) -> Self {
        Self { state_dir: Some(folder.to_owned()), ..self }
    }

    /// True when the topology is no mistake with this configuration.
    pub(crate) fn builds(&self, topology: &Topology) -> bool {
        TopologyTestDriver::new(topology, self.config()).is_ok()
    }

    fn config(&self) -> TestDriverConfig {
        let cache = self.cache.to_string();
        let mut config = StreamsConfig::new("app")
            .set("statestore.cache.max.bytes", cache)
            .set("topology.optimization", self.optimization)
            .set("max.task.idle.ms", "-1");
        if self.own {
            config = config.default_store_type(super::place::places());
        }
        config.check().expect("a valid configuration");
        let config = TestDriverConfig::from(&config).with_manual_commit();
        #[cfg(feature = "rocksdb")]
        if let Some(path) = &self.state_dir {
            return config.with_state_dir(path);
        }
        config
    }
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// Everything that was produced, in order.
    pub(crate) produced: Vec<ProducedRecord>,
    /// The rows of each store.
    pub(crate) stores: BTreeMap<String, Vec<StoreRow>>,
    pub(crate) dropped: u64,
    pub(crate) stream_time: i64,
}

/// Runs a script.
pub(crate) fn run(
    topology: &Topology,
    steps: &[Step],
    setup: &Setup,
) -> Result<Outcome, StreamsError> {
    let mut driver = TopologyTestDriver::new(topology, setup.config())?;
    for step in steps {
        take(&mut driver, step, setup)?;
    }
    driver.commit()?;
    let mut stores = BTreeMap::new();
    for name in driver.store_names() {
        let rows = driver.store_rows(&name)?;
        stores.insert(name, rows);
    }
    let (dropped, stream_time) = (driver.dropped_records(), driver.stream_time_ms());
    Ok(Outcome { produced: driver.take_output(), stores, dropped, stream_time })
}

fn at_mark(driver: &mut TopologyTestDriver, marker: Marker) -> Result<(), StreamsError> {
    if matches!(marker, Marker::Commit | Marker::CommitThen(_)) {
        driver.commit()?;
    }
    let (Marker::CommitThen(how) | Marker::Just(how)) = marker else { return Ok(()) };
    match how {
        Break::Restart => driver.restart(),
        Break::RestartFromLastCommit => driver.restart_from_last_commit(),
        Break::Rebalance => driver.rebalance(),
    }
}

fn take(driver: &mut TopologyTestDriver, step: &Step, setup: &Setup) -> Result<(), StreamsError> {
    match step {
        Step::Pipe { topic, key, value, time } => {
            let value = value.map(i64::to_be_bytes);
            let (key, value) =
                (key.as_deref().map(str::as_bytes), value.as_ref().map(|v| v.as_slice()));
            driver.pipe_raw(topic, key, value, *time, Headers::default())?;
            if setup.commits == Commits::Always { driver.commit() } else { Ok(()) }
        }
        Step::Clock(ms) => driver.advance_wall_clock(*ms),
        Step::Mark => at_mark(driver, setup.marks),
        Step::Commit if setup.commits == Commits::Script => driver.commit(),
        Step::Commit => Ok(()),
    }
}
