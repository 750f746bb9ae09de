//! How a cogroup is recorded: store, repartitions, a node per input, and the table behind them.

use std::marker::PhantomData;
use std::sync::Arc;

use super::builder::types;
use super::serdes::SerdePair;
use super::windowed_record::{Spans, aggregate_state};
use super::{AggregateOptions, KTable, Materialized, StreamsBuilder};
use crate::operator::{
    AggregateFold, CogroupAggregate, CogroupTable, FlushedStore, MergedFold, Repartition,
    SessionAggregate, WindowAggregate,
};
use crate::serdes::{HasSerde, Windowed};
use crate::store::{SessionStore, StoreRef, TableStore};
use crate::topology::graph::{NewNode, NodeKind, TableRole, TableState};
use crate::topology::naming::prefix;
use crate::topology::{NodeId, StoreIx};
use crate::window::{EmitStrategy, SessionWindows, WindowSpan};

/// A grouped stream of a cogroup with its aggregator, which may fail or not as `S` says.
pub struct CogroupInput<K, V, F, S> {
    group: usize,
    aggregator: Arc<F>,
    types: PhantomData<fn() -> (K, V)>,
    shape: PhantomData<S>,
}

impl<K, V, F, S> CogroupInput<K, V, F, S> {
    pub(super) fn new(group: usize, aggregator: F) -> Self {
        Self { group, aggregator: Arc::new(aggregator), types: PhantomData, shape: PhantomData }
    }
}

/// What one input adds to a cogroup.
pub trait CogroupMember {
    /// The key of its records.
    type Key: HasSerde;
    /// The value of its records.
    type Value: HasSerde;
    /// What folds them into the aggregate that `I` begins.
    type Fold<I>;

    /// The number of its group.
    fn group(&self) -> usize;

    /// Makes the fold.
    fn fold<I>(&self, initializer: &Arc<I>) -> Self::Fold<I>;
}

impl<K: HasSerde, V: HasSerde, F, S> CogroupMember for CogroupInput<K, V, F, S> {
    type Key = K;
    type Value = V;
    type Fold<I> = AggregateFold<I, F, S>;

    fn group(&self) -> usize {
        self.group
    }

    fn fold<I>(&self, initializer: &Arc<I>) -> AggregateFold<I, F, S> {
        AggregateFold::new(Arc::clone(initializer), Arc::clone(&self.aggregator))
    }
}

/// How the inputs of a cogroup are aggregated: at once, or by windows.
pub trait CogroupKind {
    /// The keys of the table.
    type Key<K: HasSerde>: HasSerde;
    /// The store that all inputs share.
    type Store<K: HasSerde, A: HasSerde>: FlushedStore<Self::Key<K>, A>;
    /// The operator of an input.
    type Operator<K: HasSerde, V: HasSerde, A: HasSerde, F>;

    /// Makes the operator of an input.
    fn operator<K: HasSerde, V: HasSerde, A: HasSerde, F>(
        &self,
        node: NodeId,
        fold: F,
        store: StoreIx,
        repartition: Option<Repartition<K, V>>,
    ) -> Self::Operator<K, V, A, F>;

    /// The windows, if there are some.
    fn spans(&self) -> Option<SpansOf>;

    /// The serdes of the table, from those of the store.
    fn table_serdes<K: HasSerde>(&self, store: SerdePair) -> SerdePair {
        match self.spans() {
            None => store,
            Some(SpansOf(spans)) => {
                let key = spans.result_key::<K>(store.key.at_store());
                SerdePair { key, value: store.value }
            }
        }
    }
}

/// The windows of a kind.
pub struct SpansOf(Spans);

/// No windows.
pub struct Plain;

/// Sessions, with what merges two of them, which may fail or not as `S` says.
pub struct Merged<M, S> {
    windows: SessionWindows,
    merger: Arc<M>,
    shape: PhantomData<S>,
}

impl<M, S> Merged<M, S> {
    pub(super) fn new(windows: SessionWindows, merger: M) -> Self {
        Self { windows, merger: Arc::new(merger), shape: PhantomData }
    }
}

impl CogroupKind for Plain {
    type Key<K: HasSerde> = K;
    type Store<K: HasSerde, A: HasSerde> = TableStore<K, A>;
    type Operator<K: HasSerde, V: HasSerde, A: HasSerde, F> = CogroupAggregate<K, V, A, F>;

    fn operator<K: HasSerde, V: HasSerde, A: HasSerde, F>(
        &self,
        node: NodeId,
        fold: F,
        store: StoreIx,
        repartition: Option<Repartition<K, V>>,
    ) -> CogroupAggregate<K, V, A, F> {
        CogroupAggregate { node, fold, store: StoreRef::new(store), repartition }
    }

