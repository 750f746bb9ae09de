//! The store with versions: against a plain list of all writes, over every backend, through commits,
//! restarts and restores.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::record::{Change, Headers};

const HISTORY: i64 = 40;
const LAYOUT: VersionLayout = VersionLayout { history_ms: HISTORY, segment_ms: 15 };

fn open(backend: Box<dyn OrderedBytes>, out: &mut Outbox) -> Table {
    let setup = setup(backend, out, true);
    TableStore::versioned(setup, String::serde(), i64::serde(), LAYOUT).expect("opened")
}

fn memory(out: &mut Outbox) -> Table {
    open(Box::new(MemoryBytes::standing_for_disk()), out)
}

/// Writes, and tells what is forwarded: `None` when nothing is.
fn put(
    store: &mut Table,
    out: &mut Outbox,
    name: &str,
    value: Option<i64>,
    ms: i64,
) -> Option<bool> {
    // the record in work has another time than the version
    match store.put(out, &context(7), &key(name), value, time(ms), None) {
        Ok(change) => {
            let Change { new, is_latest, .. } = change.expect("there is no cache");
            assert_eq!(new, value);
            Some(is_latest)
        }
        Err(error) => {
            assert_eq!(error.kind(), StoreErrorKind::Late);
            None
        }
    }
}

fn as_of(store: &mut Table, name: &str, ms: i64) -> Option<(i64, i64)> {
    let row = store.get_as_of(&key(name), time(ms)).expect("read");
    row.map(|row| (row.value, row.timestamp.as_millis()))
}

fn versions(store: &Table, name: &str) -> Vec<(i64, i64, Option<i64>)> {
    let all = store.versions(&key(name), time(0), Timestamp::MAX).expect("read");
    let row = |v: VersionedRecord<i64>| {
        (v.value, v.timestamp.as_millis(), v.valid_to.map(Timestamp::as_millis))
    };
    all.into_iter().map(row).collect()
}

#[test]
fn the_latest_by_time_is_the_row() {
    let mut out = Outbox::default();
    let mut store = memory(&mut out);
    assert_eq!(put(&mut store, &mut out, "k", Some(1), 10), Some(true));
    assert_eq!(put(&mut store, &mut out, "k", Some(2), 20), Some(true));
    assert_eq!(put(&mut store, &mut out, "k", Some(3), 15), Some(false));
    assert_eq!(put(&mut store, &mut out, "k", None, 17), Some(false));
    assert_eq!(store.get(&key("k")).expect("read").map(|row| row.value), Some(2));
    assert_eq!(
        [9, 10, 14, 15, 16, 17, 19, 20].map(|at| as_of(&mut store, "k", at)),
        [
            None,
            Some((1, 10)),
            Some((1, 10)),
            Some((3, 15)),
            Some((3, 15)),
            None,
            None,
            Some((2, 20)),
        ]
    );
    assert_eq!(versions(&store, "k"), [(1, 10, Some(15)), (3, 15, Some(17)), (2, 20, None)]);
    assert_eq!(changelog(&mut out), ["k=1@10", "k=2@20", "k=3@15", "k=-@17"]);
    let all = store.all().expect("read").map(|row| row.expect("read").0).collect::<Vec<_>>();
    assert_eq!(all, ["k"]);
}

#[test]
fn a_write_older_than_the_history_is_refused_and_logged() {
    let mut out = Outbox::default();
    let mut store = memory(&mut out);
    assert_eq!(put(&mut store, &mut out, "a", Some(1), 100), Some(true));
    assert_eq!(put(&mut store, &mut out, "b", Some(2), 59), None);
    assert_eq!(put(&mut store, &mut out, "b", Some(3), 60), Some(true));
    assert_eq!(versions(&store, "b"), [(3, 60, None)]);
    assert_eq!(changelog(&mut out), ["a=1@100", "b=2@59", "b=3@60"]);
    // a time before the history tells the latest version only
    assert_eq!(put(&mut store, &mut out, "a", Some(4), 120), Some(true));
    assert_eq!(put(&mut store, &mut out, "c", Some(5), 200), Some(true));
    assert_eq!(as_of(&mut store, "a", 110), None);
    assert_eq!(as_of(&mut store, "a", 130), Some((4, 120)));
}

