//! The invariants, each as two or more runs of one script.

use std::collections::BTreeMap;

use streams_runtime::driver::test::{ProducedRecord, StoreRow};
use streams_runtime::prelude::{StreamsError, Topology};

use super::build;
use super::promise::{Promise, Promises};
use super::report::difference;
use super::run::{Break, Commits, Marker, Outcome, Setup, run};
use super::script::Step;
use super::spec::{Kept, Kind, Op, Spec, Windows};

/// An invariant that does not hold.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) invariant: &'static str,
    pub(crate) detail: String,
}

type Checked = Result<(), Violation>;

/// More than any script fills.
const LARGE: usize = 1 << 20;
/// A few rows.
const SMALL: usize = 600;

/// All invariants of one topology and script; those of RocksDB take their time and are for some.
pub(crate) fn check(spec: &Spec, steps: &[Step], on_disk: bool) -> Checked {
    let checks = Checks { spec, steps, topology: build::topology(spec) };
    let plain = checks.run("runs", &Setup::new(0))?;
    checks.determinism(&plain)?;
    checks.changelogs(&plain)?;
    checks.caches(&plain)?;
    checks.commits(&plain)?;
    checks.restarts()?;
    checks.crashes()?;
    checks.optimization(&plain)?;
    checks.own_places(&plain)?;
    if on_disk { checks.backends(&plain) } else { Ok(()) }
}

struct Checks<'s> {
    spec: &'s Spec,
    steps: &'s [Step],
    topology: Topology,
}

