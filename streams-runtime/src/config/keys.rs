//! Kafka Streams' own keys: one row per key, with what it does here.

use std::sync::Arc;
use std::time::Duration;

use super::settings::{ProcessingGuarantee, Settings};
use crate::handler::{
    DefaultProductionExceptionHandler, LogAndContinueExceptionHandler,
    LogAndContinueProcessingExceptionHandler, LogAndFailExceptionHandler,
    LogAndFailProcessingExceptionHandler,
};
use crate::time::DefaultTimestampExtractor;
use crate::topology::StoreType;

/// What a key does.
#[derive(Clone, Copy)]
pub(super) enum Effect {
    /// Sets a field.
    Set(fn(&mut Settings, &str) -> Result<(), String>),
    /// Accepted and without effect, for the reason given.
    Ignored(&'static str),
    /// Only these values are possible now, for the reason given.
    Only(&'static [&'static str], &'static str),
}

impl Effect {
    /// Applies the key; a note is returned when it has no effect.
    pub(super) fn apply(
        self,
        settings: &mut Settings,
        key: &str,
        value: &str,
    ) -> Result<Option<String>, String> {
        match self {
            Self::Set(set) => match set(settings, value.trim()) {
                Ok(()) => Ok(None),
                Err(reason) => Err(format!("`{key}` is {value:?}: {reason}")),
            },
            Self::Ignored(reason) => Ok(Some(format!("`{key}` has no effect: {reason}"))),
            Self::Only(values, _) if values.contains(&value.trim()) => Ok(None),
            Self::Only(_, reason) => Err(format!("`{key}` is {value:?}: {reason}")),
        }
    }
}

/// What `key` does, or `None` when it is no key of Kafka Streams.
pub(super) fn effect(key: &str) -> Option<Effect> {
    let prefixed = PREFIXED.iter().find(|(prefix, _)| key.starts_with(prefix));
    KEYS.iter().find(|(name, _)| *name == key).or(prefixed).map(|(_, effect)| *effect)
}

/// Every key, for the search of the nearest name.
pub(super) fn all_keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(name, _)| *name)
}

use Effect::{Ignored, Only, Set};

const TYPES_CARRY_SERDES: &str = "keys and values carry their serdes in their types";
const NO_STANDBY: &str = "standby tasks come in a later version; leave it out";
const NO_RACKS: &str = "rack-aware assignment comes in a later version; leave it out";
const METRICS: &str = "metrics are read as copies, not through Java's reporters";

const PREFIXED: &[(&str, Effect)] = &[("client.tag.", Only(&[], NO_RACKS))];

