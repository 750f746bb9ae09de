//! A cache of numbers by key bytes, in the order of their last use.

use rustc_hash::FxHashMap;

const NONE: u32 = u32::MAX;

/// A cached row.
pub(super) struct Row {
    pub(super) key: Box<[u8]>,
    pub(super) value: i64,
    pub(super) time: i64,
    pub(super) dirty: bool,
    older: u32,
    newer: u32,
}

/// Rows up to a bound of bytes; the least recently used one leaves first.
pub(super) struct Rows {
    index: FxHashMap<Box<[u8]>, u32>,
    slots: Vec<Row>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
    bytes: usize,
    max_bytes: usize,
}

impl Rows {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            index: FxHashMap::default(),
            slots: Vec::new(),
            free: Vec::new(),
            oldest: NONE,
            newest: NONE,
            bytes: 0,
            max_bytes,
        }
    }

    /// The row of a key, which becomes the last used one.
    #[inline]
    pub(super) fn get(&mut self, key: &[u8]) -> Option<&mut Row> {
        let ix = *self.index.get(key)?;
        if self.newest != ix {
            self.unlink(ix);
            self.link(ix);
        }
        Some(&mut self.slots[ix as usize])
    }

    /// Adds a row that is not there.
    pub(super) fn insert(&mut self, key: &[u8], value: i64, time: i64, dirty: bool) {
        let row = Row { key: key.into(), value, time, dirty, older: NONE, newer: NONE };
        self.bytes += size(&row);
        let ix = if let Some(ix) = self.free.pop() {
            self.slots[ix as usize] = row;
            ix
        } else {
            self.slots.push(row);
            (self.slots.len() - 1) as u32
        };
        self.index.insert(key.into(), ix);
        self.link(ix);
    }

    /// Takes the least recently used row out, when there are too many bytes.
    #[inline]
    pub(super) fn evict(&mut self) -> Option<Row> {
        if self.bytes <= self.max_bytes || self.oldest == NONE {
            return None;
        }
        let ix = self.oldest;
        self.unlink(ix);
        self.free.push(ix);
        let gone =
            Row { key: Box::default(), value: 0, time: 0, dirty: false, older: NONE, newer: NONE };
        let row = std::mem::replace(&mut self.slots[ix as usize], gone);
        self.index.remove(&row.key);
        self.bytes -= size(&row);
        Some(row)
    }

    /// Shows the dirty rows, the one used longest ago first, and makes them clean.
    pub(super) fn clean(&mut self, mut each: impl FnMut(&Row)) {
        let mut ix = self.oldest;
        while ix != NONE {
            let row = &mut self.slots[ix as usize];
            if std::mem::take(&mut row.dirty) {
                each(row);
            }
            ix = row.newer;
        }
    }

    fn link(&mut self, ix: u32) {
        let older = self.newest;
        self.slots[ix as usize].older = older;
        self.slots[ix as usize].newer = NONE;
        match older {
            NONE => self.oldest = ix,
            older => self.slots[older as usize].newer = ix,
        }
        self.newest = ix;
    }

    fn unlink(&mut self, ix: u32) {
        let Row { older, newer, .. } = self.slots[ix as usize];
        match older {
            NONE => self.oldest = newer,
            older => self.slots[older as usize].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.slots[newer as usize].older = older,
        }
    }
}

/// A row with its place in the index, roughly.
fn size(row: &Row) -> usize {
    size_of::<Row>() + 32 + 2 * row.key.len()
}
