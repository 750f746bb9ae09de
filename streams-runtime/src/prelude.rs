//! What a topology needs: `use streams_runtime::prelude::*;`

pub use streams_macros::*;

#[cfg(feature = "kafka")]
pub use crate::client::*;
pub use crate::config::StreamsConfig;
pub use crate::driver::test::{TestDriverConfig, TopologyTestDriver};
pub use crate::dsl::*;
pub use crate::error::{StreamsError, TopologyError, UserError};
pub use crate::handler::{
    LogAndContinueExceptionHandler, LogAndContinueProcessingExceptionHandler,
    LogAndFailExceptionHandler, LogAndFailProcessingExceptionHandler,
};
pub use crate::operator::{IntoAggregate, StreamPartitioner};
pub use crate::processor::{
    Cancellable, FixedKeyProcessor, FixedKeyProcessorContext, FixedKeyRecord, GlobalStore,
    KeyValueStore, Own, ProcessingContext, Processor, ProcessorContext, PunctuationType,
    ReadOnlyStore, RecordMetadata, SessionStore, SessionStoreWithHeaders, StoreBuilder,
    StoreHandle, TimestampedKeyValueStore, TimestampedKeyValueStoreWithHeaders,
    TimestampedWindowStore, TimestampedWindowStoreWithHeaders, ValueTransformerWithKey,
    VersionedKeyValueStore, VersionedPut, WindowStore,
};
#[cfg(feature = "observer")]
pub use crate::processor::{Entering, ProcessorObserver};
pub use crate::record::{Change, Header, Headers, Record, RecordContext};
pub use crate::serdes::{
    BoolSerde, BytesSerde, F32Serde, F64Serde, HasSerde, I16Serde, I32Serde, I64Serde, Json,
    JsonSerde, ListSerde, Nullable, Serde, SerdeError, SessionWindowedSerde, StringSerde,
    TimeWindowedSerde, UuidSerde, Window, Windowed,
};
pub use crate::store::{AggregationWithHeaders, ValueTimestampHeaders};
pub use crate::time::{
    ConsumerRecord, FailOnInvalidTimestamp, LogAndSkipOnInvalidTimestamp, Timestamp,
    TimestampExtractor, UsePartitionTimeOnInvalidTimestamp, WallclockTimestampExtractor,
};
pub use crate::topology::StoreType;
