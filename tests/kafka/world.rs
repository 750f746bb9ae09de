//! A broker, topics of one's own, and clients that put records in and take them out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_executor::block_on;
use rdkafka::admin::{
    AdminClient, AdminOptions, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use streams_runtime::client::{KafkaStreams, State};
use streams_runtime::config::StreamsConfig;
use streams_test_broker::Broker;

/// Longer than anything should take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

static NEXT: AtomicU32 = AtomicU32::new(0);

/// One test's place: a broker and names that no other test uses.
pub struct World {
    broker: Option<Broker>,
    bootstrap: String,
    name: String,
    state_dir: PathBuf,
    guarantee: &'static str,
}

/// A record as a test sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub timestamp: i64,
}

impl World {
    pub fn new(test: &str) -> Self {
        let unique = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let name = format!("{test}-{unique}");
        let state_dir = std::env::temp_dir().join(format!("streams-test-{name}"));
        let (broker, bootstrap) = match std::env::var("STREAMS_TEST_BOOTSTRAP") {
            Ok(bootstrap) => (None, bootstrap),
            Err(_) => {
                let broker = Broker::start().expect("the embedded broker starts");
                let bootstrap = broker.bootstrap_servers();
                (Some(broker), bootstrap)
            }
        };
        Self { broker, bootstrap, name, state_dir, guarantee: "at_least_once" }
    }

    /// The same place, whose applications run under another `processing.guarantee`.
    pub fn under(mut self, guarantee: &'static str) -> Self {
        self.guarantee = guarantee;
        self
    }

