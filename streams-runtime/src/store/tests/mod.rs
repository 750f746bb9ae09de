//! Behaviour of stores, through their public door.

mod cache;
#[cfg(feature = "rocksdb")]
mod crash;
#[cfg(feature = "rocksdb")]
mod directory;
mod joins;
mod model;
mod plain;
mod sessions;
mod versioned;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::outbox::Outbox;
use crate::record::RecordContext;
use crate::serdes::HasSerde;
use crate::time::Timestamp;

type Table = TableStore<String, i64>;

fn setup(backend: Box<dyn OrderedBytes>, out: &mut Outbox, caching: bool) -> StoreSetup<'static> {
    StoreSetup {
        name: "store",
        backend,
        changelog: Some(out.topic("app-store-changelog")),
        changelog_topic: "app-store-changelog",
        partition: 0,
        caching,
        max_entries: None,
    }
}

fn table(out: &mut Outbox, caching: bool) -> Table {
    TableStore::new(
        setup(Box::new(MemoryBytes::new()), out, caching),
        String::serde(),
        i64::serde(),
    )
}

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).expect("not negative")
}

fn context(ms: i64) -> RecordContext {
    RecordContext { timestamp: time(ms), ..RecordContext::none() }
}

fn key(key: &str) -> String {
    key.to_owned()
}

/// What went to the changelog since the last call: `key=value@time`, `-` for a tombstone.
fn changelog(out: &mut Outbox) -> Vec<String> {
    let text = |bytes: &[u8]| match bytes.try_into() {
        Ok(bytes) => i64::from_be_bytes(bytes).to_string(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    };
    let lines = out.sends().iter().map(|send| {
        let key = String::from_utf8_lossy(out.key(send).expect("a key")).into_owned();
        let value = out.value(send).map_or("-".to_owned(), text);
        format!("{key}={value}@{}", send.timestamp.expect("a time"))
    });
    let lines = lines.collect();
    out.clear();
    lines
}

/// `key: old -> new @time`, as it would be forwarded.
fn line<K: std::fmt::Display, V: std::fmt::Debug>(row: &Flushed<K, V>) -> String {
    let show = |value: &Option<V>| value.as_ref().map_or("-".to_owned(), |v| format!("{v:?}"));
    format!("{}: {} -> {} @{}", row.key, show(&row.old), show(&row.new), row.timestamp.as_millis())
}

fn lines(rows: &[Flushed<String, i64>]) -> Vec<String> {
    rows.iter().map(line).collect()
}

/// Adds to the value of a key, or deletes it for `None`, as an aggregation does.
fn add(
    store: &mut Table,
    out: &mut Outbox,
    name: &str,
    by: Option<i64>,
    ms: i64,
) -> Option<String> {
    let forwarded = store.update::<StoreError>(out, &context(ms), &key(name), true, |row| {
        let old = row.take();
        let timestamp = old.map_or(time(ms), |old| old.timestamp.max(time(ms)));
        *row = by.map(|by| {
            let value = old.map_or(0, |old| old.value) + by;
            ValueAndTimestamp { value, timestamp }
        });
        Ok(timestamp)
    });
    let (change, timestamp) = forwarded.expect("written")?;
    let row = Flushed {
        key: name,
        new: change.new,
        old: change.old,
        timestamp,
        context: RecordContext::none(),
    };
    Some(line(&row))
}

/// A folder of its own, deleted with the value.
struct Folder(PathBuf);

impl Folder {
    #[cfg_attr(not(feature = "rocksdb"), expect(dead_code, reason = "only files need a folder"))]
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("streams-store-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}