#[test]
fn deletions_are_remembered_for_older_writes() {
    let mut out = Outbox::default();
    let mut store = memory(&mut out);
    assert_eq!(put(&mut store, &mut out, "k", None, 30), Some(true));
    assert_eq!(put(&mut store, &mut out, "k", Some(1), 20), Some(false));
    assert_eq!(store.get(&key("k")).expect("read"), None);
    assert_eq!(versions(&store, "k"), [(1, 20, Some(30))]);
    assert_eq!(put(&mut store, &mut out, "k", Some(2), 35), Some(true));
    assert_eq!(versions(&store, "k"), [(1, 20, Some(30)), (2, 35, None)]);
}

#[test]
fn a_deletion_at_the_very_time_of_the_latest_version_leaves_no_trace() {
    // unless an older version ended there: as in Kafka Streams
    let mut out = Outbox::default();
    let mut store = memory(&mut out);
    assert_eq!(put(&mut store, &mut out, "k", Some(1), 20), Some(true));
    assert_eq!(put(&mut store, &mut out, "k", None, 20), Some(true));
    assert_eq!(put(&mut store, &mut out, "k", Some(2), 10), Some(true));
    assert_eq!(put(&mut store, &mut out, "k", Some(3), 30), Some(true));
    assert_eq!(put(&mut store, &mut out, "k", None, 30), Some(true));
    assert_eq!(put(&mut store, &mut out, "k", Some(4), 25), Some(false));
    assert_eq!(versions(&store, "k"), [(2, 10, Some(25)), (4, 25, Some(30))]);
}

#[test]
fn old_segments_go_and_the_latest_version_stays() {
    let mut out = Outbox::default();
    let mut store = memory(&mut out);
    for ms in [1, 5, 200] {
        put(&mut store, &mut out, "k", Some(ms), ms);
    }
    put(&mut store, &mut out, "old", Some(0), 170);
    put(&mut store, &mut out, "late", Some(0), 400);
    store.commit(Some(4)).expect("committed");
    assert_eq!(versions(&store, "k"), [(200, 200, None)]);
    let mut rows = 0;
    store
        .rows
        .bytes
        .backend
        .range(&KeyRange::all(), Order::Ascending)
        .map(|mut cursor| {
            while cursor.row().is_some() {
                rows += 1;
                cursor.advance().expect("read");
            }
        })
        .expect("read");
    assert_eq!(rows, 3, "one latest version for each key, and no segment");
}

#[test]
fn aggregations_over_it_write_at_their_own_time() {
    let mut out = Outbox::default();
    let mut store = memory(&mut out);
    assert_eq!(add(&mut store, &mut out, "k", Some(5), 50).as_deref(), Some("k: - -> 5 @50"));
    assert_eq!(add(&mut store, &mut out, "k", Some(1), 20).as_deref(), Some("k: 5 -> 6 @50"));
    assert_eq!(add(&mut store, &mut out, "k", None, 30).as_deref(), Some("k: 6 -> - @50"));
    assert_eq!(changelog(&mut out), ["k=5@50", "k=6@50", "k=-@50"]);
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, Option<i64>, i64),
    Get(u8, i64),
    Commit,
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0u8..4;
    prop_oneof![
        8 => (name.clone(), prop::option::weighted(0.8, -9i64..9), -60i64..12)
            .prop_map(|(name, value, by)| Step::Put(name, value, by)),
        4 => (name, -70i64..5).prop_map(|(name, by)| Step::Get(name, by)),
        1 => Just(Step::Commit),
        1 => Just(Step::Restore),
    ]
}

type Logged = (String, Option<Vec<u8>>, i64);

/// A store beside all writes that it took.
struct Model {
    store: Table,
    out: Outbox,
    log: Vec<Logged>,
    /// Versions by key and time.
    written: BTreeMap<(u8, i64), Option<i64>>,
    stream_time: i64,
}

impl Model {
    fn new(backend: Box<dyn OrderedBytes>) -> Self {
        let mut out = Outbox::default();
        let store = open(backend, &mut out);
        Self { store, out, log: Vec::new(), written: BTreeMap::new(), stream_time: -1 }
    }

