//! One record batch (format 2) as it lies in the log: its bytes and the header fields the broker
//! reads. Base offset and leader epoch lie outside the CRC, so they are patched when a batch leaves.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError as ErrorCode;

use crate::log::record;
use crate::transactions::{Identity, Outcome};

/// Bytes before the first record.
const HEADER_BYTES: usize = 61;
/// Base offset and batch length: what `batch_length` does not count.
const PREFIX_BYTES: usize = 12;
const CRC_AT: usize = 17;
const ATTRIBUTES_AT: usize = 21;
const MAX_TIMESTAMP_AT: usize = 35;
const LOG_APPEND_TIME_BIT: i16 = 0x08;
const TRANSACTIONAL_BIT: i16 = 0x10;
const CONTROL_BIT: i16 = 0x20;
/// The leader epoch of every partition: one node never changes leaders.
pub(crate) const LEADER_EPOCH: i32 = 0;

/// How the records of a batch are compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Codec {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// A checked record batch.
///
/// **Invariant**: its bytes hold a whole header, so that the header's places can be indexed.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    bytes: Bytes,
    pub(crate) attributes: i16,
    pub(crate) last_offset_delta: i32,
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: i64,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) base_sequence: i32,
    pub(crate) count: i32,
}

impl Batch {
    /// Parses the one batch that a producer may send per partition, and checks its CRC.
    ///
    /// # Errors
    /// `CorruptMessage` for wrong lengths, counts or CRC; `UnsupportedForMessageFormat` for the
    /// formats before 2; `InvalidRecord` for several batches, control batches and broken records;
    /// `UnsupportedCompressionType` for an unknown codec.
    pub(crate) fn parse(bytes: Bytes) -> Result<Self, ErrorCode> {
        Self::read(bytes)?.check()
    }

    fn read(bytes: Bytes) -> Result<Self, ErrorCode> {
        if bytes.len() < HEADER_BYTES {
            return Err(ErrorCode::CorruptMessage);
        }
        let mut head = bytes.slice(8..HEADER_BYTES);
        let length = head.get_i32();
        head.advance(4);
        if head.get_i8() != 2 {
            return Err(ErrorCode::UnsupportedForMessageFormat);
        }
        let whole = usize::try_from(length).map_err(|_| ErrorCode::CorruptMessage)? + PREFIX_BYTES;
        if whole < bytes.len() {
            return Err(ErrorCode::InvalidRecord);
        }
        if whole > bytes.len() || head.get_u32() != crc_of(&bytes) {
            return Err(ErrorCode::CorruptMessage);
        }
        Ok(Self {
            attributes: head.get_i16(),
            last_offset_delta: head.get_i32(),
            base_timestamp: head.get_i64(),
            max_timestamp: head.get_i64(),
            producer_id: head.get_i64(),
            producer_epoch: head.get_i16(),
            base_sequence: head.get_i32(),
            count: head.get_i32(),
            bytes,
        })
    }

    /// The batch that ends a producer's transaction: one record whose key tells the outcome.
    ///
    /// # Errors
    /// Never in practice: it is read back like any other batch.
    pub(crate) fn marker(by: Identity, outcome: Outcome, now_ms: i64) -> Result<Self, ErrorCode> {
        let key: [u8; 4] = match outcome {
            Outcome::Abort => [0, 0, 0, 0],
            Outcome::Commit => [0, 0, 0, 1],
        };
        let value = [0; 6];
        let mut records = BytesMut::new();
        let fields = record::Fields { key: Some(&key), value: Some(&value), headers: &[] };
        record::write(&mut records, 0, 0, &fields);
        let head = Head {
            attributes: TRANSACTIONAL_BIT | CONTROL_BIT,
            count: 1,
            base_timestamp: now_ms,
            max_timestamp: now_ms,
            producer_id: by.producer_id,
            producer_epoch: by.epoch,
            base_sequence: -1,
        };
        Self::read(encode(head, &records))
    }

