//! The clients of an instance, with the settings that the runtime needs.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::AdminClient;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use rdkafka::producer::BaseProducer;

use super::events::{AdminEvents, ConsumerEvents, ProducerEvents};
use super::wake::{Waker, wake_thread};
use crate::config::{ClientKind, ProcessingGuarantee, StreamsConfig};
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
/// Defaults of a producer with transactions; Java's `StreamsConfig.PRODUCER_EOS_OVERRIDES`.
const TRANSACTION_DEFAULTS: &[(&str, &str)] = &[("transaction.timeout.ms", "10000")];
/// Settings that the runtime relies on.
const CONSUMER_FIXED: &[(&str, &str)] = &[
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("allow.auto.create.topics", "false"),
    ("partition.assignment.strategy", "range"),
];
/// Results of transactions that failed, or may still fail, are no input.
const EXACTLY_ONCE_FIXED: &[(&str, &str)] = &[("isolation.level", "read_committed")];
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
    let id = format!("{thread}-consumer");
    let mut client = consumer_config(config, ClientKind::MainConsumer, &id, &[isolation(config)]);
    // every thread is a member of its own
    if let Some(id) = client.get("group.instance.id").map(str::to_owned) {
        let number = thread.rsplit('-').next().unwrap_or_default();
        client.set("group.instance.id", format!("{id}-{number}"));
    }
    waking("consumer", &client, waker)
}

/// The consumer of the changelogs of one thread. It names the application's group, for which rights
/// exist, but never joins it and never commits.
pub(super) fn restore_consumer(
    config: &StreamsConfig,
    thread: &str,
    waker: &Arc<Waker>,
) -> Result<Arc<Consumer>, StreamsError> {
    let id = format!("{thread}-restore-consumer");
    let client = consumer_config(config, ClientKind::RestoreConsumer, &id, &[RESTORE_FIXED]);
    waking("restore consumer", &client, waker)
}

/// The consumer of the global topics, outside the group like the restore consumers.
pub(super) fn global_consumer(
    config: &StreamsConfig,
    thread: &str,
    waker: &Arc<Waker>,
) -> Result<Arc<Consumer>, StreamsError> {
    let id = format!("{thread}-consumer");
    let fixed = [GLOBAL_FIXED, isolation(config)];
    let client = consumer_config(config, ClientKind::GlobalConsumer, &id, &fixed);
    waking("global consumer", &client, waker)
}

fn consumer_config(
    config: &StreamsConfig,
    kind: ClientKind,
    client_id: &str,
    fixed: &[&[(&str, &str)]],
) -> ClientConfig {
    let fixed = [&[CONSUMER_FIXED], fixed].concat();
    let mut client = client_config(config, kind, client_id, &[DEFAULTS, CONSUMER_DEFAULTS], &fixed);
    client.set("group.id", config.application_id());
    client
}

/// A consumer whose events wake its thread.
fn waking(
    what: &str,
    client: &ClientConfig,
    waker: &Arc<Waker>,
) -> Result<Arc<Consumer>, StreamsError> {
    let mut consumer: Consumer =
        create(what, || client.create_with_context(ConsumerEvents::default()))?;
    let waker = Arc::clone(waker);
    consumer.set_nonempty_callback(move || wake_thread(&waker));
    Ok(Arc::new(consumer))
}

/// What the main consumer must not see.
fn isolation(config: &StreamsConfig) -> &'static [(&'static str, &'static str)] {
    match config.settings().guarantee {
        ProcessingGuarantee::AtLeastOnce => &[],
        ProcessingGuarantee::ExactlyOnceV2 => EXACTLY_ONCE_FIXED,
    }
}

/// Which end of a partition a client is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum EndOf {
    /// What is written, open transactions included.
    Log,
    /// What the main consumer may read.
    Readable,
}

/// A consumer that only asks for metadata and offsets.
pub(super) fn metadata_client(
    config: &StreamsConfig,
    client_id: &str,
    end: EndOf,
) -> Result<Consumer, StreamsError> {
    let mut client = client_config(
        config,
        ClientKind::Admin,
        &format!("{client_id}-admin"),
        &[DEFAULTS],
        &[ADMIN_FIXED],
    );
    let readable = config.client_properties(ClientKind::MainConsumer).remove("isolation.level");
    let level = match end {
        EndOf::Log => None,
        EndOf::Readable if reads_committed(config) => Some("read_committed".to_owned()),
        EndOf::Readable => readable,
    };
    client.set("isolation.level", level.as_deref().unwrap_or("read_uncommitted"));
    create("metadata client", || client.create_with_context(ConsumerEvents::default()))
}

/// True when the library itself asks for committed results only.
pub(super) fn reads_committed(config: &StreamsConfig) -> bool {
    !isolation(config).is_empty()
}

/// How long the broker lets a transaction live.
pub(super) fn transaction_timeout(config: &StreamsConfig) -> Duration {
    let (key, default) = TRANSACTION_DEFAULTS[0];
    let given = config.client_properties(ClientKind::Producer).remove(key);
    let millis = given.as_deref().unwrap_or(default).parse().unwrap_or(u64::from(u32::MAX));
    Duration::from_millis(millis)
}

/// The producer of one thread; with a transactional id it writes in transactions only.
pub(super) fn producer(
    config: &StreamsConfig,
    thread: &str,
    transactional_id: Option<&str>,
) -> Result<Arc<Producer>, StreamsError> {
    let name = format!("{thread}-producer");
    let usual: &[&[(&str, &str)]] = &[DEFAULTS, PRODUCER_DEFAULTS];
    let with_transactions = [DEFAULTS, PRODUCER_DEFAULTS, TRANSACTION_DEFAULTS];
    let defaults = if transactional_id.is_some() { &with_transactions[..] } else { usual };
    let mut client =
        client_config(config, ClientKind::Producer, &name, defaults, &[PRODUCER_FIXED]);
    if let Some(id) = transactional_id {
        client.set("transactional.id", id).set("enable.idempotence", "true");
        // librdkafka refuses records that would outlive their transaction
        let millis = |client: &ClientConfig, key| client.get(key)?.parse::<u64>().ok();
        let longest = millis(&client, "transaction.timeout.ms").unwrap_or(u64::MAX);
        let asked = millis(&client, "message.timeout.ms").unwrap_or(u64::MAX);
        client.set("message.timeout.ms", asked.min(longest).to_string());
    }
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