const KEYS: &[(&str, Effect)] = &[
    ("acceptable.recovery.lag", Ignored("it only matters with standby tasks")),
    ("allow.os.group.write.access", Only(&["false"], "only `false` is supported")),
    ("application.id", Set(|s, v| text(&mut s.application_id, v))),
    ("application.server", Only(&[""], "queries from other hosts come in a later version")),
    ("auto.include.jmx.reporter", Ignored(METRICS)),
    ("bootstrap.servers", Set(|s, v| text(&mut s.bootstrap_servers, v))),
    (
        "buffered.records.per.partition",
        Set(|s, v| at_least(&mut s.buffered_records_per_partition, v, 1)),
    ),
    ("built.in.metrics.version", Ignored(METRICS)),
    ("cache.max.bytes.buffering", Set(|s, v| bytes(&mut s.cache_max_bytes, v))),
    ("client.id", Set(client_id)),
    ("commit.interval.ms", Set(|s, v| millis(s.commit_interval.get_or_insert_default(), v))),
    ("config.providers", Only(&["", "[]"], "resolve the values before you hand them over")),
    ("default.client.supplier", Ignored("it is a hook of Java's clients")),
    ("default.deserialization.exception.handler", Set(deserialization_handler)),
    ("default.dsl.store", Set(store_kind)),
    ("default.key.serde", Ignored(TYPES_CARRY_SERDES)),
    ("default.list.key.serde.inner", Ignored(TYPES_CARRY_SERDES)),
    ("default.list.key.serde.type", Ignored(TYPES_CARRY_SERDES)),
    ("default.list.value.serde.inner", Ignored(TYPES_CARRY_SERDES)),
    ("default.list.value.serde.type", Ignored(TYPES_CARRY_SERDES)),
    ("default.production.exception.handler", Set(production_handler)),
    ("default.timestamp.extractor", Set(extractor)),
    ("default.value.serde", Ignored(TYPES_CARRY_SERDES)),
    ("deserialization.exception.handler", Set(deserialization_handler)),
    (
        "dsl.store.format",
        Only(
            &["DEFAULT", "default"],
            "stores of the DSL that keep headers come in a later version; processors have them today",
        ),
    ),
    ("dsl.store.suppliers.class", Set(store_kind)),
    ("ensure.explicit.internal.resource.naming", Set(|s, v| boolean(&mut s.explicit_names, v))),
    ("errors.dead.letter.queue.topic.name", Set(dead_letter_queue)),
    (
        "group.protocol",
        Only(
            &["classic"],
            "only `classic` is supported: the client library does not speak the streams protocol",
        ),
    ),
    ("log.summary.interval.ms", Ignored("there is no periodic summary in the log")),
    ("max.poll.records", Set(|s, v| at_least(&mut s.max_poll_records, v, 1))),
    ("max.task.idle.ms", Set(task_idle)),
    ("max.warmup.replicas", Ignored("it only matters with standby tasks")),
    ("metric.reporters", Ignored(METRICS)),
    ("metrics.num.samples", Ignored(METRICS)),
    ("metrics.recording.level", Ignored(METRICS)),
    ("metrics.sample.window.ms", Ignored(METRICS)),
    ("num.standby.replicas", Only(&["0"], NO_STANDBY)),
    ("num.stream.threads", Set(|s, v| at_least(&mut s.num_stream_threads, v, 1))),
    ("poll.ms", Set(|s, v| millis(&mut s.poll, v))),
    ("probing.rebalance.interval.ms", Ignored("it only matters with standby tasks")),
    ("processing.exception.handler", Set(processing_handler)),
    ("processing.exception.handler.global.enabled", Only(&["false"], "only `false` is supported")),
    ("processing.guarantee", Set(guarantee)),
    (
        "processor.wrapper.class",
        Only(
            &[""],
            "it names a Java class; `StreamsConfig::processor_observer` (feature `observer`) takes a value that \
             sees each record at each node",
        ),
    ),
    ("production.exception.handler", Set(production_handler)),
    ("rack.aware.assignment.non_overlap_cost", Only(&[], NO_RACKS)),
    ("rack.aware.assignment.strategy", Only(&["none"], NO_RACKS)),
    ("rack.aware.assignment.tags", Only(&["", "[]"], NO_RACKS)),
    ("rack.aware.assignment.traffic_cost", Only(&[], NO_RACKS)),
    ("repartition.purge.interval.ms", Set(|s, v| millis(&mut s.repartition_purge_interval, v))),
    ("replication.factor", Set(replication_factor)),
    (
        "rocksdb.config.setter",
        Only(
            &[""],
            "it names a Java class; memory is set by `rocksdb.memory.bytes`, \
             `rocksdb.write.buffers.bytes` and `rocksdb.store.buffer.bytes`",
        ),
    ),
    ("rocksdb.memory.bytes", Set(|s, v| some_bytes(&mut s.rocksdb.memory, v))),
    ("rocksdb.store.buffer.bytes", Set(|s, v| some_bytes(&mut s.rocksdb.store_buffer, v))),
    ("rocksdb.write.buffers.bytes", Set(|s, v| some_bytes(&mut s.rocksdb.write_buffers, v))),
    ("state.cleanup.delay.ms", Set(|s, v| millis(&mut s.state_cleanup_delay, v))),
    ("state.cleanup.dir.max.age.ms", Only(&["-1"], "only `-1` (off) is supported")),
    ("state.dir", Set(state_dir)),
    ("statestore.cache.max.bytes", Set(|s, v| bytes(&mut s.cache_max_bytes, v))),
    ("task.assignor.class", Only(&[""], "tasks are assigned by the broker's range assignor")),
    ("task.timeout.ms", Set(|s, v| millis(&mut s.task_timeout, v))),
    ("topology.optimization", Set(optimization)),
    ("upgrade.from", Ignored("there is no older version of this library")),
    ("window.size.ms", Ignored("windowed serdes take their size in code")),
    ("windowed.inner.class.serde", Ignored(TYPES_CARRY_SERDES)),
    (
        "windowstore.changelog.additional.retention.ms",
        Set(|s, v| millis(&mut s.window_changelog_additional_retention, v)),
    ),
];

fn text(field: &mut String, value: &str) -> Result<(), String> {
    *field = value.to_owned();
    Ok(())
}

fn number<T: std::str::FromStr>(value: &str) -> Result<T, String> {
    value.parse().map_err(|_| "a whole number is expected".to_owned())
}

fn millis(field: &mut Duration, value: &str) -> Result<(), String> {
    *field = Duration::from_millis(
        value.parse().map_err(|_| "a number of milliseconds, 0 or more, is expected".to_owned())?,
    );
    Ok(())
}

fn bytes(field: &mut usize, value: &str) -> Result<(), String> {
    *field = value.parse().map_err(|_| "a number of bytes, 0 or more, is expected".to_owned())?;
    Ok(())
}

/// Less would make RocksDB write files of a few rows.
const ROCKSDB_MIN: usize = 64 << 10;

fn some_bytes(field: &mut Option<usize>, value: &str) -> Result<(), String> {
    let mut parsed = 0;
    at_least(&mut parsed, value, ROCKSDB_MIN)?;
    *field = Some(parsed);
    Ok(())
}

