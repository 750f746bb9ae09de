//! The stores of joins: one side's records, records without a match, subscriptions.

use std::any::Any;
use std::time::Duration;

use crate::outbox::Outbox;
use crate::record::Headers;
use crate::serdes::HasSerde;
use crate::store::{
    ChangelogRecord, JoinWindowStore, MemoryBytes, StateStore, StoreMaker, StoreSetup,
    SubscriptionStore, UnmatchedStore, join_window_store_maker, subscription_store_maker,
    unmatched_store_maker,
};
use crate::window::JoinWindows;

fn open(maker: &StoreMaker, out: &mut Outbox, backend: MemoryBytes) -> Box<dyn StateStore> {
    let setup = StoreSetup {
        name: "s",
        backend: Box::new(backend),
        changelog: Some(out.topic("log")),
        changelog_topic: "log",
        partition: 0,
        caching: false,
        max_entries: None,
    };
    maker(setup).expect("a memory store opens")
}

fn typed<S: 'static>(store: &mut Box<dyn StateStore>) -> &mut S {
    (&mut **store as &mut dyn Any).downcast_mut().expect("the maker's type")
}

/// The changelog so far: key and value as hexadecimal text, and the time.
fn log(out: &Outbox) -> Vec<String> {
    let hex = |bytes: Option<&[u8]>| match bytes {
        Some(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        None => "-".to_owned(),
    };
    let sends = out.sends().iter();
    sends
        .map(|send| {
            let time = send.timestamp.unwrap_or(-1);
            format!("{} {} @{time}", hex(out.key(send)), hex(out.value(send)))
        })
        .collect()
}

fn side() -> StoreMaker {
    join_window_store_maker(String::serde(), String::serde(), 100_000, 20)
}

#[test]
fn records_of_one_time_stand_side_by_side() {
    for backend in [MemoryBytes::new(), MemoryBytes::standing_for_disk()] {
        let mut out = Outbox::default();
        let mut store = open(&side(), &mut out, backend);
        let store: &mut JoinWindowStore<String, String> = typed(&mut store);
        let key = "k".to_owned();
        for (time, value) in [(5, Some("a")), (5, Some("b")), (3, None), (9, Some("c"))] {
            let value = value.map(str::to_owned);
            store.put(&mut out, &key, value.as_ref(), time, Headers::default()).unwrap();
        }
        let found = store.fetch(&key, 0, 9).unwrap();
        let found: Vec<(i64, &str)> = found.iter().map(|(time, v)| (*time, v.as_str())).collect();
        assert_eq!(found, [(5, "a"), (5, "b"), (9, "c")]);
        assert_eq!(store.fetch(&"kk".to_owned(), 0, 9).unwrap(), []);
        let expected = [
            "6b000000000000000500000001 61 @5",
            "6b000000000000000500000002 62 @5",
            "6b000000000000000300000003 - @3",
            "6b000000000000000900000004 63 @9",
        ];
        assert_eq!(log(&out), expected);
    }
}

#[test]
fn records_that_are_too_old_are_not_kept() {
    let mut out = Outbox::default();
    let mut store = open(&side(), &mut out, MemoryBytes::standing_for_disk());
    let store: &mut JoinWindowStore<String, String> = typed(&mut store);
    let (key, value) = ("k".to_owned(), "v".to_owned());
    for time in [1, 200_000, 2] {
        store.put(&mut out, &key, Some(&value), time, Headers::default()).unwrap();
    }
    assert_eq!(store.fetch(&key, 0, 200_000).unwrap(), [(200_000, value)]);
    assert_eq!(store.take_expired(), 1);
    assert_eq!(store.first_visible(), 100_001);
}

#[test]
fn a_null_value_moves_the_time_of_a_side_in_memory_only() {
    let sides =
        [(MemoryBytes::new(), 200_000 - 99_999), (MemoryBytes::standing_for_disk(), -98_999)];
    for (backend, first_visible) in sides {
        let mut out = Outbox::default();
        let mut store = open(&side(), &mut out, backend);
        let store: &mut JoinWindowStore<String, String> = typed(&mut store);
        let (key, value) = ("k".to_owned(), "v".to_owned());
        for (time, value) in [(1_000, Some(&value)), (200_000, None)] {
            store.put(&mut out, &key, value, time, Headers::default()).unwrap();
        }
        assert_eq!(store.first_visible(), first_visible);
    }
}

#[test]
fn a_side_is_restored_with_the_times_of_its_records() {
    for backend in [MemoryBytes::new(), MemoryBytes::standing_for_disk()] {
        let mut out = Outbox::default();
        let mut store = open(&side(), &mut out, backend);
        let key = [b"k".as_slice(), &5_i64.to_be_bytes(), &1_i32.to_be_bytes()].concat();
        let headers = Headers::default();
        let record = |value, offset| ChangelogRecord {
            key: &key,
            value,
            timestamp: 5,
            headers: &headers,
            offset,
        };
        let mut records = [record(Some(b"a".as_slice()), 0), record(None, 1)].into_iter();
        store.restore(&mut records).unwrap();
        let store: &mut JoinWindowStore<String, String> = typed(&mut store);
        assert_eq!(store.fetch(&"k".to_owned(), 5, 5).unwrap(), [(5, "a".to_owned())]);
    }
}

#[test]
fn unmatched_records_leave_by_time_the_right_side_first() {
    let mut out = Outbox::default();
    let mut store = open(&unmatched_store_maker(String::serde()), &mut out, MemoryBytes::new());
    let store: &mut UnmatchedStore<String> = typed(&mut store);
    let key = |text: &str| text.to_owned();
    store.add(&mut out, (5, true), &key("k"), b"a").unwrap();
    store.add(&mut out, (5, true), &key("k"), b"b").unwrap();
    store.add(&mut out, (5, false), &key("z"), b"x").unwrap();
    store.add(&mut out, (6, true), &key("m"), b"c").unwrap();
    store.add(&mut out, (30, true), &key("k"), b"d").unwrap();
    store.remove(&mut out, (6, true), &key("m"), 7).unwrap();
    store.remove(&mut out, (7, true), &key("m"), 7).unwrap();
    store.tracker.stream_time = 31;
    let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(10));
    let closed = store.closed(within).unwrap();
    closed.iter().for_each(|waited| store.remove_at(&mut out, &waited.place, 31));
    let closed: Vec<_> = closed
        .iter()
        .map(|row| (row.timestamp, row.left, row.key.as_str(), row.values.len()))
        .collect();
    assert_eq!(closed, [(5, false, "z", 1), (5, true, "k", 2)]);
    assert_eq!(store.tracker.min_time, 30);
    let log = log(&out);
    assert_eq!(log[0], "0000000000000005016b 0100000001000000020161 @5");
    assert_eq!(log[1], "0000000000000005016b 0100000002000000020161000000020162 @5");
    assert_eq!(
        log[5..],
        ["0000000000000006016d - @7", "0000000000000005007a - @31", "0000000000000005016b - @31",]
    );
}

