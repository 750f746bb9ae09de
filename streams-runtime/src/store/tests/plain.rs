//! The plain key-value store, the bounded one, and restore.

use super::*;
use crate::record::Headers;

type Plain = KeyValueStore<String, String>;

fn plain(out: &mut Outbox, caching: bool, max_entries: Option<usize>) -> Plain {
    let setup = StoreSetup { max_entries, ..setup(Box::new(MemoryBytes::new()), out, caching) };
    KeyValueStore::new(setup, String::serde(), String::serde())
}

fn put(store: &mut Plain, out: &mut Outbox, name: &str, value: Option<&str>) {
    store.put(out, &context(1), &key(name), value.map(key)).expect("written");
}

fn pairs(rows: impl Iterator<Item = Result<(String, String), StoreError>>) -> Vec<String> {
    rows.map(|row| row.map(|(key, value)| format!("{key}={value}")).expect("read")).collect()
}

#[test]
fn all_operations_see_cached_rows() {
    for caching in [false, true] {
        let mut out = Outbox::default();
        let mut store = plain(&mut out, caching, None);
        for name in ["b", "aa", "ab", "c"] {
            put(&mut store, &mut out, name, Some(name));
        }
        store.flush_cache(&mut out).expect("flushed");
        put(&mut store, &mut out, "b", None);
        put(&mut store, &mut out, "bb", Some("new"));
        let ascending = store.all(Order::Ascending).expect("read");
        assert_eq!(pairs(ascending), ["aa=aa", "ab=ab", "bb=new", "c=c"]);
        let (from, to) = (key("ab"), key("c"));
        let descending =
            store.range(&(from.clone()..=to.clone()), Order::Descending).expect("read");
        assert_eq!(pairs(descending), ["c=c", "bb=new", "ab=ab"]);
        let scan = store.prefix_scan(&key("a"), String::serde().as_ref()).expect("read");
        assert_eq!(pairs(scan), ["aa=aa", "ab=ab"]);
        let known = store.put_if_absent(&mut out, &context(1), &from, key("other"));
        assert_eq!(known.expect("written"), Some(key("ab")));
        assert_eq!(store.delete(&mut out, &context(1), &from).expect("written"), Some(from));
        assert_eq!(store.get(&key("ab")).expect("read"), None);
        let nothing = to..=key("a");
        assert!(store.range(&nothing, Order::Ascending).expect("read").next().is_none());
    }
}

#[test]
fn a_cached_deletion_is_logged_even_of_an_unknown_row() {
    let mut out = Outbox::default();
    let mut store = plain(&mut out, true, None);
    put(&mut store, &mut out, "k", None);
    store.flush_cache(&mut out).expect("flushed");
    assert_eq!(changelog(&mut out), ["k=-@1"]);
}

#[test]
fn a_full_store_drops_the_least_used_row_and_says_so_on_the_changelog() {
    let mut out = Outbox::default();
    let mut store = plain(&mut out, false, Some(2));
    put(&mut store, &mut out, "a", Some("1"));
    put(&mut store, &mut out, "b", Some("2"));
    store.get(&key("a")).expect("read");
    put(&mut store, &mut out, "c", Some("3"));
    assert_eq!(changelog(&mut out), ["a=1@1", "b=2@1", "b=-@1", "c=3@1"]);
    assert_eq!(pairs(store.all(Order::Ascending).expect("read")), ["a=1", "c=3"]);
}

#[test]
fn a_row_that_a_full_store_dropped_is_still_cached_and_its_deletion_is_none() {
    let mut out = Outbox::default();
    let setup =
        StoreSetup { max_entries: Some(1), ..setup(Box::new(MemoryBytes::new()), &mut out, true) };
    let mut store = Table::new(setup, String::serde(), i64::serde());
    for name in ["a", "b"] {
        add(&mut store, &mut out, name, Some(1), 1);
        store.take_dirty(&mut out, false).expect("flushed");
    }
    let mut rows = Vec::new();
    store.visit_rows(&mut |key, _| rows.push(key.to_vec())).expect("read");
    assert_eq!(rows, [b"a", b"b"]);
    add(&mut store, &mut out, "a", None, 2);
    assert!(store.take_dirty(&mut out, true).expect("flushed").is_empty());
}

