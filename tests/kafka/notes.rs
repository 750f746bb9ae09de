//! A listener that notes how stores are restored.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use streams_runtime::client::StateRestoreListener;
use streams_runtime::record::TopicPartition;

/// Notes what is restored, and can be slow about it.
#[derive(Clone, Default)]
pub struct Notes {
    pub lines: Arc<Mutex<Vec<String>>>,
    pub restored: Arc<AtomicU64>,
    pub slow: Duration,
}

impl StateRestoreListener for Notes {
    fn on_restore_start(&self, changelog: &TopicPartition, store: &str, start: i64, end: i64) {
        let partition = changelog.partition;
        self.lines.lock().unwrap().push(format!("start {store}-{partition} {start}..{end}"));
    }

    fn on_batch_restored(&self, _: &TopicPartition, _: &str, _: i64, records: u64) {
        self.restored.fetch_add(records, Ordering::Relaxed);
        std::thread::sleep(self.slow);
    }

    fn on_restore_end(&self, changelog: &TopicPartition, store: &str, total: u64) {
        let partition = changelog.partition;
        self.lines.lock().unwrap().push(format!("end {store}-{partition} {total}"));
    }

    fn on_restore_suspended(&self, changelog: &TopicPartition, store: &str, _: u64) {
        self.lines.lock().unwrap().push(format!("suspended {store}-{}", changelog.partition));
    }
}

impl Notes {
    pub fn text(&self) -> String {
        self.lines.lock().unwrap().join("; ")
    }
}
