//! The order in which keys were last used, for stores that keep only so many.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

/// Keys by last use. Java: `MemoryLRUCache`.
#[derive(Debug)]
pub(crate) struct LruKeys {
    max: usize,
    clock: u64,
    used: FxHashMap<Box<[u8]>, u64>,
    order: BTreeMap<u64, Box<[u8]>>,
}

impl LruKeys {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, clock: 0, used: FxHashMap::default(), order: BTreeMap::new() }
    }

    /// Notes that a known key was read.
    pub(crate) fn touch(&mut self, key: &[u8]) {
        let Some(used) = self.used.get_mut(key) else { return };
        self.clock += 1;
        if let Some(key) = self.order.remove(used) {
            *used = self.clock;
            self.order.insert(self.clock, key);
        }
    }

    /// Notes a written key; returns the key that has to go for it.
    pub(crate) fn insert(&mut self, key: &[u8]) -> Option<Box<[u8]>> {
        if self.used.contains_key(key) {
            self.touch(key);
            return None;
        }
        self.clock += 1;
        self.used.insert(key.into(), self.clock);
        self.order.insert(self.clock, key.into());
        if self.used.len() <= self.max {
            return None;
        }
        let (_, eldest) = self.order.pop_first()?;
        self.used.remove(&eldest);
        Some(eldest)
    }

    /// Notes a deleted key.
    pub(crate) fn remove(&mut self, key: &[u8]) {
        if let Some(used) = self.used.remove(key) {
            self.order.remove(&used);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.used.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_save_a_key() {
        let mut keys = LruKeys::new(2);
        assert_eq!(keys.insert(b"a"), None);
        assert_eq!(keys.insert(b"b"), None);
        keys.touch(b"a");
        assert_eq!(keys.insert(b"c").as_deref(), Some(&b"b"[..]));
        assert_eq!(keys.insert(b"a"), None);
        keys.remove(b"c");
        assert_eq!(keys.insert(b"d"), None);
        assert_eq!(keys.insert(b"e").as_deref(), Some(&b"a"[..]));
    }
}
