//! `TimeWindowedKStream` and `SessionWindowedKStream`: grouped streams cut into windows.

use std::marker::PhantomData;
use std::sync::Arc;

use super::serdes::SerdeSlot;
use super::windowed_folds::folds;
use super::windowed_record::{Recorded, Spans};
use super::{AggregateOptions, Flow, KGroupedStream, KTable, StreamsBuilder};
use crate::operator::{AggregateFold, CountFold, Fallible, ReduceFold, Sure, WindowAggregate};
use crate::record::Record;
use crate::serdes::{HasSerde, Nullable, Windowed};
use crate::store::StoreRef;
use crate::topology::naming::prefix;
use crate::window::{
    EmitStrategy, OwnWindows, SessionWindows, SlidingWindows, TimeWindows, UnlimitedWindows,
    WindowSpan, Windows,
};

/// What a grouped stream can be cut into, and what it is then.
pub trait CutsGroups<K, V> {
    /// The windowed stream.
    type Windowed;

    /// Cuts the groups into these windows.
    fn windowed(self, b: &mut StreamsBuilder, group: usize) -> Self::Windowed;
}

/// A grouped stream in tumbling, hopping, sliding or unlimited windows, or in windows of the user's own.
///
/// Java: `org.apache.kafka.streams.kstream.TimeWindowedKStream`.
pub struct TimeWindowedKStream<K, V> {
    group: usize,
    /// The number of its windows in the builder.
    span: usize,
    emit: EmitStrategy,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for TimeWindowedKStream<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for TimeWindowedKStream<K, V> {}

impl<K, V> std::fmt::Debug for TimeWindowedKStream<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TimeWindowedKStream({}, {})", self.group, self.span)
    }
}

impl<K, V> Flow for TimeWindowedKStream<K, V> {
    type Record = Record<K, V>;
}

fn in_span<K, V>(
    b: &mut StreamsBuilder,
    group: usize,
    windows: WindowSpan,
) -> TimeWindowedKStream<K, V> {
    let span = b.spans.len();
    let checked = b.checked(windows);
    b.spans.push(checked);
    TimeWindowedKStream { group, span, emit: EmitStrategy::OnWindowUpdate, types: PhantomData }
}

impl<K, V> CutsGroups<K, V> for TimeWindows {
    type Windowed = TimeWindowedKStream<K, V>;

    fn windowed(self, b: &mut StreamsBuilder, group: usize) -> Self::Windowed {
        in_span(b, group, WindowSpan::Time(self))
    }
}

impl<K, V> CutsGroups<K, V> for UnlimitedWindows {
    type Windowed = TimeWindowedKStream<K, V>;

    fn windowed(self, b: &mut StreamsBuilder, group: usize) -> Self::Windowed {
        in_span(b, group, WindowSpan::Unlimited(self))
    }
}

impl<K, V> CutsGroups<K, V> for SlidingWindows {
    type Windowed = TimeWindowedKStream<K, V>;

    fn windowed(self, b: &mut StreamsBuilder, group: usize) -> Self::Windowed {
        in_span(b, group, WindowSpan::Sliding(self))
    }
}

impl<K, V, O: Windows> CutsGroups<K, V> for O {
    type Windowed = TimeWindowedKStream<K, V>;

    fn windowed(self, b: &mut StreamsBuilder, group: usize) -> Self::Windowed {
        in_span(b, group, WindowSpan::Own(OwnWindows::new(self)))
    }
}

impl<K, V> CutsGroups<K, V> for SessionWindows {
    type Windowed = super::SessionWindowedKStream<K, V>;

    fn windowed(self, _: &mut StreamsBuilder, group: usize) -> Self::Windowed {
        super::SessionWindowedKStream::new(group, self)
    }
}

impl<K, V> KGroupedStream<K, V> {
    /// Cuts the groups into windows of time; what follows aggregates each window by itself.
    ///
    /// See [`TimeWindows`] (tumbling, hopping), [`SlidingWindows`], [`SessionWindows`], [`UnlimitedWindows`],
    /// and [`Windows`] for windows of your own. How long late records are taken is said by their constructors.
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
    ///         .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(10)))
    ///         .count("counts")
    ///         .to_stream(|windowed, _| windowed.start)
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe("a", 1, 9)?;
    /// driver.input::<String, i64>("in").pipe("a", 1, 10)?;
    /// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(0, 1), (10, 1)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn windowed_by<W>(self, b: &mut StreamsBuilder, windows: W) -> W::Windowed
    where
        W: CutsGroups<K, V>,
    {
        windows.windowed(b, self.group)
    }
}

/// The table and the operator of a windowed aggregation.
type Aggregated<K, V, A, F> =
    (KTable<Windowed<<K as Nullable>::NonNull>, A>, WindowAggregate<K, V, A, F>);

