//! The library over Kafka: on the embedded broker, or where `STREAMS_TEST_BOOTSTRAP` is set, on a
//! real one.
#![cfg(feature = "kafka")]
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests may panic and read clocks"
)]

#[path = "kafka/world.rs"]
mod world;

#[path = "kafka/notes.rs"]
mod notes;

/// Places of a user's own that lose their last batches in a crash.
#[path = "differential/place.rs"]
mod place;

#[path = "kafka/script.rs"]
mod script;

#[path = "kafka/topologies.rs"]
mod topologies;

#[path = "kafka/crash.rs"]
mod crash;
#[path = "kafka/errors.rs"]
mod errors;
#[path = "kafka/exactly_once.rs"]
mod exactly_once;
#[path = "kafka/global.rs"]
mod global;
#[path = "kafka/global_times.rs"]
mod global_times;
#[path = "kafka/joins.rs"]
mod joins;
#[path = "kafka/lifecycle.rs"]
mod lifecycle;
#[path = "kafka/offset_reset.rs"]
mod offset_reset;
#[path = "kafka/own.rs"]
mod own;
#[path = "kafka/partitions.rs"]
mod partitions;
#[path = "kafka/patterns.rs"]
mod patterns;
#[path = "kafka/processors.rs"]
mod processors;
#[path = "kafka/restore.rs"]
mod restore;
#[path = "kafka/versioned.rs"]
mod versioned;
#[path = "kafka/windows.rs"]
mod windows;
#[path = "kafka/word_count.rs"]
mod word_count;
