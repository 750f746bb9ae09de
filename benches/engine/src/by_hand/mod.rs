//! What a good engineer would write for one topology, without a library of streams.
//!
//! Each loop decodes every record into the types that its functions take, as its topology does, and keeps
//! rows as bytes over a backend of the runtime, behind a bounded cache where the topology has one. Results
//! and changelog have Kafka Streams' bytes.

mod count;
mod decode;
mod plain;
mod rows;
mod stream_join;
mod table_join;
mod window_count;

pub(crate) use count::{CountByHand, UncachedCountByHand};
pub(crate) use plain::{MapFilterByHand, PassThroughByHand};
pub(crate) use stream_join::StreamJoinByHand;
pub(crate) use table_join::TableJoinByHand;
pub(crate) use window_count::WindowCountByHand;
