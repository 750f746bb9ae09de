//! The `try_` twins of a stream's operators: functions that can fail.
//!
//! An error is anything that converts into [`UserError`](crate::error::UserError), text included.
//! It goes to the processing exception handler; when the handler says continue, the record is
//! dropped and counted. Everything else is as in the operator without `try_`.

use std::sync::Arc;

use super::builder::Keeps;
use super::kgrouped_stream::WithSerdes;
use super::{Grouped, KGroupedStream, KStream, Named, Produced, StreamsBuilder};
use crate::error::UserError;
use crate::operator::{
    Filter, Is, IsNot, Sink, SinkTopic, Try, TryFlatMap, TryFlatMapValues, TryFlatMapValuesWithKey,
    TryForeach, TryGroupBy, TryMap, TryMapValues, TryMapValuesWithKey, TryPeek, TrySelectKey,
};
use crate::record::RecordContext;
use crate::serdes::HasSerde;
use crate::topology::graph::SinkTarget;
use crate::topology::naming::prefix;

impl<K, V> KStream<K, V> {
    /// [`filter`](KStream::filter) with a predicate that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .try_filter(|_, text| text.parse::<i64>().map(|n| n > 1))
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "1"), ("b", "2")], 0)?;
    /// assert_eq!(driver.output::<String, String>("out").values()?, ["2"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_filter<F, E>(
        self,
        b: &mut StreamsBuilder,
        predicate: F,
        options: impl Into<Named>,
    ) -> (Self, Filter<F, Try<Is>>)
    where
        F: Fn(&K, &V) -> Result<bool, E> + Send + Sync + 'static,
    {
        let node = self.filtered(b, options);
        (Self::new(node), Filter::new(node, predicate))
    }

    /// [`filter_not`](KStream::filter_not) with a predicate that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .try_filter_not(|_, text| text.parse::<i64>().map(|n| n > 1))
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "1"), ("b", "2")], 0)?;
    /// assert_eq!(driver.output::<String, String>("out").values()?, ["1"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_filter_not<F, E>(
        self,
        b: &mut StreamsBuilder,
        predicate: F,
        options: impl Into<Named>,
    ) -> (Self, Filter<F, Try<IsNot>>)
    where
        F: Fn(&K, &V) -> Result<bool, E> + Send + Sync + 'static,
    {
        let node = self.filtered(b, options);
        (Self::new(node), Filter::new(node, predicate))
    }

    /// [`map_values`](KStream::map_values) with a mapper that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in").try_map_values(|text| text.parse::<i64>()).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "1")], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_map_values<W, F, E>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<K, W>, TryMapValues<F>)
    where
        F: Fn(V) -> Result<W, E> + Send + Sync + 'static,
    {
        let node = self.values_changed::<W>(b, options, prefix::STREAM_MAP_VALUES);
        (KStream::new(node), TryMapValues::new(node, mapper))
    }

    /// [`map_values_with_key`](KStream::map_values_with_key) with a mapper that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .try_map_values(|key, text| text.parse::<i64>().map_err(|e| format!("{key}: {e}")))
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "1")], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_map_values_with_key<W, F, E>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<K, W>, TryMapValuesWithKey<F>)
    where
        F: Fn(&K, V) -> Result<W, E> + Send + Sync + 'static,
    {
        let node = self.values_changed::<W>(b, options, prefix::STREAM_MAP_VALUES);
        (KStream::new(node), TryMapValuesWithKey::new(node, mapper))
    }

    /// [`flat_map_values`](KStream::flat_map_values) with a mapper that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in").try_flat_map_values(numbers).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// fn numbers(text: String) -> Result<Vec<i64>, std::num::ParseIntError> {
    ///     text.split(' ').map(str::parse).collect()
    /// }
    /// driver.input::<String, String>("in").pipe_all([("a", "1 2")], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 2]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_flat_map_values<I, F, E>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<K, I::Item>, TryFlatMapValues<F>)
    where
        I: IntoIterator,
        F: Fn(V) -> Result<I, E> + Send + Sync + 'static,
    {
        let node = self.values_changed::<I::Item>(b, options, prefix::STREAM_FLAT_MAP_VALUES);
        (KStream::new(node), TryFlatMapValues::new(node, mapper))
    }

    /// [`flat_map_values_with_key`](KStream::flat_map_values_with_key) with a mapper that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .try_flat_map_values(|key, text| text.parse::<i64>().map(|n| vec![key.clone(); n as usize]))
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "2")], 0)?;
    /// assert_eq!(driver.output::<String, String>("out").values()?, ["a", "a"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_flat_map_values_with_key<I, F, E>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<K, I::Item>, TryFlatMapValuesWithKey<F>)
    where
        I: IntoIterator,
        F: Fn(&K, V) -> Result<I, E> + Send + Sync + 'static,
    {
        let node = self.values_changed::<I::Item>(b, options, prefix::STREAM_FLAT_MAP_VALUES);
        (KStream::new(node), TryFlatMapValuesWithKey::new(node, mapper))
    }

    /// [`peek`](KStream::peek) with an action that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .try_peek(|_, text| if text.is_empty() { Err("an empty text") } else { Ok(()) })
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe("a", "fine", 0)?;
    /// let error = driver.input::<String, String>("in").pipe("a", "", 0).unwrap_err();
    /// assert!(error.to_string().contains("an empty text"));
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_peek<F, E>(
        self,
        b: &mut StreamsBuilder,
        action: F,
        options: impl Into<Named>,
    ) -> (Self, TryPeek<F>)
    where
        F: Fn(&K, &V) -> Result<(), E> + Send + Sync + 'static,
    {
        let node = self.peeked(b, options);
        (Self::new(node), TryPeek::new(node, action))
    }

    /// [`foreach`](KStream::foreach) with an action that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .try_foreach(|_, text| if text.is_empty() { Err("an empty text") } else { Ok(()) });
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// assert!(driver.input::<String, String>("in").pipe("a", "fine", 0).is_ok());
    /// assert!(driver.input::<String, String>("in").pipe("a", "", 0).is_err());
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_foreach<F, E>(
        self,
        b: &mut StreamsBuilder,
        action: F,
        options: impl Into<Named>,
    ) -> TryForeach<F>
    where
        F: Fn(&K, &V) -> Result<(), E> + Send + Sync + 'static,
    {
        TryForeach::new(self.each(b, options), action)
    }

    /// [`map`](KStream::map) with a mapper that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .try_map(|key, text| text.parse::<i64>().map(|n| (n, key)))
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "1")], 0)?;
    /// assert_eq!(driver.output::<i64, String>("out").values()?, ["a"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_map<L, W, F, E>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<L, W>, TryMap<F>)
    where
        F: Fn(K, V) -> Result<(L, W), E> + Send + Sync + 'static,
    {
        let node = self.rekeyed::<L, W>(b, options, prefix::STREAM_MAP, Keeps::NONE);
        (KStream::new(node), TryMap::new(node, mapper))
    }

    /// [`flat_map`](KStream::flat_map) with a mapper that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .try_flat_map(|key, text| text.parse::<i64>().map(|n| [(n, key.clone()), (-n, key)]))
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "7")], 0)?;
    /// assert_eq!(driver.output::<i64, String>("out").key_values()?, [(7, "a".into()), (-7, "a".into())]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_flat_map<L, W, I, F, E>(
        self,
        b: &mut StreamsBuilder,
        mapper: F,
        options: impl Into<Named>,
    ) -> (KStream<L, W>, TryFlatMap<F>)
    where
        I: IntoIterator<Item = (L, W)>,
        F: Fn(K, V) -> Result<I, E> + Send + Sync + 'static,
    {
        let node = self.rekeyed::<L, W>(b, options, prefix::STREAM_FLAT_MAP, Keeps::NONE);
        (KStream::new(node), TryFlatMap::new(node, mapper))
    }

    /// [`select_key`](KStream::select_key) with a selector that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in").try_select_key(|_, text| text.parse::<i64>()).to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "7")], 0)?;
    /// assert_eq!(driver.output::<i64, String>("out").key_values()?, [(7, "7".into())]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_select_key<L, F, E>(
        self,
        b: &mut StreamsBuilder,
        selector: F,
        options: impl Into<Named>,
    ) -> (KStream<L, V>, TrySelectKey<F>)
    where
        F: Fn(&K, &V) -> Result<L, E> + Send + Sync + 'static,
    {
        let node = self.rekeyed::<L, V>(b, options, prefix::STREAM_SELECT_KEY, Keeps::VALUE);
        (KStream::new(node), TrySelectKey::new(node, selector))
    }

    /// [`group_by`](KStream::group_by) with a selector that can fail.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .try_group_by(|_, text| text.parse::<i64>())
    ///         .count("counts")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "7"), ("b", "7")], 0)?;
    /// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(7, 1), (7, 2)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_group_by<L, S, U, F, E>(
        self,
        b: &mut StreamsBuilder,
        selector: F,
        options: impl Into<Grouped<L, V>>,
    ) -> (WithSerdes<S, U, KGroupedStream<L, V>>, TryGroupBy<F>)
    where
        L: HasSerde<Serde = S>,
        V: HasSerde<Serde = U>,
        F: Fn(&K, &V) -> Result<L, E> + Send + Sync + 'static,
    {
        let (grouped, node) = self.grouped_by::<L>(b, options);
        (grouped, TryGroupBy::new(node, selector))
    }
    /// [`to`](KStream::to_with) with a function that names the topic and can fail; `try_to(|key, value, context| ..)`.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").try_to(|key: &String, _, _| match key.as_str() {
    ///         "eu" | "us" => Ok(format!("orders-{key}")),
    ///         other => Err(format!("there is no region {other}")),
    ///     });
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe("eu", 1, 0)?;
    /// assert_eq!(driver.output::<String, i64>("orders-eu").values()?, [1]);
    /// assert!(driver.input::<String, i64>("in").pipe("mars", 1, 0).is_err());
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_to_with<F, E>(
        self,
        b: &mut StreamsBuilder,
        extractor: F,
        options: impl Into<Produced<K, V>>,
    ) -> Sink<K, V>
    where
        K: HasSerde,
        V: HasSerde,
        F: Fn(&K, &V, &RecordContext) -> Result<String, E> + Send + Sync + 'static,
        E: Into<UserError>,
    {
        let topic =
            SinkTopic::Tried(Arc::new(move |key: &K, value: &V, context: &RecordContext| {
                let named = extractor(key, value, context);
                named.map_err(|error| (std::any::type_name::<E>(), error.into()))
            }));
        self.sink(b, topic, SinkTarget::Computed, options.into())
    }
}
