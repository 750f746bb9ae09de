//! Joins of two streams within a time of each other.

use std::sync::Arc;

use super::builder::types;
use super::serdes::{SerdePair, SerdeSlot};
use super::topology::StoreDecl;
use super::{KStream, StreamJoined, StreamsBuilder, WindowSupplier};
use crate::error::UserError;
use crate::operator::{
    Inner, Joiner, Left, OfValues, Outer, Repartition, Reversed, StreamJoinSide, Try, WithKey,
};
use crate::serdes::HasSerde;
use crate::store::{StoreMaker, StoreRef, join_window_store_maker, unmatched_store_maker};
use crate::topology::NodeId;
use crate::topology::StoreIx;
use crate::topology::graph::{NewNode, NodeKind, StoreNode, StreamJoinNode};
use crate::topology::naming::prefix;
use crate::window::JoinWindows;

/// Which records without a match are results.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Inner,
    Left,
    Outer,
}

/// The joined stream, and the operators of both sides.
pub(super) type StreamJoin<K, V, O, W, J> =
    (KStream<K, W>, StreamJoinSide<K, V, O, Arc<J>>, StreamJoinSide<K, O, V, Reversed<J>>);

/// The four forms of one kind of join.
macro_rules! forms {
    ($(#[$docs:meta])* $kind:ident($left:ty, $right:ty): $plain:ident $keyed:ident $try:ident $try_keyed:ident) => {
        $(#[$docs])*
        pub fn $plain<O, W, F>(
            self,
            b: &mut StreamsBuilder,
            other: KStream<K, O>,
            joiner: F,
            within: JoinWindows,
            options: impl Into<StreamJoined<K, V, O>>,
        ) -> StreamJoin<K, V, O, W, Joiner<F, $kind, OfValues>>
        where
            K: HasSerde,
            V: HasSerde,
            O: HasSerde,
            F: Fn($left, $right) -> W + Send + Sync + 'static,
        {
            self.joined(b, other, (Kind::$kind, within), Joiner::new(joiner), options.into())
        }

        #[doc = super::join_docs::keyed!($plain, "KStream")]
        pub fn $keyed<O, W, F>(
            self,
            b: &mut StreamsBuilder,
            other: KStream<K, O>,
            joiner: F,
            within: JoinWindows,
            options: impl Into<StreamJoined<K, V, O>>,
        ) -> StreamJoin<K, V, O, W, Joiner<F, $kind, WithKey>>
        where
            K: HasSerde,
            V: HasSerde,
            O: HasSerde,
            F: Fn(&K, $left, $right) -> W + Send + Sync + 'static,
        {
            self.joined(b, other, (Kind::$kind, within), Joiner::new(joiner), options.into())
        }

        #[doc = super::join_docs::fallible!($plain, "KStream")]
        pub fn $try<O, W, E, F>(
            self,
            b: &mut StreamsBuilder,
            other: KStream<K, O>,
            joiner: F,
            within: JoinWindows,
            options: impl Into<StreamJoined<K, V, O>>,
        ) -> StreamJoin<K, V, O, W, Joiner<F, $kind, Try<OfValues>>>
        where
            K: HasSerde,
            V: HasSerde,
            O: HasSerde,
            E: Into<UserError>,
            F: Fn($left, $right) -> Result<W, E> + Send + Sync + 'static,
        {
            self.joined(b, other, (Kind::$kind, within), Joiner::new(joiner), options.into())
        }

        #[doc = super::join_docs::fallible!($keyed, "KStream")]
        pub fn $try_keyed<O, W, E, F>(
            self,
            b: &mut StreamsBuilder,
            other: KStream<K, O>,
            joiner: F,
            within: JoinWindows,
            options: impl Into<StreamJoined<K, V, O>>,
        ) -> StreamJoin<K, V, O, W, Joiner<F, $kind, Try<WithKey>>>
        where
            K: HasSerde,
            V: HasSerde,
            O: HasSerde,
            E: Into<UserError>,
            F: Fn(&K, $left, $right) -> Result<W, E> + Send + Sync + 'static,
        {
            self.joined(b, other, (Kind::$kind, within), Joiner::new(joiner), options.into())
        }
    };
}

/// The names of a join's processors and stores.
struct Names {
    windowed: [String; 2],
    sides: [String; 2],
    join: String,
    stores: [String; 2],
    unmatched: String,
}

impl<K, V> KStream<K, V> {
    forms! {
        /// Joins each record with those of `other` that have its key and a time within `within` of its own.
        ///
        /// A result has the later of both times and the headers of the record that came last; a record's results
        /// leave in order of the other side's times. Records with a null key or value are dropped and counted.
        /// Both streams' records are kept in stores as long as they may be joined (the windows' size and grace
        /// period), and logged; a stream whose key was changed goes through a repartition topic.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use std::time::Duration;
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     let right = stream::<String, i64>("right");
        ///     let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(10));
        ///     stream::<String, i64>("left").join(right, |a, b| a + b, within).to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("left").pipe("a", 1, 0)?;
        /// driver.input::<String, i64>("right").pipe("a", 20, 10)?;
        /// driver.input::<String, i64>("right").pipe("a", 40, 11)?;
        /// assert_eq!(driver.output::<String, i64>("out").values()?, [21]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        Inner(V::NonNull, O::NonNull): join join_with_key try_join try_join_with_key
    }

    forms! {
        /// Joins each record with those of `other` within a time, or with `None` when there is none.
        ///
        /// As [`join`](KStream::join). A record without a match waits until stream time has passed its windows
        /// and the grace period, and another record arrives. A record with a null key is one without a match.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use std::time::Duration;
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     let right = stream::<String, i64>("right");
        ///     let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(10));
        ///     stream::<String, i64>("left").left_join(right, |a, b| a + b.unwrap_or(0), within).to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("left").pipe("a", 1, 0)?;
        /// driver.input::<String, i64>("left").pipe("b", 2, 11)?;
        /// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        Left(V::NonNull, Option<O::NonNull>): left_join left_join_with_key try_left_join try_left_join_with_key
    }

    forms! {
        /// Joins the records of both streams within a time; those without a match come with `None`.
        ///
        /// As [`left_join`](KStream::left_join), for both sides.
        ///
        /// # Example
        /// ```
        /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
        /// use std::time::Duration;
        /// use streams_runtime::prelude::*;
        ///
        /// let topology = topology!({
        ///     let right = stream::<String, i64>("right");
        ///     let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(10));
        ///     stream::<String, i64>("left")
        ///         .outer_join(right, |a, b| a.unwrap_or(0) + b.unwrap_or(0), within)
        ///         .to("out");
        /// });
        /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
        /// driver.input::<String, i64>("right").pipe("a", 1, 0)?;
        /// driver.input::<String, i64>("left").pipe("b", 2, 11)?;
        /// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
        /// # Ok::<(), StreamsError>(())
        /// ```
        Outer(Option<V::NonNull>, Option<O::NonNull>): outer_join outer_join_with_key try_outer_join try_outer_join_with_key
    }

    fn joined<O, W, J>(
        self,
        b: &mut StreamsBuilder,
        other: KStream<K, O>,
        (kind, within): (Kind, JoinWindows),
        joiner: J,
        options: StreamJoined<K, V, O>,
    ) -> StreamJoin<K, V, O, W, J>
    where
        K: HasSerde,
        V: HasSerde,
        O: HasSerde,
    {
        let problems = within.problem().into_iter().chain(options.problems(within));
        problems.for_each(|problem| b.graph.problem(problem));
        let left_cut = self.cut_for_join(b, &options, "-left", &options.value);
        let right_cut = other.cut_for_join(b, &options, "-right", &options.other);
        let streams = [
            left_cut.as_ref().map_or(self.node, Repartition::node),
            right_cut.as_ref().map_or(other.node, Repartition::node),
        ];
        b.graph.copartition_nodes(streams[0], streams[1]);
        let names = b.stream_join_names(kind, &options);
        let (key, retention) = (options.key.at_store::<K::NonNull>(), within.retention_ms());
        let values =
            (options.value.at_store::<V::NonNull>(), options.other.at_store::<O::NonNull>());
        let size = within.size_ms();
        let makers = [
            join_window_store_maker(key.clone(), values.0.clone(), retention, size),
            join_window_store_maker(key.clone(), values.1.clone(), retention, size),
        ];
        let unmatched = (kind != Kind::Inner).then(|| unmatched_store_maker(key));
        let made = b.stream_join_nodes::<K, V, O, W>(
            streams,
            names,
            (makers, unmatched),
            StoreHow::of(&options, retention),
        );
        if kind != Kind::Inner {
            b.graph.relax_null_keys(made.node);
        }
        b.set_serdes(made.node, SerdePair { key: options.key, value: SerdeSlot::default() });
        let joiner = Arc::new(joiner);
        let [own, others] = made.stores;
        let left = StreamJoinSide {
            node: made.sides[0],
            join: made.node,
            is_left: true,
            outer: kind != Kind::Inner,
            within,
            own: StoreRef::new(own),
            other: StoreRef::new(others),
            unmatched: made.unmatched.map(StoreRef::new),
            values: values.clone(),
            joiner: Arc::clone(&joiner),
            repartition: left_cut,
        };
        let right = StreamJoinSide {
            node: made.sides[1],
            join: made.node,
            is_left: false,
            outer: kind == Kind::Outer,
            within: within.reversed(),
            own: StoreRef::new(others),
            other: StoreRef::new(own),
            unmatched: made.unmatched.map(StoreRef::new),
            values: (values.1, values.0),
            joiner: Reversed(joiner),
            repartition: right_cut,
        };
        (KStream::new(made.node), left, right)
    }

    /// The repartition before this side, where the key was changed.
    fn cut_for_join<A, C>(
        self,
        b: &mut StreamsBuilder,
        options: &StreamJoined<K, A, C>,
        suffix: &str,
        value: &SerdeSlot,
    ) -> Option<Repartition<K, V>>
    where
        K: HasSerde,
        V: HasSerde,
    {
        let name = options.name.as_ref().map(|name| format!("{name}{suffix}"));
        let given = SerdePair { key: options.key.clone(), value: value.clone() };
        b.repartition_for_join(self, name.as_deref(), &given)
    }
}

/// How the stores of a join are kept.
struct StoreHow {
    store: StoreNode,
    suppliers: [Option<WindowSupplier>; 2],
    named: bool,
}

impl StoreHow {
    fn of<K, V, O>(options: &StreamJoined<K, V, O>, retention_ms: i64) -> Self {
        let store = StoreNode {
            name: String::new(),
            logging: options.logging,
            caching: false,
            store_type: options.store_type.clone(),
            global: false,
            topic_config: options.topic_config.clone(),
            retention_ms: Some(retention_ms),
        };
        let suppliers = options.suppliers.clone();
        Self { store, suppliers, named: options.store.is_some() }
    }

    /// The store of one side: the user's, or one whose records are never compacted.
    fn of_side(&self, side: usize, name: String) -> StoreNode {
        let mut store = StoreNode { name, ..self.store.clone() };
        match &self.suppliers[side] {
            Some(WindowSupplier { store: supplied, .. }) => {
                store.name.clone_from(&supplied.name);
                store.store_type = supplied.store_type.clone();
                store.logging = true;
                store.topic_config.clear();
            }
            None => {
                store.topic_config.insert("cleanup.policy".to_owned(), "delete".to_owned());
            }
        }
        store
    }

    /// The store of records without a match lies where this side's does.
    fn of_unmatched(&self, name: String) -> StoreNode {
        let supplied =
            || self.suppliers[0].as_ref().and_then(|supplier| supplier.store.store_type.clone());
        let store_type = self.store.store_type.clone().or_else(supplied);
        StoreNode { name, store_type, retention_ms: None, ..self.store.clone() }
    }
}

/// A recorded join of streams.
struct Recorded {
    node: NodeId,
    sides: [NodeId; 2],
    stores: [StoreIx; 2],
    unmatched: Option<StoreIx>,
}

impl StreamsBuilder {
    fn stream_join_names<K, V, O>(&mut self, kind: Kind, options: &StreamJoined<K, V, O>) -> Names {
        let (this_prefix, this_suffix) = match kind {
            Kind::Outer => (prefix::STREAM_OUTER_THIS, "-outer-this-join"),
            Kind::Inner | Kind::Left => (prefix::STREAM_JOIN_THIS, "-this-join"),
        };
        let (other_prefix, other_suffix) = match kind {
            Kind::Inner => (prefix::STREAM_JOIN_OTHER, "-other-join"),
            Kind::Left | Kind::Outer => (prefix::STREAM_OUTER_OTHER, "-outer-other-join"),
        };
        let named = options.name.as_deref();
        let graph = &mut self.graph;
        let windowed = ["-this-windowed", "-other-windowed"]
            .map(|suffix| graph.suffixed_name(named, suffix, prefix::STREAM_WINDOWED));
        let generated = [this_prefix, other_prefix].map(|prefix| graph.generated_name(prefix));
        let join = graph.suffixed_name(named, "-merge", prefix::STREAM_MERGE);
        let suffixed = |base: Option<&str>| {
            let name = |suffix: &str, generated: &String| {
                base.map_or_else(|| generated.clone(), |base| format!("{base}{suffix}"))
            };
            [name(this_suffix, &generated[0]), name(other_suffix, &generated[1])]
        };
        let base = options.store.as_deref();
        let number = generated[0].trim_start_matches(this_prefix);
        let shared = match (base, kind) {
            (None, _) => format!("{}{number}", prefix::STREAM_OUTER_SHARED),
            (Some(base), Kind::Outer) => format!("{base}-outer-shared-join"),
            (Some(base), _) => format!("{base}-left-shared-join"),
        };
        Names {
            windowed,
            sides: suffixed(named),
            join,
            stores: suffixed(base).map(|name| format!("{name}-store")),
            unmatched: format!("{shared}-store"),
        }
    }

    fn stream_join_nodes<K, V, O, W>(
        &mut self,
        streams: [NodeId; 2],
        names: Names,
        (makers, unmatched): ([StoreMaker; 2], Option<StoreMaker>),
        how: StoreHow,
    ) -> Recorded {
        let [this_store, other_store] = names.stores;
        let [this_maker, other_maker] = makers;
        let stores = [
            self.join_store(how.of_side(0, this_store), this_maker, how.named),
            self.join_store(how.of_side(1, other_store), other_maker, how.named),
        ];
        let unmatched = unmatched
            .map(|maker| self.join_store(how.of_unmatched(names.unmatched), maker, how.named));
        let streams = streams.map(|stream| self.graph.shared_node(stream));
        let [this_windowed, other_windowed] = names.windowed;
        let node = |name, stores, types| NewNode {
            types,
            ..NewNode::new(name, NodeKind::Processor { stores })
        };
        let windowed = [
            self.add(&[streams[0]], node(this_windowed, vec![stores[0]], types::<K, V>())),
            self.add(&[streams[1]], node(other_windowed, vec![stores[1]], types::<K, O>())),
        ];
        let join = StreamJoinNode {
            sides: names.sides.clone(),
            windowed,
            reads: [stores[1], stores[0]],
            unmatched,
            single_store: false,
        };
        let kind = NodeKind::StreamJoin(join);
        let new = NewNode { types: types::<K, W>(), ..NewNode::new(names.join, kind) };
        let node = self.add(&streams, new);
        let sides = names.sides.map(|side| self.graph.add_part(node, side));
        Recorded { node, sides, stores, unmatched }
    }

    fn join_store(&mut self, store: StoreNode, maker: StoreMaker, named: bool) -> StoreIx {
        if !named {
            self.graph.unnamed_store(&store.name, store.logging);
        }
        let ix = self.graph.add_store(store);
        self.declare(ix, StoreDecl::of(maker));
        ix
    }
}
