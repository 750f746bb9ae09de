//! The `try_` twins of a table's operators: functions that can fail.
//!
//! An error is anything that converts into [`UserError`](crate::error::UserError), text included.
//! It goes to the processing exception handler; when the handler says continue, the update is
//! dropped and counted. Everything else is as in the operator without `try_`.

use super::kgrouped_stream::WithSerdes;
use super::ktable::Mapped;
use super::{Grouped, KGroupedTable, KStream, KTable, Named, StreamsBuilder, TableOpOptions};
use crate::operator::{
    Always, Is, IsNot, OfValues, Perhaps, TableFilter, TableMapValues, Try, TryTableGroupBy,
    TryToStreamWithKey, WithKey,
};
use crate::serdes::HasSerde;

impl<K, V> KTable<K, V> {
    /// [`filter`](KTable::filter) with a predicate that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, String>("in")
    ///         .try_filter(|_, text| text.parse::<i64>().map(|n| n > 1))
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "2"), ("a", "1")], 0)?;
    /// assert_eq!(driver.output::<String, Option<String>>("out").values()?, [Some("2".into()), None]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_filter<F, E>(
        self,
        b: &mut StreamsBuilder,
        predicate: F,
        options: impl Into<TableOpOptions<K, V>>,
    ) -> (Self, TableFilter<K, V, F, Try<Is>>)
    where
        K: HasSerde,
        V: HasSerde,
        F: Fn(&K, &V) -> Result<bool, E> + Send + Sync + 'static,
    {
        let made = self.filtered(b, options);
        (Self::new(made.node), TableFilter::new(made.node, predicate, made.store))
    }

    /// [`filter_not`](KTable::filter_not) with a predicate that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, String>("in")
    ///         .try_filter_not(|_, text| text.parse::<i64>().map(|n| n > 1))
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "1"), ("a", "2")], 0)?;
    /// assert_eq!(driver.output::<String, Option<String>>("out").values()?, [Some("1".into()), None]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_filter_not<F, E>(
        self,
        b: &mut StreamsBuilder,
        predicate: F,
        options: impl Into<TableOpOptions<K, V>>,
    ) -> (Self, TableFilter<K, V, F, Try<IsNot>>)
    where
        K: HasSerde,
        V: HasSerde,
        F: Fn(&K, &V) -> Result<bool, E> + Send + Sync + 'static,
    {
        let made = self.filtered(b, options);
        (Self::new(made.node), TableFilter::new(made.node, predicate, made.store))
    }

    /// [`map_values`](KTable::map_values) with a mapper that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, String>("in").try_map_values(|text| text.parse::<i64>()).to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "1")], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(1)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_map_values<W, F, E>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<TableOpOptions<K, W>>,
    ) -> Mapped<K, W, F, OfValues, Try<Always>>
    where
        K: HasSerde,
        W: HasSerde,
        F: Fn(V) -> Result<W, E> + Send + Sync + 'static,
    {
        let made = self.values_changed::<W>(b, options);
        (KTable::new(made.node), TableMapValues::new(made.node, mapper, made.store))
    }

    /// [`map_values_with_key`](KTable::map_values_with_key) with a mapper that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, String>("in")
    ///         .try_map_values(|key, text| text.parse::<i64>().map_err(|e| format!("{key}: {e}")))
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "1")], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(1)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_map_values_with_key<W, F, E>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<TableOpOptions<K, W>>,
    ) -> Mapped<K, W, F, WithKey, Try<Always>>
    where
        K: HasSerde,
        W: HasSerde,
        F: Fn(&K, V) -> Result<W, E> + Send + Sync + 'static,
    {
        let made = self.values_changed::<W>(b, options);
        (KTable::new(made.node), TableMapValues::new(made.node, mapper, made.store))
    }

    /// [`filter_map_values`](KTable::filter_map_values) with a mapper that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let rows = table::<String, String>("in");
    ///     let numbers = rows.try_filter_map_values(|text| {
    ///         text.parse::<i64>().map(|n| Some(n).filter(|n| *n > 0))
    ///     });
    ///     numbers.to_stream().to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "7"), ("a", "-7")], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(7), None]);
    /// assert!(driver.input::<String, String>("in").pipe("a", "seven", 0).is_err());
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_filter_map_values<W, F, E>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<TableOpOptions<K, W>>,
    ) -> Mapped<K, W, F, OfValues, Try<Perhaps>>
    where
        K: HasSerde,
        W: HasSerde,
        F: Fn(V) -> Result<Option<W>, E> + Send + Sync + 'static,
    {
        let made = self.values_changed::<W>(b, options);
        (KTable::new(made.node), TableMapValues::new(made.node, mapper, made.store))
    }

    /// [`filter_map_values_with_key`](KTable::filter_map_values_with_key) with a mapper that can fail.
    ///
    /// # Example
    /// See [`try_filter_map_values`](KTable::try_filter_map_values), with a closure of two parameters.
    pub fn try_filter_map_values_with_key<W, F, E>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<TableOpOptions<K, W>>,
    ) -> Mapped<K, W, F, WithKey, Try<Perhaps>>
    where
        K: HasSerde,
        W: HasSerde,
        F: Fn(&K, V) -> Result<Option<W>, E> + Send + Sync + 'static,
    {
        let made = self.values_changed::<W>(b, options);
        (KTable::new(made.node), TableMapValues::new(made.node, mapper, made.store))
    }

    /// [`group_by`](KTable::group_by) with a selector that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, String>("in")
    ///         .try_group_by(|key, text| text.parse::<i64>().map(|n| (n, key.clone())))
    ///         .count("counts")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "7"), ("a", "8")], 0)?;
    /// let counts = driver.key_value_store::<i64, i64>("counts")?.all()?;
    /// assert_eq!(counts, [(7, 0), (8, 1)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_group_by<L, W, LN, WN, S, U, F, E>(
        self,
        b: &mut StreamsBuilder,
        selector: F,
        options: impl Into<Grouped<L, W>>,
    ) -> WithSerdes<S, U, (KGroupedTable<LN, WN>, TryTableGroupBy<F>)>
    where
        L: HasSerde<Serde = S, NonNull = LN>,
        W: HasSerde<Serde = U, NonNull = WN>,
        LN: HasSerde,
        WN: HasSerde,
        F: Fn(&K, &V) -> Result<(L, W), E> + Send + Sync + 'static,
    {
        let (group, node) = self.grouped_by(b, options);
        (KGroupedTable::new(group), TryTableGroupBy::new(node, selector))
    }
    /// [`to_stream`](KTable::to_stream_with_key) with a selector that can fail; `try_to_stream(|key, value| ..)`.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     table::<String, i64>("in").try_to_stream(|key, _| key.parse::<i64>()).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe("7", 1, 0)?;
    /// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(7, 1)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_to_stream_with_key<L, F, E>(
        self,
        b: &mut StreamsBuilder,
        selector: F,
        options: impl Into<Named>,
    ) -> (KStream<L, Option<V>>, TryToStreamWithKey<F>)
    where
        F: Fn(&K, &Option<V>) -> Result<L, E> + Send + Sync + 'static,
    {
        let node = self.streamed_by_key::<L>(b, options);
        (KStream::new(node), TryToStreamWithKey::new(node, selector))
    }
}
