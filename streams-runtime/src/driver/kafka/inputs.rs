//! What an instance reads, as the broker had it when it was last asked: topics come and go while patterns stay.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;

use super::application::Application;
use super::clients::Consumer;
use super::events::lock;
use super::interrupt::Interrupt;
use super::metadata::ThreadState;
use super::thread::StreamThread;
use super::time::now;
use super::topics::{self, Counts};
use crate::config::{ClientKind, StreamsConfig};
use crate::error::{StreamsError, StreamsErrorKind};
use crate::topology::TopologyPlan;

/// How long the broker may take to tell its topics.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Kafka's own `metadata.max.age.ms`.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);
/// When to look again after one that may have seen too little.
const AGAIN: Duration = Duration::from_secs(1);

/// The topics that an instance reads, and how many partitions topics have.
pub(super) struct Inputs {
    /// The plan, with the topics that match its patterns.
    pub(super) plan: TopologyPlan,
    /// The partition counts of all topics that the plan names, external ones included.
    pub(super) counts: Counts,
}

impl Inputs {
    /// The topics that the group subscribes to, repartition topics included.
    pub(super) fn subscription(&self) -> BTreeSet<String> {
        let parts = self.plan.sub_topologies.iter().filter(|part| !part.global);
        parts.flat_map(|part| part.source_topics.iter().cloned()).collect()
    }

    /// True when nothing has changed: the same topics match, and those that are there have as many partitions.
    fn is_current(&self, found: &(TopologyPlan, Counts)) -> bool {
        let same = |(old, new): (&_, &_)| topics_of(old) == topics_of(new);
        let same_counts = |(topic, count): (&String, &u32)| self.counts.get(topic) == Some(count);
        self.plan.sub_topologies.iter().zip(&found.0.sub_topologies).all(same)
            && found.1.iter().all(same_counts)
    }
}

fn topics_of(part: &crate::topology::SubTopologyPlan) -> &BTreeSet<String> {
    &part.source_topics
}

/// All topics of the cluster that have partitions.
pub(super) fn cluster(metadata: &Consumer) -> Result<Counts, StreamsError> {
    let answer = metadata.fetch_metadata(None, TIMEOUT).map_err(|error| {
        let message = "the broker does not tell its topics, so new ones that match a pattern wait";
        StreamsError::new(StreamsErrorKind::Broker, message).caused_by(error)
    })?;
    let there = answer.topics().iter().filter(|topic| topic.error().is_none());
    let counts = there.map(|topic| {
        let count = u32::try_from(topic.partitions().len()).unwrap_or(u32::MAX);
        (topic.name().to_owned(), count)
    });
    Ok(counts.filter(|(_, count)| *count > 0).collect())
}

/// The plan with the topics that match now, and the counts of the source topics that are there.
fn look(metadata: &Consumer, plan: &TopologyPlan) -> Result<(TopologyPlan, Counts), StreamsError> {
    let cluster = cluster(metadata)?;
    let plan = plan.with_matching(cluster.keys().map(String::as_str))?;
    let topics = plan.sub_topologies.iter().flat_map(|part| &part.source_topics);
    let there = topics.filter_map(|topic| Some((topic.clone(), *cluster.get(topic)?)));
    let counts = there.collect();
    Ok((plan, counts))
}

/// How old what is known of topics may become; the consumers themselves ask as often for partitions that were added.
pub(super) fn max_age(config: &StreamsConfig) -> Duration {
    let settings = config.client_properties(ClientKind::MainConsumer);
    let millis = |key: &str| settings.get(key)?.parse::<u64>().ok();
    let given = millis("topic.metadata.refresh.interval.ms");
    given.filter(|millis| *millis > 0).map_or(MAX_AGE, Duration::from_millis)
}

impl Application {
    /// What is known of the topics.
    pub(super) fn inputs(&self) -> std::sync::Arc<Inputs> {
        std::sync::Arc::clone(&lock(&self.inputs))
    }

    /// Looks at the broker's topics: where other ones match, or have more partitions than before, the internal
    /// topics are made ready for them, and all threads follow.
    ///
    /// # Errors
    /// When what is there cannot be read by this topology. A broker that does not answer is no error: it is
    /// asked again.
    pub(super) fn look(&self) -> Result<(), StreamsError> {
        let mut next_look = lock(&self.next_look);
        *next_look = now() + max_age(&self.config);
        let known = self.inputs();
        let found = look(&self.metadata, &self.built.plan).and_then(|found| {
            if known.is_current(&found) {
                return Ok(None);
            }
            topics::prepare(&self.admin, &self.metadata, &self.built.plan, &self.config).map(Some)
        });
        match found {
            Ok(None) => {}
            Ok(Some(inputs)) => {
                tracing::info!("the topology reads {:?} now", inputs.subscription());
                *lock(&self.inputs) = std::sync::Arc::new(inputs);
                self.changes.fetch_add(1, Ordering::Release);
            }
            Err(error) if error.kind() == StreamsErrorKind::Broker => {
                tracing::warn!("{error}");
                *next_look = now() + AGAIN;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// True once in a while, for one thread.
    fn look_is_due(&self) -> bool {
        self.next_look.try_lock().is_ok_and(|next| now() >= *next)
    }

    /// Lets some thread look at the topics before long: not every broker knows of a new one at once.
    pub(super) fn look_soon(&self) {
        let mut next_look = lock(&self.next_look);
        *next_look = (now() + AGAIN).min(*next_look);
    }

    /// Asks whether all source topics are still there.
    ///
    /// # Errors
    /// When one was deleted that the topology names. A broker that does not answer is no error: it is asked again
    /// later.
    pub(super) fn check_sources(&self) -> Result<(), StreamsError> {
        let named = self.built.plan.sub_topologies.iter().filter(|part| !part.global);
        for topic in named.flat_map(|part| &part.source_topics) {
            if topics::is_missing(&self.metadata, topic) {
                return Err(super::errors::deleted_source(topic));
            }
        }
        if self.built.plan.has_patterns() {
            self.look_soon();
        }
        Ok(())
    }
}

impl StreamThread {
    /// Subscribes to what the topology reads now, if that is something else than before.
    pub(super) fn follow_topics(&mut self) -> Result<(), Interrupt> {
        if self.app.built.plan.has_patterns() && self.app.look_is_due() {
            self.app.look()?;
        }
        let change = self.app.changes.load(Ordering::Acquire);
        if self.followed != Some(change) {
            self.subscribe()?;
            self.followed = Some(change);
        }
        let waits =
            matches!(self.handle.state(), ThreadState::Starting | ThreadState::PartitionsRevoked);
        if self.subscribed.is_empty() && waits {
            // the group has nothing to tell a member that reads nothing
            self.enter(ThreadState::PartitionsAssigned);
            self.enter(ThreadState::Running);
        }
        Ok(())
    }

    fn subscribe(&mut self) -> Result<(), StreamsError> {
        let topics = self.app.inputs().subscription();
        if topics == self.subscribed {
            return Ok(());
        }
        let list: Vec<&str> = topics.iter().map(String::as_str).collect();
        let consumer = &self.member.consumer;
        if list.is_empty() {
            consumer.unsubscribe();
        } else {
            consumer.subscribe(&list).map_err(|error| {
                let message = format!("cannot subscribe to {list:?}");
                StreamsError::new(StreamsErrorKind::Topics, message).caused_by(error)
            })?;
        }
        self.subscribed = topics;
        Ok(())
    }
}
