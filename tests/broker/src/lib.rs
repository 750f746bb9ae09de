//! An embedded Kafka broker for tests and demos: one node, everything in memory, Kafka's wire
//! protocol (the API versions of Kafka 2.5) on a local port.
//!
//! ```
//! use streams_test_broker::Broker;
//!
//! let broker = Broker::start()?;
//! broker.create_topic("orders", 3)?;
//! // Clients use `broker.bootstrap_servers()`; the broker ends when it is dropped.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Real Kafka is the judge: what it refuses, this broker refuses. On purpose it differs in three
//! points: a rebalance waits for nobody but the members, fetches are woken at once, and no record is
//! ever dropped by retention or compaction.
//!
//! Clients produce (idempotently and in transactions), fetch, join groups (classic protocol, static
//! members too), commit offsets and administer topics, configs and groups. The checks in
//! `tests/it/conformance` run on this broker, and on a real one when `STREAMS_TEST_BOOTSTRAP` names it.
//!
//! [`Broker::inject`] makes requests fail to order: see [`Fault`].
//!
//! # Not included
//! - The group protocol of KIP-848 (`group.protocol=consumer`), and with it its two checks.
//! - The second version of transactions (KIP-890): the producer's epoch stays between transactions.
//! - Retention, compaction, quotas, ACLs, TLS, SASL, fetch sessions, several nodes.

mod api;
mod broker;
mod clock;
mod error;
mod fault;
mod groups;
mod log;
mod members;
mod records;
mod server;
mod shared;
mod topics;
mod transactions;

pub use kafka_protocol::ResponseError as ErrorCode;
pub use kafka_protocol::messages::ApiKey;

pub use broker::{Broker, BrokerBuilder};
pub use error::Error;
pub use fault::{Fault, FaultOn, InjectedFault};
pub use members::{CommittedOffset, GroupMember};
pub use records::{NewRecord, StoredRecord};
