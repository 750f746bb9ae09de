//! What a task wants to produce, kept as bytes in one arena until the driver takes it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::record::Headers;

/// A topic that a task writes to, as a small number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TopicIx(pub u32);

/// One record to produce; its bytes lie in the outbox's arena.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub topic: TopicIx,
    /// The partition, or `None` to leave it to the partitioner (murmur2 of the key).
    pub partition: Option<i32>,
    /// Milliseconds since the epoch; `None` leaves it to the producer's clock.
    pub timestamp: Option<i64>,
    /// Headers in order.
    pub headers: Headers,
    start: usize,
    key_len: u32,
    value_len: u32,
}

/// What was appended for a key or a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// Nothing: it is Kafka's null.
    Null,
    /// Its bytes, possibly none.
    Bytes,
}

/// The length that stands for a null.
const NULL: u32 = u32::MAX;

/// Where a record goes, with all but its key and value.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Where to.
    pub topic: TopicIx,
    /// The partition, or `None` for the default partitioner.
    pub partition: Option<i32>,
    /// Milliseconds since the epoch; `None` leaves it to the producer's clock.
    pub timestamp: Option<i64>,
    /// Headers in order.
    pub headers: Headers,
}

/// The records of one or more runs of a task, in the order they were produced, across topics.
#[derive(Debug, Default)]
pub struct Outbox {
    arena: Vec<u8>,
    sends: Vec<Outgoing>,
    topics: Vec<Arc<str>>,
    by_name: FxHashMap<Arc<str>, TopicIx>,
}

impl Outbox {
    /// The number of a topic, new or known.
    pub fn topic(&mut self, name: &str) -> TopicIx {
        if let Some(ix) = self.by_name.get(name) {
            return *ix;
        }
        let name: Arc<str> = Arc::from(name);
        let ix = TopicIx(u32::try_from(self.topics.len()).expect("invariant: under 2^32 topics"));
        self.topics.push(Arc::clone(&name));
        self.by_name.insert(name, ix);
        ix
    }

    /// The name of a topic.
    pub fn topic_name(&self, topic: TopicIx) -> &Arc<str> {
        &self.topics[topic.0 as usize]
    }

    /// Adds a record whose key and value `encode` appends to the arena, key first.
    ///
    /// When a part cannot be encoded nothing is added and the error is returned.
    ///
    /// # Errors
    /// The error of `key` or `value`.
    // inlined, so that the record is written field by field where it stays
    #[inline(always)]
    pub fn push<E>(
        &mut self,
        to: Destination,
        key: impl FnOnce(&mut Vec<u8>) -> Result<Part, E>,
        value: impl FnOnce(&mut Vec<u8>) -> Result<Part, E>,
    ) -> Result<(), E> {
        let start = self.arena.len();
        let key = match key(&mut self.arena) {
            Ok(key) => key,
            Err(error) => return self.undo(start, error),
        };
        let middle = self.arena.len();
        let value = match value(&mut self.arena) {
            Ok(value) => value,
            Err(error) => return self.undo(start, error),
        };
        self.sends.push(Outgoing {
            topic: to.topic,
            partition: to.partition,
            timestamp: to.timestamp,
            headers: to.headers,
            start,
            key_len: length(key, start, middle),
            value_len: length(value, middle, self.arena.len()),
        });
        Ok(())
    }

    /// Takes back what a part had appended before it failed.
    #[cold]
    fn undo<E>(&mut self, start: usize, error: E) -> Result<(), E> {
        self.arena.truncate(start);
        Err(error)
    }

    /// Adds a record whose bytes are ready.
    pub fn push_bytes(&mut self, to: Destination, key: Option<&[u8]>, value: Option<&[u8]>) {
        match self.push(to, |arena| append(arena, key), |arena| append(arena, value)) {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }

    /// The records, oldest first.
    pub fn sends(&self) -> &[Outgoing] {
        &self.sends
    }

    /// The key's bytes of a record of this outbox.
    #[inline]
    pub fn key(&self, send: &Outgoing) -> Option<&[u8]> {
        (send.key_len != NULL).then(|| &self.arena[send.start..send.start + send.key_len as usize])
    }

    /// The value's bytes of a record of this outbox.
    #[inline]
    pub fn value(&self, send: &Outgoing) -> Option<&[u8]> {
        let key_len = if send.key_len == NULL { 0 } else { send.key_len as usize };
        let start = send.start + key_len;
        (send.value_len != NULL).then(|| &self.arena[start..start + send.value_len as usize])
    }

    /// Forgets all records, keeps the memory and the topic numbers.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.sends.clear();
    }

    /// True when there is nothing to produce.
    pub fn is_empty(&self) -> bool {
        self.sends.is_empty()
    }

    /// Bytes that wait to be produced.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }
}

/// Appends ready bytes.
fn append(arena: &mut Vec<u8>, bytes: Option<&[u8]>) -> Result<Part, std::convert::Infallible> {
    let Some(bytes) = bytes else { return Ok(Part::Null) };
    arena.extend_from_slice(bytes);
    Ok(Part::Bytes)
}

/// The length of an encoded part.
#[inline]
fn length(part: Part, from: usize, to: usize) -> u32 {
    match part {
        Part::Null => NULL,
        Part::Bytes => {
            u32::try_from(to - from).expect("invariant: a Kafka key or value is under 2 GiB")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(outbox: &mut Outbox, topic: &str) -> Destination {
        let topic = outbox.topic(topic);
        Destination { topic, partition: None, timestamp: Some(1), headers: Headers::default() }
    }

    #[test]
    fn nulls_and_empty_parts_stay_apart() {
        let mut outbox = Outbox::default();
        for (key, value) in
            [(Some(&b"k"[..]), None), (None, Some(&b"v"[..])), (Some(&b""[..]), Some(&b"vv"[..]))]
        {
            let to = to(&mut outbox, "out");
            outbox.push_bytes(to, key, value);
            let send = outbox.sends().last().expect("just pushed");
            assert_eq!((outbox.key(send), outbox.value(send)), (key, value));
        }
        assert_eq!((outbox.sends().len(), outbox.bytes()), (3, 4));
        outbox.clear();
        assert!(outbox.is_empty() && outbox.bytes() == 0);
    }

    #[test]
    fn a_part_that_fails_leaves_nothing_behind() {
        let mut outbox = Outbox::default();
        let to = to(&mut outbox, "out");
        let key = |arena: &mut Vec<u8>| {
            arena.push(1);
            Ok(Part::Bytes)
        };
        assert_eq!(outbox.push(to, key, |_| Err("no")), Err("no"));
        assert!(outbox.is_empty() && outbox.bytes() == 0);
    }
}