impl Checks<'_> {
    fn run(&self, invariant: &'static str, setup: &Setup) -> Result<Outcome, Violation> {
        run(&self.topology, self.steps, setup).map_err(|error: StreamsError| Violation {
            invariant,
            detail: format!("{setup:?} fails: {error}"),
        })
    }

    /// The same seed gives the same bytes, and the same names.
    fn determinism(&self, plain: &Outcome) -> Checked {
        let again = build::topology(self.spec);
        let invariant = "the same seed gives the same names and bytes";
        if again.describe() != self.topology.describe() {
            let detail = format!("{}\n{}", self.topology.describe(), again.describe());
            return Err(Violation { invariant, detail });
        }
        let outcome = run(&again, self.steps, &Setup::new(0));
        let outcome = outcome.map_err(|e| Violation { invariant, detail: e.to_string() })?;
        identical(invariant, plain, &outcome)
    }

    /// What a changelog holds is what its store holds.
    fn changelogs(&self, plain: &Outcome) -> Checked {
        for (store, rows) in &plain.stores {
            let topic = format!("app-{store}-changelog");
            let logged = plain.produced.iter().any(|record| *record.topic == *topic);
            if !logged || rows.iter().any(|row| row.window.is_some()) || !self.is_table(store) {
                continue;
            }
            let invariant = "a changelog holds what its store holds";
            equal(invariant, store, &values(rows), &last_values(plain, &topic))?;
        }
        Ok(())
    }

    /// True for the stores of tables by key: other layouts have other keys in their changelogs.
    fn is_table(&self, store: &str) -> bool {
        let id = store.strip_prefix("store-").and_then(|id| id.parse::<usize>().ok());
        id.is_some_and(|id| {
            let node = &self.spec.nodes[id];
            node.kind == Kind::Table && !matches!(node.op, Op::Table(Kept { history: Some(_), .. }))
        })
    }

    fn caches(&self, plain: &Outcome) -> Checked {
        let promises = Promises::with_and_without_cache(self.spec);
        for bytes in [LARGE, SMALL] {
            let invariant = match bytes {
                LARGE => "a cache changes no final result",
                _ => "a cache that is always full changes no final result",
            };
            let cached = self.run(invariant, &Setup::new(bytes))?;
            self.compare(invariant, &promises, plain, &cached)?;
        }
        Ok(())
    }

    fn commits(&self, plain: &Outcome) -> Checked {
        let invariant = "without caches it does not matter where commits are";
        let plain = without_suppress_logs(plain);
        for commits in [Commits::Always, Commits::Never] {
            let other = self.run(invariant, &Setup::new(0).with_commits(commits))?;
            identical(invariant, &plain, &without_suppress_logs(&other))?;
        }
        Ok(())
    }

    fn restarts(&self) -> Checked {
        let promises = Promises::over_restarts(self.spec);
        for (cache, optimized) in [(0, false), (LARGE, self.can_be_optimized())] {
            let setup = Setup::new(cache).optimized(optimized);
            let calm = self.run("runs", &setup.clone().at_marks(Marker::Commit))?;
            for how in [Break::Restart, Break::Rebalance] {
                let invariant = match how {
                    Break::Rebalance => "a rebalance behind a commit changes nothing",
                    _ => "a restart behind a commit changes nothing",
                };
                let broken = setup.clone().at_marks(Marker::CommitThen(how));
                self.after_breaks(invariant, &promises, &calm, &self.run(invariant, &broken)?)?;
            }
            let invariant = "a crash under exactly-once changes nothing";
            let calm = self.run("runs", &setup)?;
            let broken = setup.at_marks(Marker::Just(Break::RestartFromLastCommit));
            let broken = self.run(invariant, &broken)?;
            // what is processed twice is counted twice
            let broken = Outcome { dropped: calm.dropped, ..broken };
            self.after_breaks(invariant, &promises, &calm, &broken)?;
        }
        Ok(())
    }

    fn after_breaks(
        &self,
        invariant: &'static str,
        promises: &Promises,
        calm: &Outcome,
        broken: &Outcome,
    ) -> Checked {
        if promises.complete() {
            let [calm, broken] = [calm, broken].map(|outcome| self.as_restarted(outcome));
            identical(invariant, &calm, &broken)
        } else {
            self.compare(invariant, promises, calm, broken)
        }
    }

    /// Leaves out what a restart may change.
    fn as_restarted(&self, outcome: &Outcome) -> Outcome {
        // the order of a hash set that has grown, and of one that has not (as in Java)
        let mut outcome = without_suppress_logs(outcome);
        // the keys of these stores end in a number that leaves a gap (`JoinWindowStore`)
        let of_join = |name: &str| {
            name.contains("KSTREAM-") && (name.contains("THIS-") || name.contains("OTHER-"))
        };
        outcome.produced.retain(|record| !(record.internal && of_join(&record.topic)));
        outcome.stores.retain(|name, _| !of_join(name));
        let named = |name: &str| name.starts_with("store-");
        let unnamed = outcome.stores.iter_mut().filter(|(name, _)| !named(name));
        unnamed.for_each(|(_, rows)| rows.retain(|row| row.window.is_none()));
        // a cache shows expired windows, until it is gone
        for (id, node) in self.spec.nodes.iter().enumerate() {
            let kept = oldest_kept(&node.op, outcome.stream_time);
            if let Some(rows) = outcome.stores.get_mut(&format!("store-{id}")) {
                rows.retain(|row| row.window.is_none_or(|window| window.start >= kept));
            }
        }
        outcome
    }

    fn crashes(&self) -> Checked {
        let promises = Promises::over_repeats(self.spec);
        let invariant = "a crash under at-least-once changes no final table";
        let calm = self.run("runs", &Setup::new(0))?;
        for how in [Break::Restart, Break::Rebalance] {
            let broken = self.run(invariant, &Setup::new(0).at_marks(Marker::Just(how)))?;
            self.compare(invariant, &promises, &calm, &broken)?;
        }
        Ok(())
    }

    /// Where two merges stand below one change of the key, Kafka Streams moves one repartition to both of
    /// them under one name, and refuses that (InternalStreamsBuilder.maybeUpdateKeyChangingRepartitionNodeMap).
    fn can_be_optimized(&self) -> bool {
        let merges = self.spec.nodes.iter().filter(|node| matches!(node.op, Op::Merge)).count();
        merges < 2 || Setup::new(0).optimized(true).builds(&self.topology)
    }

    fn optimization(&self, plain: &Outcome) -> Checked {
        if !self.can_be_optimized() {
            return Ok(());
        }
        let promises = Promises::with_and_without_optimization(self.spec);
        let invariant = "topology.optimization changes no final result";
        let optimized = self.run(invariant, &Setup::new(0).optimized(true))?;
        self.compare(invariant, &promises, plain, &optimized)
    }

    /// Places of a user's own, which lose the last batches in a crash, give what the built-in ones give.
    fn own_places(&self, plain: &Outcome) -> Checked {
        let invariant = "places of one's own give what memory gives";
        let own = self.run(invariant, &Setup::new(0).in_own_places())?;
        identical(invariant, plain, &own)?;
        let promises = Promises::over_restarts(self.spec);
        let invariant = "a crash in places of one's own under exactly-once changes nothing";
        let marks = Marker::Just(Break::RestartFromLastCommit);
        let broken = self.run(invariant, &Setup::new(0).in_own_places().at_marks(marks))?;
        let broken = Outcome { dropped: plain.dropped, ..broken };
        self.after_breaks(invariant, &promises, plain, &broken)
    }

    #[cfg(not(feature = "rocksdb"))]
    fn backends(&self, _: &Outcome) -> Checked {
        Ok(())
    }

    /// RocksDB gives what memory gives, and what it keeps over a crash is what the last commit wrote.
    #[cfg(feature = "rocksdb")]
    fn backends(&self, plain: &Outcome) -> Checked {
        let invariant = "RocksDB gives what memory gives";
        let folder = Folder::new();
        let on_disk = self.run(invariant, &Setup::new(0).on_disk(folder.path()))?;
        identical(invariant, plain, &on_disk)?;
        let promises = Promises::over_restarts(self.spec);
        for (cache, how, invariant) in [
            (0, Break::Restart, "a restart on RocksDB behind a commit changes nothing"),
            (LARGE, Break::Rebalance, "a rebalance on RocksDB behind a commit changes nothing"),
        ] {
            let calm = self.run("runs", &Setup::new(cache).at_marks(Marker::Commit))?;
            let folder = Folder::new();
            let setup = Setup::new(cache).on_disk(folder.path()).at_marks(Marker::CommitThen(how));
            self.after_breaks(invariant, &promises, &calm, &self.run(invariant, &setup)?)?;
        }
        let invariant = "a crash on RocksDB under exactly-once changes nothing";
        let marks = Marker::Just(Break::RestartFromLastCommit);
        let folder = Folder::new();
        let broken = self.run(invariant, &Setup::new(0).on_disk(folder.path()).at_marks(marks))?;
        let broken = Outcome { dropped: plain.dropped, ..broken };
        self.after_breaks(invariant, &promises, plain, &broken)
    }

    /// Compares what the nodes promise.
    fn compare(
        &self,
        invariant: &'static str,
        promises: &Promises,
        one: &Outcome,
        other: &Outcome,
    ) -> Checked {
        for (id, node) in self.spec.nodes.iter().enumerate() {
            let topic = format!("out-{id}");
            match promises.flow[id] {
                Promise::Nothing => continue,
                _ if promises.passing.get(id) == Some(&true) => {}
                Promise::Same => {
                    let [one, other] = [one, other].map(|outcome| all_values(outcome, &topic));
                    equal(invariant, &topic, &one, &other)?;
                }
                Promise::Final => {
                    let [one, other] = [one, other].map(|outcome| last_values(outcome, &topic));
                    equal(invariant, &topic, &one, &other)?;
                }
            }
            let store = format!("store-{id}");
            let is_result = !matches!(node.op, Op::Process { .. } | Op::ProcessValues { .. });
            let kept = oldest_kept(&node.op, one.stream_time);
            let rows = |outcome: &Outcome| {
                let rows = outcome.stores.get(&store)?.iter();
                let kept = rows.filter(|row| row.window.is_none_or(|window| window.start >= kept));
                Some(kept.map(value_of).collect::<Vec<_>>())
            };
            if let (Some(one), Some(other), true) = (rows(one), rows(other), is_result) {
                equal(invariant, &store, &one, &other)?;
            }
        }
        Ok(())
    }
}

