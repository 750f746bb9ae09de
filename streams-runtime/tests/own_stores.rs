//! Stores of a kind of the user's own: changelog, restarts, crashes, failures.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use streams_runtime::prelude::*;
use streams_runtime::store::{
    Changelog, ChangelogRecord, OwnSetup, OwnStore, StoreError, StoreErrorKind,
};
use streams_runtime::topology::TopologyConfig;

/// What a durable sum has written, by name and partition.
type Disk = Arc<Mutex<BTreeMap<String, (Sums, BTreeMap<i32, i64>)>>>;
type Sums = BTreeMap<String, i64>;

/// Sums by key.
#[derive(Default)]
struct Summed {
    sums: Sums,
    /// Keys that are not logged yet; without it each change is logged at once.
    behind: Option<Vec<String>>,
    /// Where it is durable, and its name there.
    disk: Option<(Disk, String)>,
    restored: usize,
}

impl Summed {
    fn on(disk: &Disk, setup: &OwnSetup<'_>) -> Self {
        let name = format!("{}-{}", setup.name, setup.partition);
        let sums = disk.lock().unwrap().get(&name).map(|(sums, _)| sums.clone());
        Self {
            sums: sums.unwrap_or_default(),
            disk: Some((Arc::clone(disk), name)),
            ..Self::default()
        }
    }

    fn add(&mut self, record: &Record<String, i64>, log: &mut Changelog) -> i64 {
        let sum = self.sums.entry(record.key.clone()).or_insert(0);
        *sum += record.value;
        match &mut self.behind {
            Some(behind) => behind.push(record.key.clone()),
            None => log.log_with_headers(
                record.key.as_bytes(),
                Some(&sum.to_be_bytes()),
                record.timestamp,
                &record.headers,
            ),
        }
        *sum
    }
}

impl OwnStore for Summed {
    fn restore(&mut self, record: &ChangelogRecord<'_>) -> Result<(), StoreError> {
        self.restored += 1;
        let key = String::from_utf8_lossy(record.key).into_owned();
        match record.value {
            None => drop(self.sums.remove(&key)),
            Some(value) => {
                let value = value
                    .try_into()
                    .map_err(|_| StoreError::new(StoreErrorKind::Serde, "a sum has eight bytes"))?;
                self.sums.insert(key, i64::from_be_bytes(value));
            }
        }
        Ok(())
    }

    fn flush(&mut self, log: &mut Changelog) -> Result<(), StoreError> {
        let mut behind = self.behind.as_mut().map(std::mem::take).unwrap_or_default();
        behind.sort();
        behind.dedup();
        for key in behind {
            let sum = self.sums[&key].to_be_bytes();
            log.log(key.as_bytes(), Some(&sum), Timestamp::from(7));
        }
        Ok(())
    }

    fn commit(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        let Some((disk, name)) = &self.disk else { return Ok(()) };
        let mut disk = disk.lock().unwrap();
        let (sums, known) = disk.entry(name.clone()).or_default();
        sums.clone_from(&self.sums);
        known.extend(offsets.iter().copied());
        Ok(())
    }

    fn committed_offset(&self, partition: i32) -> Result<Option<i64>, StoreError> {
        let Some((disk, name)) = &self.disk else { return Ok(None) };
        let disk = disk.lock().unwrap();
        Ok(disk.get(name).and_then(|(_, offsets)| offsets.get(&partition).copied()))
    }
}

#[processor]
fn sum_up(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    sums: &mut Own<Summed>,
) {
    if let Some(sum) = sums.with(|sums, log| sums.add(&record, log)) {
        ctx.forward(record.with_value(sum));
    }
}

type Builder = StoreBuilder<Own<'static, Summed>>;

fn topology(sums: Builder) -> Topology {
    topology!({
        let sums = store(sums);
        stream::<String, i64>("in").process(sum_up, sums).to("out");
    })
}

fn in_memory() -> Builder {
    Own::<Summed>::builder("sums", |_| Ok(Summed::default()))
}

