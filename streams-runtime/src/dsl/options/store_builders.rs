//! Stores of processors from a supplier and serdes.

use std::sync::Arc;

use super::{KeyValueSupplier, Stores, WindowSupplier};
use crate::processor::{
    KeyValueStore, SessionStore, SessionStoreWithHeaders, StoreBuilder, TimestampedKeyValueStore,
    TimestampedKeyValueStoreWithHeaders, TimestampedWindowStore, TimestampedWindowStoreWithHeaders,
    VersionedKeyValueStore, WindowStore,
};
use crate::serdes::{Serde, SerdeRef};
use crate::store::{
    StoreMaker, VersionLayout, WindowLayout, headers_session_store_maker, headers_store_maker,
    headers_window_store_maker, key_value_store_maker, plain_window_store_maker,
    session_store_maker, table_store_maker, versioned_store_maker, window_store_maker,
};
use crate::topology::StoreType;

/// Which suppliers a builder takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wanted {
    Keys,
    Sessions,
    Versions,
}

impl Wanted {
    fn of(supplier: &KeyValueSupplier) -> Self {
        match (supplier.retention, supplier.versions) {
            (_, Some(_)) => Self::Versions,
            (Some(_), None) => Self::Sessions,
            (None, None) => Self::Keys,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Keys => "a key-value supplier, as `Stores::in_memory_key_value_store(\"name\")`",
            Self::Sessions => {
                "a session supplier, as `Stores::in_memory_session_store(\"name\", retention)`"
            }
            Self::Versions => {
                "a versioned supplier, as `Stores::persistent_versioned_key_value_store(\"name\", history)`"
            }
        }
    }
}

/// Serdes as makers hold them.
fn held<K: 'static, V: 'static>(
    key: impl Serde<K>,
    value: impl Serde<V>,
) -> (SerdeRef<K>, SerdeRef<V>) {
    (Arc::new(key), Arc::new(value))
}

fn built<S>(supplier: KeyValueSupplier, wanted: Wanted, maker: StoreMaker) -> StoreBuilder<S> {
    let found = Wanted::of(&supplier);
    let problem = (found != wanted).then(|| {
        format!(
            "the store `{}` is built of {}; give it {}",
            supplier.name,
            found.words(),
            wanted.words()
        )
    });
    let KeyValueSupplier { name, store_type, retention, versions } = supplier;
    let mut builder = StoreBuilder::new(name, store_type.unwrap_or(StoreType::RocksDb), maker);
    builder.retention = retention;
    builder.history_ms = versions.map(|layout| layout.history_ms);
    builder.problem = problem;
    builder
}

fn of_windows<S>(
    supplier: WindowSupplier,
    maker: impl FnOnce(WindowLayout) -> StoreMaker,
) -> StoreBuilder<S> {
    let WindowSupplier { store, window_size, retain_duplicates } = supplier;
    let retention = store.retention.unwrap_or_default();
    let layout = WindowLayout::of_windows(retention, window_size).retaining(retain_duplicates);
    let mut builder = built(store, Wanted::Sessions, maker(layout));
    builder.problem = None;
    builder
}

