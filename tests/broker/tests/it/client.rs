//! Clients for the checks, and the waiting that all of them need.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, DeliveryResult};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::{ClientContext, Offset, TopicPartitionList};

/// Long enough for anything that ought to happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(15);
/// Long enough for a rebalance on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(40);

/// A name that no other check, run or broker has.
pub(crate) fn unique(stem: &str) -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    format!("{stem}-{ms:x}-{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// Counts what happens to a client.
#[derive(Clone, Default)]
pub(crate) struct Events {
    delivered: Arc<AtomicU64>,
    failed: Arc<Mutex<Vec<RDKafkaErrorCode>>>,
    rebalances: Arc<Mutex<Vec<String>>>,
}

impl Events {
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::SeqCst)
    }

    pub(crate) fn failed(&self) -> Vec<RDKafkaErrorCode> {
        self.failed.lock().unwrap().clone()
    }

    pub(crate) fn rebalances(&self) -> Vec<String> {
        self.rebalances.lock().unwrap().clone()
    }
}

impl ClientContext for Events {}

impl ConsumerContext for Events {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let told = match rebalance {
            Rebalance::Assign(list) => format!("+{}", list.count()),
            Rebalance::Revoke(list) => format!("-{}", list.count()),
            Rebalance::Error(error) => format!("{error:?}"),
        };
        self.rebalances.lock().unwrap().push(told);
    }
}

impl ProducerContext for Events {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(_) => {
                self.delivered.fetch_add(1, Ordering::SeqCst);
            }
            Err((error, _)) => {
                self.failed.lock().unwrap().push(error.rdkafka_error_code().unwrap());
            }
        }
    }
}

pub(crate) type TestConsumer = BaseConsumer<Events>;

fn config(bootstrap: &str, extra: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("client.id", "it");
    for (name, value) in extra {
        config.set(*name, *value);
    }
    config
}

/// A producer that tells what became of its records.
pub(crate) struct TestProducer {
    inner: BaseProducer<Events>,
    pub(crate) events: Events,
}

impl TestProducer {
    pub(crate) fn new(bootstrap: &str, extra: &[(&str, &str)]) -> Self {
        let events = Events::default();
        let mut settings = vec![
            ("linger.ms", "5"),
            ("partitioner", "murmur2_random"),
            ("message.timeout.ms", "30000"),
            ("retry.backoff.ms", "20"),
        ];
        settings.extend_from_slice(extra);
        let inner = config(bootstrap, &settings).create_with_context(events.clone()).unwrap();
        Self { inner, events }
    }

    pub(crate) fn client(&self) -> &BaseProducer<Events> {
        &self.inner
    }

    /// Queues a record, waiting while the queue is full.
    pub(crate) fn send(&self, record: BaseRecord<'_, [u8], [u8]>) {
        let mut record = record;
        loop {
            match self.inner.send(record) {
                Ok(()) => return,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    self.inner.poll(Duration::from_millis(10));
                    record = back;
                }
                Err((error, _)) => panic!("send: {error}"),
            }
        }
    }

    /// Sends values to partition 0.
    pub(crate) fn send_values(&self, topic: &str, values: impl IntoIterator<Item = u32>) {
        for value in values {
            self.send(BaseRecord::to(topic).partition(0).payload(&value.to_be_bytes()[..]));
        }
    }

    pub(crate) fn flush(&self) {
        self.inner.flush(LONG).unwrap();
    }

    /// Flushes, and expects every record to have arrived.
    #[track_caller]
    pub(crate) fn flush_all(&self, records: u64) {
        self.flush();
        assert_eq!(self.events.failed(), []);
        assert_eq!(self.events.delivered(), records);
    }
}

/// A consumer of `group` that reads from the start and commits only when told to.
pub(crate) fn consumer(
    bootstrap: &str,
    group: &str,
    extra: &[(&str, &str)],
) -> (TestConsumer, Events) {
    let events = Events::default();
    let mut settings = vec![
        ("group.id", group),
        ("auto.offset.reset", "earliest"),
        ("enable.auto.commit", "false"),
        ("session.timeout.ms", "6000"),
        ("heartbeat.interval.ms", "300"),
        ("fetch.wait.max.ms", "100"),
    ];
    settings.extend_from_slice(extra);
    let consumer = config(bootstrap, &settings).create_with_context(events.clone()).unwrap();
    (consumer, events)
}

