//! Sessions that the retention hides while the cache or the disk still has them.

use std::any::Any;

use super::*;
use crate::serdes::{Window, Windowed};
use crate::store::session_store_maker;

type Sessions = SessionStore<String, i64>;

const RETENTION_MS: i64 = 13;

fn open(out: &mut Outbox, caching: bool, indexed: bool) -> Box<dyn StateStore> {
    let maker = session_store_maker(String::serde(), i64::serde(), RETENTION_MS, indexed);
    maker(setup(Box::new(MemoryBytes::standing_for_disk()), out, caching)).expect("opened")
}

fn typed(store: &mut Box<dyn StateStore>) -> &mut Sessions {
    (&mut **store as &mut dyn Any).downcast_mut().expect("the maker's type")
}

fn session(name: &str, start: i64, end: i64) -> Windowed<String> {
    Windowed { key: key(name), window: Window { start, end } }
}

fn put(
    store: &mut Sessions,
    out: &mut Outbox,
    at: (&str, i64, i64),
    new: Option<i64>,
    old: Option<i64>,
) {
    let (name, start, end) = at;
    store.put(out, &context(end), &session(name, start, end), new, old).expect("written");
}

fn keys(rows: &[(Windowed<String>, i64)]) -> Vec<String> {
    let text = |session: &Windowed<String>| {
        format!("{}@{}-{}", session.key, session.window.start, session.window.end)
    };
    rows.iter().map(|(session, _)| text(session)).collect()
}

#[test]
fn a_session_that_only_the_cache_still_has_goes_without_a_tombstone() {
    let mut out = Outbox::default();
    let mut store = open(&mut out, true, false);
    let store = typed(&mut store);
    put(store, &mut out, ("k", 29, 29), Some(1), None);
    put(store, &mut out, ("j", 42, 42), Some(1), None);
    assert_eq!(store.take_dirty(&mut out, true).expect("flushed").len(), 2);
    let found = store.find(&key("k"), 0, 99, Order::Ascending).expect("read");
    assert_eq!(keys(&found), ["k@29-29"]);
    put(store, &mut out, ("k", 29, 29), None, Some(1));
    put(store, &mut out, ("k", 29, 31), Some(2), None);
    let rows = store.take_dirty(&mut out, true).expect("flushed");
    let rows: Vec<_> = rows.into_iter().map(|row| (row.key, row.new)).collect();
    assert_eq!(rows, [(session("k", 29, 31), Some(2))]);
}

#[test]
fn emission_on_close_finds_sessions_whose_retention_is_over() {
    let mut out = Outbox::default();
    let mut store = open(&mut out, false, true);
    let store = typed(&mut store);
    put(store, &mut out, ("k", 10, 12), Some(1), None);
    put(store, &mut out, ("k", 900, 900), Some(1), None);
    assert_eq!(keys(&store.ended_between(0, 899).expect("read")), [""; 0]);
    assert_eq!(keys(&store.closed_between(0, 899).expect("read")), ["k@10-12"]);
    // a minute later their segment is gone
    put(store, &mut out, ("k", 60_100, 60_100), Some(1), None);
    assert_eq!(keys(&store.closed_between(0, 899).expect("read")), [""; 0]);
}

#[test]
fn emission_on_close_goes_by_end_then_start_then_key() {
    let mut out = Outbox::default();
    let mut store = open(&mut out, false, true);
    let store = typed(&mut store);
    for at in [("a", 8, 9), ("b", 3, 9), ("c", 1, 8), ("ab", 3, 9)] {
        put(store, &mut out, at, Some(1), None);
    }
    let found = store.closed_between(0, 9).expect("read");
    assert_eq!(keys(&found), ["c@1-8", "ab@3-9", "b@3-9", "a@8-9"]);
}
