//! A hash index over numbered slots, whose keys lie elsewhere.

use std::hash::Hasher;

use rustc_hash::FxHasher;

/// No slot.
pub(crate) const NONE: u32 = u32::MAX;

/// Places of an empty index; a power of two.
const FEWEST: usize = 16;

/// Slots by the hash of their key, in one array: a lookup that hits reads one place of it, and then the slot.
///
/// A slot lies at the first free place from where its hash points (linear probing), and half of the places or
/// more are free. A removal moves those behind it up, so that no search ends too early.
#[derive(Debug)]
pub(crate) struct SlotIndex {
    /// A power of two of them.
    places: Vec<Place>,
    /// By the number of the slot.
    hashes: Vec<u64>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// Those bits of the hash that do not choose the place.
    tag: u32,
    slot: u32,
}

const FREE: Place = Place { tag: 0, slot: NONE };

/// The hash of a key's bytes.
#[inline]
pub(crate) fn hash(key: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    hasher.finish()
}

#[inline]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl Default for SlotIndex {
    fn default() -> Self {
        Self { places: vec![FREE; FEWEST], hashes: Vec::new(), len: 0 }
    }
}

impl SlotIndex {
    /// The slot with that hash for which `is_it` is true.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = tag(hash);
        let mut at = hash as usize;
        loop {
            let place = self.places[at & (self.places.len() - 1)];
            if place.tag == tag && place.slot != NONE && is_it(place.slot) {
                return Some(place.slot);
            }
            if place.slot == NONE {
                return None;
            }
            at = at.wrapping_add(1);
        }
    }

    /// Adds a slot. Numbers are to be dense: they index a vector.
    pub(crate) fn insert(&mut self, slot: u32, hash: u64) {
        if self.len * 2 >= self.places.len() {
            self.grow();
        }
        if slot as usize >= self.hashes.len() {
            self.hashes.resize(slot as usize + 1, 0);
        }
        self.hashes[slot as usize] = hash;
        self.settle(slot, hash);
        self.len += 1;
    }

    fn settle(&mut self, slot: u32, hash: u64) {
        let mut at = self.wrap(hash as usize);
        while self.places[at].slot != NONE {
            at = self.wrap(at + 1);
        }
        self.places[at] = Place { tag: tag(hash), slot };
    }

    /// Removes a slot, which must be there.
    pub(crate) fn remove(&mut self, slot: u32) {
        let mut hole = self.wrap(self.hashes[slot as usize] as usize);
        while self.places[hole].slot != slot {
            hole = self.wrap(hole + 1);
        }
        let mut at = self.wrap(hole + 1);
        while self.places[at].slot != NONE {
            let wanted = self.hashes[self.places[at].slot as usize] as usize;
            // how far it lies from where its hash points, and how far the hole does
            if self.wrap(at.wrapping_sub(wanted)) >= self.wrap(at.wrapping_sub(hole)) {
                self.places[hole] = self.places[at];
                hole = at;
            }
            at = self.wrap(at + 1);
        }
        self.places[hole] = FREE;
        self.len -= 1;
    }

    /// Removes all slots and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.places.fill(FREE);
        self.hashes.clear();
        self.len = 0;
    }

    #[inline]
    fn wrap(&self, at: usize) -> usize {
        at & (self.places.len() - 1)
    }

    fn grow(&mut self) {
        let places = vec![FREE; self.places.len() * 2];
        let before = std::mem::replace(&mut self.places, places);
        for place in before.iter().filter(|place| place.slot != NONE) {
            self.settle(place.slot, self.hashes[place.slot as usize]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// A walk that adds, removes and adds again while the index grows.
    fn check(hash_of: fn(u32) -> u64) {
        let mut index = SlotIndex::default();
        let mut there = vec![false; 500];
        let mut known = 0u32;
        for round in 0..5_000u32 {
            let is_new = round % 2 == 0 && known < 500;
            let slot = if is_new { known } else { (round * 7919) % known };
            known += u32::from(is_new);
            let place = slot as usize;
            if there[place] {
                index.remove(slot);
            } else {
                index.insert(slot, hash_of(slot));
            }
            there[place] = !there[place];
            if round % 97 == 0 {
                for slot in 0..known {
                    let found = index.find(hash_of(slot), |other| other == slot);
                    assert_eq!(found.is_some(), there[slot as usize], "{slot}");
                }
            }
        }
        assert_eq!(known, 500);
        index.clear();
        assert_eq!(index.find(0, |_| true), None);
    }

    #[test]
    fn slots_are_found_until_they_are_removed() {
        check(|slot| hash(&slot.to_be_bytes()));
    }

    #[test]
    fn hashes_that_fall_together_are_kept_apart() {
        check(|slot| u64::from(slot % 97));
        check(|slot| u64::MAX - u64::from(slot % 3));
        check(|_| 0);
    }

    /// A step of a walk: the number of a key of few, and what to do with it.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Add(u8),
        Remove(u8),
        Clear,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            20 => any::<u8>().prop_map(Step::Add),
            18 => any::<u8>().prop_map(Step::Remove),
            1 => Just(Step::Clear),
        ];
        proptest::collection::vec(step, 0..600)
    }

    /// Few hashes, all of which point to the last places: runs go over the end, and tags are mostly equal.
    fn crowded(key: u8) -> u64 {
        let tag = u64::from(key % 3) << 32;
        tag | u64::from(u32::MAX - u32::from(key % 5))
    }

    /// Slots are given anew, as the cache does; keys are found, and no other, whatever was removed before.
    fn walk(steps: &[Step], hash_of: impl Fn(u8) -> u64) {
        let (mut index, mut model) = (SlotIndex::default(), HashMap::new());
        let mut keys: Vec<Option<u8>> = Vec::new();
        for step in steps {
            match *step {
                Step::Add(key) if !model.contains_key(&key) => {
                    let free = keys.iter().position(Option::is_none).unwrap_or(keys.len());
                    keys.resize(keys.len().max(free + 1), None);
                    keys[free] = Some(key);
                    index.insert(free as u32, hash_of(key));
                    model.insert(key, free as u32);
                }
                Step::Remove(key) => {
                    if let Some(slot) = model.remove(&key) {
                        index.remove(slot);
                        keys[slot as usize] = None;
                    }
                }
                Step::Clear => {
                    index.clear();
                    model.clear();
                    keys.clear();
                }
                Step::Add(_) => {}
            }
            for key in 0..=u8::MAX {
                let found = index.find(hash_of(key), |slot| keys[slot as usize] == Some(key));
                assert_eq!(found, model.get(&key).copied(), "{key} after {step:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_walk_of_any_steps_is_that_of_a_map(steps in steps()) {
            walk(&steps, crowded);
            walk(&steps, |key| u64::MAX - u64::from(key));
            walk(&steps, |key| hash(&[key]));
        }
    }
}
