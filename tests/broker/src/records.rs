//! Records as tests see them: read all of a topic, produce without a client.

use bytes::BytesMut;
use kafka_protocol::ResponseError as ErrorCode;

use crate::broker::Broker;
use crate::clock;
use crate::error::Error;
use crate::log::{Batch, BatchHead, Decoded, Fields, View, encode_batch, write_record};

/// A record in a topic.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredRecord {
    /// The partition it lies in.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// The key, if it has one.
    pub key: Option<Vec<u8>>,
    /// The value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Names and values in the order of the producer; names may repeat.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// A record to be produced.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NewRecord {
    /// The partition; without one the key's murmur2 hash decides as in Java, without a key it is 0.
    pub partition: Option<i32>,
    /// Milliseconds since the Unix epoch; without one the time of the append.
    pub timestamp: Option<i64>,
    /// The key, if it has one.
    pub key: Option<Vec<u8>>,
    /// The value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Names and values; names may repeat.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl NewRecord {
    /// A record with a key and a value.
    pub fn new(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self { key: Some(key.into()), value: Some(value.into()), ..Self::default() }
    }

    /// The same record for this partition.
    #[must_use]
    pub fn partition(self, partition: i32) -> Self {
        Self { partition: Some(partition), ..self }
    }

    /// The same record with this time.
    #[must_use]
    pub fn timestamp(self, timestamp: i64) -> Self {
        Self { timestamp: Some(timestamp), ..self }
    }
}

impl Broker {
    /// Appends records as one batch each and returns partitions and offsets.
    ///
    /// # Errors
    /// At the first record that does not fit the topic; those before it are written.
    ///
    /// # Example
    /// ```
    /// use streams_test_broker::{Broker, NewRecord};
    ///
    /// let broker = Broker::start()?;
    /// broker.create_topic("orders", 1)?;
    /// broker.produce("orders", [NewRecord::new("k", "v").timestamp(5)])?;
    /// let records = broker.records("orders")?;
    /// assert_eq!((records[0].offset, records[0].timestamp), (0, 5));
    /// assert_eq!(records[0].value.as_deref(), Some(&b"v"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn produce(
        &self,
        topic: &str,
        records: impl IntoIterator<Item = NewRecord>,
    ) -> Result<Vec<(i32, i64)>, Error> {
        let append = |record| self.append(topic, &record);
        let appended: Result<_, _> = records.into_iter().map(append).collect();
        self.shared.notify_appended();
        appended.map_err(|code| Error::new(code, format!("produce to `{topic}`")))
    }

    fn append(&self, topic: &str, record: &NewRecord) -> Result<(i32, i64), ErrorCode> {
        let mut topics = self.shared.topics();
        let topic = topics.get_mut(topic)?;
        let key = record.key.as_deref();
        let by_key = || key.map_or(0, |key| partition_of(key, topic.partition_count()));
        let partition = record.partition.unwrap_or_else(by_key);
        let batch = batch_of(record)?;
        Ok((partition, topic.append(partition, batch)?.base_offset))
    }

    /// The records of a topic that a `read_committed` reader sees, by partition and offset: those of
    /// open and aborted transactions are left out.
    ///
    /// # Errors
    /// When there is no such topic, or a producer has sent a batch that does not decompress.
    pub fn records(&self, topic: &str) -> Result<Vec<StoredRecord>, Error> {
        self.view(topic, View::Committed)
    }

    /// All records of a topic, those of open and aborted transactions too, by partition and offset.
    ///
    /// # Errors
    /// As [`Broker::records`].
    pub fn uncommitted_records(&self, topic: &str) -> Result<Vec<StoredRecord>, Error> {
        self.view(topic, View::Everything)
    }

    fn view(&self, topic: &str, view: View) -> Result<Vec<StoredRecord>, Error> {
        let failed = |code| Error::new(code, format!("read `{topic}`"));
        let topics = self.shared.topics();
        let found = topics.get(topic).map_err(failed)?;
        let mut records = Vec::new();
        for (partition, log) in (0..).zip(&found.partitions) {
            let decoded = log.records(view).map_err(failed)?;
            records.extend(decoded.into_iter().map(|record| stored(partition, record)));
        }
        Ok(records)
    }

    /// The offset of the next record of a partition.
    #[must_use]
    pub fn end_offset(&self, topic: &str, partition: i32) -> Option<i64> {
        self.shared.topics().log(topic, partition).ok().map(|log| log.end())
    }

    /// The first offset of a partition that can be read.
    #[must_use]
    pub fn start_offset(&self, topic: &str, partition: i32) -> Option<i64> {
        self.shared.topics().log(topic, partition).ok().map(|log| log.start())
    }
}

fn batch_of(record: &NewRecord) -> Result<Batch, ErrorCode> {
    let timestamp = record.timestamp.unwrap_or_else(clock::wall_ms);
    let mut bytes = BytesMut::new();
    let fields = Fields {
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: &record.headers,
    };
    write_record(&mut bytes, 0, 0, &fields);
    Batch::parse(encode_batch(BatchHead::plain(1, timestamp, timestamp), &bytes))
}

fn stored(partition: i32, record: Decoded) -> StoredRecord {
    let headers = record.headers.into_iter();
    StoredRecord {
        partition,
        offset: record.offset,
        timestamp: record.timestamp,
        key: record.key.map(|key| key.to_vec()),
        value: record.value.map(|value| value.to_vec()),
        headers: headers.map(|(name, value)| (name, value.map(|value| value.to_vec()))).collect(),
    }
}

fn partition_of(key: &[u8], partitions: i32) -> i32 {
    (murmur2(key) & 0x7fff_ffff).cast_signed() % partitions.max(1)
}

/// Java's `Utils.murmur2`, which reads its words in little-endian order.
fn murmur2(key: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    let little = |bytes: &[u8]| bytes.iter().rev().fold(0u32, |word, &b| word << 8 | u32::from(b));
    let mut words = key.chunks_exact(4);
    let mut hash = SEED ^ key.len() as u32;
    for word in &mut words {
        let mixed = little(word).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ (mixed ^ mixed >> 24).wrapping_mul(M);
    }
    if !words.remainder().is_empty() {
        hash = (hash ^ little(words.remainder())).wrapping_mul(M);
    }
    hash = (hash ^ hash >> 13).wrapping_mul(M);
    hash ^ hash >> 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_java() {
        // From Kafka's UtilsTest.testMurmur2.
        let cases: [(&str, i32); 5] = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ];
        for (key, hash) in cases {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
    }
}