impl<K: HasSerde, V: HasSerde> TimeWindowedKStream<K, V> {
    /// Says when results leave: with each update (the default), or once when a window is closed.
    ///
    /// On close a cache spares writes of the store and its changelog, but of sliding windows there is none, as in
    /// Kafka Streams. A closed window that falls out of the store's retention before the next record emits it is
    /// lost: raise `Materialized::with_retention` where stream time may jump. Emission is at most once a second of
    /// wall-clock time. Unlimited windows never close, so they cannot be told, and neither can windows of your own.
    ///
    /// # Example
    /// See [`EmitStrategy`].
    #[must_use]
    pub fn emit_strategy(mut self, b: &mut StreamsBuilder, emit: EmitStrategy) -> Self {
        let problem = match b.spans[self.span] {
            WindowSpan::Unlimited(_) => Some(
                "unlimited windows never close, so nothing would ever be emitted on close; \
                 leave `emit_strategy` out",
            ),
            WindowSpan::Own(_) => Some(
                "results are emitted on close for `TimeWindows` and `SlidingWindows` alone, not for windows of \
                 your own; leave `emit_strategy` out, and `suppress` the table until the window closes",
            ),
            WindowSpan::Time(_) | WindowSpan::Sliding(_) => None,
        };
        if let Some(problem) = problem.filter(|_| emit.is_on_close()) {
            b.graph.problem(problem);
        }
        self.emit = emit;
        self
    }

    folds! {
        /// Counts the records of each key in each window.
        ///
        /// A record with a null key is dropped; a null value counts, but not in sliding windows. Needs one
        /// store and its changelog.
        ///
        /// # Example
        /// See [`windowed_by`](KGroupedStream::windowed_by).
        count;

        /// Combines the values of each key and window, two at a time; the first is taken as it is.
        ///
        /// The reducer sees a null value as it comes. It may return an `Option`, where `None` deletes the
        /// row. Needs one store and its changelog.
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
        ///         .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(10)))
        ///         .reduce(i64::max, "maxima")
        ///         .to_stream(|windowed, _| windowed.start)
        ///         .to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("in").pipe_all([("a", 3), ("a", 2)], 0)?;
        /// assert_eq!(driver.output::<i64, i64>("out").values()?, [3, 3]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        reduce;

        /// [`reduce`](TimeWindowedKStream::reduce) with a reducer that can fail.
        ///
        /// An error goes to the processing exception handler and leaves the row as it was.
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
        ///         .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(10)))
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

    /// Folds the values of each key and window into an aggregate of any type.
    ///
    /// The aggregator sees a null value as it comes. It may return an `Option`, where `None` deletes the
    /// row. Needs one store and its changelog.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let hour = Duration::from_secs(3600);
    ///     stream::<String, String>("in")
    ///         .group_by_key()
    ///         .windowed_by(TimeWindows::of_size_with_no_grace(hour))
    ///         .aggregate(|| 0_i64, |_, word, letters| letters + word.len() as i64, "letters")
    ///         .to_stream(|windowed, _| windowed.key.clone())
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "to"), ("a", "be")], 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").values()?, [2, 4]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn aggregate<A, R, I, F>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        aggregator: F,
        options: impl Into<AggregateOptions<K::NonNull, A>>,
    ) -> Aggregated<K, V, A, AggregateFold<I, F, Sure>>
    where
        A: HasSerde,
        I: Fn() -> A + Send + Sync + 'static,
        F: Fn(&K::NonNull, V, A) -> R + Send + Sync + 'static,
    {
        let none = SerdeSlot::default();
        let fold = AggregateFold::new(Arc::new(initializer), Arc::new(aggregator));
        self.aggregated(b, &options.into(), (prefix::STREAM_AGGREGATE, &none), fold)
    }

    /// [`aggregate`](TimeWindowedKStream::aggregate) with an aggregator that can fail.
    ///
    /// An error goes to the processing exception handler and leaves the row as it was.
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
    ///         .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(10)))
    ///         .try_aggregate(|| 0, plus, "sums")
    ///         .to_stream(|windowed, _| windowed.start)
    ///         .to("out");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 0)?;
    /// let last = driver.output::<i64, Option<i64>>("out").values()?.pop();
    /// assert_eq!(last, Some(Some(3)));
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_aggregate<A, R, I, F, E>(
        self,
        b: &mut StreamsBuilder,
        initializer: I,
        aggregator: F,
        options: impl Into<AggregateOptions<K::NonNull, A>>,
    ) -> Aggregated<K, V, A, AggregateFold<I, F, Fallible>>
    where
        A: HasSerde,
        I: Fn() -> A + Send + Sync + 'static,
        F: Fn(&K::NonNull, V, A) -> Result<R, E> + Send + Sync + 'static,
    {
        let none = SerdeSlot::default();
        let fold = AggregateFold::new(Arc::new(initializer), Arc::new(aggregator));
        self.aggregated(b, &options.into(), (prefix::STREAM_AGGREGATE, &none), fold)
    }

    fn aggregated<A: HasSerde, F>(
        self,
        b: &mut StreamsBuilder,
        options: &AggregateOptions<K::NonNull, A>,
        named: (&str, &SerdeSlot),
        fold: F,
    ) -> Aggregated<K, V, A, F> {
        let windows = b.spans[self.span].clone();
        let spans = (&Spans::Aligned(windows.clone()), self.emit);
        let Recorded { node, store, repartition } =
            b.windowed::<K, V, A>(self.group, options, named, spans);
        let (emit, store) = (self.emit, StoreRef::new(store));
        let operator = WindowAggregate { node, windows, emit, fold, store, repartition };
        (KTable::new(node), operator)
    }
}
