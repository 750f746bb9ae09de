//! `SessionWindowedKStream`: a grouped stream cut into sessions.

use std::marker::PhantomData;
use std::sync::Arc;

use super::serdes::SerdeSlot;
use super::windowed_folds::folds;
use super::windowed_record::{Recorded, Spans};
use super::{AggregateOptions, Flow, KTable, StreamsBuilder};
use crate::operator::{
    AggregateFold, CountFold, Fallible, MergedFold, ReduceFold, SessionAggregate, Sure,
};
use crate::record::Record;
use crate::serdes::{HasSerde, Nullable, Windowed};
use crate::store::StoreRef;
use crate::topology::naming::prefix;
use crate::window::{EmitStrategy, SessionWindows};

/// A grouped stream in sessions.
///
/// Java: `org.apache.kafka.streams.kstream.SessionWindowedKStream`.
pub struct SessionWindowedKStream<K, V> {
    group: usize,
    windows: SessionWindows,
    emit: EmitStrategy,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for SessionWindowedKStream<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for SessionWindowedKStream<K, V> {}

impl<K, V> std::fmt::Debug for SessionWindowedKStream<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionWindowedKStream({}, {:?})", self.group, self.windows)
    }
}

impl<K, V> Flow for SessionWindowedKStream<K, V> {
    type Record = Record<K, V>;
}

impl<K, V> SessionWindowedKStream<K, V> {
    pub(super) fn new(group: usize, windows: SessionWindows) -> Self {
        Self { group, windows, emit: EmitStrategy::OnWindowUpdate, types: PhantomData }
    }
}

/// What folds values, and merges sessions in the same shape.
type MergingFold<I, F, M, S> = MergedFold<AggregateFold<I, F, S>, M, S>;

/// The table and the operator of an aggregation of sessions.
type Aggregated<K, V, A, F> =
    (KTable<Windowed<<K as Nullable>::NonNull>, A>, SessionAggregate<K, V, A, F>);

impl<K: HasSerde, V: HasSerde> SessionWindowedKStream<K, V> {
    /// Says when results leave: with each update (the default), or once when a session is closed.
    ///
    /// On close the store keeps no cache, and emission is at most once a second of wall-clock time.
    ///
    /// # Example
    /// See [`EmitStrategy`].
    #[must_use]
    pub fn emit_strategy(mut self, _: &mut StreamsBuilder, emit: EmitStrategy) -> Self {
        self.emit = emit;
        self
    }

    folds! {
        /// Counts the records of each session.
        ///
        /// A record with a null key is dropped; a null value counts. Needs one store and its changelog.
        ///
        /// # Example
        /// See [`SessionWindows`].
        count;

        /// Combines the values of each session, two at a time; it also merges sessions.
        ///
        /// The reducer sees a null value as it comes. Needs one store and its changelog.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use std::time::Duration;
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     stream::<String, i64>("in")
        ///         .group_by_key()
        ///         .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(Duration::from_millis(5)))
        ///         .reduce(|a, b| a + b, "sums")
        ///         .to_stream(|session, _| session.key.clone())
        ///         .to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("in").pipe_all([("a", 3), ("a", 4)], 0)?;
        /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(3), None, Some(7)]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        reduce;

        /// [`reduce`](SessionWindowedKStream::reduce) with a reducer that can fail.
        ///
        /// An error goes to the processing exception handler and leaves the sessions as they were.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use std::time::Duration;
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     stream::<String, i64>("in")
        ///         .group_by_key()
        ///         .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(Duration::from_millis(10)))
        ///         .try_reduce(|a, b| i64::checked_add(a, b).ok_or("the sum is too large"), "sums")
        ///         .to_stream(|windowed, _| windowed.start)
        ///         .to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
        /// let last = driver.output::<i64, Option<i64>>("out").values()?.pop();
        /// assert_eq!(last, Some(Some(3)));
        /// # Ok::<(), StreamsError>(())
        /// ```
        try_reduce;
    }

    /// Folds the values of each session into an aggregate of any type; `merger` makes one of two sessions'.
    ///
    /// Per record: the initializer, the merger over all sessions that the record joins, then the
    /// aggregator. Needs one store and its changelog.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, String>("in")
    ///         .group_by_key()
    ///         .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(Duration::from_millis(5)))
    ///         .aggregate(|| 0_i64, |_, word, n| n + word.len() as i64, |_, a, b| a + b, "letters")
    ///         .to_stream(|session, _| session.key.clone())
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "to"), ("a", "be")], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(2), None, Some(4)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn aggregate<A, R, S, I, F, M>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        aggregator: F,
        merger: M,
        options: impl Into<AggregateOptions<K::NonNull, A>>,
    ) -> Aggregated<K, V, A, MergingFold<I, F, M, Sure>>
    where
        A: HasSerde,
        I: Fn() -> A + Send + Sync + 'static,
        F: Fn(&K::NonNull, V, A) -> R + Send + Sync + 'static,
        M: Fn(&K::NonNull, A, A) -> S + Send + Sync + 'static,
    {
        let fold = AggregateFold::new(Arc::new(initializer), Arc::new(aggregator));
        let fold = MergedFold::new(fold, Arc::new(merger));
        let none = SerdeSlot::default();
        self.aggregated(b, &options.into(), (prefix::STREAM_AGGREGATE, &none), fold)
    }

    /// [`aggregate`](SessionWindowedKStream::aggregate) with an aggregator that can fail, and a merger that can or
    /// cannot.
    ///
    /// An error goes to the processing exception handler and leaves the sessions as they were.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let plus = |_: &String, n: i64, sum: i64| sum.checked_add(n).ok_or("the sum is too large");
    ///     stream::<String, i64>("in")
    ///         .group_by_key()
    ///         .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(Duration::from_millis(10)))
    ///         .try_aggregate(|| 0, plus, |_, a, b| a + b, "sums")
    ///         .to_stream(|windowed, _| windowed.start)
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// let last = driver.output::<i64, Option<i64>>("out").values()?.pop();
    /// assert_eq!(last, Some(Some(3)));
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_aggregate<A, R, S, I, F, M, E>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        aggregator: F,
        merger: M,
        options: impl Into<AggregateOptions<K::NonNull, A>>,
    ) -> Aggregated<K, V, A, MergingFold<I, F, M, Fallible>>
    where
        A: HasSerde,
        I: Fn() -> A + Send + Sync + 'static,
        F: Fn(&K::NonNull, V, A) -> Result<R, E> + Send + Sync + 'static,
        M: Fn(&K::NonNull, A, A) -> S + Send + Sync + 'static,
    {
        let fold = AggregateFold::new(Arc::new(initializer), Arc::new(aggregator));
        let fold = MergedFold::new(fold, Arc::new(merger));
        let none = SerdeSlot::default();
        self.aggregated(b, &options.into(), (prefix::STREAM_AGGREGATE, &none), fold)
    }

    fn aggregated<A: HasSerde, F>(
        self,
        b: &mut StreamsBuilder,
        options: &AggregateOptions<K::NonNull, A>,
        named: (&str, &SerdeSlot),
        fold: F,
    ) -> Aggregated<K, V, A, F> {
        let spans = (&Spans::Sessions(self.windows), self.emit);
        let Recorded { node, store, repartition } =
            b.windowed::<K, V, A>(self.group, options, named, spans);
        let (windows, emit, store) = (self.windows, self.emit, StoreRef::new(store));
        let operator = SessionAggregate { node, windows, emit, fold, store, repartition };
        (KTable::new(node), operator)
    }
}
