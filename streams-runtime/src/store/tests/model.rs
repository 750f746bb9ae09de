//! Random histories: every backend, with and without cache, against a plain map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Add(u8, i64),
    Put(u8, i64),
    Delete(u8),
    Get(u8),
    Flush(bool),
    Evict(usize),
    Commit,
    Abort,
    Range(u8, u8, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0u8..12;
    prop_oneof![
        4 => (name.clone(), -5i64..5).prop_map(|(name, by)| Step::Add(name, by)),
        4 => (name.clone(), -5i64..5).prop_map(|(name, to)| Step::Put(name, to)),
        3 => name.clone().prop_map(Step::Delete),
        2 => name.clone().prop_map(Step::Get),
        2 => any::<bool>().prop_map(Step::Flush),
        1 => (0usize..2000).prop_map(Step::Evict),
        1 => Just(Step::Commit),
        1 => Just(Step::Abort),
        2 => (name.clone(), name, any::<bool>())
            .prop_map(|(from, to, up)| Step::Range(from, to, up)),
    ]
}

/// Keys of several lengths, so that one is a prefix of another.
fn name(number: u8) -> String {
    format!("{}{}", number / 4, "x".repeat(usize::from(number % 4)))
}

type Rows = BTreeMap<String, i64>;

/// A store beside what it should hold: now, at the last commit, and as seen by who gets the flushes.
struct Pair {
    store: Table,
    out: Outbox,
    now: Rows,
    committed: Rows,
    forwarded: Rows,
    /// What came forward when the last commit was made.
    forwarded_then: Rows,
    offset: i64,
}

impl Pair {
    fn new(backend: Box<dyn OrderedBytes>, caching: bool) -> Self {
        let mut out = Outbox::default();
        let setup = setup(backend, &mut out, caching);
        Self {
            store: TableStore::new(setup, String::serde(), i64::serde()),
            out,
            now: Rows::new(),
            committed: Rows::new(),
            forwarded: Rows::new(),
            forwarded_then: Rows::new(),
            offset: -1,
        }
    }

    fn forward(&mut self, rows: Vec<Flushed<String, i64>>, with_old: bool) {
        for row in rows {
            let known = match row.new {
                Some(new) => self.forwarded.insert(row.key.clone(), new),
                None => self.forwarded.remove(&row.key),
            };
            if with_old {
                assert_eq!(row.old, known, "old value of {}", row.key);
            }
        }
    }

    /// Without a cache changes come forward at once.
    fn write(&mut self, name: &str, change: Option<(Option<i64>, Option<i64>)>) {
        let Some((new, old)) = change else { return };
        let row = Flushed {
            key: name.to_owned(),
            new,
            old,
            timestamp: time(0),
            context: RecordContext::none(),
        };
        self.forward(vec![row], true);
    }

