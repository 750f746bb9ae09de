//! What the cache shows and hides: section 5.2 of the reference, and B.4.

use super::*;

#[test]
fn without_cache_every_update_is_logged_and_forwarded() {
    let mut out = Outbox::default();
    let mut store = table(&mut out, false);
    assert_eq!(add(&mut store, &mut out, "k", Some(1), 5).as_deref(), Some("k: - -> 1 @5"));
    assert_eq!(add(&mut store, &mut out, "k", Some(2), 3).as_deref(), Some("k: 1 -> 3 @5"));
    assert_eq!(changelog(&mut out), ["k=1@5", "k=3@5"]);
    assert_eq!(store.dirty_entries(), 0);
}

#[test]
fn with_cache_only_the_last_update_leaves() {
    let mut out = Outbox::default();
    let mut store = table(&mut out, true);
    for (name, by, ms) in [("a", 1, 5), ("b", 1, 6), ("a", 2, 3)] {
        assert_eq!(add(&mut store, &mut out, name, Some(by), ms), None);
    }
    assert!(out.is_empty());
    let rows = store.take_dirty(&mut out, true).expect("flushed");
    // in order of the last update, each with the context of it
    assert_eq!(lines(&rows), ["b: - -> 1 @6", "a: - -> 3 @5"]);
    assert_eq!(rows[1].context.timestamp, time(3));
    assert_eq!(changelog(&mut out), ["b=1@6", "a=3@5"]);
    add(&mut store, &mut out, "a", Some(1), 9);
    let rows = store.take_dirty(&mut out, true).expect("flushed");
    assert_eq!(lines(&rows), ["a: 3 -> 4 @9"]);
    assert!(store.take_dirty(&mut out, true).expect("flushed").is_empty());
}

#[test]
fn a_tombstone_has_the_input_time_in_the_cache_and_the_higher_one_without() {
    let mut out = Outbox::default();
    let mut store = table(&mut out, true);
    add(&mut store, &mut out, "k", Some(1), 2);
    store.take_dirty(&mut out, false).expect("flushed");
    add(&mut store, &mut out, "k", None, 1);
    let rows = store.take_dirty(&mut out, true).expect("flushed");
    assert_eq!(lines(&rows), ["k: 1 -> - @1"]);
    assert_eq!(changelog(&mut out), ["k=1@2", "k=-@1"]);

    let mut store = table(&mut out, false);
    add(&mut store, &mut out, "k", Some(1), 2);
    let forwarded = add(&mut store, &mut out, "k", None, 1);
    assert_eq!(forwarded.as_deref(), Some("k: 1 -> - @2"));
    // the changelog has the input record's time
    assert_eq!(changelog(&mut out), ["k=1@2", "k=-@1"]);
}

#[test]
fn deleting_what_was_never_stored_shows_only_without_cache() {
    let mut out = Outbox::default();
    let mut store = table(&mut out, true);
    add(&mut store, &mut out, "k", Some(1), 1);
    add(&mut store, &mut out, "k", None, 2);
    add(&mut store, &mut out, "j", None, 2);
    assert!(store.take_dirty(&mut out, true).expect("flushed").is_empty());
    assert!(changelog(&mut out).is_empty());
    assert_eq!((store.cache_bytes(), store.dirty_entries()), (0, 0));

    let mut store = table(&mut out, false);
    let forwarded = add(&mut store, &mut out, "k", None, 2);
    assert_eq!(forwarded.as_deref(), Some("k: - -> - @2"));
    assert_eq!(changelog(&mut out), ["k=-@2"]);
}

#[test]
fn put_takes_the_old_value_from_its_caller_or_from_the_store() {
    let mut out = Outbox::default();
    let mut store = table(&mut out, true);
    let put = |store: &mut Table, out: &mut Outbox, new, ms, old: Option<i64>| {
        let old = old.map(|value| ValueAndTimestamp { value, timestamp: time(0) });
        let forward = store.put(out, &context(ms), &key("k"), new, time(ms), old);
        assert_eq!(forward.expect("written"), None);
    };
    put(&mut store, &mut out, Some(1), 1, None);
    put(&mut store, &mut out, Some(2), 2, None);
    let rows = store.take_dirty(&mut out, true).expect("flushed");
    assert_eq!(lines(&rows), ["k: - -> 2 @2"]);
    put(&mut store, &mut out, Some(3), 3, Some(2));
    put(&mut store, &mut out, Some(4), 4, Some(3));
    let rows = store.take_dirty(&mut out, true).expect("flushed");
    assert_eq!(lines(&rows), ["k: 2 -> 4 @4"]);
    put(&mut store, &mut out, Some(5), 5, None);
    let rows = store.take_dirty(&mut out, true).expect("flushed");
    assert_eq!(lines(&rows), ["k: 4 -> 5 @5"]);
    put(&mut store, &mut out, None, 6, None);
    put(&mut store, &mut out, Some(6), 7, None);
    put(&mut store, &mut out, None, 8, None);
    let rows = store.take_dirty(&mut out, false).expect("flushed");
    assert_eq!(lines(&rows), ["k: - -> - @8"]);
    assert_eq!(store.get(&key("k")).expect("read"), None);
}

