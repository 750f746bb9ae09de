//! Where results go: a stand-in for a producer, which copies each record's bytes as librdkafka does.

/// The topic of results.
pub const RESULTS: usize = 0;
/// The changelog of the first store; others follow.
pub const CHANGELOG: usize = 1;

const TOPICS: usize = 4;
const BUFFER: usize = 1 << 18;

/// One record as it was produced.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Produced {
    /// The partition, where it was chosen.
    pub partition: Option<i32>,
    /// Milliseconds since the epoch.
    pub timestamp: Option<i64>,
    /// The key's bytes.
    pub key: Option<Vec<u8>>,
    /// The value's bytes.
    pub value: Option<Vec<u8>>,
}

/// Takes records, counts them by topic, and keeps them when asked.
#[derive(Debug)]
pub struct Producer {
    buffer: Vec<u8>,
    counts: [i64; TOPICS],
    log: Option<[Vec<Produced>; TOPICS]>,
}

impl Default for Producer {
    fn default() -> Self {
        Self { buffer: Vec::with_capacity(2 * BUFFER), counts: [0; TOPICS], log: None }
    }
}

impl Producer {
    /// A producer that keeps every record.
    pub fn keeping() -> Self {
        Self { log: Some(Default::default()), ..Self::default() }
    }

    /// Takes a record.
    // never inlined, as no real producer could be
    #[inline(never)]
    pub fn send(
        &mut self,
        topic: usize,
        partition: Option<i32>,
        timestamp: Option<i64>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) {
        if self.buffer.len() > BUFFER {
            self.buffer.clear();
        }
        self.buffer.extend_from_slice(key.unwrap_or_default());
        self.buffer.extend_from_slice(value.unwrap_or_default());
        self.counts[topic] += 1;
        if let Some(log) = &mut self.log {
            let (key, value) = (key.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec));
            log[topic].push(Produced { partition, timestamp, key, value });
        }
    }

    /// The offset behind the last record of a topic.
    pub fn end(&self, topic: usize) -> i64 {
        self.counts[topic]
    }

    /// What was produced to a topic, when it was kept.
    pub fn kept(&self, topic: usize) -> &[Produced] {
        self.log.as_ref().map_or(&[], |log| &log[topic])
    }
}
