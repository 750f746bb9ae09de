//! Places of a user's own under the built-in stores: who is asked for them, when, and what a damaged one does.
//! That rows in them are those of other places, over crashes too, is the differential test's to say.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use streams_runtime::prelude::*;
use streams_runtime::store::{
    BytesStoreSupplier, Cursor, KeyRange, Order, OrderedBytes, StoreError, StoreErrorKind,
    StorePlace,
};

/// What was asked of the supplier, and what its places hold.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    asked: Vec<String>,
    damaged: bool,
    places: BTreeMap<String, Rows>,
}

#[derive(Clone, Default)]
struct Rows {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    offsets: BTreeMap<i32, i64>,
}

impl Shelf {
    fn places(&self) -> StoreType {
        StoreType::own(self.clone())
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    fn rows(&self, place: &str) -> usize {
        self.0.lock().unwrap().places.get(place).map_or(0, |place| place.rows.len())
    }
}

fn name(place: &StorePlace<'_>) -> String {
    let task = place.task.map_or("global".to_owned(), |task| task.to_string());
    format!("{}/{task}/{}", place.application_id, place.store)
}

impl BytesStoreSupplier for Shelf {
    fn open(&self, place: &StorePlace<'_>) -> Result<Box<dyn OrderedBytes>, StoreError> {
        let mut held = self.0.lock().unwrap();
        let changelog = place.changelog.unwrap_or("-");
        held.asked.push(format!("open {} {changelog}", name(place)));
        if held.damaged {
            return Err(StoreError::new(StoreErrorKind::Damaged, "a page is torn"));
        }
        let rows = held.places.get(&name(place)).cloned().unwrap_or_default();
        Ok(Box::new(Place { name: name(place), shelf: self.clone(), rows }))
    }

    fn delete(&self, place: &StorePlace<'_>) -> Result<(), StoreError> {
        let mut held = self.0.lock().unwrap();
        held.asked.push(format!("delete {}", name(place)));
        held.damaged = false;
        held.places.remove(&name(place));
        Ok(())
    }
}

struct Place {
    name: String,
    shelf: Shelf,
    rows: Rows,
}

impl OrderedBytes for Place {
    fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        let row = self.rows.rows.get(key);
        out.extend_from_slice(row.map_or(&[], Vec::as_slice));
        Ok(row.is_some())
    }

    fn range(&self, range: &KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>, StoreError> {
        let rows = self.rows.rows.iter().filter(|(key, _)| range.contains(key));
        Ok(Box::new(match order {
            Order::Ascending => rows.collect::<VecDeque<_>>(),
            Order::Descending => rows.rev().collect(),
        }))
    }

    fn stage(&mut self, key: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => drop(self.rows.rows.insert(key.to_vec(), value.to_vec())),
            None => drop(self.rows.rows.remove(key)),
        }
    }

    fn apply(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        self.rows.offsets.extend(offsets.iter().copied());
        let mut held = self.shelf.0.lock().unwrap();
        held.places.insert(self.name.clone(), self.rows.clone());
        Ok(())
    }

    fn offset(&self, partition: i32) -> Result<Option<i64>, StoreError> {
        Ok(self.rows.offsets.get(&partition).copied())
    }

    fn approximate_rows(&self) -> u64 {
        self.rows.rows.len() as u64
    }

