//! How a table is kept.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

use super::AddTo;
use crate::dsl::serdes::{SerdePair, SerdeSlot};
use crate::serdes::Serde;
use crate::store::VersionLayout;
use crate::topology::StoreType;

/// A table's store: name, kind, serdes, caching and logging.
///
/// A name makes the store queryable and gives its changelog a stable name. Without one an
/// aggregation's store gets a generated name, and a table operator keeps no store at all.
/// Java: `org.apache.kafka.streams.kstream.Materialized`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let kept = Materialized::as_("counts").with_caching_disabled();
///     stream::<String, i64>("in").group_by_key().count(kept).to_stream().to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 1)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 2]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Materialized<K, V> {
    pub(crate) store: Option<String>,
    pub(crate) store_type: Option<StoreType>,
    pub(crate) serdes: SerdePair,
    pub(crate) caching: Option<bool>,
    pub(crate) logging: Option<bool>,
    pub(crate) topic_config: BTreeMap<String, String>,
    pub(crate) retention: Option<Duration>,
    pub(crate) versions: Option<VersionLayout>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Default for Materialized<K, V> {
    fn default() -> Self {
        Self {
            store: None,
            store_type: None,
            serdes: SerdePair::default(),
            caching: None,
            logging: None,
            topic_config: BTreeMap::new(),
            retention: None,
            versions: None,
            types: PhantomData,
        }
    }
}

impl<K, V> Materialized<K, V> {
    /// Names the store, or takes name and kind from a supplier of [`Stores`].
    pub fn as_(store: impl IntoStore) -> Self {
        let mut options = Self::default();
        let supplier = store.into_store();
        options.store = Some(supplier.name);
        options.store_type = supplier.store_type;
        options.retention = supplier.retention;
        options.versions = supplier.versions;
        options
    }

    /// Uses these serdes.
    pub fn with(key: impl Serde<K>, value: impl Serde<V>) -> Self
    where
        K: 'static,
        V: 'static,
    {
        Self::default().with_key_serde(key).with_value_serde(value)
    }

    /// Keeps the rows in memory.
    pub fn in_memory() -> Self {
        Self::default().with_store_type(StoreType::InMemory)
    }

    /// Uses this serde for the key.
    #[must_use]
    pub fn with_key_serde(mut self, serde: impl Serde<K>) -> Self
    where
        K: 'static,
    {
        self.serdes.key = SerdeSlot::given(serde);
        self
    }

    /// Uses this serde for the value.
    #[must_use]
    pub fn with_value_serde(mut self, serde: impl Serde<V>) -> Self
    where
        V: 'static,
    {
        self.serdes.value = SerdeSlot::given(serde);
        self
    }

    /// Keeps the rows there; [`StoreType::own`] keeps them in a place of your own.
    #[must_use]
    pub fn with_store_type(mut self, store_type: StoreType) -> Self {
        self.store_type = Some(store_type);
        self
    }

    /// Lets updates of a key wait in the cache until the commit, so that only the last is sent on.
    #[must_use]
    pub fn with_caching_enabled(mut self) -> Self {
        self.caching = Some(true);
        self
    }

    /// Sends every update on at once.
    #[must_use]
    pub fn with_caching_disabled(mut self) -> Self {
        self.caching = Some(false);
        self
    }

    /// Writes the store's changes to a changelog topic with these settings.
    #[must_use]
    pub fn with_logging_enabled<T: Into<String>>(
        mut self,
        topic_config: impl IntoIterator<Item = (T, T)>,
    ) -> Self {
        self.logging = Some(true);
        self.topic_config = topic_config.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        self
    }

    /// Keeps no changelog: what is lost is lost.
    #[must_use]
    pub fn with_logging_disabled(mut self) -> Self {
        self.logging = Some(false);
        self.topic_config.clear();
        self
    }

    /// Keeps the rows of windows and sessions that long.
    #[must_use]
    pub fn with_retention(mut self, retention: Duration) -> Self {
        self.retention = Some(retention);
        self
    }

