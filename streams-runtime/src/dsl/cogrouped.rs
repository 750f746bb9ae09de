//! `CogroupedKStream`: grouped streams that are aggregated together.

use std::marker::PhantomData;

use super::cogroup_record::{CogroupInput, CogroupInputs, Cogrouped, Merged, Plain};
use super::{AggregateOptions, KGroupedStream, StreamsBuilder};
use crate::operator::{Fallible, Sure};
use crate::serdes::HasSerde;
use crate::window::{
    OwnWindows, SessionWindows, SlidingWindows, TimeWindows, UnlimitedWindows, WindowSpan, Windows,
};

/// A cogroup with one more input.
type AndInput<K, A, L, IK, V, F, S> = CogroupedKStream<K, A, (L, CogroupInput<IK, V, F, S>)>;

/// Grouped streams that share one aggregate `A` per key; `L` lists them with their aggregators.
///
/// Java: `org.apache.kafka.streams.kstream.CogroupedKStream`.
pub struct CogroupedKStream<K, A, L> {
    inputs: L,
    types: PhantomData<fn() -> (K, A)>,
}

/// A cogroup in windows of the kind `W`.
///
/// Java: `TimeWindowedCogroupedKStream`, `SessionWindowedCogroupedKStream`.
pub struct WindowedCogroup<K, A, L, W> {
    inputs: L,
    windows: W,
    types: PhantomData<fn() -> (K, A)>,
}

impl<K: HasSerde, V: HasSerde> KGroupedStream<K, V> {
    /// Begins an aggregate that further grouped streams join in.
    ///
    /// `aggregator` folds the values of this stream into it. Records with a null key are dropped and counted;
    /// so are those with a null value, without windows and in sliding ones. In other windows and in sessions
    /// the aggregator sees null values of a stream that has some. All inputs share one store, and must be
    /// co-partitioned. Results leave with each update, in the order of the records across the inputs.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let clicks = stream::<String, i64>("clicks").group_by_key();
    ///     let views = stream::<String, String>("views").group_by_key();
    ///     clicks
    ///         .cogroup(|_, n, total: i64| total + n)
    ///         .cogroup(views, |_, _, total| total + 1)
    ///         .aggregate(|| 0, "activity")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("clicks").pipe("a", 5, 0)?;
    /// driver.input::<String, String>("views").pipe("a", "page", 1)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [5, 6]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "a list of one input")]
    pub fn cogroup<A, R, F>(
        self,
        _: &mut StreamsBuilder,
        aggregator: F,
    ) -> CogroupedKStream<K::NonNull, A, ((), CogroupInput<K, V, F, Sure>)>
    where
        F: Fn(&K::NonNull, V, A) -> R + Send + Sync + 'static,
    {
        let inputs = ((), CogroupInput::new(self.group, aggregator));
        CogroupedKStream { inputs, types: PhantomData }
    }

    /// [`cogroup`](KGroupedStream::cogroup) with an aggregator that can fail.
    ///
    /// An error goes to the processing exception handler and leaves the aggregate as it was; the other inputs go
    /// on by themselves.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let payments = stream::<String, String>("payments").group_by_key();
    ///     let refunds = stream::<String, String>("refunds").group_by_key();
    ///     payments
    ///         .try_cogroup(|_, text, sum: i64| text.parse::<i64>().map(|n| sum + n))
    ///         .try_cogroup(refunds, |_, text, sum| text.parse::<i64>().map(|n| sum - n))
    ///         .aggregate(|| 0, "balance")
    ///         .to_stream()
    ///         .to("out");
    /// });
    /// # let skip = StreamsConfig::new("app")
    /// #     .set("processing.exception.handler", "LogAndContinueProcessingExceptionHandler");
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::from(&skip))?;
    /// driver.input::<String, String>("payments").pipe_all([("a", "5"), ("a", "five")], 0)?;
    /// driver.input::<String, String>("refunds").pipe_all([("a", "two"), ("a", "2")], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [5, 3]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "a list of one input")]
    pub fn try_cogroup<A, R, E, F>(
        self,
        _: &mut StreamsBuilder,
        aggregator: F,
    ) -> CogroupedKStream<K::NonNull, A, ((), CogroupInput<K, V, F, Fallible>)>
    where
        F: Fn(&K::NonNull, V, A) -> Result<R, E> + Send + Sync + 'static,
    {
        let inputs = ((), CogroupInput::new(self.group, aggregator));
        CogroupedKStream { inputs, types: PhantomData }
    }
}