fn write_behind() -> Builder {
    Own::<Summed>::builder("sums", |_| Ok(Summed { behind: Some(Vec::new()), ..Summed::default() }))
}

fn durable(disk: &Disk) -> Builder {
    let disk = Arc::clone(disk);
    Own::<Summed>::builder("sums", move |setup| {
        assert_eq!(setup.changelog_topic, "app-sums-changelog");
        Ok(Summed::on(&disk, setup))
    })
}

fn drive(topology: &Topology) -> TopologyTestDriver {
    let config = TestDriverConfig::new("app").with_manual_commit();
    TopologyTestDriver::new(topology, config).expect("a valid topology")
}

fn pipe(driver: &mut TopologyTestDriver, key: &str, value: i64) -> Vec<i64> {
    driver.input::<String, i64>("in").pipe(key, value, 5).expect("it runs");
    driver.output::<String, i64>("out").values().expect("numbers")
}

fn sums(driver: &mut TopologyTestDriver) -> Vec<(String, i64)> {
    let store = driver.own_store::<Summed>("sums").expect("a store of that type");
    store.sums.iter().map(|(key, sum)| (key.clone(), *sum)).collect()
}

fn restored(driver: &mut TopologyTestDriver) -> usize {
    driver.own_store::<Summed>("sums").expect("a store of that type").restored
}

#[test]
fn each_kind_goes_on_behind_a_restart_a_crash_and_a_rebalance() {
    for kind in [in_memory(), write_behind(), durable(&Disk::default())] {
        let mut driver = drive(&topology(kind));
        assert_eq!(pipe(&mut driver, "a", 1), [1]);
        assert_eq!(pipe(&mut driver, "b", 10), [10]);
        driver.commit().expect("committed");
        driver.restart().expect("it goes on");
        assert_eq!(pipe(&mut driver, "a", 2), [3]);
        driver.restart_from_last_commit().expect("it goes on");
        // what was not committed is processed again, and counts once
        assert_eq!(driver.output::<String, i64>("out").values().expect("numbers"), [3]);
        assert_eq!(sums(&mut driver), [("a".to_owned(), 3), ("b".to_owned(), 10)]);
        driver.commit().expect("committed");
        driver.rebalance().expect("it goes on");
        assert_eq!(pipe(&mut driver, "b", 5), [15]);
    }
}

#[test]
fn a_durable_store_reads_on_where_its_commit_ends() {
    let disk = Disk::default();
    let mut driver = drive(&topology(durable(&disk)));
    for value in [1, 2, 3] {
        pipe(&mut driver, "a", value);
    }
    driver.commit().expect("committed");
    pipe(&mut driver, "a", 4);
    // at-least-once: what was logged behind the commit stays logged, and its input comes again
    driver.restart().expect("it goes on");
    assert_eq!(restored(&mut driver), 1);
    assert_eq!(driver.output::<String, i64>("out").values().expect("numbers"), [14]);
    // a disk that lost the last commit has the one before, with its offset
    driver.commit().expect("committed");
    let before = disk.lock().unwrap().clone();
    pipe(&mut driver, "b", 1);
    driver.commit().expect("committed");
    *disk.lock().unwrap() = before;
    driver.restart().expect("it goes on");
    assert_eq!(sums(&mut driver), [("a".to_owned(), 14), ("b".to_owned(), 1)]);
    assert_eq!(restored(&mut driver), 1);
}

#[test]
fn a_store_that_nobody_touched_since_its_commit_stays_as_it_is() {
    let opened = Arc::new(Mutex::new(0));
    let count = Arc::clone(&opened);
    let builder = Own::<Summed>::builder("sums", move |_| {
        *count.lock().unwrap() += 1;
        Ok(Summed::default())
    });
    let mut driver = drive(&topology(builder.with_logging_disabled()));
    pipe(&mut driver, "a", 1);
    driver.commit().expect("committed");
    driver.rebalance().expect("it goes on");
    assert_eq!((pipe(&mut driver, "a", 1), *opened.lock().unwrap()), (vec![2], 1));
    // without a changelog what was not committed takes all with it; its input comes again
    driver.rebalance().expect("it goes on");
    assert_eq!(*opened.lock().unwrap(), 2);
    assert_eq!(sums(&mut driver), [("a".to_owned(), 1)]);
    assert_eq!(driver.produced_topic_names(), ["out"], "there is no changelog");
}

