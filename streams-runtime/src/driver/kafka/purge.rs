//! Consumed records of repartition topics are deleted: nobody reads them a second time.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rdkafka::admin::AdminOptions;
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::clients::Admin;
use super::time::now;
use crate::record::TopicPartition;

type Answer = Pin<Box<dyn Future<Output = KafkaResult<TopicPartitionList>> + Send>>;

/// The deletions of one thread: at most one request at a time, never waited for.
pub(super) struct Purge {
    interval: Duration,
    last: Instant,
    committed: BTreeMap<TopicPartition, i64>,
    under_way: Option<Answer>,
}

impl Purge {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, last: now(), committed: BTreeMap::new(), under_way: None }
    }

    /// Notes that all records before `next` are consumed and committed.
    pub(super) fn note(&mut self, place: &TopicPartition, next: i64) {
        self.committed.insert(place.clone(), next);
    }

    /// Asks for a deletion when one is due, and looks at the answer of the one before.
    pub(super) fn serve(&mut self, admin: &Arc<Admin>) {
        if let Some(answer) = &mut self.under_way {
            // the admin client completes the answer on its own thread, so there is nothing to wake
            let mut context = Context::from_waker(Waker::noop());
            match answer.as_mut().poll(&mut context) {
                Poll::Pending => return,
                Poll::Ready(Ok(answer)) => {
                    for element in answer.elements() {
                        if let Err(error) = element.error() {
                            tracing::warn!(
                                "consumed records of {}-{} stay for now: {error}",
                                element.topic(),
                                element.partition()
                            );
                        }
                    }
                    self.under_way = None;
                }
                Poll::Ready(Err(error)) => {
                    tracing::warn!("consumed repartition records stay for now: {error}");
                    self.under_way = None;
                }
            }
        }
        if self.committed.is_empty() || self.last.elapsed() < self.interval {
            return;
        }
        self.last = now();
        let mut list = TopicPartitionList::new();
        for (place, next) in std::mem::take(&mut self.committed) {
            let added =
                list.add_partition_offset(&place.topic, place.partition, Offset::Offset(next));
            if let Err(error) = added {
                tracing::warn!("consumed records of {place} stay for now: {error}");
            }
        }
        let admin = Arc::clone(admin);
        self.under_way = Some(Box::pin(async move {
            let options = AdminOptions::new().request_timeout(Some(Duration::from_secs(30)));
            admin.delete_records(&list, &options).await
        }));
    }
}
