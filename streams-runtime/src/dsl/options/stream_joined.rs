//! How a join of two streams is named and keeps its records.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use super::{AddTo, Named, Unset, WindowSupplier};
use crate::dsl::serdes::SerdeSlot;
use crate::serdes::{Nullable, Serde};
use crate::topology::StoreType;
use crate::window::{JoinWindows, millis};

/// The names, serdes and stores of a join of two streams.
///
/// [`as_`](Self::as_) names the stores, [`with_name`](Self::with_name) the processors and repartition
/// topics. Java: `org.apache.kafka.streams.kstream.StreamJoined`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let right = stream::<String, i64>("right");
///     let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_secs(1));
///     let kept = StreamJoined::as_("sums").with_store_type(StoreType::InMemory);
///     stream::<String, i64>("left").join(right, |a, b| a + b, within, kept).to("out");
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("left").pipe("a", 1, 0)?;
/// driver.input::<String, i64>("right").pipe("a", 2, 500)?;
/// assert_eq!(driver.output::<String, i64>("out").values()?, [3]);
/// assert!(driver.store_names().contains(&"sums-this-join-store".to_owned()));
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct StreamJoined<K, V, O> {
    pub(crate) name: Option<String>,
    pub(crate) store: Option<String>,
    pub(crate) store_type: Option<StoreType>,
    pub(crate) key: SerdeSlot,
    pub(crate) value: SerdeSlot,
    pub(crate) other: SerdeSlot,
    pub(crate) logging: bool,
    pub(crate) topic_config: BTreeMap<String, String>,
    /// The stores of this side and the other one, where the user made them.
    pub(crate) suppliers: [Option<WindowSupplier>; 2],
    types: PhantomData<fn(K, V, O)>,
}

impl<K, V, O> Default for StreamJoined<K, V, O> {
    fn default() -> Self {
        Self {
            name: None,
            store: None,
            store_type: None,
            key: SerdeSlot::default(),
            value: SerdeSlot::default(),
            other: SerdeSlot::default(),
            logging: true,
            topic_config: BTreeMap::new(),
            suppliers: [None, None],
            types: PhantomData,
        }
    }
}

impl<K, V, O> StreamJoined<K, V, O> {
    /// Says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the stores.
    pub fn as_(store: impl Into<String>) -> Self {
        Self { store: Some(store.into()), ..Self::default() }
    }

    /// Uses these serdes for the key, this stream's value, and the other stream's.
    pub fn with(
        key: impl Serde<K::NonNull>,
        value: impl Serde<V::NonNull>,
        other: impl Serde<O::NonNull>,
    ) -> Self
    where
        K: Nullable,
        V: Nullable,
        O: Nullable,
    {
        Self::default().with_key_serde(key).with_value_serde(value).with_other_value_serde(other)
    }

    /// Keeps the records of this stream and of the other one in these stores, see
    /// [`with_this_store_supplier`](Self::with_this_store_supplier).
    pub fn with_store_suppliers(this: WindowSupplier, other: WindowSupplier) -> Self {
        Self::default().with_this_store_supplier(this).with_other_store_supplier(other)
    }

    /// Keeps the records of this stream in a store that you make.
    ///
    /// It must retain duplicates, its window size must be that of the [`JoinWindows`], and its retention the
    /// windows' size and grace period together; [`Topology::build`](crate::dsl::Topology::build) refuses others.
    /// Its changelog is always kept, with the settings of every window store: [`with_logging_enabled`] and
    /// [`with_logging_disabled`] concern the other stores of the join. Where the store lies decides also for the
    /// records without a match, unless [`with_store_type`](Self::with_store_type) is given.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let second = Duration::from_secs(1);
    /// let topology = topology!({
    ///     let right = stream::<String, i64>("right");
    ///     let within = JoinWindows::of_time_difference_with_no_grace(second);
    ///     let kept = Stores::in_memory_window_store("mine", 2 * second, 2 * second, true);
    ///     let kept = StreamJoined::new().with_this_store_supplier(kept);
    ///     stream::<String, i64>("left").join(right, |a, b| a + b, within, kept).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("left").pipe("a", 1, 0)?;
    /// driver.input::<String, i64>("right").pipe("a", 2, 500)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [3]);
    /// assert!(driver.store_names().contains(&"mine".to_owned()));
    /// # Ok::<(), StreamsError>(())
    /// ```
    ///
    /// [`with_logging_enabled`]: Self::with_logging_enabled
    /// [`with_logging_disabled`]: Self::with_logging_disabled
    #[must_use]
    pub fn with_this_store_supplier(mut self, supplier: WindowSupplier) -> Self {
        self.suppliers[0] = Some(supplier);
        self
    }