fn at_least(field: &mut usize, value: &str, min: usize) -> Result<(), String> {
    let parsed: usize = number(value)?;
    if parsed < min {
        return Err(format!("it must be at least {min}"));
    }
    *field = parsed;
    Ok(())
}

fn boolean(field: &mut bool, value: &str) -> Result<(), String> {
    *field = value.parse().map_err(|_| "`true` or `false` is expected".to_owned())?;
    Ok(())
}

fn client_id(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.client_id = (!value.is_empty()).then(|| value.to_owned());
    Ok(())
}

fn state_dir(settings: &mut Settings, value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("a directory is expected".into());
    }
    settings.state_dir = value.into();
    Ok(())
}

fn dead_letter_queue(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.handlers.dead_letter_topic = (!value.is_empty()).then(|| value.into());
    Ok(())
}

fn task_idle(settings: &mut Settings, value: &str) -> Result<(), String> {
    let ms: i64 = number(value)?;
    settings.max_task_idle = u64::try_from(ms).ok().map(Duration::from_millis);
    Ok(())
}

fn replication_factor(settings: &mut Settings, value: &str) -> Result<(), String> {
    let factor: i32 = number(value)?;
    if factor == 0 || factor < -1 {
        return Err("it must be 1 or more, or -1 for the broker's default".into());
    }
    settings.replication_factor = factor;
    Ok(())
}

fn guarantee(settings: &mut Settings, value: &str) -> Result<(), String> {
    match value {
        "at_least_once" => {
            settings.guarantee = ProcessingGuarantee::AtLeastOnce;
            Ok(())
        }
        "exactly_once_v2" => {
            settings.guarantee = ProcessingGuarantee::ExactlyOnceV2;
            Ok(())
        }
        "exactly_once" | "exactly_once_beta" => {
            Err("Kafka Streams retired this value in 4.0; its successor is `exactly_once_v2`"
                .into())
        }
        _ => Err("`at_least_once` or `exactly_once_v2` is expected".into()),
    }
}

fn class_name(value: &str) -> &str {
    value.rsplit(['.', '$']).next().unwrap_or(value)
}

const OWN_HANDLER: &str = "`fail` or `continue` is expected, or the name of Kafka Streams' own \
                           LogAndFail or LogAndContinue handler; a handler of one's own is set in \
                           code";

fn deserialization_handler(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.handlers.deserialization = match class_name(value) {
        "fail" | "LogAndFailExceptionHandler" => Arc::new(LogAndFailExceptionHandler),
        "continue" | "LogAndContinueExceptionHandler" => Arc::new(LogAndContinueExceptionHandler),
        _ => return Err(OWN_HANDLER.into()),
    };
    Ok(())
}

fn processing_handler(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.handlers.processing = match class_name(value) {
        "fail" | "LogAndFailProcessingExceptionHandler" => {
            Arc::new(LogAndFailProcessingExceptionHandler)
        }
        "continue" | "LogAndContinueProcessingExceptionHandler" => {
            Arc::new(LogAndContinueProcessingExceptionHandler)
        }
        _ => return Err(OWN_HANDLER.into()),
    };
    Ok(())
}

fn production_handler(settings: &mut Settings, value: &str) -> Result<(), String> {
    match class_name(value) {
        "fail" | "DefaultProductionExceptionHandler" => {
            settings.handlers.production = Arc::new(DefaultProductionExceptionHandler);
            Ok(())
        }
        _ => {
            Err("`fail` or DefaultProductionExceptionHandler is expected; a handler of one's own \
                  is set in code"
                .into())
        }
    }
}

fn store_kind(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.default_store = match class_name(value) {
        "rocksDB" | "rocksdb" | "BuiltInDslStoreSuppliers" | "RocksDBDslStoreSuppliers" => {
            StoreType::RocksDb
        }
        "in_memory" | "InMemoryDslStoreSuppliers" => StoreType::InMemory,
        _ => {
            return Err(
                "`rocksDB` or `in_memory` is expected; places of one's own are set in code, with \
                        `default_store_type(StoreType::own(..))`"
                    .into(),
            );
        }
    };
    Ok(())
}

fn extractor(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.extractor = match class_name(value) {
        "FailOnInvalidTimestamp" => DefaultTimestampExtractor::FailOnInvalidTimestamp,
        "LogAndSkipOnInvalidTimestamp" => DefaultTimestampExtractor::LogAndSkipOnInvalidTimestamp,
        "UsePartitionTimeOnInvalidTimestamp" => {
            DefaultTimestampExtractor::UsePartitionTimeOnInvalidTimestamp
        }
        "WallclockTimestampExtractor" => DefaultTimestampExtractor::WallclockTimestampExtractor,
        _ => {
            return Err(
                "one of Kafka Streams' own extractors is expected; one of your own is set at \
                        the source: `Consumed::with_timestamp_extractor`"
                    .into(),
            );
        }
    };
    Ok(())
}

fn optimization(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.optimization = value.parse().map_err(|error| format!("{error}"))?;
    Ok(())
}