#[test]
fn a_second_value_of_one_key_ends_the_walk_before_the_least_time_grows() {
    for (values, least) in [(1, 6), (2, 5)] {
        let mut out = Outbox::default();
        let maker = unmatched_store_maker(String::serde());
        let mut store = open(&maker, &mut out, MemoryBytes::new());
        let store: &mut UnmatchedStore<String> = typed(&mut store);
        let key = "k".to_owned();
        store.add(&mut out, (5, false), &key, b"x").unwrap();
        for _ in 0..values {
            store.add(&mut out, (5, true), &key, b"a").unwrap();
        }
        store.add(&mut out, (6, true), &key, b"b").unwrap();
        store.tracker.stream_time = 7;
        let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(10));
        assert!(store.closed(within).unwrap().is_empty());
        assert_eq!(store.tracker.min_time, least);
    }
}

#[test]
fn subscriptions_are_found_by_their_foreign_key() {
    let mut out = Outbox::default();
    let mut store = open(&subscription_store_maker(), &mut out, MemoryBytes::new());
    let store: &mut SubscriptionStore = typed(&mut store);
    for (key, value) in [("fa", Some("1")), ("fb", Some("2")), ("g", Some("3")), ("fa", None)] {
        let value = value.map(str::as_bytes);
        store.put(&mut out, key.as_bytes(), value, 5, Headers::default());
    }
    assert_eq!(store.with_prefix(b"f").unwrap(), [b"2"]);
    assert_eq!(log(&out)[3], "6661 - @5");
}