    fn check(self) -> Result<Self, ErrorCode> {
        if self.count <= 0 || self.last_offset_delta != self.count - 1 {
            return Err(ErrorCode::InvalidRecord);
        }
        if self.is_control() || self.is_transactional() && self.producer_id < 0 {
            return Err(ErrorCode::InvalidRecord);
        }
        if self.producer_id >= 0 && (self.producer_epoch < 0 || self.base_sequence < 0) {
            return Err(ErrorCode::InvalidRecord);
        }
        if self.codec().ok_or(ErrorCode::UnsupportedCompressionType)? == Codec::None {
            record::check_layout(self.records(), self.count)?;
        }
        Ok(self)
    }

    /// The codec, or none when the attribute bits name no known one.
    pub(crate) fn codec(&self) -> Option<Codec> {
        match self.attributes & 0x07 {
            0 => Some(Codec::None),
            1 => Some(Codec::Gzip),
            2 => Some(Codec::Snappy),
            3 => Some(Codec::Lz4),
            4 => Some(Codec::Zstd),
            _ => None,
        }
    }

    /// Whose batch it is.
    pub(crate) fn identity(&self) -> Identity {
        Identity { producer_id: self.producer_id, epoch: self.producer_epoch }
    }

    /// Whether the batch belongs to a transaction.
    pub(crate) fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL_BIT != 0
    }

    /// Whether the batch is a marker of the broker instead of a producer's records.
    pub(crate) fn is_control(&self) -> bool {
        self.attributes & CONTROL_BIT != 0
    }

    /// Whether all records carry the time of the append instead of their own.
    pub(crate) fn has_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME_BIT != 0
    }

    /// Whether no record has a null key.
    ///
    /// # Errors
    /// When the records do not decompress or parse.
    pub(crate) fn all_have_keys(&self) -> Result<bool, ErrorCode> {
        Ok(record::decode(self, 0)?.iter().all(|record| record.key.is_some()))
    }

    /// Bytes of the whole batch on the wire.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The records as sent: compressed when the codec says so.
    pub(crate) fn records(&self) -> Bytes {
        self.bytes.slice(HEADER_BYTES.min(self.bytes.len())..)
    }

    /// The batch with the time of the append as the time of all its records.
    pub(crate) fn stamped(self, now_ms: i64) -> Self {
        let mut bytes = BytesMut::from(self.bytes.as_ref());
        let attributes = self.attributes | LOG_APPEND_TIME_BIT;
        put_at(&mut bytes, ATTRIBUTES_AT, &attributes.to_be_bytes());
        put_at(&mut bytes, MAX_TIMESTAMP_AT, &now_ms.to_be_bytes());
        let crc = crc_of(&bytes);
        put_at(&mut bytes, CRC_AT, &crc.to_be_bytes());
        Self { bytes: bytes.freeze(), attributes, max_timestamp: now_ms, ..self }
    }

    /// Writes the batch as a fetch shows it, with its place in the log.
    pub(crate) fn write(&self, base_offset: i64, out: &mut BytesMut) {
        out.put_i64(base_offset);
        out.extend_from_slice(&self.bytes[8..PREFIX_BYTES]);
        out.put_i32(LEADER_EPOCH);
        out.extend_from_slice(&self.bytes[PREFIX_BYTES + 4..]);
    }
}

/// What the header of a batch says, apart from what follows from its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) attributes: i16,
    pub(crate) count: i32,
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: i64,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) base_sequence: i32,
}

impl Head {
    /// The header of plain records from no particular producer.
    pub(crate) fn plain(count: i32, base_timestamp: i64, max_timestamp: i64) -> Self {
        let (producer_id, producer_epoch, base_sequence) = (-1, -1, -1);
        Self {
            attributes: 0,
            count,
            base_timestamp,
            max_timestamp,
            producer_id,
            producer_epoch,
            base_sequence,
        }
    }
}

/// Writes a batch around encoded, uncompressed records.
pub(crate) fn encode(head: Head, records: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(HEADER_BYTES + records.len());
    out.put_i64(0);
    let length = HEADER_BYTES - PREFIX_BYTES + records.len();
    out.put_i32(i32::try_from(length).unwrap_or(i32::MAX));
    out.put_i32(-1);
    out.put_i8(2);
    out.put_u32(0);
    out.put_i16(head.attributes);
    out.put_i32(head.count - 1);
    out.put_i64(head.base_timestamp);
    out.put_i64(head.max_timestamp);
    out.put_i64(head.producer_id);
    out.put_i16(head.producer_epoch);
    out.put_i32(head.base_sequence);
    out.put_i32(head.count);
    out.extend_from_slice(records);
    let crc = crc_of(&out);
    put_at(&mut out, CRC_AT, &crc.to_be_bytes());
    out.freeze()
}

