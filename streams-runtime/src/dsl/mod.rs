//! The language of topologies: typed handles, their operators' options, and the topology itself.
//!
//! A handle ([`KStream`], [`KTable`], …) carries types and a number, never data. Each method records
//! one node of the graph, as Kafka Streams' DSL does, and returns the next handle together with the
//! operator that will do the work. Users write `topology!`; the macro calls these methods.

mod branched;
mod builder;
mod cogroup_record;
mod cogrouped;
mod fits;
mod flow;
mod global_ktable;
mod global_store;
mod join_docs;
mod join_foreign_key;
mod join_stream_global;
mod join_stream_table;
mod join_streams;
mod join_tables;
mod kgrouped_stream;
mod kgrouped_table;
mod kstream;
mod kstream_keys;
mod kstream_try;
mod ktable;
mod ktable_try;
mod low_level;
mod options;
pub(crate) mod part;
mod process;
mod serdes;
mod session_windowed;
mod suppress;
mod table_store;
mod topic;
mod topology;
mod transform_values;
mod windowed;
mod windowed_folds;
mod windowed_record;

#[cfg(test)]
mod tests;

pub use crate::operator::Source;
pub use crate::topology::graph::OffsetReset;
pub use crate::topology::{Pattern, StoreType};
pub use crate::window::{
    EmitStrategy, JoinWindows, SessionWindows, SlidingWindows, TimeWindows, UnlimitedWindows,
    Windows,
};
pub use branched::Split;
pub use builder::StreamsBuilder;
pub use cogroup_record::{
    CogroupInput, CogroupInputs, CogroupKind, CogroupMember, CogroupRecorder, Merged, Plain,
    SpansOf,
};
pub use cogrouped::{CogroupWindows, CogroupedKStream, WindowedCogroup};
pub use fits::{
    AnyPartitions, DeclaresPartitions, JoinsPartitions, Keyed, Partitions, SameKey, SameTypes,
};
pub use flow::Flow;
pub use global_ktable::GlobalKTable;
pub use kgrouped_stream::{KGroupedStream, Known, WithSerdes};
pub use kgrouped_table::KGroupedTable;
pub use kstream::KStream;
pub use ktable::KTable;
pub use low_level::{IntoNodeOptions, TopologyBuilder, TopologyNode};
pub use options::{
    AddTo, AggregateOptions, Branched, BufferConfig, Consumed, Eager, ForeignJoinOptions, Grouped,
    IntoStore, Joined, KeyValueSupplier, Materialized, Named, Printed, Produced, Repartitioned,
    Stores, StreamJoined, Strict, SuppressPlan, Suppressed, Suppression, TableJoined,
    TableOpOptions, TableOptions, Unset, UntilTimeLimit, UntilWindowCloses, WindowSupplier,
};
pub use process::{IsName, ProcessOptions};
pub use serdes::{SerdePair, SerdeSlot};
pub use session_windowed::SessionWindowedKStream;
pub use topic::{IntoSink, IntoTopic, IntoTopics, SinkFor, SinkName, Topic, TopicDecl, TopicNames};
pub use topology::{
    BuiltTopology, FlushEntry, ProcessorEntry, SourceEntry, StoreDecl, StoreRows, Topology,
};
pub use transform_values::TransformOptions;
pub use windowed::{CutsGroups, TimeWindowedKStream};
