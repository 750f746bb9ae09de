//! All topics: names, configs and the logs of their partitions.

mod configs;

use std::collections::BTreeMap;

use kafka_protocol::ResponseError as ErrorCode;

pub(crate) use configs::{
    KNOWN as KNOWN_CONFIGS, Kind as ConfigKind, Known as KnownConfig, TopicConfigs,
    find as find_config,
};

use crate::clock;
use crate::log::{Batch, PartitionLog};

/// Kafka's limit.
const NAME_BYTES_MAX: usize = 249;
/// More than any test needs; keeps a wrong number from eating the memory.
const PARTITIONS_MAX: i32 = 100_000;

/// One topic.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) configs: TopicConfigs,
    pub(crate) partitions: Vec<PartitionLog>,
}

/// All topics by name.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    by_name: BTreeMap<String, Topic>,
}

impl Topics {
    /// Whether a topic could be made so.
    ///
    /// # Errors
    /// `InvalidTopicException`, `TopicAlreadyExists`, `InvalidPartitions`.
    pub(crate) fn check_new(&self, name: &str, partitions: i32) -> Result<(), ErrorCode> {
        check_name(name)?;
        if self.by_name.contains_key(name) {
            return Err(ErrorCode::TopicAlreadyExists);
        }
        check_count(partitions)
    }

    /// Makes a topic.
    ///
    /// # Errors
    /// See [`Topics::check_new`].
    pub(crate) fn create(
        &mut self,
        name: &str,
        partitions: i32,
        configs: TopicConfigs,
    ) -> Result<(), ErrorCode> {
        self.check_new(name, partitions)?;
        let partitions = (0..partitions).map(|_| PartitionLog::default()).collect();
        self.by_name.insert(name.to_owned(), Topic { configs, partitions });
        Ok(())
    }

    /// Removes a topic with its records.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition`.
    pub(crate) fn delete(&mut self, name: &str) -> Result<(), ErrorCode> {
        let removed = self.by_name.remove(name);
        removed.map(drop).ok_or(ErrorCode::UnknownTopicOrPartition)
    }

    /// All topics in the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Topic)> {
        self.by_name.iter().map(|(name, topic)| (name.as_str(), topic))
    }

    /// One topic.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition`.
    pub(crate) fn get(&self, name: &str) -> Result<&Topic, ErrorCode> {
        self.by_name.get(name).ok_or(ErrorCode::UnknownTopicOrPartition)
    }

    /// One topic, to be changed.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition`.
    pub(crate) fn get_mut(&mut self, name: &str) -> Result<&mut Topic, ErrorCode> {
        self.by_name.get_mut(name).ok_or(ErrorCode::UnknownTopicOrPartition)
    }

    /// The log of one partition.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition`.
    pub(crate) fn log(&self, topic: &str, partition: i32) -> Result<&PartitionLog, ErrorCode> {
        let log = index(partition).and_then(|at| self.by_name.get(topic)?.partitions.get(at));
        log.ok_or(ErrorCode::UnknownTopicOrPartition)
    }
}

impl Topic {
    /// The log of one partition, to be changed.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition`.
    pub(crate) fn log_mut(&mut self, partition: i32) -> Result<&mut PartitionLog, ErrorCode> {
        let log = index(partition).and_then(|at| self.partitions.get_mut(at));
        log.ok_or(ErrorCode::UnknownTopicOrPartition)
    }

    /// How many partitions there are.
    pub(crate) fn partition_count(&self) -> i32 {
        i32::try_from(self.partitions.len()).unwrap_or(i32::MAX)
    }

    /// Whether the number of partitions could be raised so.
    ///
    /// # Errors
    /// `InvalidPartitions` unless it grows.
    pub(crate) fn check_growth(&self, partitions: i32) -> Result<(), ErrorCode> {
        check_count(partitions)?;
        let grows = partitions > self.partition_count();
        if grows { Ok(()) } else { Err(ErrorCode::InvalidPartitions) }
    }

    /// Raises the number of partitions.
    ///
    /// # Errors
    /// `InvalidPartitions` unless it grows.
    pub(crate) fn grow(&mut self, partitions: i32) -> Result<(), ErrorCode> {
        self.check_growth(partitions)?;
        let more = self.partition_count()..partitions;
        self.partitions.extend(more.map(|_| PartitionLog::default()));
        Ok(())
    }

    /// Appends what a producer sent, if the topic's configs let it in.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition`, `MessageTooLarge`, `InvalidTimestamp`, and those of the log.
    pub(crate) fn append(&mut self, partition: i32, batch: Batch) -> Result<Appended, ErrorCode> {
        if i64::try_from(batch.size()).unwrap_or(i64::MAX)
            > self.configs.number("max.message.bytes")
        {
            return Err(ErrorCode::MessageTooLarge);
        }
        let now_ms = clock::wall_ms();
        let uses_append_time = self.configs.uses_append_time();
        if !uses_append_time {
            self.check_time(&batch, now_ms)?;
        }
        let log = self.log_mut(partition)?;
        let batch = if uses_append_time { batch.stamped(now_ms) } else { batch };
        let base_offset = log.append(batch)?;
        let append_time_ms = if uses_append_time { now_ms } else { -1 };
        Ok(Appended { base_offset, append_time_ms, log_start: log.start() })
    }

    fn check_time(&self, batch: &Batch, now_ms: i64) -> Result<(), ErrorCode> {
        let ahead_max = self.configs.number("message.timestamp.after.max.ms");
        if batch.max_timestamp.saturating_sub(now_ms) > ahead_max {
            return Err(ErrorCode::InvalidTimestamp);
        }
        Ok(())
    }
}

/// Where a batch went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    /// -1 when the records keep their own times.
    pub(crate) append_time_ms: i64,
    pub(crate) log_start: i64,
}

fn index(partition: i32) -> Option<usize> {
    usize::try_from(partition).ok()
}

fn check_count(partitions: i32) -> Result<(), ErrorCode> {
    if (1..=PARTITIONS_MAX).contains(&partitions) {
        Ok(())
    } else {
        Err(ErrorCode::InvalidPartitions)
    }
}

fn check_name(name: &str) -> Result<(), ErrorCode> {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_fine = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name != "."
        && name != ".."
        && name.chars().all(is_legal);
    if is_fine { Ok(()) } else { Err(ErrorCode::InvalidTopicException) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_counts_are_checked_as_in_kafka() {
        let mut topics = Topics::default();
        let mut create = |name: &str, n| topics.create(name, n, TopicConfigs::default()).err();
        assert_eq!(create("a.b_c-1", 3), None);
        assert_eq!(create("a.b_c-1", 3), Some(ErrorCode::TopicAlreadyExists));
        assert_eq!(create("n", 0), Some(ErrorCode::InvalidPartitions));
        for name in ["", ".", "..", "sp ace", &"x".repeat(250)] {
            assert_eq!(create(name, 1), Some(ErrorCode::InvalidTopicException), "{name}");
        }
    }

    #[test]
    fn partitions_only_grow() {
        let mut topics = Topics::default();
        topics.create("t", 2, TopicConfigs::default()).unwrap();
        let topic = topics.get_mut("t").unwrap();
        assert_eq!(topic.grow(2), Err(ErrorCode::InvalidPartitions));
        assert_eq!(topic.grow(5), Ok(()));
        assert_eq!(topic.partition_count(), 5);
    }
}
