//! The clients of an instance, with the settings that the runtime needs.

use std::sync::Arc;

use rdkafka::admin::AdminClient;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use rdkafka::producer::BaseProducer;

use super::events::{AdminEvents, ConsumerEvents, ProducerEvents};
use super::wake::{Waker, wake_thread};
use crate::config::{ClientKind, StreamsConfig};
use crate::error::{StreamsError, StreamsErrorKind};

pub(super) type Consumer = BaseConsumer<ConsumerEvents>;
pub(super) type Producer = BaseProducer<ProducerEvents>;
pub(super) type Admin = AdminClient<AdminEvents>;

/// Settings that are ours unless the user says otherwise, with the reason.
const DEFAULTS: &[(&str, &str)] = &[
    // small requests must not wait for the acknowledgement of earlier ones
    ("socket.nagle.disable", "true"),
];
const CONSUMER_DEFAULTS: &[(&str, &str)] = &[
    ("auto.offset.reset", "earliest"),
    // Java's default; librdkafka's own is read_committed
    ("isolation.level", "read_uncommitted"),
    // the default of 1000 waits a second when a queue was full: a third of the throughput
    ("fetch.queue.backoff.ms", "10"),
    ("queued.min.messages", "10000"),
    // counts per partition, because each has its own queue
    ("queued.max.messages.kbytes", "16384"),
];
const PRODUCER_DEFAULTS: &[(&str, &str)] = &[
    ("compression.type", "lz4"),
    ("linger.ms", "5"),
    // without it a retry may reorder two updates of a key, and so a changelog
    ("enable.idempotence", "true"),
    ("queue.buffering.max.kbytes", "32768"),
    ("message.timeout.ms", "120000"),
];
/// Settings that the runtime relies on.
const CONSUMER_FIXED: &[(&str, &str)] = &[
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("allow.auto.create.topics", "false"),
    ("partition.assignment.strategy", "range"),
];
const RESTORE_FIXED: &[(&str, &str)] =
    // results of transactions that failed belong to no store
    &[
        ("auto.offset.reset", "error"),
        ("enable.partition.eof", "true"),
        ("isolation.level", "read_committed"),
    ];
/// A store that went on behind a gap would miss rows.
const GLOBAL_FIXED: &[(&str, &str)] =
    &[("auto.offset.reset", "error"), ("enable.partition.eof", "true")];
const PRODUCER_FIXED: &[(&str, &str)] =
    &[("delivery.report.only.error", "true"), ("partitioner", "murmur2_random")];
const ADMIN_FIXED: &[(&str, &str)] = &[("allow.auto.create.topics", "false")];

fn client_config(
    config: &StreamsConfig,
    kind: ClientKind,
    client_id: &str,
    defaults: &[&[(&str, &str)]],
    fixed: &[&[(&str, &str)]],
) -> ClientConfig {
    let mut client = ClientConfig::new();
    for (key, value) in defaults.iter().flat_map(|rows| rows.iter()) {
        client.set(*key, *value);
    }
    for (key, value) in config.client_properties(kind) {
        client.set(key, value);
    }
    client.set("bootstrap.servers", config.bootstrap()).set("client.id", client_id);
    for (key, value) in fixed.iter().flat_map(|rows| rows.iter()) {
        client.set(*key, *value);
    }
    client
}

/// The consumer of the source topics of one thread.
pub(super) fn main_consumer(
    config: &StreamsConfig,
    thread: &str,
    waker: &Arc<Waker>,
) -> Result<Arc<Consumer>, StreamsError> {
    let mut client = client_config(
        config,
        ClientKind::MainConsumer,
        &format!("{thread}-consumer"),
        &[DEFAULTS, CONSUMER_DEFAULTS],
        &[CONSUMER_FIXED],
    );
    client.set("group.id", config.application_id());
    // every thread is a member of its own
    if let Some(id) = client.get("group.instance.id").map(str::to_owned) {
        let number = thread.rsplit('-').next().unwrap_or_default();
        client.set("group.instance.id", format!("{id}-{number}"));
    }
    let consumer = create("consumer", || client.create_with_context(ConsumerEvents::default()))?;
    Ok(waking(consumer, waker))
}

/// The consumer of the changelogs of one thread. It names the application's group, for which rights
/// exist, but never joins it and never commits.
pub(super) fn restore_consumer(
    config: &StreamsConfig,
    thread: &str,
    waker: &Arc<Waker>,
) -> Result<Arc<Consumer>, StreamsError> {
    let mut client = client_config(
        config,
        ClientKind::RestoreConsumer,
        &format!("{thread}-restore-consumer"),
        &[DEFAULTS, CONSUMER_DEFAULTS],
        &[CONSUMER_FIXED, RESTORE_FIXED],
    );
    client.set("group.id", config.application_id());
    let consumer =
        create("restore consumer", || client.create_with_context(ConsumerEvents::default()))?;
    Ok(waking(consumer, waker))
}

/// The consumer of the global topics, outside the group like the restore consumers.
pub(super) fn global_consumer(
    config: &StreamsConfig,
    thread: &str,
    waker: &Arc<Waker>,
) -> Result<Arc<Consumer>, StreamsError> {
    let mut client = client_config(
        config,
        ClientKind::GlobalConsumer,
        &format!("{thread}-consumer"),
        &[DEFAULTS, CONSUMER_DEFAULTS],
        &[CONSUMER_FIXED, GLOBAL_FIXED],
    );
    client.set("group.id", config.application_id());
    let consumer =
        create("global consumer", || client.create_with_context(ConsumerEvents::default()))?;
    Ok(waking(consumer, waker))
}

/// A consumer whose events wake its thread.
fn waking(mut consumer: Consumer, waker: &Arc<Waker>) -> Arc<Consumer> {
    let waker = Arc::clone(waker);
    consumer.set_nonempty_callback(move || wake_thread(&waker));
    Arc::new(consumer)
}

/// A consumer that only asks for metadata and offsets.
pub(super) fn metadata_client(
    config: &StreamsConfig,
    client_id: &str,
) -> Result<Consumer, StreamsError> {
    let client = client_config(
        config,
        ClientKind::Admin,
        &format!("{client_id}-admin"),
        &[DEFAULTS],
        &[ADMIN_FIXED],
    );
    create("metadata client", || client.create_with_context(ConsumerEvents::default()))
}

/// The producer of one thread.
pub(super) fn producer(
    config: &StreamsConfig,
    thread: &str,
) -> Result<Arc<Producer>, StreamsError> {
    let client = client_config(
        config,
        ClientKind::Producer,
        &format!("{thread}-producer"),
        &[DEFAULTS, PRODUCER_DEFAULTS],
        &[PRODUCER_FIXED],
    );
    create("producer", || client.create_with_context(ProducerEvents::default())).map(Arc::new)
}

/// The admin client of the instance.
pub(super) fn admin(config: &StreamsConfig, client_id: &str) -> Result<Admin, StreamsError> {
    let client = client_config(
        config,
        ClientKind::Admin,
        &format!("{client_id}-admin"),
        &[DEFAULTS],
        &[ADMIN_FIXED],
    );
    create("admin client", || client.create_with_context(AdminEvents::default()))
}

fn create<T>(what: &str, make: impl FnOnce() -> Result<T, KafkaError>) -> Result<T, StreamsError> {
    make().map_err(|error| {
        let message = format!(
            "the {what} cannot be made; correct the client settings (keys with the prefixes \
             consumer., producer. and admin., and those without one)"
        );
        StreamsError::new(StreamsErrorKind::Config, message).caused_by(error)
    })
}
