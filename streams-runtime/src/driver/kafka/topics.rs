//! Topics before the start: the sources are checked, internal topics are created and checked.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;

use super::block_on::block_on;
use super::clients::{self, Admin, Consumer};
use super::errors;
use super::inputs::{self, Inputs};
use super::time::now;
use crate::config::StreamsConfig;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::topology::{InternalTopic, SubTopologyPlan, TopologyPlan};

/// How long a broker may take to answer at the start.
const STARTUP: Duration = Duration::from_secs(10);
/// How long a created topic may take to show up.
const PROPAGATION: Duration = Duration::from_secs(10);
/// How long a broker that makes topics on demand may take for one.
const AUTO_CREATION: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// The partition counts of all topics that the plan names, external ones included.
pub(super) type Counts = BTreeMap<String, u32>;

/// Finds the topics that match patterns, checks the source topics, creates the internal topics that are
/// missing and checks the others.
///
/// Safe to run in several instances at once: who comes second finds the topics of the first.
///
/// # Errors
/// When the broker does not answer, a source topic is missing, counts do not fit, or a right is
/// missing.
pub(super) fn prepare(
    admin: &Admin,
    metadata: &Consumer,
    plan: &TopologyPlan,
    config: &StreamsConfig,
) -> Result<Inputs, StreamsError> {
    let world = World { admin, metadata, config };
    world.wait_for_broker(plan)?;
    let cluster = if plan.has_patterns() { inputs::cluster(metadata)? } else { Counts::new() };
    let plan = plan.with_matching(cluster.keys().map(String::as_str))?;
    let internal: Vec<&InternalTopic> = internal_topics(&plan).collect();
    let mut counts = world.source_counts(&plan, &internal, &cluster)?;
    let external = counts.clone();
    let planned = plan.partition_counts(&|topic| external.get(topic).copied())?;
    check_even_sources(&plan, &external, &planned)?;
    world.check_sinks(&plan, &internal, &mut counts)?;
    for topic in &internal {
        let expected = planned.get(&topic.name).copied().ok_or_else(|| {
            StreamsError::new(
                StreamsErrorKind::Topics,
                format!("the partition count of the internal topic `{}` is unknown", topic.name),
            )
        })?;
        world.ensure(topic, expected)?;
        counts.insert(topic.name.clone(), expected);
    }
    drop(internal);
    Ok(Inputs { plan, counts })
}

/// The internal topics of parts that have tasks: not of one whose patterns match nothing yet.
fn internal_topics(plan: &TopologyPlan) -> impl Iterator<Item = &InternalTopic> {
    let parts = plan.sub_topologies.iter().filter(|part| !part.source_topics.is_empty());
    parts.flat_map(|part| part.repartition_sources.iter().chain(&part.changelogs))
}

/// How many partitions the broker says a topic has; `None` when it is not there or nothing answers.
pub(super) fn partitions_of(metadata: &Consumer, topic: &str) -> Option<u32> {
    let answer = metadata.fetch_metadata(Some(topic), STARTUP / 2).ok()?;
    let found = answer.topics().iter().find(|found| found.name() == topic)?;
    let count = u32::try_from(found.partitions().len()).ok()?;
    Some(count).filter(|count| *count > 0 && found.error().is_none())
}

/// True when the broker says that there is no such topic.
pub(super) fn is_missing(metadata: &Consumer, topic: &str) -> bool {
    let answer = metadata.fetch_metadata(Some(topic), STARTUP / 2);
    answer.is_ok_and(|answer| {
        let found = answer.topics().iter().find(|found| found.name() == topic);
        let code = found.and_then(|found| found.error()).map(RDKafkaErrorCode::from);
        code.is_some_and(|code| code == RDKafkaErrorCode::UnknownTopicOrPartition)
    })
}

/// Who owns a task is told by the topics with most partitions (see `assignment`). A changelog keeps that number; without
/// one it could change when a topic is seen by one member before another.
fn check_even_sources(
    plan: &TopologyPlan,
    external: &Counts,
    planned: &Counts,
) -> Result<(), StreamsError> {
    for part in plan.sub_topologies.iter().filter(|part| keeps_unlogged_state(part)) {
        let count = |topic: &String| external.get(topic).or_else(|| planned.get(topic)).copied();
        let found: BTreeMap<&String, u32> =
            part.source_topics.iter().filter_map(|topic| Some((topic, count(topic)?))).collect();
        let mut counts: Vec<u32> = found.values().copied().collect();
        counts.dedup();
        if counts.iter().any(|count| *count != counts[0]) {
            let list: Vec<String> =
                found.iter().map(|(topic, count)| format!("`{topic}` has {count}")).collect();
            return Err(StreamsError::new(
                StreamsErrorKind::Topics,
                format!(
                    "topics that feed the same state need equal partition counts where it has no changelog, but {}; give \
                     them equal counts, put a `repartition(..)` behind the smaller one, or leave logging on",
                    list.join(", ")
                ),
            ));
        }
    }
    Ok(())
}

