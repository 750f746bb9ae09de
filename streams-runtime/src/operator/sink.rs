//! `to`: where results leave.

use std::sync::Arc;

use crate::context::Context;
use crate::error::{Stop, StreamsError, StreamsErrorKind, UserError};
use crate::record::{Record, RecordContext};
use crate::serdes::{Direct, SerdeRef};
use crate::topology::NodeId;

/// Names the topic of a record.
pub type TopicNameExtractorRef<K, V> = Arc<dyn Fn(&K, &V, &RecordContext) -> String + Send + Sync>;

/// Names the topic of a record, or fails: with the error and the name of its type.
pub type TryTopicNameExtractorRef<K, V> =
    Arc<dyn Fn(&K, &V, &RecordContext) -> Result<String, (&'static str, UserError)> + Send + Sync>;

/// Which topic a sink writes to.
pub enum SinkTopic<K, V> {
    /// The one of its node.
    Fixed,
    /// The one that a function names for each record; it must exist.
    Computed(TopicNameExtractorRef<K, V>),
    /// The one that a function names which can fail.
    Tried(TryTopicNameExtractorRef<K, V>),
}

/// Chooses the partitions that a record goes to.
///
/// Every closure `Fn(&str, &K, &V, i32) -> Option<Vec<i32>>` of topic, key, value and number of
/// partitions is a partitioner. Java: `org.apache.kafka.streams.processor.StreamPartitioner`.
pub trait StreamPartitioner<K, V>: Send + Sync + 'static {
    /// The partitions: `None` for the default (murmur2 of the key), several for a copy to each, an
    /// empty list drops the record, counted and logged.
    fn partitions(&self, topic: &str, key: &K, value: &V, partitions: i32) -> Option<Vec<i32>>;
}

impl<K, V, F> StreamPartitioner<K, V> for F
where
    F: Fn(&str, &K, &V, i32) -> Option<Vec<i32>> + Send + Sync + 'static,
{
    fn partitions(&self, topic: &str, key: &K, value: &V, partitions: i32) -> Option<Vec<i32>> {
        self(topic, key, value, partitions)
    }
}

/// A partitioner as a sink holds it.
pub type StreamPartitionerRef<K, V> = Arc<dyn StreamPartitioner<K, V>>;

/// Writes each record to a topic and ends there.
///
/// The record keeps its time and headers; over Kafka a time of 0 becomes 1 ms, as the client library takes
/// 0 for "now". A null key leaves the partition to the producer. Java: `KStream#to`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").to(|key: &String, _: &i64, _: &RecordContext| format!("topic-{key}"));
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.produced_topic_names(), ["topic-a", "topic-b"]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct Sink<K, V> {
    pub(crate) node: NodeId,
    pub(crate) key: Direct<K>,
    pub(crate) value: Direct<V>,
    pub(crate) topic: SinkTopic<K, V>,
    pub(crate) partitioner: Option<StreamPartitionerRef<K, V>>,
}

impl<K, V> std::fmt::Debug for Sink<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("node", &self.node).finish_non_exhaustive()
    }
}

impl<K: 'static, V: 'static> Sink<K, V> {
    pub(crate) fn new(
        node: NodeId,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
        topic: SinkTopic<K, V>,
        partitioner: Option<StreamPartitionerRef<K, V>>,
    ) -> Self {
        Self { node, key: key.into(), value: value.into(), topic, partitioner }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Writes the record.
    ///
    /// # Errors
    /// When key or value do not encode, or no topic is found, and the handlers say fail, and when a partitioner is asked for a
    /// topic that is not there.
    #[inline]
    pub fn run(&self, cx: &mut Context, record: Record<K, V>) -> Result<(), Stop> {
        cx.entering(self.node, &record);
        if matches!(self.topic, SinkTopic::Fixed) && self.partitioner.is_none() {
            return cx.produce(self.node, None, (&self.key, &self.value), &record);
        }
        self.run_computed(cx, &record)
    }

    fn run_computed(&self, cx: &mut Context, record: &Record<K, V>) -> Result<(), Stop> {
        cx.at(record);
        let topic = match &self.topic {
            SinkTopic::Fixed => Arc::clone(&cx.node(self.node).topic_name),
            SinkTopic::Computed(name) => Arc::from(name(&record.key, &record.value, cx.record())),
            SinkTopic::Tried(name) => match name(&record.key, &record.value, cx.record()) {
                Ok(name) => Arc::from(name),
                Err((type_name, error)) => return cx.failed(self.node, type_name, error),
            },
        };
        let serdes = (&self.key, &self.value);
        let Some(partitioner) = &self.partitioner else {
            return cx.produce_to(self.node, &topic, None, serdes, record);
        };
        for partition in chosen(cx, self.node, &**partitioner, &topic, record)? {
            cx.produce_to(self.node, &topic, partition, serdes, record)?;
        }
        Ok(())
    }
}

/// The partitions that a partitioner chooses, one `None` for the default.
pub(super) fn chosen<K: 'static, V: 'static>(
    cx: &mut Context,
    node: NodeId,
    partitioner: &dyn StreamPartitioner<K, V>,
    topic: &str,
    record: &Record<K, V>,
) -> Result<Vec<Option<i32>>, Stop> {
    let Some(count) = cx.partition_count(topic) else {
        let message = format!(
            "task {}: operator `{}` cannot choose a partition, as topic `{topic}` is not there; \
             create it before the application starts",
            cx.task_id(),
            cx.node(node).name
        );
        return Err(Box::new(StreamsError::new(StreamsErrorKind::Topics, message)));
    };
    let chosen = partitioner.partitions(topic, &record.key, &record.value, count);
    let Some(partitions) = chosen else { return Ok(vec![None]) };
    if partitions.is_empty() {
        cx.drop_record(node, "its partitioner chose no partition; return None for the default one");
    }
    Ok(partitions.into_iter().map(Some).collect())
}