fn restore(store: &mut dyn StateStore, records: &[(&str, Option<&str>, i64, i64)]) {
    let headers = Headers::default();
    let mut records = records.iter().map(|(key, value, timestamp, offset)| ChangelogRecord {
        key: key.as_bytes(),
        value: value.map(str::as_bytes),
        timestamp: *timestamp,
        headers: &headers,
        offset: *offset,
    });
    store.restore(&mut records).expect("restored");
}

#[test]
fn restore_rebuilds_rows_and_remembers_how_far_it_came() {
    let mut out = Outbox::default();
    let mut store = TableStore::<String, String>::new(
        setup(Box::new(MemoryBytes::new()), &mut out, true),
        String::serde(),
        String::serde(),
    );
    assert_eq!(store.committed_offset().expect("read"), None);
    restore(&mut store, &[("a", Some("1"), 5, 0), ("b", Some("2"), 6, 1), ("a", None, 7, 4)]);
    assert_eq!(store.committed_offset().expect("read"), Some(4));
    restore(&mut store, &[]);
    assert_eq!(store.committed_offset().expect("read"), Some(4));
    assert_eq!(store.get(&key("a")).expect("read"), None);
    let row = store.get(&key("b")).expect("read").expect("restored");
    assert_eq!((row.value.as_str(), row.timestamp), ("2", time(6)));
    assert!(out.is_empty());
    let mut rows = Vec::new();
    store.visit_rows(&mut |key, value| rows.push((key.to_vec(), value.to_vec()))).expect("read");
    assert_eq!(rows, [(b"b".to_vec(), b"\0\0\0\0\0\0\0\x062".to_vec())]);
}

#[test]
fn restore_of_a_bounded_store_keeps_its_bound_and_logs_nothing() {
    let mut out = Outbox::default();
    let mut store = plain(&mut out, false, Some(2));
    restore(&mut store, &[("a", Some("1"), 1, 0), ("b", Some("2"), 1, 1), ("c", Some("3"), 1, 2)]);
    assert_eq!(pairs(store.all(Order::Ascending).expect("read")), ["b=2", "c=3"]);
    assert!(out.is_empty());
}

#[test]
fn abort_forgets_what_was_not_committed() {
    for caching in [false, true] {
        let mut out = Outbox::default();
        let mut store = table(&mut out, caching);
        add(&mut store, &mut out, "a", Some(1), 1);
        store.take_dirty(&mut out, false).expect("flushed");
        assert!(store.pending_bytes() > 0);
        store.commit(Some(3)).expect("committed");
        assert_eq!(store.pending_bytes(), 0);
        add(&mut store, &mut out, "a", Some(1), 1);
        store.take_dirty(&mut out, false).expect("flushed");
        add(&mut store, &mut out, "b", Some(1), 1);
        store.abort();
        assert_eq!(store.get(&key("a")).expect("read").map(|row| row.value), Some(1));
        assert_eq!(store.get(&key("b")).expect("read"), None);
        assert_eq!(store.committed_offset().expect("read"), Some(3));
        assert_eq!((store.pending_bytes(), store.dirty_entries()), (0, 0));
    }
}

#[test]
fn errors_name_the_store_and_the_part() {
    let mut out = Outbox::default();
    let mut store = table(&mut out, false);
    restore(&mut store, &[("k", Some("abc"), 1, 0)]);
    let message = store.get(&key("k")).expect_err("3 bytes are no i64").to_string();
    assert!(message.contains("`store`") && message.contains("value"), "{message}");
    let stop = crate::error::Stop::from(store.get(&key("k")).expect_err("still none"));
    assert_eq!(stop.kind(), crate::error::StreamsErrorKind::Store);
}
