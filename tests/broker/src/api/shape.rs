//! The outline of every request, walked before the codec decodes it.
//!
//! The codec reserves memory for as many elements as an array announces, so a hostile length would
//! abort the process. **Invariant**: after [`check`], every array of the body has the elements that it
//! announces. The outlines follow Kafka's message schemas (`clients/src/main/resources`).

use bytes::Buf;
use kafka_protocol::messages::ApiKey;

use super::Closed;

#[derive(Clone, Copy)]
enum Field {
    Fixed(usize),
    Text,
    Bytes,
    Structs(&'static [Field]),
    Items(&'static Field),
    Between(i16, i16, &'static Field),
}

use Field::{Between, Bytes, Fixed, Items, Structs, Text};

const BYTE: Field = Fixed(1);
const SHORT: Field = Fixed(2);
const INT: Field = Fixed(4);
const LONG: Field = Fixed(8);

const fn since(version: i16, field: &'static Field) -> Field {
    Between(version, i16::MAX, field)
}

/// Requests with their fields and the first version in the flexible encoding (KIP-482).
const OUTLINES: &[(ApiKey, &[Field], i16)] = &[
    (ApiKey::Produce, &[Text, SHORT, INT, Structs(&[Text, Structs(&[INT, Bytes])])], 9),
    (ApiKey::Fetch, FETCH, 12),
    (ApiKey::ListOffsets, LIST_OFFSETS, 6),
    (ApiKey::Metadata, METADATA, 9),
    (ApiKey::OffsetCommit, OFFSET_COMMIT, 8),
    (ApiKey::OffsetFetch, &[Text, Structs(&[Text, Items(&INT)]), since(7, &BYTE)], 6),
    (ApiKey::FindCoordinator, &[Text, since(1, &BYTE)], 3),
    (ApiKey::JoinGroup, JOIN_GROUP, 6),
    (ApiKey::Heartbeat, &[Text, INT, Text, since(3, &Text)], 4),
    (ApiKey::LeaveGroup, LEAVE_GROUP, 4),
    (ApiKey::SyncGroup, SYNC_GROUP, 4),
    (ApiKey::DescribeGroups, &[Items(&Text), since(3, &BYTE)], 5),
    (ApiKey::ListGroups, &[since(4, &Items(&Text))], 3),
    (ApiKey::ApiVersions, &[since(3, &Text), since(3, &Text)], 3),
    (ApiKey::CreateTopics, CREATE_TOPICS, 5),
    (ApiKey::DeleteTopics, &[Items(&Text), INT], 4),
    (ApiKey::DeleteRecords, &[Structs(&[Text, Structs(&[INT, LONG])]), INT], 2),
    (ApiKey::InitProducerId, &[Text, INT, since(3, &LONG), since(3, &SHORT)], 2),
    (ApiKey::AddPartitionsToTxn, &[Text, LONG, SHORT, Structs(&[Text, Items(&INT)])], 3),
    (ApiKey::AddOffsetsToTxn, &[Text, LONG, SHORT, Text], 3),
    (ApiKey::EndTxn, &[Text, LONG, SHORT, BYTE], 3),
    (ApiKey::TxnOffsetCommit, TXN_OFFSET_COMMIT, 3),
    (ApiKey::DescribeConfigs, &[Structs(&[BYTE, Text, Items(&Text)]), BYTE], 4),
    (ApiKey::AlterConfigs, &[Structs(&[BYTE, Text, Structs(&[Text, Text])]), BYTE], 2),
    (ApiKey::CreatePartitions, CREATE_PARTITIONS, 2),
    (ApiKey::DeleteGroups, &[Items(&Text)], 2),
    (ApiKey::IncrementalAlterConfigs, INCREMENTAL_ALTER_CONFIGS, 1),
];

const METADATA: &[Field] = &[Structs(&[Text]), since(4, &BYTE), since(8, &BYTE), since(8, &BYTE)];
const LEAVE_GROUP: &[Field] = &[Text, Between(0, 2, &Text), since(3, &Structs(&[Text, Text]))];
const CREATE_PARTITIONS: &[Field] = &[Structs(&[Text, INT, Structs(&[Items(&INT)])]), INT, BYTE];
const INCREMENTAL_ALTER_CONFIGS: &[Field] =
    &[Structs(&[BYTE, Text, Structs(&[Text, BYTE, Text])]), BYTE];
const FETCH: &[Field] = &[
    INT,
    INT,
    INT,
    INT,
    BYTE,
    since(7, &INT),
    since(7, &INT),
    Structs(&[Text, Structs(&[INT, since(9, &INT), LONG, since(5, &LONG), INT])]),
    since(7, &Structs(&[Text, Items(&INT)])),
    since(11, &Text),
];
const LIST_OFFSETS: &[Field] =
    &[INT, since(2, &BYTE), Structs(&[Text, Structs(&[INT, since(4, &INT), LONG])])];
const OFFSET_COMMIT: &[Field] = &[
    Text,
    INT,
    Text,
    since(7, &Text),
    Between(2, 4, &LONG),
    Structs(&[Text, Structs(&[INT, LONG, since(6, &INT), Text])]),
];
const TXN_OFFSET_COMMIT: &[Field] = &[
    Text,
    Text,
    LONG,
    SHORT,
    since(3, &INT),
    since(3, &Text),
    since(3, &Text),
    Structs(&[Text, Structs(&[INT, LONG, since(2, &INT), Text])]),
];
const JOIN_GROUP: &[Field] =
    &[Text, INT, since(1, &INT), Text, since(5, &Text), Text, Structs(&[Text, Bytes])];
const SYNC_GROUP: &[Field] =
    &[Text, INT, Text, since(3, &Text), since(5, &Text), since(5, &Text), Structs(&[Text, Bytes])];
const CREATE_TOPICS: &[Field] = &[
    Structs(&[Text, INT, SHORT, Structs(&[INT, Items(&INT)]), Structs(&[Text, Text])]),
    INT,
    BYTE,
];

/// Walks the body of a request.
///
/// # Errors
/// `BadRequest` when the bytes do not have the request's outline.
pub(super) fn check(api: ApiKey, version: i16, body: &[u8]) -> Result<(), Closed> {
    walk(api, version, body).map(drop).ok_or(Closed::BadRequest)
}

/// What is left after the request.
fn walk(api: ApiKey, version: i16, body: &[u8]) -> Option<&[u8]> {
    let &(_, fields, flexible_from) = OUTLINES.iter().find(|(known, ..)| *known == api)?;
    let mut walker = Walker { rest: body, version, is_flexible: version >= flexible_from };
    walker.structure(fields)?;
    Some(walker.rest)
}

struct Walker<'a> {
    rest: &'a [u8],
    version: i16,
    is_flexible: bool,
}

impl Walker<'_> {
    fn structure(&mut self, fields: &[Field]) -> Option<()> {
        fields.iter().try_for_each(|&field| self.field(field))?;
        if !self.is_flexible {
            return Some(());
        }
        for _ in 0..self.varint()? {
            self.varint()?;
            let size = self.varint()?;
            self.skip(size)?;
        }
        Some(())
    }

    fn field(&mut self, field: Field) -> Option<()> {
        match field {
            Fixed(size) => self.skip(size),
            Text => {
                let size = if self.is_flexible { self.compact()? } else { self.short_length()? };
                self.skip(size)
            }
            Bytes => {
                let size = self.length()?;
                self.skip(size)
            }
            Structs(fields) => {
                let count = self.length()?;
                (0..count).try_for_each(|_| self.structure(fields))
            }
            Items(item) => {
                let count = self.length()?;
                (0..count).try_for_each(|_| self.field(*item))
            }
            Between(min, max, field) => {
                if (min..=max).contains(&self.version) {
                    self.field(*field)
                } else {
                    Some(())
                }
            }
        }
    }

    fn skip(&mut self, size: usize) -> Option<()> {
        self.rest = self.rest.get(size..)?;
        Some(())
    }

    /// Length of bytes or an array; null counts as empty, the codec knows where null is allowed.
    fn length(&mut self) -> Option<usize> {
        if self.is_flexible { self.compact() } else { or_null(self.rest.try_get_i32().ok()?) }
    }

    fn short_length(&mut self) -> Option<usize> {
        or_null(i32::from(self.rest.try_get_i16().ok()?))
    }

    fn compact(&mut self) -> Option<usize> {
        self.varint().map(|length| length.saturating_sub(1))
    }

    /// An unsigned varint of at most 5 bytes.
    fn varint(&mut self) -> Option<usize> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.rest.try_get_u8().ok()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(value).ok().filter(|&value| value <= u32::MAX as usize);
            }
        }
        None
    }
}

fn or_null(length: i32) -> Option<usize> {
    if length == -1 { Some(0) } else { usize::try_from(length).ok() }
}

#[cfg(test)]
mod tests;
