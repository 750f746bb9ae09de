//! The topology as data: the graph that the user's calls record, and the plan made from it.
//!
//! Nothing here knows a store, a task or a Rust type of the user: names, numbers and topics only.
//! [`graph`] records, [`optimize`] rewrites, [`write`](mod@write) lays the nodes out as Kafka Streams does,
//! [`plan`] numbers sub-topologies and internal topics, [`describe`] and [`picture`] show them.

pub mod config;
pub mod copartition;
pub mod describe;
mod grace;
pub mod graph;
pub mod ids;
pub mod java_order;
pub mod joins;
mod layout;
mod matching;
pub mod naming;
pub mod optimize;
mod part;
pub mod pattern;
pub mod picture;
pub mod plan;
mod recording;
pub mod repartition;
pub mod subtopology;
mod versioned;
pub mod write;

pub use config::{Optimization, OptimizationError, OwnPlace, StoreType, TopologyConfig};
pub use graph::Graph;
pub use ids::{NodeId, StoreIx, TaskId};
pub use pattern::Pattern;
pub use plan::{
    InternalTopic, InternalTopicKind, NodePlan, RepartitionRole, SourcePlan, StorePlan,
    SubTopologyPlan, TopologyPlan,
};