    fn name(name: u8) -> String {
        "k".repeat(usize::from(name) + 1)
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Put(name, value, by) => {
                self.put(name, value, (self.stream_time.max(0) + by).max(0))
            }
            Step::Get(name, by) => self.get(name, (self.stream_time.max(0) + by).max(0)),
            Step::Commit => {
                let last = i64::try_from(self.log.len()).expect("few") - 1;
                self.store.commit(Some(last)).expect("committed");
            }
            Step::Restore => self.restore(),
        }
    }

    fn latest(&self, name: u8) -> Option<(i64, Option<i64>)> {
        let last = self.written.range((name, 0)..=(name, i64::MAX)).next_back();
        last.map(|((_, at), value)| (*at, *value))
    }

    fn put(&mut self, name: u8, value: Option<i64>, ms: i64) {
        if value.is_none() && self.latest(name).is_some_and(|(at, held)| at == ms && held.is_some())
        {
            return; // has a test of its own
        }
        let forwarded = put(&mut self.store, &mut self.out, &Self::name(name), value, ms);
        let sends = self.out.sends().iter().map(|send| {
            let key = String::from_utf8(self.out.key(send).expect("a key").to_vec()).expect("text");
            (key, self.out.value(send).map(<[u8]>::to_vec), send.timestamp.expect("a time"))
        });
        self.log.extend(sends);
        self.out.clear();
        if ms < self.stream_time - HISTORY {
            assert_eq!(forwarded, None);
            return;
        }
        self.stream_time = self.stream_time.max(ms);
        self.written.insert((name, ms), value);
        assert_eq!(forwarded, Some(self.latest(name).is_some_and(|(at, _)| at == ms)));
    }

    fn get(&mut self, name: u8, ms: i64) {
        let mut held = self.written.range((name, 0)..=(name, ms));
        let held = held.next_back().and_then(|((_, at), value)| Some(((*value)?, *at)));
        let latest = self.latest(name).and_then(|(at, value)| Some((value?, at)));
        let found = as_of(&mut self.store, &Self::name(name), ms);
        if ms >= self.stream_time - HISTORY || held == latest {
            assert_eq!(found, held, "{name} as of {ms}");
        } else {
            assert_eq!(found, None, "{name} as of {ms}, before the history");
        }
        let now = self.store.get(&Self::name(name)).expect("read");
        assert_eq!(now.map(|row| (row.value, row.timestamp.as_millis())), latest);
    }

    /// A new store from the changelog alone.
    fn restore(&mut self) {
        let mut out = Outbox::default();
        let mut store = memory(&mut out);
        let headers = Headers::default();
        let records = self.log.iter().zip(0..).map(|((key, value, timestamp), offset)| {
            let (key, value) = (key.as_bytes(), value.as_deref());
            ChangelogRecord { key, value, timestamp: *timestamp, headers: &headers, offset }
        });
        for chunk in records.collect::<Vec<_>>().chunks(3) {
            store.restore(&mut chunk.iter().copied()).expect("restored");
        }
        assert!(changelog(&mut out).is_empty());
        let rows = |store: &Table| {
            let mut rows = Vec::new();
            store
                .visit_rows(&mut |key, row| rows.push((key.to_vec(), row.to_vec())))
                .expect("read");
            rows
        };
        assert_eq!(rows(&store), rows(&self.store));
        (self.store, self.out) = (store, out);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn it_is_a_list_of_versions(steps in prop::collection::vec(step(), 1..120)) {
        let mut model = Model::new(Box::new(MemoryBytes::standing_for_disk()));
        steps.iter().for_each(|step| model.run(step));
        (0..4).for_each(|name| (0..=model.stream_time.max(0) + 2).for_each(|at| model.get(name, at)));
    }
}

#[cfg(feature = "rocksdb")]
mod on_disk {
    use super::*;

    fn disk(folder: &Folder) -> Box<dyn OrderedBytes> {
        let memory = RocksDbMemory::of_process(None);
        let opened = RocksDbBytes::open("store", &folder.0, "app-store-changelog", &memory);
        Box::new(opened.expect("opened"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        #[test]
        fn it_is_a_list_of_versions(steps in prop::collection::vec(step(), 1..60)) {
            let folder = Folder::new();
            let mut model = Model::new(disk(&folder));
            steps.iter().for_each(|step| model.run(step));
            (0..4).for_each(|name| (0..=model.stream_time.max(0) + 2).for_each(|at| model.get(name, at)));
        }
    }

    #[test]
    fn history_survives_a_restart() {
        let folder = Folder::new();
        let mut out = Outbox::default();
        let mut store = open(disk(&folder), &mut out);
        for ms in [10, 30, 20] {
            put(&mut store, &mut out, "k", Some(ms), ms);
        }
        store.commit(Some(2)).expect("committed");
        put(&mut store, &mut out, "k", Some(99), 99);
        drop(store);
        let mut store = open(disk(&folder), &mut out);
        assert_eq!(store.committed_offset().expect("read"), Some(2));
        assert_eq!(versions(&store, "k"), [(10, 10, Some(20)), (20, 20, Some(30)), (30, 30, None)]);
        assert_eq!(as_of(&mut store, "k", 25), Some((20, 20)));
    }
}