fn crc_of(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes.get(ATTRIBUTES_AT..).unwrap_or_default())
}

fn put_at(bytes: &mut BytesMut, at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A batch of `count` one-byte values from a producer, times `first_ms` and up.
    pub(crate) fn batch(count: i32, first_ms: i64, producer: (i64, i16, i32)) -> Batch {
        batch_with(0, count, first_ms, producer)
    }

    /// The same within a transaction.
    pub(crate) fn in_transaction(count: i32, producer: (i64, i16, i32)) -> Batch {
        batch_with(TRANSACTIONAL_BIT, count, 0, producer)
    }

    fn batch_with(attributes: i16, count: i32, first_ms: i64, producer: (i64, i16, i32)) -> Batch {
        let mut records = BytesMut::new();
        for i in 0..count {
            let value = record::Fields { key: None, value: Some(b"v"), headers: &[] };
            record::write(&mut records, i, i64::from(i), &value);
        }
        let last_ms = first_ms + i64::from(count) - 1;
        let (producer_id, producer_epoch, base_sequence) = producer;
        let plain = Head::plain(count, first_ms, last_ms);
        let head = Head { attributes, producer_id, producer_epoch, base_sequence, ..plain };
        Batch::parse(encode(head, &records)).unwrap()
    }

    fn spoiled(at: usize, value: &[u8], fix_crc: bool) -> Result<Batch, ErrorCode> {
        let mut bytes = BytesMut::from(batch(3, 100, (-1, -1, -1)).bytes.as_ref());
        put_at(&mut bytes, at, value);
        if fix_crc {
            let crc = crc_of(&bytes);
            put_at(&mut bytes, CRC_AT, &crc.to_be_bytes());
        }
        Batch::parse(bytes.freeze())
    }

    #[test]
    fn wrong_bytes_are_refused_each_for_its_reason() {
        let code = |at, value: &[u8], fix| spoiled(at, value, fix).err();
        assert_eq!(code(0, &[9], false), None, "the base offset lies outside the CRC");
        assert_eq!(code(CRC_AT, &[0, 0, 0, 0], false), Some(ErrorCode::CorruptMessage));
        assert_eq!(code(65, &[9], false), Some(ErrorCode::CorruptMessage));
        assert_eq!(code(8, &(-5i32).to_be_bytes(), false), Some(ErrorCode::CorruptMessage));
        assert_eq!(code(8, &9000i32.to_be_bytes(), false), Some(ErrorCode::CorruptMessage));
        assert_eq!(code(8, &50i32.to_be_bytes(), false), Some(ErrorCode::InvalidRecord));
        assert_eq!(code(16, &[1], false), Some(ErrorCode::UnsupportedForMessageFormat));
        assert_eq!(code(57, &4i32.to_be_bytes(), true), Some(ErrorCode::InvalidRecord));
        assert_eq!(code(ATTRIBUTES_AT, &[0, 0x20], true), Some(ErrorCode::InvalidRecord));
        assert_eq!(code(ATTRIBUTES_AT, &[0, 7], true), Some(ErrorCode::UnsupportedCompressionType));
        assert_eq!(code(61, &[0x7e], true), Some(ErrorCode::InvalidRecord));
        assert_eq!(
            Batch::parse(Bytes::from_static(b"short")).err(),
            Some(ErrorCode::CorruptMessage)
        );
    }

    #[test]
    fn a_stamped_batch_has_the_append_time_and_a_right_crc() {
        let stamped = batch(2, 5, (-1, -1, -1)).stamped(777);
        let again = Batch::parse(stamped.bytes.clone()).unwrap();
        assert!(again.has_append_time());
        assert_eq!(again.max_timestamp, 777);
    }
}