    /// Takes the settings of `other` where it has some.
    pub(crate) fn overlay(&mut self, other: Self) {
        self.store = other.store.or(self.store.take());
        self.store_type = other.store_type.or(self.store_type.take());
        self.serdes.key = other.serdes.key.or(&self.serdes.key);
        self.serdes.value = other.serdes.value.or(&self.serdes.value);
        self.caching = other.caching.or(self.caching);
        self.topic_config.extend(other.topic_config);
        self.logging = other.logging.or(self.logging);
        self.retention = other.retention.or(self.retention);
        self.versions = other.versions.or(self.versions);
    }

    pub(crate) fn logged(&self) -> bool {
        self.logging.unwrap_or(true)
    }
}

impl<K, V> AddTo<Self> for Materialized<K, V> {
    fn add_to(self, options: &mut Self) {
        options.overlay(self);
    }
}

/// Suppliers of stores: a name together with a kind.
///
/// Java: `org.apache.kafka.streams.state.Stores`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let newest = Materialized::as_(Stores::lru_map("newest", 1)).with_caching_disabled();
///     stream::<String, i64>("in")
///         .group_by_key()
///         .count(newest)
///         .to_stream()
///         .to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 1), ("a", 1)], 0)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 1, 1]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Stores;

impl Stores {
    /// A store on disk (RocksDB).
    pub fn persistent_key_value_store(name: impl Into<String>) -> KeyValueSupplier {
        KeyValueSupplier::new(name, Some(StoreType::RocksDb))
    }

    /// A store in memory.
    pub fn in_memory_key_value_store(name: impl Into<String>) -> KeyValueSupplier {
        KeyValueSupplier::new(name, Some(StoreType::InMemory))
    }

    /// A store in memory of the `max_entries` rows that were used last.
    ///
    /// A row that leaves is deleted, in the changelog too.
    pub fn lru_map(name: impl Into<String>, max_entries: usize) -> KeyValueSupplier {
        KeyValueSupplier::new(name, Some(StoreType::LruMap { max_entries }))
    }

    /// A store on disk that keeps the past of its keys, that long.
    ///
    /// A table in it is versioned: an update that is older than its row becomes a version of the past and
    /// does not replace it, joins look rows up as of a record's time, and aggregations and joins of tables
    /// leave updates of the past out. One that is older than the history is dropped and counted. There is no
    /// cache, so every update is sent on. The history must stay the same over restarts, or the state be
    /// deleted. KIP-889, KIP-914.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let hour = Duration::from_secs(3600);
    ///     let prices =
    ///         table::<String, i64>("prices", Stores::persistent_versioned_key_value_store("prices", hour));
    ///     stream::<String, i64>("orders").join(prices, |count, price| count * price).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("prices").pipe("tea", 3, 100)?;
    /// driver.input::<String, i64>("prices").pipe("tea", 4, 200)?;
    /// // an order from the time of the older price
    /// driver.input::<String, i64>("orders").pipe("tea", 10, 150)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [30]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn persistent_versioned_key_value_store(
        name: impl Into<String>,
        history_retention: Duration,
    ) -> KeyValueSupplier {
        let history = i64::try_from(history_retention.as_millis()).unwrap_or(i64::MAX);
        KeyValueSupplier::new(name, Some(StoreType::RocksDb))
            .with_versions(VersionLayout::of_history(history))
    }

    /// [`persistent_versioned_key_value_store`](Self::persistent_versioned_key_value_store) with segments of
    /// that span, at least a millisecond.
    ///
    /// Versions of a key that ended in one segment are read and written together, and a segment is dropped
    /// as a whole: many versions of a key ask for short segments, reads far back for long ones.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let second = Duration::from_secs(1);
    ///     let readings = Stores::persistent_versioned_key_value_store_with_segments(
    ///         "readings", second * 3600, second * 10);
    ///     table::<String, i64>("readings", readings).to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("readings").pipe("a", 2, 20)?;
    /// driver.input::<String, i64>("readings").pipe("a", 1, 10)?;
    /// let mut rows = driver.key_value_store::<String, i64>("readings")?;
    /// assert_eq!(rows.get(&"a".to_owned())?, Some(2));
    /// assert_eq!(rows.get_as_of(&"a".to_owned(), Timestamp::from(15_u32))?, Some(1));
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn persistent_versioned_key_value_store_with_segments(
        name: impl Into<String>,
        history_retention: Duration,
        segment_interval: Duration,
    ) -> KeyValueSupplier {
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        KeyValueSupplier::new(name, Some(StoreType::RocksDb)).with_versions(VersionLayout {
            history_ms: millis(history_retention),
            segment_ms: millis(segment_interval).max(1),
        })
    }

    /// A store of windows on disk (RocksDB), which keeps them that long after their start.
    ///
    /// With `retain_duplicates` rows of one key and time stand beside each other, as joins of streams need it and
    /// processors may ([`window_store_builder`](Self::window_store_builder)); windowed aggregations have one row for
    /// each whatever it says, and take the windows' size from their own windows.
    pub fn persistent_window_store(
        name: impl Into<String>,
        retention: Duration,
        window_size: Duration,
        retain_duplicates: bool,
    ) -> WindowSupplier {
        let store = KeyValueSupplier::new(name, Some(StoreType::RocksDb)).keeping(retention);
        WindowSupplier { store, window_size, retain_duplicates }
    }

    /// A store of windows in memory; else as [`persistent_window_store`](Self::persistent_window_store).
    pub fn in_memory_window_store(
        name: impl Into<String>,
        retention: Duration,
        window_size: Duration,
        retain_duplicates: bool,
    ) -> WindowSupplier {
        let store = KeyValueSupplier::new(name, Some(StoreType::InMemory)).keeping(retention);
        WindowSupplier { store, window_size, retain_duplicates }
    }

    /// A store of sessions on disk, which keeps them that long after their end.
    pub fn persistent_session_store(
        name: impl Into<String>,
        retention: Duration,
    ) -> KeyValueSupplier {
        KeyValueSupplier::new(name, Some(StoreType::RocksDb)).keeping(retention)
    }

    /// A store of sessions in memory, which keeps them that long after their end.
    pub fn in_memory_session_store(
        name: impl Into<String>,
        retention: Duration,
    ) -> KeyValueSupplier {
        KeyValueSupplier::new(name, Some(StoreType::InMemory)).keeping(retention)
    }
}

