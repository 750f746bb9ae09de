//! Keys of Java's clients that librdkafka spells otherwise or does not have.

/// What becomes of a key of Java's clients.
pub(super) enum Translation {
    /// Set this key of librdkafka to this value.
    As(&'static str, String),
    /// Accepted and without effect, for the reason given.
    Ignored(&'static str),
    /// Refused, with what to do.
    Refused(&'static str),
}

use Translation::{As, Ignored, Refused};

const FIXED: &str = "the library sets it; leave it out";
/// The longest that librdkafka waits between two refreshes of its metadata.
const HOUR_MS: u64 = 3_600_000;
const PEM: &str = "librdkafka reads PEM files: set `ssl.ca.location`";

/// What becomes of `key`, or `None` when it passes as it is.
pub(super) fn translate(key: &str, value: &str) -> Option<Translation> {
    let same = |name| Some(As(name, value.to_owned()));
    match key {
        "send.buffer.bytes" => same("socket.send.buffer.bytes"),
        "receive.buffer.bytes" => same("socket.receive.buffer.bytes"),
        "fetch.max.wait.ms" => same("fetch.wait.max.ms"),
        "max.request.size" => same("message.max.bytes"),
        // librdkafka's key of this name says how long an answer is kept, and asks nothing anew
        "metadata.max.age.ms" => Some(match value.parse::<u64>() {
            Ok(ms) => As("topic.metadata.refresh.interval.ms", ms.clamp(1, HOUR_MS).to_string()),
            Err(_) => Refused("a number of milliseconds is expected"),
        }),
        "socket.connection.setup.timeout.max.ms" => Some(Ignored("librdkafka has one time-out")),
        "default.api.timeout.ms" => Some(Ignored("the library bounds each call itself")),
        "buffer.memory" => Some(match value.parse::<u64>() {
            Ok(bytes) => As("queue.buffering.max.kbytes", (bytes / 1024).max(1).to_string()),
            Err(_) => Refused("a number of bytes is expected"),
        }),
        "group.id" => Some(Refused("the group is named by `application.id`")),
        "enable.auto.commit" | "auto.commit.enable" | "enable.auto.offset.store"
            if value != "false" =>
        {
            Some(Refused("the library commits itself; set `commit.interval.ms`"))
        }
        "partition.assignment.strategy" if value != "range" => {
            Some(Refused("tasks are assigned by `range`; leave it out"))
        }
        "allow.auto.create.topics" if value != "false" => {
            Some(Refused("topics are created on purpose, not by reading; leave it out"))
        }
        "delivery.report.only.error" if value != "true" => Some(Refused(FIXED)),
        "enable.partition.eof"
        | "transactional.id"
        | "bootstrap.servers"
        | "metadata.broker.list" => Some(Refused(FIXED)),
        "partitioner.class" => {
            Some(Refused("set a partitioner at the sink: `Produced::with_partitioner`"))
        }
        "interceptor.classes" => Some(Refused("there are no interceptors; use `peek`")),
        "key.serializer" | "value.serializer" | "key.deserializer" | "value.deserializer" => {
            Some(Ignored("keys and values carry their serdes in their types"))
        }
        "auto.offset.reset" if value == "none" => Some(As("auto.offset.reset", "error".into())),
        "ssl.truststore.location" | "ssl.truststore.password" | "ssl.truststore.type" => {
            Some(Refused(PEM))
        }
        "sasl.jaas.config" => Some(Refused("set `sasl.username` and `sasl.password`")),
        _ => None,
    }
}