fn keeps_unlogged_state(part: &SubTopologyPlan) -> bool {
    !part.global && !part.stores.is_empty() && part.changelogs.is_empty()
}

/// What the broker says of a topic.
enum Found {
    Partitions(u32),
    Missing,
    Denied(RDKafkaErrorCode),
}

struct World<'a> {
    admin: &'a Admin,
    /// A consumer asks for metadata, because a producer's question may create the topic.
    metadata: &'a Consumer,
    config: &'a StreamsConfig,
}

impl World<'_> {
    fn wait_for_broker(&self, plan: &TopologyPlan) -> Result<(), StreamsError> {
        let topics = plan.sub_topologies.iter().flat_map(|part| &part.source_topics);
        let any = topics.min().map(String::as_str);
        if any.is_none() && !plan.has_patterns() {
            return Ok(());
        }
        let start = now();
        loop {
            let left = STARTUP.saturating_sub(start.elapsed());
            if self.metadata.fetch_metadata(any, left.min(STARTUP / 4)).is_ok() {
                return Ok(());
            }
            // serves the error callback
            self.metadata.poll(Duration::ZERO);
            if left.is_zero() {
                return Err(self.unreachable());
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn unreachable(&self) -> StreamsError {
        // serves the error callback
        self.metadata.poll(Duration::ZERO);
        let last = self.metadata.context().last_error();
        errors::unreachable(self.config.bootstrap(), STARTUP.as_secs(), last)
    }

    fn find(&self, topic: &str) -> Result<Found, StreamsError> {
        let start = now();
        loop {
            let answer = self.metadata.fetch_metadata(Some(topic), STARTUP / 2);
            let code = match &answer {
                Ok(metadata) => {
                    let Some(found) = metadata.topics().iter().find(|t| t.name() == topic) else {
                        return Ok(Found::Missing);
                    };
                    match found.error() {
                        None => {
                            let count = u32::try_from(found.partitions().len()).unwrap_or(0);
                            return Ok(Found::Partitions(count));
                        }
                        Some(code) => code.into(),
                    }
                }
                Err(error) => error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail),
            };
            match code {
                RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                    return Ok(Found::Missing);
                }
                code if errors::is_denied(code) => return Ok(Found::Denied(code)),
                _ if start.elapsed() < STARTUP => std::thread::sleep(PAUSE),
                RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::OperationTimedOut => return Err(self.unreachable()),
                code => {
                    let message = format!("the broker does not describe topic `{topic}` ({code})");
                    return Err(StreamsError::new(StreamsErrorKind::Broker, message));
                }
            }
        }
    }

    /// The counts of the external source topics, as far as `cluster` does not tell them.
    fn source_counts(
        &self,
        plan: &TopologyPlan,
        internal: &[&InternalTopic],
        cluster: &Counts,
    ) -> Result<Counts, StreamsError> {
        let mut counts = Counts::new();
        let mut missing = Vec::new();
        for topic in plan.sub_topologies.iter().flat_map(|part| &part.source_topics) {
            if internal.iter().any(|known| known.name == *topic) {
                continue;
            }
            if let Some(count) = cluster.get(topic) {
                counts.insert(topic.clone(), *count);
                continue;
            }
            match self.find(topic)? {
                Found::Partitions(count) => {
                    counts.insert(topic.clone(), count);
                }
                Found::Missing => missing.push(format!("`{topic}`")),
                Found::Denied(code) => {
                    let mend = "give the principal READ and DESCRIBE on it";
                    return Err(errors::denied(&format!("read topic `{topic}`"), mend, code));
                }
            }
        }
        if missing.is_empty() { Ok(counts) } else { Err(self.missing_sources(&missing)) }
    }

    /// Fixed topics that the topology writes must be there, or be made by the broker when a
    /// producer asks.
    fn check_sinks(
        &self,
        plan: &TopologyPlan,
        internal: &[&InternalTopic],
        counts: &mut Counts,
    ) -> Result<(), StreamsError> {
        let sinks = plan.sub_topologies.iter().flat_map(|part| &part.sink_topics);
        let dead_letters = self.config.settings().handlers.dead_letter_topic.as_deref();
        for topic in sinks.map(String::as_str).chain(dead_letters) {
            if internal.iter().any(|known| known.name == topic) {
                continue;
            }
            match self.find(topic)? {
                Found::Partitions(count) => {
                    counts.insert(topic.to_owned(), count);
                }
                Found::Missing => {
                    counts.insert(topic.to_owned(), self.let_broker_make(topic)?);
                }
                Found::Denied(code) => {
                    let mend = "give the principal WRITE and DESCRIBE on it";
                    return Err(errors::denied(&format!("write topic `{topic}`"), mend, code));
                }
            }
        }
        Ok(())
    }

    /// How many partitions the topic has then.
    fn let_broker_make(&self, topic: &str) -> Result<u32, StreamsError> {
        let producer = clients::producer(self.config, "check", None)?;
        let start = now();
        while start.elapsed() < AUTO_CREATION {
            // a producer's question makes the topic where the broker allows it; the answer comes by
            // `find`
            let _asked = producer.client().fetch_metadata(Some(topic), AUTO_CREATION);
            if let Found::Partitions(count) = self.find(topic)? {
                return Ok(count);
            }
            std::thread::sleep(PAUSE * 10);
        }
        let servers = self.config.bootstrap();
        Err(StreamsError::new(
            StreamsErrorKind::Topics,
            format!(
                "missing output topic: the application writes `{topic}`, which is not on the \
                 broker at {servers}; create it before the start, for example: kafka-topics.sh \
                 --bootstrap-server {servers} --create --topic {topic} --partitions 4"
            ),
        ))
    }

    fn missing_sources(&self, missing: &[String]) -> StreamsError {
        let servers = self.config.bootstrap();
        let first = missing[0].trim_matches('`');
        StreamsError::new(
            StreamsErrorKind::Topics,
            format!(
                "missing source topic (Kafka Streams: MissingSourceTopicException): {} not on the \
                 broker at {servers}; create it before the start, for example: kafka-topics.sh \
                 --bootstrap-server {servers} --create --topic {first} --partitions 4",
                match missing {
                    [only] => format!("{only} is"),
                    all => format!("{} are", all.join(", ")),
                }
            ),
        )
    }

    /// Creates an internal topic unless it is there, and checks its partition count.
    fn ensure(&self, topic: &InternalTopic, expected: u32) -> Result<(), StreamsError> {
        match self.find(&topic.name)? {
            Found::Partitions(count) => return self.check_count(topic, expected, count),
            Found::Missing => self.create(topic, expected)?,
            Found::Denied(code) => return Err(self.may_not_create(topic, expected, code)),
        }
        let start = now();
        loop {
            if let Found::Partitions(count) = self.find(&topic.name)?
                && count > 0
            {
                return self.check_count(topic, expected, count);
            }
            if start.elapsed() > PROPAGATION {
                let message = format!(
                    "the internal topic `{}` was created but does not show up; is the broker \
                     healthy?",
                    topic.name
                );
                return Err(StreamsError::new(StreamsErrorKind::Broker, message));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn check_count(
        &self,
        topic: &InternalTopic,
        expected: u32,
        actual: u32,
    ) -> Result<(), StreamsError> {
        if actual == expected {
            return Ok(());
        }
        Err(StreamsError::new(
            StreamsErrorKind::Topics,
            format!(
                "the existing internal topic `{}` has {actual} partition(s), but the topology \
                 needs {expected}: the count of a source topic or the topology changed; start \
                 under a new application.id, or stop all instances, delete the internal topics \
                 and the state of `{}` and let it process its input again",
                topic.name,
                self.config.application_id()
            ),
        ))
    }

    fn create(&self, topic: &InternalTopic, partitions: u32) -> Result<(), StreamsError> {
        let settings = topic.config_with(self.config.topic_properties());
        let replication = TopicReplication::Fixed(self.config.settings().replication_factor);
        let count = i32::try_from(partitions).unwrap_or(i32::MAX);
        let mut new = NewTopic::new(&topic.name, count, replication);
        for (key, value) in &settings {
            new = new.set(key, value);
        }
        let options =
            AdminOptions::new().operation_timeout(Some(STARTUP)).request_timeout(Some(STARTUP));
        let code = match block_on(self.admin.create_topics([&new], &options)) {
            Ok(results) => match results.into_iter().next() {
                None | Some(Ok(_)) => return Ok(()),
                Some(Err((_, code))) => code,
            },
            Err(error) => return Err(self.not_created(topic, &error)),
        };
        match code {
            RDKafkaErrorCode::TopicAlreadyExists => Ok(()),
            code if errors::is_denied(code) => Err(self.may_not_create(topic, partitions, code)),
            code => Err(self.not_created(topic, &KafkaError::AdminOp(code))),
        }
    }

    fn not_created(&self, topic: &InternalTopic, error: &KafkaError) -> StreamsError {
        let factor = self.config.settings().replication_factor;
        StreamsError::new(
            StreamsErrorKind::Topics,
            format!(
                "the internal topic `{}` cannot be created with replication.factor {factor} and \
                 {:?}; correct these settings (replication.factor, topic.*)",
                topic.name,
                topic.config_with(self.config.topic_properties())
            ),
        )
        .caused_by(error.clone())
    }

    fn may_not_create(
        &self,
        topic: &InternalTopic,
        partitions: u32,
        code: RDKafkaErrorCode,
    ) -> StreamsError {
        let mend = format!(
            "give the principal CREATE, DESCRIBE, READ, WRITE and DELETE on topics with the prefix \
             `{}-`, or create it with {partitions} partition(s) and {:?}",
            self.config.application_id(),
            topic.config_with(self.config.topic_properties())
        );
        errors::denied(&format!("create the internal topic `{}`", topic.name), &mend, code)
    }
}
