//! Kafka Streams for Rust, typed at compile time.
//!
//! A topology is plain Rust in [`topology!`](macro@streams_macros); the library runs it over Kafka, or
//! without a broker in the [`TopologyTestDriver`](driver::test::TopologyTestDriver).
//! Start with the [`prelude`].

#[cfg(feature = "kafka")]
pub mod client;
pub mod config;
pub mod context;
pub mod dsl;
pub mod driver;
pub mod error;
pub mod handler;
pub mod operator;
pub mod outbox;
#[doc(hidden)]
pub mod plumbing;
pub mod prelude;
pub mod record;
pub mod serdes;
pub mod store;
pub mod task;
pub mod time;
pub mod topology;