    fn flush(&mut self, with_old: bool) {
        let rows = self.store.take_dirty(&mut self.out, with_old).expect("flushed");
        self.forward(rows, with_old);
        assert_eq!(self.forwarded, self.now);
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Add(number, by) => self.add(&name(number), by),
            Step::Put(number, to) => self.put(&name(number), Some(to)),
            Step::Delete(number) => self.put(&name(number), None),
            Step::Get(number) => {
                let row = self.store.get(&name(number)).expect("read");
                assert_eq!(row.map(|row| row.value), self.now.get(&name(number)).copied());
            }
            Step::Flush(with_old) => self.flush(with_old),
            Step::Evict(bytes) => {
                let goal = self.store.cache_bytes().saturating_sub(bytes);
                while self.store.cache_bytes() > goal {
                    let rows = self.store.take_eldest(&mut self.out, true).expect("evicted");
                    self.forward(rows, true);
                }
            }
            Step::Commit => {
                self.flush(true);
                self.offset += 1;
                self.store.commit(Some(self.offset)).expect("committed");
                self.committed = self.now.clone();
                self.forwarded_then = self.forwarded.clone();
            }
            Step::Abort => {
                self.store.abort();
                self.now = self.committed.clone();
                self.forwarded = self.forwarded_then.clone();
            }
            Step::Range(from, to, up) => self.range(&name(from), &name(to), up),
        }
    }

    fn add(&mut self, name: &str, by: i64) {
        let now = self.now.entry(name.to_owned()).or_default();
        *now += by;
        let change = self.store.update::<StoreError>(
            &mut self.out,
            &context(1),
            &name.to_owned(),
            true,
            |row| {
                let value = row.map_or(0, |row| row.value) + by;
                *row = Some(ValueAndTimestamp { value, timestamp: time(1) });
                Ok(time(1))
            },
        );
        let change = change.expect("written").map(|(change, _)| (change.new, change.old));
        self.write(name, change);
    }

    fn put(&mut self, name: &str, value: Option<i64>) {
        let old = match value {
            Some(value) => self.now.insert(name.to_owned(), value),
            None => self.now.remove(name),
        };
        let old = old.map(|value| ValueAndTimestamp { value, timestamp: time(1) });
        let change =
            self.store.put(&mut self.out, &context(1), &name.to_owned(), value, time(1), old);
        let change = change.expect("written").map(|change| (change.new, change.old));
        self.write(name, change);
    }

    fn range(&self, from: &str, to: &str, up: bool) {
        let (from, to) = (from.to_owned(), to.to_owned());
        let order = if up { Order::Ascending } else { Order::Descending };
        let rows = self.store.range(&(from.clone()..=to.clone()), order).expect("read");
        let rows: Vec<_> = rows.map(|row| row.map(|(key, row)| (key, row.value))).collect();
        let mut expected: Vec<_> = self
            .now
            .iter()
            .filter(|(key, _)| (&from..=&to).contains(key))
            .map(|(key, value)| Ok((key.clone(), *value)))
            .collect();
        if !up {
            expected.reverse();
        }
        let text = |rows: Vec<Result<_, StoreError>>| format!("{rows:?}");
        assert_eq!(text(rows), text(expected));
    }

    /// The rows that the changelog alone would give.
    fn replayed(&self) -> Rows {
        let mut rows = Rows::new();
        for send in self.out.sends() {
            let key = String::from_utf8(self.out.key(send).expect("a key").to_vec()).expect("text");
            match self.out.value(send) {
                None => rows.remove(&key),
                Some(value) => {
                    rows.insert(key, i64::from_be_bytes(value.try_into().expect("8 bytes")))
                }
            };
        }
        rows
    }
}

fn check(steps: &[Step], backend: Box<dyn OrderedBytes>, caching: bool) -> Pair {
    let mut pair = Pair::new(backend, caching);
    for step in steps {
        pair.run(step);
    }
    pair.flush(true);
    pair.range("", "~", true);
    pair
}

proptest! {
    #[test]
    fn memory_behaves_as_a_map(steps in prop::collection::vec(step(), 0..80)) {
        for caching in [false, true] {
            check(&steps, Box::new(MemoryBytes::new()), caching);
        }
    }

    #[test]
    fn cache_or_not_rows_and_changelog_end_the_same(steps in prop::collection::vec(step(), 0..80)) {
        // an abort takes back what was logged, which only the driver knows
        let steps: Vec<_> =
            steps.into_iter().filter(|step| !matches!(step, Step::Abort)).collect();
        let plain = check(&steps, Box::new(MemoryBytes::new()), false);
        let cached = check(&steps, Box::new(MemoryBytes::new()), true);
        prop_assert_eq!(&plain.now, &cached.now);
        prop_assert_eq!(&plain.replayed(), &plain.now);
        prop_assert_eq!(&cached.replayed(), &cached.now);
    }
}

#[cfg(feature = "rocksdb")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rocksdb_behaves_as_a_map_and_survives_a_crash(
        steps in prop::collection::vec(step(), 0..60),
        caching in any::<bool>(),
    ) {
        let folder = Folder::new();
        let memory = RocksDbMemory::new(8 << 20);
        let open = || {
            RocksDbBytes::open("store", &folder.0, "app-store-changelog", &memory).expect("opened")
        };
        let pair = check(&steps, Box::new(open()), caching);
        let (committed, offset) = (pair.committed.clone(), pair.offset);
        drop(pair);
        let mut again = Pair::new(Box::new(open()), caching);
        again.now = committed;
        again.range("", "~", false);
        let expected = (offset >= 0).then_some(offset);
        prop_assert_eq!(again.store.committed_offset().expect("read"), expected);
    }
}