impl<K, A, L> CogroupedKStream<K, A, L> {
    /// Adds a grouped stream, whose values `aggregator` folds into the common aggregate.
    ///
    /// # Example
    /// See [`KGroupedStream::cogroup`].
    pub fn cogroup<IK, V, R, F>(
        self,
        _: &mut StreamsBuilder,
        group: KGroupedStream<IK, V>,
        aggregator: F,
    ) -> AndInput<K, A, L, IK, V, F, Sure>
    where
        IK: HasSerde<NonNull = K>,
        V: HasSerde,
        F: Fn(&K, V, A) -> R + Send + Sync + 'static,
    {
        let inputs = (self.inputs, CogroupInput::new(group.group, aggregator));
        CogroupedKStream { inputs, types: PhantomData }
    }

    /// [`cogroup`](CogroupedKStream::cogroup) with an aggregator that can fail.
    ///
    /// An error goes to the processing exception handler and leaves the aggregate as it was; the other inputs go
    /// on by themselves.
    ///
    /// # Example
    /// See [`KGroupedStream::try_cogroup`].
    pub fn try_cogroup<IK, V, R, E, F>(
        self,
        _: &mut StreamsBuilder,
        group: KGroupedStream<IK, V>,
        aggregator: F,
    ) -> AndInput<K, A, L, IK, V, F, Fallible>
    where
        IK: HasSerde<NonNull = K>,
        V: HasSerde,
        F: Fn(&K, V, A) -> Result<R, E> + Send + Sync + 'static,
    {
        let input = CogroupInput::new(group.group, aggregator);
        CogroupedKStream { inputs: (self.inputs, input), types: PhantomData }
    }

    /// Cuts the common aggregate into windows.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let hour = Duration::from_secs(3600);
    ///     stream::<String, i64>("in")
    ///         .group_by_key()
    ///         .cogroup(|_, n, total: i64| total + n)
    ///         .windowed_by(TimeWindows::of_size_with_no_grace(hour))
    ///         .aggregate(|| 0, "sums")
    ///         .to_stream(|windowed, _| windowed.key.clone())
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [1, 3]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn windowed_by<W: CogroupWindows>(
        self,
        b: &mut StreamsBuilder,
        windows: W,
    ) -> WindowedCogroup<K, A, L, W::Kind> {
        let windows = windows.kind(b);
        WindowedCogroup { inputs: self.inputs, windows, types: PhantomData }
    }
}

/// What a cogroup can be cut into.
pub trait CogroupWindows {
    /// What they are to an aggregation.
    type Kind;

    /// Checks the windows.
    fn kind(self, b: &mut StreamsBuilder) -> Self::Kind;
}

impl CogroupWindows for TimeWindows {
    type Kind = WindowSpan;

    fn kind(self, b: &mut StreamsBuilder) -> WindowSpan {
        b.checked(WindowSpan::Time(self))
    }
}

impl CogroupWindows for UnlimitedWindows {
    type Kind = WindowSpan;

    fn kind(self, b: &mut StreamsBuilder) -> WindowSpan {
        b.checked(WindowSpan::Unlimited(self))
    }
}

impl CogroupWindows for SlidingWindows {
    type Kind = WindowSpan;

    fn kind(self, b: &mut StreamsBuilder) -> WindowSpan {
        b.checked(WindowSpan::Sliding(self))
    }
}

impl<O: Windows> CogroupWindows for O {
    type Kind = WindowSpan;

    fn kind(self, b: &mut StreamsBuilder) -> WindowSpan {
        b.checked(WindowSpan::Own(OwnWindows::new(self)))
    }
}