/// The start of the oldest window that a store has to keep. Older ones go when the store sees time pass,
/// which it does not when a cache keeps a deletion from it.
fn oldest_kept(op: &Op, stream_time: i64) -> i64 {
    let (Op::WindowAggregate { windows, .. } | Op::WindowCogroup { windows, .. }) = op else {
        return i64::MIN;
    };
    let retention = match *windows {
        Windows::Tumbling { size, grace } | Windows::Hopping { size, grace, .. } => size + grace,
        Windows::Sliding { difference, grace } => 2 * difference + grace,
        Windows::Session { gap, grace } => gap + grace,
    };
    stream_time - i64::try_from(retention).expect("small") + 1
}

/// A folder that goes with its value.
#[cfg(feature = "rocksdb")]
pub(crate) struct Folder(std::path::PathBuf);

#[cfg(feature = "rocksdb")]
impl Folder {
    fn new() -> Self {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("streams-differential-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn path(&self) -> &std::path::Path {
        &self.0
    }
}

#[cfg(feature = "rocksdb")]
impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn without_suppress_logs(outcome: &Outcome) -> Outcome {
    let mut outcome = outcome.clone();
    outcome.produced.retain(|record| !record.topic.contains("SUPPRESS"));
    outcome
}

/// The records of a topic, in order.
fn all_values(outcome: &Outcome, topic: &str) -> Vec<String> {
    outcome.produced.iter().filter(|record| *record.topic == *topic).map(shown).collect()
}

/// A topic as a table: the last value of each key.
fn last_values(outcome: &Outcome, topic: &str) -> Vec<String> {
    let mut table = BTreeMap::new();
    for record in outcome.produced.iter().filter(|record| *record.topic == *topic) {
        let key = record.key.as_deref();
        match &record.value {
            Some(value) => table.insert(key, value),
            None => table.remove(&key),
        };
    }
    table.into_iter().map(|(key, value)| format!("{}: {}", part(key), part(Some(value)))).collect()
}

/// The rows of a store, without their times: those depend on updates that a cache leaves out.
fn values(rows: &[StoreRow]) -> Vec<String> {
    rows.iter().map(value_of).collect()
}

fn value_of(row: &StoreRow) -> String {
    let window = row.window.map(|w| format!("@{}-{}", w.start, w.end)).unwrap_or_default();
    format!("{}{window}: {}", part(Some(&row.key)), part(Some(&row.value)))
}

fn identical(invariant: &'static str, one: &Outcome, other: &Outcome) -> Checked {
    let [first, second] = [one, other].map(|o| o.produced.iter().map(shown).collect::<Vec<_>>());
    equal(invariant, "what was produced", &first, &second)?;
    for (store, rows) in &one.stores {
        let [rows, others] = [Some(rows), other.stores.get(store)]
            .map(|rows| rows.map(|rows| rows.iter().map(row).collect::<Vec<_>>()));
        equal(invariant, store, &rows.unwrap_or_default(), &others.unwrap_or_default())?;
    }
    let [first, second] = [one, other].map(|o| {
        vec![format!("dropped records: {}", o.dropped), format!("stream time: {}", o.stream_time)]
    });
    equal(invariant, "a figure", &first, &second)
}

fn row(row: &StoreRow) -> String {
    let time = row.timestamp.map(|time| format!(" @{time}")).unwrap_or_default();
    format!("{}{time}", value_of(row))
}

fn equal(invariant: &'static str, what: &str, one: &[String], other: &[String]) -> Checked {
    if one == other {
        return Ok(());
    }
    let detail = format!("{what} differs:\n{}", difference(one, other));
    Err(Violation { invariant, detail })
}

/// A record as text.
pub(crate) fn shown(record: &ProducedRecord) -> String {
    let (key, value) = (part(record.key.as_deref()), part(record.value.as_deref()));
    let time = record.timestamp.unwrap_or(-1);
    format!("{} <- {key}: {value} @{time}", record.topic)
}

/// Bytes as text: a number, text, or hex.
fn part(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "null".to_owned() };
    if let Ok(number) = <[u8; 8]>::try_from(bytes) {
        return i64::from_be_bytes(number).to_string();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(|c| !c.is_control()) => text.to_owned(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
