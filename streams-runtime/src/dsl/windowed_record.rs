//! How windowed aggregations are recorded: store, repartition, node, grace period.

use super::builder::types;
use super::serdes::{SerdePair, SerdeSlot};
use super::topology::{StoreDecl, StoreRows};
use super::{AggregateOptions, Materialized, StreamsBuilder};
use crate::operator::Repartition;
use crate::serdes::{HasSerde, SerdeRef, SessionWindowedSerde, TimeWindowedSerde, Windowed};
use crate::store::{StoreMaker, TimeInKey, WindowLayout, session_store_maker, window_store_maker};
use crate::topology::graph::{NewNode, NodeKind, StoreNode, TableRole, TableState};
use crate::topology::{NodeId, StoreIx};
use crate::window::{EmitStrategy, SessionWindows, WindowSpan, millis, retention_problem};

/// The windows of an aggregation.
#[derive(Clone, Debug)]
pub(super) enum Spans {
    Aligned(WindowSpan),
    Sessions(SessionWindows),
}

impl Spans {
    /// True when the store may cache: what leaves on close is found by time, and of these stores Kafka Streams
    /// caches only those of windows that are known beforehand (`WindowStoreMaterializer` and its siblings).
    fn may_cache(&self, emit: EmitStrategy) -> bool {
        match self {
            Self::Aligned(WindowSpan::Time(_) | WindowSpan::Unlimited(_) | WindowSpan::Own(_)) => {
                true
            }
            Self::Aligned(WindowSpan::Sliding(_)) | Self::Sessions(_) => !emit.is_on_close(),
        }
    }

    fn least_retention_ms(&self) -> i64 {
        match self {
            Self::Aligned(span) => span.least_retention_ms(),
            Self::Sessions(windows) => windows.closes_after_ms(),
        }
    }

    /// How long after its end a window is closed.
    pub(super) fn grace_ms(&self) -> i64 {
        match self {
            Self::Aligned(span) => span.grace_ms(),
            Self::Sessions(windows) => windows.closes_after_ms(),
        }
    }

    /// The serde of the results' keys.
    pub(super) fn result_key<K: HasSerde>(&self, key: SerdeRef<K>) -> SerdeSlot {
        match self {
            Self::Aligned(span) => {
                SerdeSlot::given::<Windowed<K>>(TimeWindowedSerde::new(key, span.size_ms()))
            }
            Self::Sessions(_) => SerdeSlot::given::<Windowed<K>>(SessionWindowedSerde::new(key)),
        }
    }

    fn maker<K: HasSerde, A: HasSerde>(
        &self,
        key: SerdeRef<K>,
        value: SerdeRef<A>,
        retention_ms: i64,
        emit: EmitStrategy,
    ) -> StoreMaker {
        let indexed = emit.is_on_close();
        match self {
            Self::Aligned(span) => {
                let (time, size_ms) = (TimeInKey::Window, span.size_ms());
                window_store_maker(
                    key,
                    value,
                    WindowLayout { time, retention_ms, size_ms, indexed, duplicates: false },
                )
            }
            Self::Sessions(_) => session_store_maker(key, value, retention_ms, indexed),
        }
    }
}

/// What a windowed aggregation consists of once it is recorded.
pub(super) struct Recorded<K, V> {
    pub(super) node: NodeId,
    pub(super) store: StoreIx,
    pub(super) repartition: Option<Repartition<K, V>>,
}

impl StreamsBuilder {
    /// Records an aggregation of a grouped stream by windows.
    pub(super) fn windowed<K, V, A>(
        &mut self,
        group: usize,
        options: &AggregateOptions<K::NonNull, A>,
        (prefix, value): (&str, &SerdeSlot),
        (spans, emit): (&Spans, EmitStrategy),
    ) -> Recorded<K, V>
    where
        K: HasSerde,
        V: HasSerde,
        A: HasSerde,
    {
        let (parent, grouped) = (self.groups[group].node, self.groups[group].serdes.clone());
        let materialized = &options.materialized;
        let given = materialized.store.as_deref();
        let store_name = self.graph.store_name(given, prefix, materialized.logged());
        let name = self.graph.node_name(options.named.given(), prefix);
        let repartition = self.graph.node(parent).rekeyed.then(|| {
            let (node, own) = self.group_repartition::<K, V>(group, &store_name, given.is_some());
            let key = grouped.key.at_topic::<K>();
            (node, Repartition::new(own, key, grouped.value.at_topic::<V>()))
        });
        let serdes = SerdePair {
            key: materialized.serdes.key.or(&grouped.key),
            value: materialized.serdes.value.or(value),
        };
        let store = self.windowed_store(materialized, store_name, &serdes, spans, emit);
        let new = NewNode {
            table: Some(aggregate_state()),
            types: types::<Windowed<K::NonNull>, A>(),
            ..NewNode::new(name, NodeKind::Processor { stores: vec![store] })
        };
        let above = repartition.as_ref().map_or(parent, |found| found.0);
        let node = self.add(&[above], new);
        self.graph.set_grace(node, spans.grace_ms());
        let key = spans.result_key::<K::NonNull>(serdes.key.at_store());
        self.set_serdes(node, SerdePair { key, value: serdes.value });
        Recorded { node, store, repartition: repartition.map(|found| found.1) }
    }

    /// Declares the store of a windowed aggregation.
    pub(super) fn windowed_store<K: HasSerde, A: HasSerde>(
        &mut self,
        options: &Materialized<K, A>,
        name: String,
        serdes: &SerdePair,
        spans: &Spans,
        emit: EmitStrategy,
    ) -> StoreIx {
        let needed = spans.least_retention_ms();
        let retention = options.retention.map_or(needed, millis);
        if let Some(problem) = retention_problem(&name, retention, needed) {
            self.graph.problem(problem);
        }
        if options.versions.is_some() {
            self.graph.problem(format!(
                "the store `{name}` of a windowed aggregation is given as a versioned store, which keeps no \
                 windows; name it by text, or by one of the window or session suppliers of `Stores`"
            ));
        }
        let ix = self.graph.add_store(StoreNode {
            name,
            logging: options.logged(),
            caching: options.caching.unwrap_or(true) && spans.may_cache(emit),
            store_type: options.store_type.clone(),
            global: false,
            topic_config: options.topic_config.clone(),
            retention_ms: Some(retention),
        });
        let maker =
            spans.maker::<K, A>(serdes.key.at_store(), serdes.value.at_store(), retention, emit);
        let rows = match spans {
            Spans::Aligned(_) => StoreRows::Windows,
            Spans::Sessions(_) => StoreRows::Sessions,
        };
        self.declare(ix, StoreDecl { maker, rows });
        ix
    }
}

/// An aggregation's table: always in its store.
pub(super) fn aggregate_state() -> TableState {
    TableState { role: TableRole::Aggregate, materialized: true, sends_old: false }
}
