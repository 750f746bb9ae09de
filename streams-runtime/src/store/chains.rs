//! A hash index over numbered slots, whose keys lie elsewhere.

use std::hash::Hasher;

use rustc_hash::FxHasher;

/// No slot.
pub(crate) const NONE: u32 = u32::MAX;

/// Slots by the hash of their key. Slots of one bucket are chained.
#[derive(Debug)]
pub(crate) struct Chains {
    /// A power of two of them.
    buckets: Vec<u32>,
    links: Vec<Link>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    hash: u64,
    next: u32,
}

/// The hash of a key's bytes.
#[inline]
pub(crate) fn hash(key: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    hasher.finish()
}

impl Default for Chains {
    fn default() -> Self {
        Self { buckets: vec![NONE; 16], links: Vec::new(), len: 0 }
    }
}

impl Chains {
    /// The slot with that hash for which `is_it` is true.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut ix = self.buckets[self.bucket(hash)];
        while ix != NONE {
            let link = self.links[ix as usize];
            if link.hash == hash && is_it(ix) {
                return Some(ix);
            }
            ix = link.next;
        }
        None
    }

    /// Adds a slot. Numbers are to be dense: they index a vector.
    pub(crate) fn insert(&mut self, ix: u32, hash: u64) {
        if self.len >= self.buckets.len() {
            self.grow();
        }
        let bucket = self.bucket(hash);
        let link = Link { hash, next: self.buckets[bucket] };
        let place = ix as usize;
        if place == self.links.len() {
            self.links.push(link);
        } else {
            self.links[place] = link;
        }
        self.buckets[bucket] = ix;
        self.len += 1;
    }

    /// Removes a slot, which must be there.
    pub(crate) fn remove(&mut self, ix: u32) {
        let Link { hash, next } = self.links[ix as usize];
        let bucket = self.bucket(hash);
        let mut at = self.buckets[bucket];
        if at == ix {
            self.buckets[bucket] = next;
        }
        while at != NONE && at != ix {
            let link = &mut self.links[at as usize];
            at = link.next;
            if at == ix {
                link.next = next;
            }
        }
        self.len -= 1;
        // an unused slot is told by its chain to itself when the buckets grow
        self.links[ix as usize].next = ix;
    }

    /// Removes all slots and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.buckets.fill(NONE);
        self.links.clear();
        self.len = 0;
    }

    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        (hash as usize) & (self.buckets.len() - 1)
    }

    fn grow(&mut self) {
        self.buckets = vec![NONE; self.buckets.len() * 2];
        for ix in 0..self.links.len() {
            if self.links[ix].next == ix as u32 {
                continue;
            }
            let bucket = self.bucket(self.links[ix].hash);
            self.links[ix].next = self.buckets[bucket];
            self.buckets[bucket] = ix as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_found_until_they_are_removed() {
        let mut chains = Chains::default();
        let mut there = vec![false; 500];
        let mut known = 0u32;
        // a walk that adds, removes and adds again while the buckets grow; few hashes, so long chains
        for round in 0..5_000u32 {
            let is_new = round % 2 == 0 && known < 500;
            let ix = if is_new { known } else { (round * 7919) % known };
            known += u32::from(is_new);
            let place = ix as usize;
            if there[place] {
                chains.remove(ix);
            } else {
                chains.insert(ix, u64::from(ix % 97));
            }
            there[place] = !there[place];
        }
        assert_eq!(known, 500);
        for ix in 0..known {
            let found = chains.find(u64::from(ix % 97), |other| other == ix);
            assert_eq!(found.is_some(), there[ix as usize], "{ix}");
        }
        chains.clear();
        assert_eq!(chains.find(0, |_| true), None);
    }
}