/// Stores of processors with serdes of your own; `KeyValueStore::<K, V>::persistent("name")` and its siblings
/// take the types' own.
impl Stores {
    /// A [`KeyValueStore`] with these serdes. Java: `Stores#keyValueStoreBuilder`.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn tell_last(
    ///     record: Record<String, i64>,
    ///     ctx: &mut ProcessorContext<'_, String, i64>,
    ///     last: &mut KeyValueStore<String, i64>,
    /// ) {
    ///     let before = last.get(&record.key).unwrap_or(0);
    ///     last.put(record.key.clone(), record.value);
    ///     ctx.forward(record.with_value(before));
    /// }
    ///
    /// let topology = topology!({
    ///     // readable rows: the number as JSON
    ///     let supplier = Stores::in_memory_key_value_store("last");
    ///     let last = store(Stores::key_value_store_builder(supplier, StringSerde::default(), JsonSerde::default()));
    ///     stream::<String, i64>("in").process(tell_last, last).to("out");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 10), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [0, 10]);
    /// assert_eq!(driver.store_rows("last")?[0].value, b"2");
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn key_value_store_builder<K, V>(
        supplier: KeyValueSupplier,
        key: impl Serde<K>,
        value: impl Serde<V>,
    ) -> StoreBuilder<KeyValueStore<'static, K, V>>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let (key, value) = held(key, value);
        built(supplier, Wanted::Keys, key_value_store_maker(key, value))
    }

    /// A [`TimestampedKeyValueStore`] with these serdes. Java: `Stores#timestampedKeyValueStoreBuilder`.
    pub fn timestamped_key_value_store_builder<K, V>(
        supplier: KeyValueSupplier,
        key: impl Serde<K>,
        value: impl Serde<V>,
    ) -> StoreBuilder<TimestampedKeyValueStore<'static, K, V>>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let (key, value) = held(key, value);
        built(supplier, Wanted::Keys, table_store_maker(key, value))
    }

    /// A [`VersionedKeyValueStore`] with these serdes; the supplier says history and segments.
    /// Java: `Stores#versionedKeyValueStoreBuilder`.
    pub fn versioned_key_value_store_builder<K, V>(
        supplier: KeyValueSupplier,
        key: impl Serde<K>,
        value: impl Serde<V>,
    ) -> StoreBuilder<VersionedKeyValueStore<'static, K, V>>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let (key, value) = held(key, value);
        let layout = supplier.versions.unwrap_or_else(|| VersionLayout::of_history(0));
        built(supplier, Wanted::Versions, versioned_store_maker(key, value, layout))
    }

    /// A [`WindowStore`] with these serdes. Java: `Stores#windowStoreBuilder`.
    ///
    /// With a supplier that retains duplicates every `put` adds a value to its window, behind those that are there;
    /// reads give all of them in that order, [`fetch_one`](WindowStore::fetch_one) the last one. `delete` takes
    /// nothing away, there is no cache, and the changelog is not compacted: values go when the window is too old.
    /// In Java `fetch` of one window finds a value of such a store only on disk, and only until the next put.
    ///
    /// # Example
    /// ```
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// /// Tells all values of the last ten milliseconds, repeated ones too.
    /// #[processor]
    /// fn recent(
    ///     record: Record<String, i64>,
    ///     ctx: &mut ProcessorContext<'_, String, String>,
    ///     seen: &mut WindowStore<String, i64>,
    /// ) {
    ///     let now = record.timestamp.as_millis();
    ///     seen.put(record.key.clone(), record.value, record.timestamp);
    ///     let values: Vec<i64> = seen.fetch(&record.key, now - 9, now).map(|(_, value)| value).collect();
    ///     ctx.forward(record.with_value(format!("{values:?}")));
    /// }
    ///
    /// let topology = topology!({
    ///     let (kept, size) = (Duration::from_secs(60), Duration::from_millis(10));
    ///     let supplier = Stores::in_memory_window_store("seen", kept, size, true);
    ///     let seen = store(Stores::window_store_builder(supplier, StringSerde::default(), I64Serde));
    ///     stream::<String, i64>("in").process(recent, seen).to("out");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// let mut input = driver.input::<String, i64>("in");
    /// input.pipe_all([("a", 7), ("a", 7)], 3)?;
    /// input.pipe("a", 8, 12)?;
    /// assert_eq!(driver.output::<String, String>("out").values()?, ["[7]", "[7, 7]", "[7, 7, 8]"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn window_store_builder<K, V>(
        supplier: WindowSupplier,
        key: impl Serde<K>,
        value: impl Serde<V>,
    ) -> StoreBuilder<WindowStore<'static, K, V>>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let (key, value) = held(key, value);
        let duplicates = supplier.retain_duplicates;
        let mut builder =
            of_windows(supplier, |layout| plain_window_store_maker(key, value, layout));
        if duplicates {
            // Java: `WindowStoreBuilder`; the timestamped one leaves it
            builder.topic_config.insert("cleanup.policy".to_owned(), "delete".to_owned());
        }
        builder
    }

    /// A [`TimestampedWindowStore`] with these serdes, otherwise as
    /// [`window_store_builder`](Self::window_store_builder). Java: `Stores#timestampedWindowStoreBuilder`.
    pub fn timestamped_window_store_builder<K, V>(
        supplier: WindowSupplier,
        key: impl Serde<K>,
        value: impl Serde<V>,
    ) -> StoreBuilder<TimestampedWindowStore<'static, K, V>>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let (key, value) = held(key, value);
        of_windows(supplier, |layout| window_store_maker(key, value, layout))
    }

    /// A [`SessionStore`] with these serdes. Java: `Stores#sessionStoreBuilder`.
    pub fn session_store_builder<K, V>(
        supplier: KeyValueSupplier,
        key: impl Serde<K>,
        value: impl Serde<V>,
    ) -> StoreBuilder<SessionStore<'static, K, V>>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let (key, value) = held(key, value);
        let kept = supplier.retention.map_or(0, |kept| kept.as_millis());
        let kept = i64::try_from(kept).unwrap_or(i64::MAX);
        built(supplier, Wanted::Sessions, session_store_maker(key, value, kept, false))
    }

    /// A [`TimestampedKeyValueStoreWithHeaders`] with these serdes.
    /// Java: `Stores#timestampedKeyValueStoreWithHeadersBuilder`.
    pub fn timestamped_key_value_store_with_headers_builder<K, V>(
        supplier: KeyValueSupplier,
        key: impl Serde<K>,
        value: impl Serde<V>,
    ) -> StoreBuilder<TimestampedKeyValueStoreWithHeaders<'static, K, V>>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let (key, value) = held(key, value);
        built(supplier, Wanted::Keys, headers_store_maker(key, value))
    }

    /// A [`TimestampedWindowStoreWithHeaders`] with these serdes.
    /// Java: `Stores#timestampedWindowStoreWithHeadersBuilder`.
    pub fn timestamped_window_store_with_headers_builder<K, V>(
        supplier: WindowSupplier,
        key: impl Serde<K>,
        value: impl Serde<V>,
    ) -> StoreBuilder<TimestampedWindowStoreWithHeaders<'static, K, V>>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let (key, value) = held(key, value);
        of_windows(supplier, |layout| headers_window_store_maker(key, value, layout))
    }

    /// A [`SessionStoreWithHeaders`] with these serdes. Java: `Stores#sessionStoreWithHeadersBuilder`.
    pub fn session_store_with_headers_builder<K, A>(
        supplier: KeyValueSupplier,
        key: impl Serde<K>,
        aggregation: impl Serde<A>,
    ) -> StoreBuilder<SessionStoreWithHeaders<'static, K, A>>
    where
        K: Clone + Send + 'static,
        A: Clone + Send + 'static,
    {
        let (key, aggregation) = held(key, aggregation);
        let kept = supplier.retention.map_or(0, |kept| kept.as_millis());
        let kept = i64::try_from(kept).unwrap_or(i64::MAX);
        built(supplier, Wanted::Sessions, headers_session_store_maker(key, aggregation, kept))
    }
}