#[test]
fn a_failed_update_changes_nothing() {
    #[derive(Debug, PartialEq)]
    struct Failed;
    impl From<StoreError> for Failed {
        fn from(_: StoreError) -> Self {
            Self
        }
    }
    for caching in [true, false] {
        let mut out = Outbox::default();
        let mut store = table(&mut out, caching);
        let fail = |store: &mut Table, out: &mut Outbox| {
            store.update(out, &context(1), &key("k"), true, |_| Err(Failed))
        };
        assert_eq!(fail(&mut store, &mut out).err(), Some(Failed));
        assert_eq!(store.get(&key("k")).expect("read"), None);
        add(&mut store, &mut out, "k", Some(1), 1);
        assert_eq!(fail(&mut store, &mut out).err(), Some(Failed));
        let row = store.get(&key("k")).expect("read");
        assert_eq!(row, Some(ValueAndTimestamp { value: 1, timestamp: time(1) }));
    }
}

#[test]
fn a_dirty_row_that_is_evicted_takes_all_dirty_rows_with_it() {
    let mut out = Outbox::default();
    let mut store = table(&mut out, true);
    for name in ["a", "b", "c"] {
        add(&mut store, &mut out, name, Some(1), 1);
    }
    // used, but not written
    store.get(&key("a")).expect("read");
    add(&mut store, &mut out, "c", Some(1), 2);
    let before = store.cache_bytes();
    let rows = store.take_eldest(&mut out, true).expect("evicted");
    assert_eq!(lines(&rows), ["b: - -> 1 @1", "a: - -> 1 @1", "c: - -> 2 @2"]);
    assert_eq!(before - store.cache_bytes(), 62);
    // the rest is clean and goes quietly, the least recently used first
    for left in [62, 0] {
        assert_eq!(store.evict_clean(), Eviction::Done);
        assert_eq!(store.cache_bytes(), left);
    }
    assert_eq!(store.evict_clean(), Eviction::Empty);
    assert_eq!(store.get(&key("b")).expect("read").map(|row| row.value), Some(1));
}

/// A row counts 45 bytes, its key and its value, and of its last write the topic and the headers.
#[test]
fn rows_count_the_bytes_that_kafka_streams_counts() {
    let budget = CacheBudget::new(1000);
    let mut out = Outbox::default();
    let mut store = table(&mut out, true);
    store.share_cache(&budget);
    let mut origin = RecordContext { topic: "input".into(), ..context(1) };
    let put = |store: &mut Table, out: &mut Outbox, origin: &RecordContext, new: Option<i64>| {
        store.put(out, origin, &key("key"), new, time(1), None).expect("written");
    };
    put(&mut store, &mut out, &origin, Some(1));
    // time and number
    assert_eq!(budget.used(), 45 + 3 + 16 + 5);
    origin.headers.push("h\u{e9}", Some(b"xyz".to_vec()));
    origin.headers.push("none", None);
    put(&mut store, &mut out, &origin, Some(2));
    assert_eq!(budget.used(), 45 + 3 + 16 + 5 + (2 + 3) + 4);
    put(&mut store, &mut out, &origin, None);
    assert_eq!(budget.used(), 45 + 3 + 5 + (2 + 3) + 4);
    put(&mut store, &mut out, &context(2), Some(1));
    assert_eq!(budget.used(), 45 + 3 + 16);
    store.take_dirty(&mut out, true).expect("flushed");
    assert_eq!(budget.used(), 45 + 3 + 16);
    drop(store);
    assert_eq!(budget.used(), 0);
}

#[test]
fn a_row_that_was_read_counts_no_origin() {
    let budget = CacheBudget::default();
    let mut out = Outbox::default();
    let mut store = table(&mut out, true);
    store.share_cache(&budget);
    let origin = RecordContext { topic: "input".into(), ..context(1) };
    store.put(&mut out, &origin, &key("key"), Some(1), time(1), None).expect("written");
    store.take_eldest(&mut out, false).expect("evicted");
    assert_eq!(budget.used(), 0);
    store.get(&key("other")).expect("read");
    assert_eq!(budget.used(), 0);
    store.get(&key("key")).expect("read");
    assert_eq!(budget.used(), 45 + 3 + 16);
}

