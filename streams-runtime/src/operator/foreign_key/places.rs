//! Which partition a subscription or an answer goes to.

use std::sync::Arc;

use super::super::sink::StreamPartitionerRef;
use super::unreadable;
use crate::context::Context;
use crate::error::Stop;
use crate::serdes::{SerdeError, SerdeRef};
use crate::topology::NodeId;

/// The partitions that a user's partitioner chooses for a key's bytes, of a topic and its partition count.
type Choice = dyn Fn(&str, &[u8], i32) -> Result<Option<Vec<i32>>, SerdeError> + Send + Sync;

/// A partitioner of one of the two topics, by the bytes of its keys.
#[derive(Clone)]
pub struct KeyPartitioner {
    choose: Arc<Choice>,
}

impl KeyPartitioner {
    /// What `partitioner` says of the keys that `keys` reads. The value that it sees is always `()`.
    pub(crate) fn new<K: 'static>(
        keys: SerdeRef<K>,
        partitioner: StreamPartitionerRef<K, ()>,
    ) -> Self {
        let choose = move |topic: &str, key: &[u8], count: i32| {
            let key = keys.deserialize(topic, Some(key))?;
            Ok(partitioner.partitions(topic, &key, &(), count))
        };
        Self { choose: Arc::new(choose) }
    }

    /// The partition of a record for the topic of node `to`, where `None` leaves it to the producer; no place
    /// at all for a record that the processing exception handler drops.
    ///
    /// # Errors
    /// When the topic is not there or several partitions or none are chosen, as a row subscribes once, and
    /// the handler says fail.
    pub(super) fn place(
        &self,
        cx: &mut Context,
        (at, to): (NodeId, NodeId),
        key: &[u8],
    ) -> Result<Option<Option<i32>>, Stop> {
        let topic = Arc::clone(&cx.node(to).topic_name);
        let Some(count) = cx.partition_count(&topic) else {
            return refused(cx, at, &format!("topic `{topic}` is not there"));
        };
        match (self.choose)(&topic, key, count) {
            Ok(None) => Ok(Some(None)),
            Ok(Some(chosen)) => match chosen.as_slice() {
                [one] => Ok(Some(Some(*one))),
                other => {
                    let message = format!("it chose the partitions {other:?} where one is wanted");
                    refused(cx, at, &message)
                }
            },
            Err(error) => Err(unreadable(cx, at, error)),
        }
    }
}

#[cold]
fn refused<T>(cx: &mut Context, at: NodeId, message: &str) -> Result<Option<T>, Stop> {
    let message = format!(
        "the partitioner of the join cannot be used: {message}; return exactly one partition, or None for the \
         default"
    );
    cx.failed(at, std::any::type_name::<KeyPartitioner>(), message.into()).map(|()| None)
}