    fn persistent(&self) -> bool {
        true
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[processor]
fn keep_all(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    plain: &mut KeyValueStore<String, i64>,
    past: &mut VersionedKeyValueStore<String, i64>,
    windows: &mut WindowStore<String, i64>,
    sessions: &mut SessionStore<String, i64>,
) {
    let (key, now) = (record.key.clone(), record.timestamp);
    let window = Window { start: now.as_millis(), end: now.as_millis() };
    let before = [
        plain.get(&key),
        past.get(&key).map(|row| row.value),
        windows.fetch_one(&key, now),
        sessions.fetch(&key).next().map(|(_, value)| value),
    ];
    plain.put(key.clone(), record.value);
    past.put(key.clone(), Some(record.value), now);
    windows.put(key.clone(), record.value, now);
    sessions.put(Windowed { key, window }, record.value);
    ctx.forward(record.with_value(before.into_iter().flatten().sum()));
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn each_kind_of_a_processors_store_takes_a_place_of_ones_own() {
    let shelf = Shelf::default();
    let own = shelf.places();
    let windows =
        Stores::persistent_window_store("windows", HOUR, HOUR, false).with_store_type(own.clone());
    let sessions = Stores::in_memory_session_store("sessions", HOUR).with_store_type(own.clone());
    let topology = topology!({
        let plain =
            store(KeyValueStore::<String, i64>::in_memory("plain").with_store_type(own.clone()));
        let past = store(
            VersionedKeyValueStore::<String, i64>::persistent("past", HOUR).with_store_type(own),
        );
        let windows =
            store(Stores::window_store_builder(windows, StringSerde::default(), I64Serde));
        let sessions =
            store(Stores::session_store_builder(sessions, StringSerde::default(), I64Serde));
        stream::<String, i64>("in").process(keep_all, plain, past, windows, sessions).to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app")).expect("ok");
    let kinds = ["plain", "past", "windows", "sessions"];
    let opened = kinds.map(|kind| format!("open app/0_0/{kind} app-{kind}-changelog"));
    assert_eq!(shelf.asked(), opened);
    driver.input::<String, i64>("in").pipe("k", 7, 5).expect("it runs");
    driver.restart().expect("it goes on");
    driver.input::<String, i64>("in").pipe("k", 1, 5).expect("it runs");
    assert_eq!(driver.output::<String, i64>("out").values().expect("numbers"), [0, 28]);
    for kind in kinds {
        assert!(shelf.rows(&format!("app/0_0/{kind}")) > 0, "{kind}");
    }
}

#[test]
fn the_default_is_for_stores_that_say_nothing() {
    let shelf = Shelf::default();
    let config = StreamsConfig::new("app").default_store_type(shelf.places());
    let topology = topology!({
        let names = global_table::<String, String>("names", "names");
        let counts = stream::<String, i64>("in").group_by_key().count("counts");
        counts
            .to_stream()
            .join(names, |key, _| key.clone(), |n, name| format!("{name} {n}"))
            .to("out");
        stream::<String, i64>("other").group_by_key().count(Materialized::in_memory());
        let within = JoinWindows::of_time_difference_with_no_grace(HOUR);
        let right = stream::<String, i64>("right");
        stream::<String, i64>("left")
            .join(right, |a, b| a + b, within, StreamJoined::as_("sums"))
            .to("sums");
    });
    let mut driver =
        TopologyTestDriver::new(&topology, TestDriverConfig::from(&config)).expect("it starts");
    driver.input::<String, String>("names").pipe("a", "Ann", 0).expect("it runs");
    driver.input::<String, i64>("in").pipe("a", 1, 0).expect("it runs");
    assert_eq!(driver.output::<String, String>("out").values().expect("text"), ["Ann 1"]);
    let mut asked = shelf.asked();
    asked.sort();
    assert_eq!(
        asked,
        [
            "open app/0_0/counts app-counts-changelog",
            "open app/0_0/sums-other-join-store app-sums-other-join-store-changelog",
            "open app/0_0/sums-this-join-store app-sums-this-join-store-changelog",
            "open app/global/names names",
        ]
    );
}

#[test]
fn a_damaged_place_is_deleted_and_restored() {
    let shelf = Shelf::default();
    let topology = topology!({
        let kept = Materialized::as_("counts").with_store_type(shelf.places());
        stream::<String, i64>("in").group_by_key().count(kept).to_stream().to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app")).expect("ok");
    driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 1)], 0).expect("it runs");
    driver.commit().expect("committed");
    shelf.0.lock().unwrap().damaged = true;
    shelf.asked();
    driver.restart().expect("it goes on");
    let open = "open app/0_0/counts app-counts-changelog";
    assert_eq!(shelf.asked(), [open, "delete app/0_0/counts", open]);
    driver.input::<String, i64>("in").pipe("a", 1, 0).expect("it runs");
    assert_eq!(driver.output::<String, i64>("out").values().expect("numbers"), [1, 2, 3]);
}

#[test]
fn a_place_of_ones_own_has_no_name_in_text() {
    let set = StreamsConfig::new("app").set("dsl.store.suppliers.class", "com.example.Mine");
    let error = set.check().expect_err("no such kind").to_string();
    assert!(error.contains("default_store_type(StoreType::own(..))"), "{error}");
}