    fn spans(&self) -> Option<SpansOf> {
        None
    }
}

impl CogroupKind for WindowSpan {
    type Key<K: HasSerde> = Windowed<K>;
    type Store<K: HasSerde, A: HasSerde> = TableStore<Windowed<K>, A>;
    type Operator<K: HasSerde, V: HasSerde, A: HasSerde, F> = WindowAggregate<K, V, A, F>;

    fn operator<K: HasSerde, V: HasSerde, A: HasSerde, F>(
        &self,
        node: NodeId,
        fold: F,
        store: StoreIx,
        repartition: Option<Repartition<K, V>>,
    ) -> WindowAggregate<K, V, A, F> {
        let windows = self.clone();
        let (emit, store) = (EmitStrategy::OnWindowUpdate, StoreRef::new(store));
        WindowAggregate { node, windows, emit, fold, store, repartition }
    }

    fn spans(&self) -> Option<SpansOf> {
        Some(SpansOf(Spans::Aligned(self.clone())))
    }
}

impl<M, S> CogroupKind for Merged<M, S> {
    type Key<K: HasSerde> = Windowed<K>;
    type Store<K: HasSerde, A: HasSerde> = SessionStore<K, A>;
    type Operator<K: HasSerde, V: HasSerde, A: HasSerde, F> =
        SessionAggregate<K, V, A, MergedFold<F, M, S>>;

    fn operator<K: HasSerde, V: HasSerde, A: HasSerde, F>(
        &self,
        node: NodeId,
        fold: F,
        store: StoreIx,
        repartition: Option<Repartition<K, V>>,
    ) -> SessionAggregate<K, V, A, MergedFold<F, M, S>> {
        let fold = MergedFold::new(fold, Arc::clone(&self.merger));
        let (windows, store) = (self.windows, StoreRef::new(store));
        let emit = EmitStrategy::OnWindowUpdate;
        SessionAggregate { node, windows, emit, fold, store, repartition }
    }

    fn spans(&self) -> Option<SpansOf> {
        Some(SpansOf(Spans::Sessions(self.windows)))
    }
}

/// The inputs of a cogroup, the last one outside: `((), first)`, `(((), first), second)`.
pub trait CogroupInputs<K: HasSerde, A: HasSerde> {
    /// The operators of the inputs, nested in the same way.
    type Operators<I, D: CogroupKind>;

    /// Records the repartitions.
    fn cut(&self, recorder: &mut CogroupRecorder<'_>);

    /// Records the nodes of the inputs.
    fn operators<I, D>(
        &self,
        recorder: &mut CogroupRecorder<'_>,
        initializer: &Arc<I>,
        kind: &D,
    ) -> Self::Operators<I, D>
    where
        D: CogroupKind;
}

/// What is known while a cogroup is recorded.
pub struct CogroupRecorder<'b> {
    b: &'b mut StreamsBuilder,
    store_name: String,
    store_named: bool,
    store: Option<StoreIx>,
    name: Option<String>,
    grace_ms: Option<i64>,
    /// For each input: where its node hangs, and the node of its repartition.
    parents: Vec<(NodeId, Option<NodeId>)>,
    nodes: Vec<NodeId>,
}

impl<K: HasSerde, A: HasSerde> CogroupInputs<K, A> for () {
    type Operators<I, D: CogroupKind> = ();