/// A store's name and kind.
#[derive(Clone, Debug)]
pub struct KeyValueSupplier {
    pub(crate) name: String,
    pub(crate) store_type: Option<StoreType>,
    pub(crate) retention: Option<Duration>,
    pub(crate) versions: Option<VersionLayout>,
}

impl KeyValueSupplier {
    fn new(name: impl Into<String>, store_type: Option<StoreType>) -> Self {
        Self { name: name.into(), store_type, retention: None, versions: None }
    }

    fn with_versions(self, versions: VersionLayout) -> Self {
        Self { versions: Some(versions), ..self }
    }

    fn keeping(mut self, retention: Duration) -> Self {
        self.retention = Some(retention);
        self
    }

    /// Keeps the rows there; [`StoreType::own`] keeps them in a place of your own.
    #[must_use]
    pub fn with_store_type(self, store_type: StoreType) -> Self {
        Self { store_type: Some(store_type), ..self }
    }
}

/// A window store's name and kind, retention and size.
///
/// Java: `org.apache.kafka.streams.state.WindowBytesStoreSupplier`.
#[derive(Clone, Debug)]
pub struct WindowSupplier {
    pub(crate) store: KeyValueSupplier,
    pub(crate) window_size: Duration,
    pub(crate) retain_duplicates: bool,
}

impl WindowSupplier {
    /// Keeps the rows there; [`StoreType::own`] keeps them in a place of your own.
    #[must_use]
    pub fn with_store_type(self, store_type: StoreType) -> Self {
        Self { store: self.store.with_store_type(store_type), ..self }
    }
}

impl IntoStore for WindowSupplier {
    fn into_store(self) -> KeyValueSupplier {
        self.store
    }
}

/// What can name a store: text, or a supplier of [`Stores`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no store",
    label = "a name or a supplier like `Stores::in_memory_key_value_store(\"name\")` is wanted"
)]
pub trait IntoStore {
    /// The name, and the kind where it is said.
    fn into_store(self) -> KeyValueSupplier;
}

impl IntoStore for &str {
    fn into_store(self) -> KeyValueSupplier {
        KeyValueSupplier::new(self, None)
    }
}

impl IntoStore for String {
    fn into_store(self) -> KeyValueSupplier {
        KeyValueSupplier::new(self, None)
    }
}

impl IntoStore for KeyValueSupplier {
    fn into_store(self) -> KeyValueSupplier {
        self
    }
}
