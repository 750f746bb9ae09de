//! The order in which Java's `HashSet<Bytes>` hands out keys, where it shows on a changelog.

/// A set of keys in buckets that double as it grows, and stay when it is emptied.
#[derive(Debug)]
pub(crate) struct JavaHashSet {
    buckets: Vec<Vec<Box<[u8]>>>,
    len: usize,
}

impl Default for JavaHashSet {
    fn default() -> Self {
        Self { buckets: vec![Vec::new(); 16], len: 0 }
    }
}

impl JavaHashSet {
    /// Adds a key; nothing happens when it is there.
    pub(crate) fn insert(&mut self, key: Box<[u8]>) {
        let at = self.bucket(&key);
        if self.buckets[at].contains(&key) {
            return;
        }
        self.buckets[at].push(key);
        self.len += 1;
        if self.len * 4 > self.buckets.len() * 3 {
            self.grow();
        }
    }

    /// Takes all keys out, in Java's order.
    pub(crate) fn drain(&mut self) -> Vec<Box<[u8]>> {
        self.len = 0;
        self.buckets.iter_mut().flat_map(std::mem::take).collect()
    }

    fn grow(&mut self) {
        let doubled = vec![Vec::new(); self.buckets.len() * 2];
        let keys = std::mem::replace(&mut self.buckets, doubled);
        for key in keys.into_iter().flatten() {
            let at = self.bucket(&key);
            self.buckets[at].push(key);
        }
    }

    fn bucket(&self, key: &[u8]) -> usize {
        let hash = hash_code(key).cast_unsigned();
        (hash ^ (hash >> 16)) as usize & (self.buckets.len() - 1)
    }
}

/// `Arrays.hashCode(byte[])`.
fn hash_code(bytes: &[u8]) -> i32 {
    let signed = |byte: &u8| i32::from(byte.cast_signed());
    bytes.iter().fold(1_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(signed(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_by_their_hash() {
        assert_eq!(hash_code(b"k"), 31 + 107);
        let mut set = JavaHashSet::default();
        for key in [b"b", b"a", b"b"] {
            set.insert(key.as_slice().into());
        }
        let keys = set.drain();
        assert_eq!(keys.iter().map(|key| key[0]).collect::<Vec<_>>(), [b'a', b'b']);
        assert_eq!(set.drain().len(), 0);
    }
}