#[test]
fn changes_are_logged_with_time_and_headers_at_once_or_by_the_commit() {
    let changelog = |driver: &mut TopologyTestDriver| {
        let records = driver.take_output().into_iter();
        let records = records.filter(|record| &*record.topic == "app-sums-changelog");
        let show = |record: streams_runtime::driver::test::ProducedRecord| {
            assert_eq!(record.partition, Some(0));
            let key = String::from_utf8(record.key.unwrap()).unwrap();
            let sum = i64::from_be_bytes(record.value.unwrap().try_into().unwrap());
            let headers = record.headers.iter().count();
            format!("{key}={sum}@{} {headers}", record.timestamp.unwrap())
        };
        records.map(show).collect::<Vec<_>>()
    };
    let mut headers = Headers::default();
    headers.push("h", Some(b"1".to_vec()));
    let mut driver = drive(&topology(in_memory()));
    let mut input = driver.input::<String, i64>("in");
    input.pipe_with_headers("a", 1, 5, headers).expect("it runs");
    input.pipe("a", 1, 6).expect("it runs");
    assert_eq!(changelog(&mut driver), ["a=1@5 1", "a=2@6 0"]);
    let mut driver = drive(&topology(write_behind()));
    for _ in 0..3 {
        pipe(&mut driver, "a", 1);
    }
    assert_eq!(changelog(&mut driver), [""; 0]);
    driver.commit().expect("committed");
    assert_eq!(changelog(&mut driver), ["a=3@7 0"]);
    driver.commit().expect("committed");
    assert_eq!(changelog(&mut driver), [""; 0], "an untouched store is not flushed");
}

#[processor]
fn forward_inside(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    sums: &mut Own<Summed>,
) {
    sums.with(|sums, log| {
        let sum = sums.add(&record, log);
        ctx.forward(record.clone().with_value(sum));
    });
}

#[test]
fn forwarding_inside_reaches_children_that_do_not_use_the_store() {
    let fine = topology!({
        let sums = store(in_memory());
        stream::<String, i64>("in").process(forward_inside, sums).to("out");
    });
    assert_eq!(pipe(&mut drive(&fine), "a", 4), [4]);
    let entangled = topology!({
        let sums = store(in_memory());
        stream::<String, i64>("in").process(forward_inside, sums).process(sum_up, sums).to("out");
    });
    let mut driver = drive(&entangled);
    let error = driver.input::<String, i64>("in").pipe("a", 4, 0).expect_err("refused");
    assert!(error.to_string().contains("forward behind `with`"), "{error}");
}

#[test]
fn processors_share_a_store() {
    let shared = topology!({
        let sums = store(in_memory());
        stream::<String, i64>("in").process(sum_up, sums).process(sum_up, sums).to("out");
    });
    // 1, then 1 + 1; then 2 + 5, and 7 more
    let mut driver = drive(&shared);
    assert_eq!((pipe(&mut driver, "a", 1), pipe(&mut driver, "a", 5)), (vec![2], vec![14]));
}

#[processor]
fn refuse(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    sums: &mut Own<Summed>,
) {
    let full = |_: &mut Summed, _: &mut Changelog| {
        Err::<(), _>(StoreError::new(StoreErrorKind::Io, "the sums are full"))
    };
    assert_eq!(sums.try_with(full), None);
    assert_eq!(sums.with(|sums, _| sums.restored), None, "nothing works behind a failure");
    ctx.forward(record);
}

#[test]
fn an_error_of_the_store_ends_the_task() {
    let topology = topology!({
        let sums = store(in_memory());
        stream::<String, i64>("in").process(refuse, sums).to("out");
    });
    let mut driver = drive(&topology);
    let error = driver.input::<String, i64>("in").pipe("a", 1, 0).expect_err("it fails");
    assert!(error.to_string().contains("the sums are full"), "{error}");
    assert!(driver.output::<String, i64>("out").is_empty());
}

