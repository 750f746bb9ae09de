//! What a task wants to produce, kept as bytes in one arena until the driver takes it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::bytes::append;
use crate::record::Headers;

/// A topic that a task writes to, as a small number.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TopicIx(pub u32);

/// One record to produce; its bytes lie in the outbox's arena.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outgoing {
    /// Where to.
    pub topic: TopicIx,
    /// The partition, or `None` to leave it to the partitioner (murmur2 of the key).
    pub partition: Option<i32>,
    /// Milliseconds since the epoch; `None` leaves it to the producer's clock.
    pub timestamp: Option<i64>,
    /// Its number among the outbox's headers, from 1; 0 stands for none.
    headers: u32,
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
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// Where to.
    pub topic: TopicIx,
    /// The partition, or `None` for the default partitioner.
    pub partition: Option<i32>,
    /// Milliseconds since the epoch; `None` leaves it to the producer's clock.
    pub timestamp: Option<i64>,
    /// Headers in order.
    pub headers: &'a Headers,
}

/// The records of one or more runs of a task, in the order they were produced, across topics.
#[derive(Debug, Default)]
pub struct Outbox {
    arena: Vec<u8>,
    /// More than are used: a record is written field by field where it stays, as a move of what was just
    /// written stalls the processor.
    sends: Vec<Outgoing>,
    used: usize,
    headers: Vec<Headers>,
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

    /// Where the next record starts, and where its key and then its value are to be appended.
    ///
    /// [`finish`](Self::finish) makes a record of them, [`undo`](Self::undo) forgets them.
    #[inline(always)]
    pub(crate) fn begin(&mut self) -> (usize, &mut Vec<u8>) {
        (self.arena.len(), &mut self.arena)
    }

    /// Adds the record whose key and value were appended, each with where it starts.
    #[inline(always)]
    pub(crate) fn finish(
        &mut self,
        to: Destination<'_>,
        (start, key): (usize, Part),
        (middle, value): (usize, Part),
    ) {
        if self.used == self.sends.len() {
            self.grow();
        }
        let send = &mut self.sends[self.used];
        send.topic = to.topic;
        send.partition = to.partition;
        send.timestamp = to.timestamp;
        send.headers = 0;
        send.start = start;
        send.key_len = length(key, start, middle);
        send.value_len = length(value, middle, self.arena.len());
        self.used += 1;
        if !to.headers.is_empty() {
            self.keep_headers(to.headers);
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.sends.resize((self.sends.len() * 2).max(64), Outgoing::default());
    }

    /// Gives headers to the last record.
    fn keep_headers(&mut self, headers: &Headers) {
        self.headers.push(headers.clone());
        let number = u32::try_from(self.headers.len()).expect("invariant: under 2^32 records");
        self.sends[self.used - 1].headers = number;
    }

    /// Takes back what a part had appended before it failed.
    #[cold]
    pub(crate) fn undo<E>(&mut self, start: usize, error: E) -> Result<(), E> {
        self.arena.truncate(start);
        Err(error)
    }

    /// Adds a record whose bytes are ready.
    pub fn push_bytes(&mut self, to: Destination<'_>, key: Option<&[u8]>, value: Option<&[u8]>) {
        let (start, arena) = self.begin();
        let key = append_part(arena, key);
        let middle = arena.len();
        let value = append_part(arena, value);
        self.finish(to, (start, key), (middle, value));
    }

    /// The records, oldest first.
    pub fn sends(&self) -> &[Outgoing] {
        &self.sends[..self.used]
    }

    /// The headers of a record of this outbox, in order.
    #[inline]
    pub fn headers(&self, send: &Outgoing) -> &Headers {
        match send.headers {
            0 => Headers::none(),
            number => &self.headers[number as usize - 1],
        }
    }

    /// The key's bytes of a record of this outbox.
    #[inline]
    pub fn key(&self, send: &Outgoing) -> Option<&[u8]> {
        self.parts(send).0
    }

    /// The value's bytes of a record of this outbox.
    #[inline]
    pub fn value(&self, send: &Outgoing) -> Option<&[u8]> {
        self.parts(send).1
    }

    /// The bytes of key and value of a record of this outbox.
    #[inline]
    pub fn parts(&self, send: &Outgoing) -> (Option<&[u8]>, Option<&[u8]>) {
        let length = |len: u32| if len == NULL { 0 } else { len as usize };
        let (key, rest) = self.arena[send.start..].split_at(length(send.key_len));
        let value = &rest[..length(send.value_len)];
        ((send.key_len != NULL).then_some(key), (send.value_len != NULL).then_some(value))
    }

    /// Forgets all records, keeps the memory and the topic numbers.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.used = 0;
        self.headers.clear();
    }

    /// True when there is nothing to produce.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Bytes that wait to be produced.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }
}

/// Appends ready bytes.
#[inline(always)]
fn append_part(arena: &mut Vec<u8>, bytes: Option<&[u8]>) -> Part {
    let Some(bytes) = bytes else { return Part::Null };
    append(arena, bytes);
    Part::Bytes
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

    fn to(outbox: &mut Outbox, topic: &str) -> Destination<'static> {
        let topic = outbox.topic(topic);
        Destination { topic, partition: None, timestamp: Some(1), headers: Headers::none() }
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
    fn headers_stay_with_their_record() {
        let mut outbox = Outbox::default();
        let mut headers = Headers::default();
        headers.push("name", Some(b"value".to_vec()));
        for round in 0..3 {
            for number in 0..100 {
                let headers = if number % 7 == round { &headers } else { Headers::none() };
                let to = Destination { headers, ..to(&mut outbox, "out") };
                outbox.push_bytes(to, None, Some(b"v"));
            }
            for (number, send) in outbox.sends().iter().enumerate() {
                assert_eq!(outbox.headers(send).len(), usize::from(number % 7 == round));
            }
            outbox.clear();
        }
    }

    #[test]
    fn a_part_that_fails_leaves_nothing_behind() {
        let mut outbox = Outbox::default();
        let (start, arena) = outbox.begin();
        arena.push(1);
        assert_eq!(outbox.undo(start, "no"), Err("no"));
        assert!(outbox.is_empty() && outbox.bytes() == 0);
    }
}