    /// Keeps the records of the other stream in a store that you make, as
    /// [`with_this_store_supplier`](Self::with_this_store_supplier) says of this one's.
    #[must_use]
    pub fn with_other_store_supplier(mut self, supplier: WindowSupplier) -> Self {
        self.suppliers[1] = Some(supplier);
        self
    }

    /// What is wrong with the stores that the user made, with the mend. Java: `KStreamImplJoin`.
    pub(crate) fn problems(&self, within: JoinWindows) -> Vec<String> {
        let mut problems = Vec::new();
        if let [Some(this), Some(other)] = &self.suppliers
            && this.store.name == other.store.name
        {
            problems.push(format!(
                "both StoreSuppliers of a join have the same name, `{}`; StoreSuppliers must provide unique names",
                this.store.name
            ));
        }
        let suppliers = self.suppliers.iter().flatten();
        problems.extend(suppliers.filter_map(|supplier| supplier_problem(supplier, within)));
        problems
    }

    /// Names the processors, and the repartition topics where they are needed.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Names the stores.
    #[must_use]
    pub fn with_store_name(mut self, store: impl Into<String>) -> Self {
        self.store = Some(store.into());
        self
    }

    /// Keeps the records there; [`StoreType::own`] keeps them in a place of your own.
    #[must_use]
    pub fn with_store_type(mut self, store_type: StoreType) -> Self {
        self.store_type = Some(store_type);
        self
    }

    /// Uses this serde for the key.
    #[must_use]
    pub fn with_key_serde(mut self, serde: impl Serde<K::NonNull>) -> Self
    where
        K: Nullable,
    {
        self.key = SerdeSlot::given(serde);
        self
    }

    /// Uses this serde for this stream's value.
    #[must_use]
    pub fn with_value_serde(mut self, serde: impl Serde<V::NonNull>) -> Self
    where
        V: Nullable,
    {
        self.value = SerdeSlot::given(serde);
        self
    }

    /// Uses this serde for the other stream's value.
    #[must_use]
    pub fn with_other_value_serde(mut self, serde: impl Serde<O::NonNull>) -> Self
    where
        O: Nullable,
    {
        self.other = SerdeSlot::given(serde);
        self
    }

    /// Writes the stores' changes to changelog topics with these settings.
    #[must_use]
    pub fn with_logging_enabled<T: Into<String>>(
        mut self,
        topic_config: impl IntoIterator<Item = (T, T)>,
    ) -> Self {
        self.logging = true;
        self.topic_config = topic_config.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        self
    }

    /// Keeps no changelogs: what is lost is lost.
    #[must_use]
    pub fn with_logging_disabled(mut self) -> Self {
        self.logging = false;
        self.topic_config.clear();
        self
    }
}

fn supplier_problem(supplier: &WindowSupplier, within: JoinWindows) -> Option<String> {
    let name = &supplier.store.name;
    if !supplier.retain_duplicates {
        return Some(format!(
            "the StoreSupplier `{name}` of a join must set retainDuplicates=true, found retainDuplicates=false; \
             give it `true` as its last argument"
        ));
    }
    let found = (millis(supplier.window_size), supplier.store.retention.map_or(0, millis));
    let wanted = (within.size_ms(), within.retention_ms());
    (found != wanted).then(|| {
        format!(
            "Window settings mismatch: the StoreSupplier `{name}` has a window size of {} ms and a retention of {} \
             ms, but the JoinWindows need a window size of {} ms (before and after together) and a retention of \
             {} ms (size and grace period)",
            found.0, found.1, wanted.0, wanted.1
        )
    })
}

impl<K, V, O> From<Unset> for StreamJoined<K, V, O> {
    fn from(_: Unset) -> Self {
        Self::default()
    }
}

impl<K, V, O> From<&str> for StreamJoined<K, V, O> {
    fn from(store: &str) -> Self {
        Self::as_(store)
    }
}

impl<K, V, O> From<String> for StreamJoined<K, V, O> {
    fn from(store: String) -> Self {
        Self::as_(store)
    }
}

impl<K, V, O> From<Named> for StreamJoined<K, V, O> {
    fn from(named: Named) -> Self {
        Self { name: named.given().map(str::to_owned), ..Self::default() }
    }
}

impl<K, V, O> From<StoreType> for StreamJoined<K, V, O> {
    fn from(store_type: StoreType) -> Self {
        Self::default().with_store_type(store_type)
    }
}

impl<K, V, O> AddTo<Self> for StreamJoined<K, V, O> {
    fn add_to(self, options: &mut Self) {
        *options = self;
    }
}