/// Who has a place open, and whether it has panicked there.
#[derive(Default)]
struct Door {
    is_open: bool,
    panicked: bool,
}

/// A time, in a place that one store at a time may have.
struct Guarded(i64, Arc<Mutex<Door>>);

impl Guarded {
    fn open(door: &Arc<Mutex<Door>>) -> Result<Self, StoreError> {
        if std::mem::replace(&mut door.lock().unwrap().is_open, true) {
            return Err(StoreError::new(StoreErrorKind::InUse, "another has it"));
        }
        Ok(Self(0, Arc::clone(door)))
    }
}

impl OwnStore for Guarded {
    fn restore(&mut self, record: &ChangelogRecord<'_>) -> Result<(), StoreError> {
        self.0 = record.timestamp;
        Ok(())
    }

    fn close(&mut self) -> Result<(), StoreError> {
        self.1.lock().unwrap().is_open = false;
        Ok(())
    }
}

#[processor]
fn panic_once_inside(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    last: &mut Own<Guarded>,
) {
    let before = last.with(|last, log| {
        let before = std::mem::replace(&mut last.0, record.value);
        let panics =
            record.value == 8 && !std::mem::replace(&mut last.1.lock().unwrap().panicked, true);
        assert!(!panics, "refused inside");
        log.log(b"last", Some(b""), Timestamp::from(u32::try_from(record.value).unwrap()));
        before
    });
    ctx.forward(record.with_value(before.unwrap_or(-1)));
}

#[test]
fn a_panic_inside_leaves_a_store_that_is_closed_and_restored() {
    let door = Arc::default();
    let topology = topology!({
        let last = store(Own::<Guarded>::builder("last", move |_| Guarded::open(&door)));
        stream::<String, i64>("in").process(panic_once_inside, last).to("out");
    });
    let mut driver = drive(&topology);
    assert_eq!(pipe(&mut driver, "a", 7), [0]);
    driver.commit().expect("committed");
    let panics = std::panic::AssertUnwindSafe(|| pipe(&mut driver, "a", 8));
    assert!(std::panic::catch_unwind(panics).is_err());
    driver.restart().expect("the store was closed, and opens again");
    // what the panic left in it is gone, and its record came again
    assert_eq!(pipe(&mut driver, "a", 9), [7, 8]);
}

#[processor]
fn keep_global(record: Record<String, i64>, sums: &mut Own<Summed>) {
    sums.with(|sums, log| sums.add(&record, log));
}

#[test]
fn a_global_store_is_none_of_ones_own() {
    let topology = topology!({
        global_store(in_memory(), "in", keep_global);
    });
    let error = topology.build(&TopologyConfig::new("app")).expect_err("refused").to_string();
    assert!(error.contains("global store `sums` is of a kind of your own"), "{error}");
}

#[test]
fn the_driver_says_what_it_does_not_find() {
    struct Other;
    impl OwnStore for Other {
        fn restore(&mut self, _: &ChangelogRecord<'_>) -> Result<(), StoreError> {
            Ok(())
        }
    }
    let mut driver = drive(&topology(in_memory()));
    let error = driver.own_store::<Other>("sums").err().expect("another type").to_string();
    assert!(error.contains("store `sums` is no `own_stores::"), "{error}");
    assert!(driver.own_store::<Summed>("other").is_err());
    assert!(driver.store_rows("sums").expect("it has none to show").is_empty());
}

#[test]
fn a_read_only_store_is_restored_from_its_topic() {
    let mut builder = TopologyBuilder::new();
    builder.add_read_only_state_store(in_memory(), "read", "rows", "keep", keep_global, ());
    let topology = builder.finish();
    let mut driver = drive(&topology);
    driver.input::<String, i64>("rows").pipe("a", 3, 0).expect("it runs");
    driver.commit().expect("committed");
    driver.restart().expect("it goes on");
    assert_eq!(sums(&mut driver), [("a".to_owned(), 3)]);
}
