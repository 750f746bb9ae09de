//! One file per operator: what it does to a record, and nothing about what comes next.
//!
//! `run` comes in four shapes, which is all that generated code needs to know:
//!
//! | shape | `run` returns | meaning |
//! |---|---|---|
//! | one | `Record` | always one result |
//! | maybe | `Result<Option<Record>, Stop>` | a result or none |
//! | many | `Result<impl IntoIterator<Item = Record>, Stop>` | any number of results |
//! | done | `Result<(), Stop>` | nothing follows |
//!
//! Time and headers pass through unless an operator says otherwise. A `Stop` ends the task's work;
//! errors that a handler lets pass drop the record and are no `Stop`.

mod aggregate;
mod branch;
mod cogroup;
mod count;
mod filter;
mod finds_key;
mod flat_map;
mod flat_map_values;
mod flush;
mod fold;
mod foreach;
mod foreign_key;
mod group_by;
mod join_stream_global;
mod join_stream_table;
mod join_streams;
mod join_tables;
mod joiner;
mod map;
mod map_values;
mod materialize;
mod peek;
mod print;
mod process;
mod reduce;
mod repartition;
mod select_key;
mod session_aggregate;
mod sink;
mod sliding;
mod source;
mod suppress;
mod table_aggregate;
mod table_count;
mod table_filter;
mod table_group_by;
mod table_map_values;
mod table_reduce;
mod table_source;
mod table_transform_values;
#[cfg(test)]
pub(crate) mod testing;
mod to_stream;
mod updates;
mod view;
mod window_aggregate;
mod windowed_partitioner;

pub use aggregate::{Aggregate, IntoAggregate, TryAggregate};
pub use branch::{Branch, TryBranch};
pub use cogroup::{CogroupAggregate, CogroupTable};
pub use count::Count;
pub use filter::{Decides, Filter, Is, IsNot, Wanted};
pub use finds_key::FindsKey;
pub use flat_map::{FlatMap, TryFlatMap};
pub use flat_map_values::{
    FlatMapValues, FlatMapValuesWithKey, TryFlatMapValues, TryFlatMapValuesWithKey,
};
pub use flush::{Drain, FlushRun, FlushedStore, flush_run};
pub use fold::{
    AggregateFold, CountFold, Fallible, Fold, FoldError, Folded, IntoMerged, MergedFold,
    ReduceFold, SessionFold, Shape, Sure,
};
pub use foreach::{Foreach, TryForeach};
pub(crate) use foreign_key::{Answers, PseudoTopic};
pub use foreign_key::{
    Extractor, Extracts, ForeignJoin, ForeignSend, ForeignSubscribe, ForeignTable, KeyPartitioner,
};
pub use group_by::{GroupBy, TryGroupBy};
pub use join_stream_global::StreamGlobalJoin;
pub(crate) use join_stream_table::GraceBuffer;
pub use join_stream_table::StreamTableJoin;
pub use join_streams::StreamJoinSide;
pub use join_tables::{JoinedView, TableJoin, TableJoinKind, TableJoinLeft, TableJoinRight};
pub use joiner::{Inner, JoinKind, Joiner, Joins, Left, OfValues, Outer, Reversed, Try, WithKey};
pub use map::{Map, TryMap};
pub use map_values::{MapValues, MapValuesWithKey, TryMapValues, TryMapValuesWithKey};
pub use materialize::Materializes;
pub(crate) use materialize::store_failed;
pub use peek::{Peek, TryPeek};
pub use print::{Print, PrintMapper, PrintTarget};
pub use process::{Process, ProcessorRunner};
pub use reduce::{Reduce, TryReduce};
pub use repartition::{MayRepartition, PerhapsRepartition, Repartition, perhaps_repartition};
pub use select_key::{SelectKey, TrySelectKey};
pub use session_aggregate::SessionAggregate;
pub use sink::{
    Sink, SinkTopic, StreamPartitioner, StreamPartitionerRef, TopicNameExtractorRef,
    TryTopicNameExtractorRef,
};
pub use source::Source;
pub(crate) use suppress::log_buffer;
pub use suppress::{Suppress, SuppressRules, SuppressedView};
pub use table_aggregate::{TableAggregate, TryTableAggregate};
pub use table_count::TableCount;
pub use table_filter::TableFilter;
pub use table_group_by::{TableGroupBy, TryTableGroupBy};
pub use table_map_values::{Always, GivesValue, MapsRow, Perhaps, TableMapValues};
pub use table_reduce::{TableReduce, TryTableReduce};
pub use table_source::{TableSource, ToTable};
pub use table_transform_values::TableTransformValues;
pub use to_stream::{ToStream, ToStreamWithKey, TryToStreamWithKey};
pub use updates::Updates;
pub use view::{
    DerivedView, Derives, LookupError, NoView, StoreView, View, ViewedStore, derived_view, share,
    store_view,
};
pub use window_aggregate::WindowAggregate;
pub(crate) use windowed_partitioner::default_partitioner;

/// Why an aggregation drops a record.
pub(crate) const NULL_KEY_OR_VALUE: &str =
    "its key or value is null, which an aggregation does not take; map nulls to a value before";