    pub fn guarantee(&self) -> &'static str {
        self.guarantee
    }

    /// The embedded broker, for faults; `None`, with a line that says so, on a real one.
    pub fn embedded(&self) -> Option<&Broker> {
        if self.broker.is_none() {
            eprintln!("SKIPPED: {} needs faults, which only the embedded broker takes", self.name);
        }
        self.broker.as_ref()
    }

    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// A topic's name that is this test's own.
    pub fn topic(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    pub fn application_id(&self) -> String {
        format!("app-{}", self.name)
    }

    /// The configuration of an instance; each instance has its own state directory.
    pub fn config(&self, instance: &str) -> StreamsConfig {
        StreamsConfig::new(self.application_id())
            .bootstrap_servers(&self.bootstrap)
            .state_dir(self.state_dir(instance))
            .commit_interval(Duration::from_millis(100))
            .set("consumer.session.timeout.ms", "6000")
            .set("consumer.heartbeat.interval.ms", "300")
            .set("producer.linger.ms", "0")
            .set("processing.guarantee", self.guarantee)
    }

    /// Where an instance keeps its state.
    pub fn state_dir(&self, instance: &str) -> PathBuf {
        self.state_dir.join(instance)
    }

    /// Deletes the local state of an instance.
    pub fn wipe(&self, instance: &str) {
        std::fs::remove_dir_all(self.state_dir(instance)).ok();
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        ClientConfig::new().set("bootstrap.servers", &self.bootstrap).create().unwrap()
    }

    pub fn create_topic(&self, name: &str, partitions: i32) -> String {
        let topic = self.topic(name);
        self.create_exactly(&topic, partitions);
        topic
    }

    pub fn create_exactly(&self, topic: &str, partitions: i32) {
        let new =
            NewTopic::new(topic, partitions, TopicReplication::Fixed(1)).set("retention.ms", "-1");
        let made = block_on(self.admin().create_topics(&[new], &AdminOptions::new())).unwrap();
        assert!(made[0].is_ok(), "{made:?}");
    }

    /// The names of all topics.
    pub fn topics(&self) -> Vec<String> {
        let metadata = self.consumer().fetch_metadata(None, PATIENCE).unwrap();
        metadata.topics().iter().map(|topic| topic.name().to_owned()).collect()
    }

    pub fn grow_topic(&self, topic: &str, partitions: usize) {
        let grown = [NewPartitions::new(topic, partitions)];
        let done = block_on(self.admin().create_partitions(&grown, &AdminOptions::new())).unwrap();
        assert!(done[0].is_ok(), "{done:?}");
    }

    pub fn delete_topic(&self, topic: &str) {
        let done = block_on(self.admin().delete_topics(&[topic], &AdminOptions::new())).unwrap();
        assert!(done[0].is_ok(), "{done:?}");
    }

    #[cfg(feature = "rocksdb")]
    pub fn delete_records_before(&self, topic: &str, offset: i64) {
        let mut list = TopicPartitionList::new();
        for partition in 0..self.partitions(topic) {
            list.add_partition_offset(topic, partition, Offset::Offset(offset)).unwrap();
        }
        let done = block_on(self.admin().delete_records(&list, &AdminOptions::new())).unwrap();
        assert!(done.elements().iter().all(|element| element.error().is_ok()), "{done:?}");
    }

    pub fn partitions(&self, topic: &str) -> i32 {
        let metadata = self.consumer().fetch_metadata(Some(topic), PATIENCE).unwrap();
        i32::try_from(metadata.topics()[0].partitions().len()).unwrap()
    }

    /// The first offset that is still there, and the next one to be written.
    pub fn ends(&self, topic: &str, partition: i32) -> (i64, i64) {
        self.consumer().fetch_watermarks(topic, partition, PATIENCE).unwrap()
    }

    /// Produces values without keys, spread over the partitions.
    pub fn produce_lines<'l>(&self, topic: &str, lines: impl IntoIterator<Item = &'l str>) {
        let partitions = self.partitions(topic);
        let producer = self.producer();
        for (ix, line) in lines.into_iter().enumerate() {
            let partition = i32::try_from(ix).unwrap() % partitions;
            let record = BaseRecord::<(), str>::to(topic).payload(line).partition(partition);
            send(&producer, record);
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// Produces records with keys and, `None`, tombstones.
    pub fn produce<'l>(
        &self,
        topic: &str,
        records: impl IntoIterator<Item = (&'l str, Option<&'l str>)>,
    ) {
        let producer = self.producer();
        for (key, value) in records {
            let mut record = BaseRecord::<str, str>::to(topic).key(key);
            record.payload = value;
            send(&producer, record);
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// Produces records with topic, key, value or tombstone, and time.
    pub fn produce_at<'l>(
        &self,
        records: impl IntoIterator<Item = (String, &'l str, Option<&'l str>, i64)>,
    ) {
        let producer = self.producer();
        for (topic, key, value, time) in records {
            let mut record = BaseRecord::<str, str>::to(&topic).key(key).timestamp(time);
            record.payload = value;
            send(&producer, record);
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// Produces records with key, value and partition.
    pub fn produce_to<'l>(
        &self,
        topic: &str,
        records: impl IntoIterator<Item = (&'l str, &'l str, i32)>,
    ) {
        let producer = self.producer();
        for (key, value, partition) in records {
            let record = BaseRecord::to(topic).key(key).payload(value);
            send(&producer, record.partition(partition));
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// True when the application has committed everything that these topics hold.
    pub fn is_consumed(&self, topics: &[String]) -> bool {
        let group: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("group.id", self.application_id())
            .create()
            .unwrap();
        let mut list = TopicPartitionList::new();
        for topic in topics {
            for partition in 0..self.partitions(topic) {
                list.add_partition(topic, partition);
            }
        }
        let committed = group.committed_offsets(list, PATIENCE).unwrap();
        committed.elements().iter().all(|element| {
            let (topic, partition) = (element.topic(), element.partition());
            let (low, end) = group.fetch_watermarks(topic, partition, PATIENCE).unwrap();
            let next = element.offset().to_raw().filter(|next| *next >= 0).unwrap_or(low);
            // nobody commits behind the mark of a transaction, which is no record
            next == end || self.holds_only_marks(topic, partition, next)
        })
    }

    fn holds_only_marks(&self, topic: &str, partition: i32, from: i64) -> bool {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("group.id", format!("reader-{}", self.name))
            .set("enable.partition.eof", "true")
            .set("enable.auto.commit", "false")
            .create()
            .unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(from)).unwrap();
        consumer.assign(&list).unwrap();
        matches!(consumer.poll(PATIENCE), Some(Err(KafkaError::PartitionEOF(_))))
    }

    /// What the broker says of a topic's configuration.
    pub fn topic_config(&self, topic: &str) -> BTreeMap<String, String> {
        let asked = [ResourceSpecifier::Topic(topic)];
        let answer = block_on(self.admin().describe_configs(&asked, &AdminOptions::new())).unwrap();
        let entries = answer.into_iter().next().unwrap().unwrap().entries;
        entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect()
    }

    /// Checks the settings of an internal topic, named without the application's prefix.
    #[track_caller]
    pub fn expect_topic_config(&self, topic: &str, settings: &[(&str, &str)]) {
        let topic = format!("{}-{topic}", self.application_id());
        let config = self.topic_config(&topic);
        for (key, value) in settings {
            assert_eq!(config.get(*key).map(String::as_str), Some(*value), "{topic}: {key}");
        }
    }

    /// Produces each record in a transaction of its own, committed or aborted.
    pub fn produce_in_transactions<'l>(
        &self,
        topic: &str,
        records: impl IntoIterator<Item = (&'l str, bool)>,
    ) {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("partitioner", "murmur2_random")
            .set("transactional.id", &self.name)
            .create()
            .unwrap();
        producer.init_transactions(PATIENCE).unwrap();
        for (key, commit) in records {
            producer.begin_transaction().unwrap();
            send(&producer, BaseRecord::<str, str>::to(topic).key(key).payload("1"));
            producer.flush(PATIENCE).unwrap();
            if commit {
                producer.commit_transaction(PATIENCE).unwrap();
            } else {
                producer.abort_transaction(PATIENCE).unwrap();
            }
        }
    }

    fn producer(&self) -> BaseProducer {
        ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("partitioner", "murmur2_random")
            .set("enable.idempotence", "true")
            .create()
            .unwrap()
    }

    fn consumer(&self) -> BaseConsumer {
        ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("group.id", format!("reader-{}", self.name))
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .create()
            .unwrap()
    }

    /// All committed records of a topic that are there now, partition by partition.
    pub fn records(&self, topic: &str) -> Vec<Seen> {
        let consumer = self.consumer();
        let mut list = TopicPartitionList::new();
        // the partitions that are not read to the end, each with its end; records may come all the time
        let mut open = BTreeMap::new();
        for partition in 0..self.partitions(topic) {
            let (low, end) = consumer.fetch_watermarks(topic, partition, PATIENCE).unwrap();
            if low < end {
                open.insert(partition, end);
                list.add_partition_offset(topic, partition, Offset::Offset(low)).unwrap();
            }
        }
        consumer.assign(&list).unwrap();
        let mut seen = Vec::new();
        let start = Instant::now();
        while !open.is_empty() && start.elapsed() < PATIENCE {
            let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
            let message = match message {
                Err(KafkaError::PartitionEOF(partition)) => {
                    open.remove(&partition);
                    continue;
                }
                message => message.unwrap(),
            };
            if open.get(&message.partition()).is_some_and(|end| message.offset() + 1 >= *end) {
                open.remove(&message.partition());
            }
            seen.push(Seen {
                partition: message.partition(),
                offset: message.offset(),
                key: message.key().map(<[u8]>::to_vec),
                value: message.payload().map(<[u8]>::to_vec),
                timestamp: message.timestamp().to_millis().unwrap_or(-1),
            });
        }
        seen.sort_by_key(|record| (record.partition, record.offset));
        seen
    }

    /// The last value of each key, as text and number.
    pub fn counts(&self, topic: &str) -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for record in self.records(topic) {
            let key = String::from_utf8(record.key.unwrap()).unwrap();
            let value = i64::from_be_bytes(record.value.unwrap().try_into().unwrap());
            counts.insert(key, value);
        }
        counts
    }

    /// Waits until the counts are as expected; fails with the difference when they never are.
    #[track_caller]
    pub fn expect_counts(&self, topic: &str, expected: &BTreeMap<String, i64>) {
        let start = Instant::now();
        loop {
            let counts = self.counts(topic);
            if counts == *expected {
                return;
            }
            if start.elapsed() > PATIENCE {
                let wrong: Vec<_> = expected
                    .iter()
                    .filter(|(word, count)| counts.get(*word) != Some(count))
                    .map(|(word, count)| format!("{word}: {:?} for {count}", counts.get(word)))
                    .take(10)
                    .collect();
                panic!("{} words wrong or missing: {wrong:?}", expected.len());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.state_dir).ok();
    }
}

fn send<K: rdkafka::message::ToBytes + ?Sized>(
    producer: &BaseProducer,
    mut record: BaseRecord<'_, K, str>,
) {
    loop {
        match producer.send(record) {
            Ok(()) => return,
            Err((_, back)) => {
                record = back;
                producer.poll(Duration::from_millis(10));
            }
        }
    }
}

/// Waits for a condition; fails with its name.
#[track_caller]
pub fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[track_caller]
pub fn wait_for(streams: &KafkaStreams, state: State) {
    eventually(&format!("state {state}"), || {
        let now = streams.state();
        if now != state && now.is_terminal() {
            let error = block_on(streams.closed());
            panic!("the state became {now} while waiting for {state}: {error:?}");
        }
        now == state
    });
}