    fn cut(&self, _: &mut CogroupRecorder<'_>) {}

    fn operators<I, D: CogroupKind>(&self, _: &mut CogroupRecorder<'_>, _: &Arc<I>, _: &D) {}
}

impl<K, A, L, C> CogroupInputs<K, A> for (L, C)
where
    K: HasSerde,
    A: HasSerde,
    L: CogroupInputs<K, A>,
    C: CogroupMember<Key: HasSerde<NonNull = K>>,
{
    type Operators<I, D: CogroupKind> =
        (L::Operators<I, D>, D::Operator<C::Key, C::Value, A, C::Fold<I>>);

    fn cut(&self, recorder: &mut CogroupRecorder<'_>) {
        self.0.cut(recorder);
        recorder.cut_input::<C::Key, C::Value>(self.1.group());
    }

    fn operators<I, D: CogroupKind>(
        &self,
        recorder: &mut CogroupRecorder<'_>,
        initializer: &Arc<I>,
        kind: &D,
    ) -> Self::Operators<I, D> {
        let before = self.0.operators(recorder, initializer, kind);
        let group = self.1.group();
        let (node, store, repartition) = recorder.input::<C::Key, C::Value, D::Key<K>, A>(group);
        (before, kind.operator(node, self.1.fold(initializer), store, repartition))
    }
}

impl CogroupRecorder<'_> {
    fn cut_input<K, V>(&mut self, group: usize) {
        let parent = self.b.groups[group].node;
        if !self.b.graph.node(parent).rekeyed {
            self.parents.push((parent, None));
            return;
        }
        let named = self.store_named;
        let (node, own) = self.b.group_repartition::<K, V>(group, &self.store_name, named);
        self.parents.push((node, Some(own)));
    }

    fn input<K: HasSerde, V: HasSerde, RK, A>(
        &mut self,
        group: usize,
    ) -> (NodeId, StoreIx, Option<Repartition<K, V>>) {
        let store = self.store.expect("invariant: the store is declared before the inputs");
        let at = self.nodes.len();
        let (parent, cut) = self.parents[at];
        let suffix = format!("-cogroup-agg-{at}");
        let given = self.name.as_deref();
        let name = self.b.graph.suffixed_name(given, &suffix, prefix::COGROUP_AGGREGATE);
        let new = NewNode {
            table: Some(aggregate_state()),
            types: types::<RK, A>(),
            ..NewNode::new(name, NodeKind::Processor { stores: vec![store] })
        };
        let node = self.b.add(&[parent], new);
        if let Some(grace) = self.grace_ms {
            self.b.graph.set_grace(node, grace);
        }
        self.nodes.push(node);
        let serdes = &self.b.groups[group].serdes;
        let repartition = cut.map(|own| {
            Repartition::new(own, serdes.key.at_topic::<K>(), serdes.value.at_topic::<V>())
        });
        (node, store, repartition)
    }

    /// All inputs need equal partition counts.
    fn copartition(&mut self) {
        let parents = self.parents.iter();
        let sources: std::collections::BTreeSet<String> =
            parents.flat_map(|(parent, _)| self.b.graph.source_names(*parent)).collect();
        if sources.len() > 1 {
            self.b.graph.copartition(sources);
        }
    }
}

/// The table, the operators of the inputs, and the table's own.
pub(super) type Cogrouped<K, A, L, I, D> = (
    KTable<<D as CogroupKind>::Key<K>, A>,
    <L as CogroupInputs<K, A>>::Operators<I, D>,
    CogroupTable<<D as CogroupKind>::Store<K, A>>,
);

impl StreamsBuilder {
    /// Records a cogroup's aggregation.
    pub(super) fn cogroup<K, A, L, I, D>(
        &mut self,
        inputs: &L,
        initializer: I,
        options: &AggregateOptions<K, A>,
        kind: &D,
    ) -> Cogrouped<K, A, L, I, D>
    where
        K: HasSerde,
        A: HasSerde,
        L: CogroupInputs<K, A>,
        D: CogroupKind,
    {
        let materialized = &options.materialized;
        let given = materialized.store.as_deref();
        let logged = materialized.logged();
        let store_name = self.graph.store_name(given, prefix::COGROUP_AGGREGATE, logged);
        let spans = kind.spans().map(|spans| spans.0);
        let mut recorder = CogroupRecorder {
            store_name: store_name.clone(),
            store_named: given.is_some(),
            store: None,
            name: options.named.given().map(str::to_owned),
            grace_ms: spans.as_ref().map(Spans::grace_ms),
            parents: Vec::new(),
            nodes: Vec::new(),
            b: self,
        };
        inputs.cut(&mut recorder);
        recorder.copartition();
        let serdes = materialized.serdes.clone();
        let store = recorder.b.cogroup_store(materialized, store_name, &serdes, spans.as_ref());
        recorder.store = Some(store);
        let operators = inputs.operators(&mut recorder, &Arc::new(initializer), kind);
        let CogroupRecorder { b, name, nodes, .. } = recorder;
        let merge = "-cogroup-merge";
        let name = b.graph.suffixed_name(name.as_deref(), merge, prefix::COGROUP_MERGE);
        let (role, materialized) = (TableRole::Cogroup, true);
        let new = NewNode {
            table: Some(TableState { role, materialized, sends_old: false }),
            types: types::<D::Key<K>, A>(),
            ..NewNode::new(name, NodeKind::Processor { stores: Vec::new() })
        };
        let node = b.add(&nodes, new);
        b.set_serdes(node, kind.table_serdes::<K>(serdes));
        (KTable::new(node), operators, CogroupTable { node, store: StoreRef::new(store) })
    }

    fn cogroup_store<K: HasSerde, A: HasSerde>(
        &mut self,
        options: &Materialized<K, A>,
        name: String,
        serdes: &SerdePair,
        spans: Option<&Spans>,
    ) -> StoreIx {
        match spans {
            None => self.add_store(options, name, serdes, false).ix(),
            Some(spans) => {
                self.windowed_store(options, name, serdes, spans, EmitStrategy::OnWindowUpdate)
            }
        }
    }
}
