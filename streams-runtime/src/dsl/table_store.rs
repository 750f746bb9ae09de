//! The stores of tables, for processors to read.

use super::topology::StoreRows;
use super::{KTable, StreamsBuilder};
use crate::processor::{
    SessionStore, StoreHandle, TimestampedKeyValueStore, TimestampedWindowStore,
    VersionedKeyValueStore,
};
use crate::serdes::Windowed;
use crate::topology::{NodeId, StoreIx};

impl<K, V> KTable<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The store of this table, for a processor to read: `process(look_up, rates.store())`.
    ///
    /// A table from a topic is kept in a store then; any other must have one by its name. The processor sees
    /// each row as the table has it now, with its time. Aggregations of sessions have another kind of store,
    /// see [`session_store`](KTable::session_store); those by windows can be read by time, too, see
    /// [`window_store`](KTable::window_store).
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn at_rate(
    ///     record: Record<String, i64>,
    ///     ctx: &mut ProcessorContext<'_, String, i64>,
    ///     rates: &TimestampedKeyValueStore<String, i64>,
    /// ) {
    ///     let rate = rates.get(&record.key).map_or(1, |row| row.value);
    ///     let value = record.value * rate;
    ///     ctx.forward(record.with_value(value));
    /// }
    ///
    /// let topology = topology!({
    ///     let rates = table::<String, i64>("rates", "rates-store");
    ///     stream::<String, i64>("in").process(at_rate, rates.store()).to("out");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("rates").pipe("a", 3, 0)?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 2), ("b", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [6, 2]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn store(
        self,
        b: &mut StreamsBuilder,
    ) -> StoreHandle<TimestampedKeyValueStore<'static, K, V>> {
        StoreHandle::new(b.store_to_read(self.node, &[StoreRows::Keys, StoreRows::Windows]))
    }
}

impl<K, V> KTable<Windowed<K>, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The store of this aggregation by windows, for a processor to read by key and time.
    ///
    /// # Example
    /// ```
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// /// The counts of the last twenty milliseconds.
    /// #[processor]
    /// fn lately(
    ///     record: Record<String, i64>,
    ///     ctx: &mut ProcessorContext<'_, String, i64>,
    ///     counts: &TimestampedWindowStore<String, i64>,
    /// ) {
    ///     let now = record.timestamp.as_millis();
    ///     let lately = counts.fetch(&record.key, now - 20, now).map(|(_, row)| row.value).sum();
    ///     ctx.forward(record.with_value(lately));
    /// }
    ///
    /// let topology = topology!({
    ///     let ten = Duration::from_millis(10);
    ///     let counts = stream::<String, i64>("visits")
    ///         .group_by_key()
    ///         .windowed_by(TimeWindows::of_size_with_no_grace(ten))
    ///         .count("counts");
    ///     stream::<String, i64>("in").process(lately, counts.window_store()).to("out");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// for time in [1, 15, 16, 31] {
    ///     driver.input::<String, i64>("visits").pipe("a", 1, time)?;
    /// }
    /// driver.input::<String, i64>("in").pipe("a", 0, 30)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [3]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn window_store(
        self,
        b: &mut StreamsBuilder,
    ) -> StoreHandle<TimestampedWindowStore<'static, K, V>> {
        StoreHandle::new(b.store_to_read(self.node, &[StoreRows::Windows]))
    }

    /// The store of this aggregation of sessions, for a processor to read.
    ///
    /// # Example
    /// ```
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// #[processor]
    /// fn longest(
    ///     record: Record<String, i64>,
    ///     ctx: &mut ProcessorContext<'_, String, i64>,
    ///     visits: &SessionStore<String, i64>,
    /// ) {
    ///     let length = |(session, _): (Windowed<String>, i64)| session.end - session.start;
    ///     let longest = visits.find_sessions(&record.key, 0, i64::MAX).map(length).max();
    ///     ctx.forward(record.with_value(longest.unwrap_or(0)));
    /// }
    ///
    /// let topology = topology!({
    ///     let gap = Duration::from_millis(10);
    ///     let visits = stream::<String, i64>("visits")
    ///         .group_by_key()
    ///         .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(gap))
    ///         .count("visits-store");
    ///     stream::<String, i64>("in").process(longest, visits.session_store()).to("out");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("visits").pipe("a", 1, 0)?;
    /// driver.input::<String, i64>("visits").pipe("a", 1, 7)?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 0), ("b", 0)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [7, 0]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn session_store(self, b: &mut StreamsBuilder) -> StoreHandle<SessionStore<'static, K, V>> {
        StoreHandle::new(b.store_to_read(self.node, &[StoreRows::Sessions]))
    }
}

impl<K, V> KTable<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The store of this versioned table, for a processor to read: `process(look_up, prices.versioned_store())`.
    ///
    /// # Example
    /// ```
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// /// By how much the price changed in the last second.
    /// #[processor]
    /// fn rise(
    ///     record: Record<String, i64>,
    ///     ctx: &mut ProcessorContext<'_, String, i64>,
    ///     prices: &VersionedKeyValueStore<String, i64>,
    /// ) {
    ///     let before = record.timestamp.saturating_add_millis(-1_000);
    ///     let at = |time| prices.get_as_of(&record.key, time).map_or(0, |row| row.value);
    ///     let rise = at(record.timestamp) - at(before);
    ///     ctx.forward(record.with_value(rise));
    /// }
    ///
    /// let topology = topology!({
    ///     let history = Duration::from_secs(60);
    ///     let prices =
    ///         table::<String, i64>("prices", Stores::persistent_versioned_key_value_store("p", history));
    ///     stream::<String, i64>("in").process(rise, prices.versioned_store()).to("out");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("prices").pipe("tea", 3, 1_000)?;
    /// driver.input::<String, i64>("prices").pipe("tea", 5, 2_000)?;
    /// driver.input::<String, i64>("in").pipe("tea", 0, 2_500)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [2]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn versioned_store(
        self,
        b: &mut StreamsBuilder,
    ) -> StoreHandle<VersionedKeyValueStore<'static, K, V>> {
        let store = b.store_to_read(self.node, &[StoreRows::Keys, StoreRows::Windows]);
        if b.graph.history_of(store).is_none() {
            let name = b.graph.node(self.node).name.clone();
            b.graph.problem(format!(
                "a processor reads the past of table `{name}`, which is kept in no versioned store; keep it in \
                 `Stores::persistent_versioned_key_value_store(..)`, or take its store by `.store()`"
            ));
        }
        StoreHandle::new(store)
    }
}

impl StreamsBuilder {
    /// The store of a table that a processor reads as one of these kinds.
    fn store_to_read(&mut self, table: NodeId, wanted: &[StoreRows]) -> StoreIx {
        self.graph.materialize(table);
        let name = self.graph.node(table).name.clone();
        let Some(store) = self.graph.store_of_table(table) else {
            self.graph.problem(format!(
                "a processor reads the store of table `{name}`, which has none; name it, as in \
                 `map_values(.., \"store\")`"
            ));
            return StoreIx(0);
        };
        let rows = self.rows_of(store);
        if !wanted.contains(&rows) {
            let (kind, word) = match rows {
                StoreRows::Keys => ("a row per key", "store"),
                StoreRows::Windows => ("windows", "window_store"),
                StoreRows::Sessions => ("sessions", "session_store"),
            };
            self.graph.problem(format!(
                "a processor reads the store of table `{name}`, which keeps {kind}; take its store by `.{word}()`"
            ));
        }
        store
    }
}
