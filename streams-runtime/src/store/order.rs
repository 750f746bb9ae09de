//! An order of numbered slots that a slot joins, leaves and moves in without a search.

use super::slot_index::NONE;

/// Neighbours in an order.
#[derive(Clone, Copy, Debug)]
struct Link {
    older: u32,
    newer: u32,
}

const UNLINKED: Link = Link { older: NONE, newer: NONE };

/// Slots from the oldest to the newest.
///
/// The links lie apart from what they order: a move reads the neighbours' links and nothing else of them.
#[derive(Debug)]
pub(crate) struct SlotOrder {
    links: Vec<Link>,
    oldest: u32,
    newest: u32,
}

impl Default for SlotOrder {
    fn default() -> Self {
        Self { links: Vec::new(), oldest: NONE, newest: NONE }
    }
}

impl SlotOrder {
    /// The slot that joined or moved longest ago.
    #[inline]
    pub(crate) fn oldest(&self) -> Option<u32> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    /// The slot that joined or moved next after this one.
    pub(crate) fn after(&self, ix: u32) -> Option<u32> {
        let newer = self.links[ix as usize].newer;
        (newer != NONE).then_some(newer)
    }

    /// Adds a slot as the newest. It must not be there.
    #[inline]
    pub(crate) fn push(&mut self, ix: u32) {
        let place = ix as usize;
        if place >= self.links.len() {
            self.links.resize(place + 1, UNLINKED);
        }
        self.links[place] = Link { older: self.newest, newer: NONE };
        match self.newest {
            NONE => self.oldest = ix,
            older => self.links[older as usize].newer = ix,
        }
        self.newest = ix;
    }

    /// Takes a slot out, which must be there.
    #[inline]
    pub(crate) fn remove(&mut self, ix: u32) {
        let Link { older, newer } = self.links[ix as usize];
        match older {
            NONE => self.oldest = newer,
            older => self.links[older as usize].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.links[newer as usize].older = older,
        }
    }

    /// Makes a slot, which must be there, the newest.
    #[inline]
    pub(crate) fn renew(&mut self, ix: u32) {
        let before = self.newest;
        if before == ix {
            return;
        }
        // not the newest, so there is a newer one
        let links = &mut self.links[..];
        let Link { older, newer } = links[ix as usize];
        links[newer as usize].older = older;
        match older {
            NONE => self.oldest = newer,
            older => links[older as usize].newer = newer,
        }
        links[before as usize].newer = ix;
        links[ix as usize] = Link { older: before, newer: NONE };
        self.newest = ix;
    }
}