fn lists(budget: &CacheBudget, out: &mut Outbox) -> TableStore<String, Vec<String>> {
    let setup = setup(Box::new(MemoryBytes::new()), out, true);
    let mut store = TableStore::new(setup, String::serde(), Vec::<String>::serde());
    store.share_cache(budget);
    store
}

fn append(store: &mut TableStore<String, Vec<String>>, out: &mut Outbox, round: i64) {
    let append = |row: &mut Option<ValueAndTimestamp<Vec<String>>>| {
        let timestamp = time(round);
        let mut value = row.take().map(|row| row.value).unwrap_or_default();
        value.push("x".repeat(100));
        *row = Some(ValueAndTimestamp { value, timestamp });
        Ok::<_, StoreError>(timestamp)
    };
    store.update(out, &context(round), &key("k"), false, append).expect("written");
}

#[test]
fn a_small_cache_measures_every_write() {
    let mut out = Outbox::default();
    let budget = CacheBudget::new(1024 * 1024);
    let mut store = lists(&budget, &mut out);
    for round in 0..100 {
        append(&mut store, &mut out, round);
        // time, kind of list, count, and each element behind its size
        let rows = usize::try_from(round + 1).expect("small");
        assert_eq!(budget.used(), 45 + 1 + 8 + 1 + 4 + rows * 104);
    }
}

#[test]
fn a_large_cache_measures_a_hot_row_now_and_then() {
    let mut out = Outbox::default();
    let budget = CacheBudget::default();
    let mut store = lists(&budget, &mut out);
    let mut sizes = Vec::new();
    for round in 0..1000 {
        append(&mut store, &mut out, round);
        sizes.push(store.cache_bytes());
    }
    assert!(sizes.is_sorted());
    // at worst a factor of two behind the 104 bytes of each element
    assert!(sizes[999] > 52_000 && sizes[999] < 110_000, "{}", sizes[999]);
    store.take_dirty(&mut out, false).expect("flushed");
    assert_eq!(store.cache_bytes(), 45 + 1 + 8 + 1 + 4 + 1000 * 104);
}

#[test]
fn headers_and_origin_of_the_last_write_are_kept() {
    let mut out = Outbox::default();
    let mut store = table(&mut out, true);
    let mut origin = RecordContext { topic: "in".into(), offset: 7, ..context(1) };
    let write = |store: &mut Table, out: &mut Outbox, origin: &RecordContext| {
        store.put(out, origin, &key("k"), Some(1), origin.timestamp, None).expect("written");
    };
    write(&mut store, &mut out, &origin);
    origin.headers.push("h", Some(b"v".to_vec()));
    write(&mut store, &mut out, &origin);
    let rows = store.take_dirty(&mut out, false).expect("flushed");
    assert_eq!(rows[0].context, origin);
    let plain = RecordContext { offset: 8, ..context(2) };
    write(&mut store, &mut out, &origin);
    write(&mut store, &mut out, &plain);
    let rows = store.take_dirty(&mut out, false).expect("flushed");
    assert_eq!(rows[0].context, plain);
}

/// Counts the reads of a backend.
struct Counting(MemoryBytes, std::sync::Arc<AtomicU32>);

impl OrderedBytes for Counting {
    fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.get(key, out)
    }

    fn range(
        &self,
        range: &KeyRange,
        order: super::Order,
    ) -> Result<Box<dyn Cursor + '_>, StoreError> {
        self.0.range(range, order)
    }

    fn stage(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.0.stage(key, value);
    }

    fn apply(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        self.0.apply(offsets)
    }

    fn offset(&self, partition: i32) -> Result<Option<i64>, StoreError> {
        self.0.offset(partition)
    }

    fn approximate_rows(&self) -> u64 {
        self.0.approximate_rows()
    }

    fn persistent(&self) -> bool {
        false
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[test]
fn what_the_cache_knows_is_not_read_again() {
    let reads = std::sync::Arc::new(AtomicU32::new(0));
    let mut out = Outbox::default();
    let backend = Box::new(Counting(MemoryBytes::new(), std::sync::Arc::clone(&reads)));
    let setup = setup(backend, &mut out, true);
    let mut store = Table::new(setup, String::serde(), i64::serde());
    for round in 0..5 {
        for name in ["a", "b"] {
            add(&mut store, &mut out, name, Some(1), round);
            add(&mut store, &mut out, name, Some(1), round);
        }
        store.take_dirty(&mut out, true).expect("flushed");
        store.commit(Some(round)).expect("committed");
    }
    add(&mut store, &mut out, "a", None, 5);
    assert_eq!(lines(&store.take_dirty(&mut out, true).expect("flushed")), ["a: 10 -> - @5"]);
    // each key once, when it was first seen
    assert_eq!(reads.load(Ordering::Relaxed), 2);
}
