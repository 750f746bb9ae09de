//! Where partitions begin and end, and what the group committed: one request for many partitions.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::clients::Consumer;
use crate::record::TopicPartition;

/// Which end of a partition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Which {
    /// The first offset that is still there.
    Beginning,
    /// The offset that the next record will get.
    End,
    /// The first offset of that time or later, in milliseconds; the end where there is none.
    At(i64),
}

pub(super) type Offsets = BTreeMap<TopicPartition, i64>;

/// Asks for one end of many partitions. Costs one request per broker.
///
/// librdkafka's question "which offset has this time" passes the protocol's special times for both
/// ends on, and is the only call that asks for several partitions at once.
pub(super) fn ends(
    consumer: &Consumer,
    partitions: &[TopicPartition],
    which: Which,
    timeout: Duration,
) -> Result<Offsets, KafkaError> {
    if partitions.is_empty() {
        return Ok(Offsets::new());
    }
    let end = match which {
        Which::Beginning => Offset::Beginning,
        Which::End => Offset::End,
        Which::At(time) => Offset::Offset(time.max(0)),
    };
    let answer = consumer.offsets_for_times(list(partitions, end)?, timeout)?;
    let mut found = Offsets::new();
    let mut too_early = Vec::new();
    for element in answer.elements() {
        element.error()?;
        if matches!((which, element.offset()), (Which::At(_), Offset::End)) {
            too_early.push(TopicPartition::new(element.topic(), element.partition()));
            continue;
        }
        let Offset::Offset(offset) = element.offset() else {
            return Err(KafkaError::OffsetFetch(RDKafkaErrorCode::NoOffset));
        };
        found.insert(TopicPartition::new(element.topic(), element.partition()), offset);
    }
    found.extend(ends(consumer, &too_early, Which::End, timeout)?);
    Ok(found)
}

/// A committed position with its metadata.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Committed {
    /// The offset to go on with; `None` when nothing was committed.
    pub(super) next: Option<i64>,
    /// What was committed beside it.
    pub(super) metadata: String,
}

/// Asks for the group's committed positions.
pub(super) fn committed(
    consumer: &Consumer,
    partitions: &[TopicPartition],
    timeout: Duration,
) -> Result<BTreeMap<TopicPartition, Committed>, KafkaError> {
    if partitions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let answer = consumer.committed_offsets(list(partitions, Offset::Invalid)?, timeout)?;
    let mut found = BTreeMap::new();
    for element in answer.elements() {
        element.error()?;
        let next = match element.offset() {
            Offset::Offset(next) => Some(next),
            _ => None,
        };
        let metadata = element.metadata().to_owned();
        let place = TopicPartition::new(element.topic(), element.partition());
        found.insert(place, Committed { next, metadata });
    }
    Ok(found)
}

/// Partitions with one offset for all.
pub(super) fn list(
    partitions: &[TopicPartition],
    offset: Offset,
) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for place in partitions {
        list.add_partition_offset(&place.topic, place.partition, offset)?;
    }
    Ok(list)
}