/// A consumer that reads all partitions of a topic from `offset` on.
pub(crate) fn reader(
    bootstrap: &str,
    topic: &str,
    partitions: i32,
    offset: Offset,
) -> TestConsumer {
    let (consumer, _) = consumer(bootstrap, &unique("reader"), &[]);
    consumer.assign(&list(topic, partitions, offset)).unwrap();
    consumer
}

pub(crate) fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    config(bootstrap, &[]).create().unwrap()
}

pub(crate) fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(SOON)).operation_timeout(Some(SOON))
}

/// Makes a topic that keeps old records, whatever their time.
pub(crate) fn topic(bootstrap: &str, stem: &str, partitions: i32) -> String {
    topic_with(bootstrap, stem, partitions, &[("retention.ms", "-1")])
}

pub(crate) fn topic_with(
    bootstrap: &str,
    stem: &str,
    partitions: i32,
    configs: &[(&str, &str)],
) -> String {
    let name = unique(stem);
    let new = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
    let new = configs.iter().fold(new, |new, (name, value)| new.set(name, value));
    let created = wait(admin(bootstrap).create_topics(&[new], &options())).unwrap();
    assert!(created.iter().all(Result::is_ok), "{created:?}");
    name
}

/// All partitions of a topic at one offset.
pub(crate) fn list(topic: &str, partitions: i32, offset: Offset) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        list.add_partition_offset(topic, partition, offset).unwrap();
    }
    list
}

/// Reads until `wanted` records are there or none has come for `idle`.
pub(crate) fn read_for(
    consumer: &TestConsumer,
    wanted: usize,
    idle: Duration,
    mut see: impl FnMut(&BorrowedMessage<'_>),
) -> usize {
    let mut count = 0;
    let mut last = Instant::now();
    while count < wanted && last.elapsed() < idle {
        match consumer.poll(Duration::from_millis(50)) {
            Some(Ok(message)) => {
                count += 1;
                see(&message);
                last = Instant::now();
            }
            Some(Err(KafkaError::PartitionEOF(_))) | None => {}
            // Told after each lost connection; the client reconnects by itself.
            Some(Err(error)) if is_connection_loss(&error) => {}
            Some(Err(error)) => panic!("poll: {error}"),
        }
    }
    count
}

fn is_connection_loss(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure};
    matches!(error.rdkafka_error_code(), Some(AllBrokersDown | BrokerTransportFailure))
}

/// Reads exactly `wanted` records.
#[track_caller]
pub(crate) fn read(consumer: &TestConsumer, wanted: usize, see: impl FnMut(&BorrowedMessage<'_>)) {
    assert_eq!(read_for(consumer, wanted, SOON, see), wanted, "records read");
}

/// The partitions that a consumer has now.
pub(crate) fn partitions(consumer: &TestConsumer) -> Vec<i32> {
    let assigned = consumer.assignment().unwrap();
    let mut partitions: Vec<_> = assigned.elements().iter().map(|e| e.partition()).collect();
    partitions.sort_unstable();
    partitions
}

/// Polls all consumers until each has as many partitions as wanted; tells how long it took.
#[track_caller]
pub(crate) fn await_assigned(wanted: &[(&TestConsumer, usize)]) -> Duration {
    let start = Instant::now();
    loop {
        for (consumer, _) in wanted {
            let _ = consumer.poll(Duration::from_millis(10));
        }
        if wanted.iter().all(|(consumer, count)| partitions(consumer).len() == *count) {
            return start.elapsed();
        }
        let seen: Vec<_> = wanted.iter().map(|(consumer, _)| partitions(consumer)).collect();
        assert!(start.elapsed() < LONG, "assignments stay {seen:?}");
    }
}

/// Waits until `is_true`, failing after [`SOON`].
#[track_caller]
pub(crate) fn await_true(what: &str, mut is_true: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < SOON, "{what} never came true");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs one of rdkafka's futures; they are driven by a thread of their own.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