impl CogroupWindows for SessionWindows {
    type Kind = Self;

    fn kind(self, _: &mut StreamsBuilder) -> Self {
        self
    }
}

impl<K: HasSerde, A: HasSerde, L: CogroupInputs<K, A>> CogroupedKStream<K, A, L> {
    /// Aggregates all inputs; the first value of a key is folded into what `initializer` gives.
    ///
    /// Needs one store and its changelog; every input writes to it.
    ///
    /// # Example
    /// See [`KGroupedStream::cogroup`].
    pub fn aggregate<I>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        options: impl Into<AggregateOptions<K, A>>,
    ) -> Cogrouped<K, A, L, I, Plain>
    where
        I: Fn() -> A + Send + Sync + 'static,
    {
        b.cogroup(&self.inputs, initializer, &options.into(), &Plain)
    }
}

impl<K: HasSerde, A: HasSerde, L: CogroupInputs<K, A>> WindowedCogroup<K, A, L, WindowSpan> {
    /// Aggregates all inputs by window; the first value is folded into what `initializer` gives.
    ///
    /// Needs one store and its changelog; every input writes to it. Each input has its own stream time.
    ///
    /// # Example
    /// See [`CogroupedKStream::windowed_by`].
    pub fn aggregate<I>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        options: impl Into<AggregateOptions<K, A>>,
    ) -> Cogrouped<K, A, L, I, WindowSpan>
    where
        I: Fn() -> A + Send + Sync + 'static,
    {
        b.cogroup(&self.inputs, initializer, &options.into(), &self.windows)
    }
}

impl<K: HasSerde, A: HasSerde, L: CogroupInputs<K, A>> WindowedCogroup<K, A, L, SessionWindows> {
    /// Aggregates all inputs by session; `merger` makes one aggregate of two sessions'.
    ///
    /// Needs one store and its changelog; every input writes to it. Each input has its own stream time.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let gap = Duration::from_millis(5);
    ///     stream::<String, i64>("in")
    ///         .group_by_key()
    ///         .cogroup(|_, n, total: i64| total + n)
    ///         .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(gap))
    ///         .aggregate(|| 0, |_, left, right| left + right, "sums")
    ///         .to_stream(|session, _| session.key.clone())
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(1), None, Some(3)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn aggregate<I, M, S>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        merger: M,
        options: impl Into<AggregateOptions<K, A>>,
    ) -> Cogrouped<K, A, L, I, Merged<M, Sure>>
    where
        I: Fn() -> A + Send + Sync + 'static,
        M: Fn(&K, A, A) -> S + Send + Sync + 'static,
    {
        let kind = Merged::new(self.windows, merger);
        b.cogroup(&self.inputs, initializer, &options.into(), &kind)
    }
    /// [`aggregate`](WindowedCogroup::aggregate) with a merger that can fail.
    ///
    /// An error goes to the processing exception handler and leaves the sessions as they were. Whether an
    /// aggregator can fail says [`try_cogroup`](CogroupedKStream::try_cogroup).
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let gap = Duration::from_millis(5);
    ///     stream::<String, i64>("in")
    ///         .group_by_key()
    ///         .cogroup(|_, n, total: i64| total + n)
    ///         .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(gap))
    ///         .try_aggregate(|| 0, |_, a: i64, b| a.checked_add(b).ok_or("the sum is too large"), "sums")
    ///         .to_stream(|session, _| session.key.clone())
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// assert_eq!(driver.output::<String, Option<i64>>("out").values()?, [Some(1), None, Some(3)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_aggregate<I, M, S>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        merger: M,
        options: impl Into<AggregateOptions<K, A>>,
    ) -> Cogrouped<K, A, L, I, Merged<M, Fallible>>
    where
        I: Fn() -> A + Send + Sync + 'static,
        M: Fn(&K, A, A) -> S + Send + Sync + 'static,
    {
        let kind = Merged::new(self.windows, merger);
        b.cogroup(&self.inputs, initializer, &options.into(), &kind)
    }
}
