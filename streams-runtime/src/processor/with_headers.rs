//! The stores of processors whose values carry headers (KIP-1271).

use std::time::Duration;

use super::{KeyValueStore, SessionStore, StoreBuilder, WindowStore};
use crate::serdes::HasSerde;
use crate::store::{
    AggregationWithHeaders, ValueTimestampHeaders, WindowLayout, headers_session_store_maker,
    headers_store_maker, headers_window_store_maker,
};
use crate::topology::StoreType;

/// A store of values by key, each with the time and headers that it is put with.
///
/// All that a [`KeyValueStore`] can be asked, over [`ValueTimestampHeaders`]. The changelog record of a row has the
/// row's own time and headers, that of a deletion those of the record in work; so the topic is that of a
/// [`TimestampedKeyValueStore`](super::TimestampedKeyValueStore) with headers, and a store of either kind is restored
/// from it. Its local files are not of one kind: delete them to change the kind of a store on disk.
/// Java: `org.apache.kafka.streams.state.TimestampedKeyValueStoreWithHeaders`, KIP-1271.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// /// Sends each record with the headers that its key came with first.
/// #[processor]
/// fn first_headers(
///     record: Record<String, i64>,
///     ctx: &mut ProcessorContext<'_, String, i64>,
///     first: &mut TimestampedKeyValueStoreWithHeaders<String, i64>,
/// ) {
///     let row = ValueTimestampHeaders {
///         value: record.value,
///         timestamp: record.timestamp,
///         headers: record.headers.clone(),
///     };
///     let row = first.put_if_absent(record.key.clone(), row.clone()).unwrap_or(row);
///     ctx.forward(record.with_headers(row.headers));
/// }
///
/// let topology = topology!({
///     let first = store(TimestampedKeyValueStoreWithHeaders::<String, i64>::persistent_with_headers("first"));
///     stream::<String, i64>("in").process(first_headers, first).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// let mut headers = Headers::default();
/// headers.push("source", Some(b"shop".to_vec()));
/// driver.input::<String, i64>("in").pipe_with_headers("a", 1, 0, headers)?;
/// driver.restart()?;
/// driver.input::<String, i64>("in").pipe("a", 2, 1)?;
/// let results = driver.output::<String, i64>("out").read_all()?;
/// assert!(results.iter().all(|result| result.headers.last("source").is_some()));
/// # Ok::<(), StreamsError>(())
/// ```
pub type TimestampedKeyValueStoreWithHeaders<'a, K, V> =
    KeyValueStore<'a, K, ValueTimestampHeaders<V>>;

/// A store of values by key and the start of a window, each with the time and headers that it is put with.
///
/// All that a [`WindowStore`] can be asked, over [`ValueTimestampHeaders`]; the changelog is as that of
/// [`TimestampedKeyValueStoreWithHeaders`]. Java: `org.apache.kafka.streams.state.TimestampedWindowStoreWithHeaders`,
/// KIP-1271.
pub type TimestampedWindowStoreWithHeaders<'a, K, V> = WindowStore<'a, K, ValueTimestampHeaders<V>>;

/// A store of aggregates by key and session, each with the headers that it is put with.
///
/// All that a [`SessionStore`] can be asked, over [`AggregationWithHeaders`]; changelog records have the row's headers
/// and the time of the record in work. Java: `org.apache.kafka.streams.state.SessionStoreWithHeaders`, KIP-1271.
pub type SessionStoreWithHeaders<'a, K, A> = SessionStore<'a, K, AggregationWithHeaders<A>>;

impl<K: HasSerde, V: HasSerde> KeyValueStore<'static, K, ValueTimestampHeaders<V>> {
    /// Rows on disk.
    pub fn persistent_with_headers(name: impl Into<String>) -> StoreBuilder<Self> {
        StoreBuilder::new(name, StoreType::RocksDb, headers_store_maker(K::serde(), V::serde()))
    }

    /// Rows in memory.
    pub fn in_memory_with_headers(name: impl Into<String>) -> StoreBuilder<Self> {
        StoreBuilder::new(name, StoreType::InMemory, headers_store_maker(K::serde(), V::serde()))
    }
}

impl<K: HasSerde, V: HasSerde> WindowStore<'static, K, ValueTimestampHeaders<V>> {
    /// Windows of this size on disk, kept that long.
    pub fn persistent_with_headers(
        name: impl Into<String>,
        retention: Duration,
        size: Duration,
    ) -> StoreBuilder<Self> {
        Self::with_headers_in(name, (retention, size), StoreType::RocksDb)
    }

    /// Windows of this size in memory, kept that long.
    pub fn in_memory_with_headers(
        name: impl Into<String>,
        retention: Duration,
        size: Duration,
    ) -> StoreBuilder<Self> {
        Self::with_headers_in(name, (retention, size), StoreType::InMemory)
    }

    fn with_headers_in(
        name: impl Into<String>,
        (retention, size): (Duration, Duration),
        store_type: StoreType,
    ) -> StoreBuilder<Self> {
        let layout = WindowLayout::of_windows(retention, size);
        let maker = headers_window_store_maker::<K, V>(K::serde(), V::serde(), layout);
        StoreBuilder::new(name, store_type, maker).with_retention(retention)
    }
}

impl<K: HasSerde, A: HasSerde> SessionStore<'static, K, AggregationWithHeaders<A>> {
    /// Rows on disk, kept that long after the end of their session.
    pub fn persistent_with_headers(
        name: impl Into<String>,
        retention: Duration,
    ) -> StoreBuilder<Self> {
        Self::with_headers_in(name, retention, StoreType::RocksDb)
    }

    /// Rows in memory, kept that long after the end of their session.
    pub fn in_memory_with_headers(
        name: impl Into<String>,
        retention: Duration,
    ) -> StoreBuilder<Self> {
        Self::with_headers_in(name, retention, StoreType::InMemory)
    }

    fn with_headers_in(
        name: impl Into<String>,
        retention: Duration,
        store_type: StoreType,
    ) -> StoreBuilder<Self> {
        let kept = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        let maker = headers_session_store_maker::<K, A>(K::serde(), A::serde(), kept);
        StoreBuilder::new(name, store_type, maker).with_retention(retention)
    }
}
