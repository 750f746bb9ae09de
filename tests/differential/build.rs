//! Builds the topology of a spec through the calls that `topology!` writes.

use streams_runtime::operator::{FlushedStore, Materializes, Repartition};
use streams_runtime::plumbing::{
    GlobalKTable, HasSerde, KGroupedStream, KStream, KTable, Record, StreamsBuilder, Topology,
    Unset, Windowed, store_view,
};
use streams_runtime::prelude::{Change, Grouped, Materialized, Repartitioned, Stores};

use super::build_joins::{Processed, ms};
use super::flow::{Hub, Rows};
use super::functions::AnyKey;
use super::processors;
use super::spec::{Fun, Id, Kept, Op, Pred, Spec};

pub(crate) type Text = Option<String>;
pub(crate) type Number = Option<i64>;

/// A stream and the place behind its operator.
pub(crate) struct Stream<K> {
    pub(crate) handle: KStream<K, Number>,
    pub(crate) out: Hub<Record<K, Number>>,
}

impl<K> Clone for Stream<K> {
    fn clone(&self) -> Self {
        Self { handle: self.handle, out: self.out.clone() }
    }
}

/// A table, the place behind its operator, and its rows, which joins look up.
pub(crate) struct Table<K> {
    pub(crate) handle: KTable<K, i64>,
    pub(crate) out: Hub<Record<K, Change<i64>>>,
    pub(crate) rows: Rows<K>,
}

impl<K> Clone for Table<K> {
    fn clone(&self) -> Self {
        Self { handle: self.handle, out: self.out.clone(), rows: self.rows.clone() }
    }
}

/// What a node became.
#[derive(Clone)]
pub(crate) enum Built {
    Stream(Stream<Text>),
    Updates(Stream<String>),
    Table(Table<String>),
    Windowed(Table<Windowed<String>>),
    Global(GlobalKTable<String, i64>),
    Split(Vec<Stream<Text>>),
    SplitUpdates(Vec<Stream<String>>),
}

/// Streams of either key.
pub(crate) trait Key: HasSerde<NonNull = String> + AnyKey {
    fn built(stream: Stream<Self>) -> Built;
    fn split(branches: Vec<Stream<Self>>) -> Built;
    fn stream(built: &Built) -> Stream<Self>;
}

impl Key for Text {
    fn built(stream: Stream<Self>) -> Built {
        Built::Stream(stream)
    }

    fn split(branches: Vec<Stream<Self>>) -> Built {
        Built::Split(branches)
    }

    fn stream(built: &Built) -> Stream<Self> {
        let Built::Stream(stream) = built else { panic!("a stream") };
        stream.clone()
    }
}

impl Key for String {
    fn built(stream: Stream<Self>) -> Built {
        Built::Updates(stream)
    }

    fn split(branches: Vec<Stream<Self>>) -> Built {
        Built::SplitUpdates(branches)
    }

    fn stream(built: &Built) -> Stream<Self> {
        let Built::Updates(stream) = built else { panic!("updates") };
        stream.clone()
    }
}

/// The topology of a spec.
pub(crate) fn topology(spec: &Spec) -> Topology {
    let mut builder = Builder { spec, b: StreamsBuilder::new(), built: Vec::new() };
    for id in 0..spec.nodes.len() {
        let built = builder.node(id);
        builder.finish_node(id, &built);
        builder.built.push(built);
    }
    builder.cuts();
    builder.b.finish()
}

pub(crate) struct Builder<'s> {
    pub(crate) spec: &'s Spec,
    pub(crate) b: StreamsBuilder,
    pub(crate) built: Vec<Built>,
}

impl Builder<'_> {
    fn node(&mut self, id: Id) -> Built {
        let first = self.spec.nodes[id].inputs.first().map(|input| self.built[*input].clone());
        match first {
            None => self.source(id),
            Some(Built::Stream(stream)) => self.of_stream(id, &stream),
            Some(Built::Updates(stream)) => self.of_stream(id, &stream),
            Some(Built::Split(branches)) => self.branch(id, &branches),
            Some(Built::SplitUpdates(branches)) => self.branch(id, &branches),
            Some(Built::Table(table)) => self.of_table(id, &table),
            Some(Built::Windowed(table)) => self.of_windowed(id, &table),
            Some(Built::Global(_)) => panic!("nothing stands behind a global table"),
        }
    }

    pub(crate) fn op(&self, id: Id) -> Op {
        self.spec.nodes[id].op
    }

    /// True when a common repartition topic may move above the node.
    pub(crate) fn moves(&self, id: Id) -> bool {
        self.spec.repartition_below(id).is_some()
    }

    fn source(&mut self, id: Id) -> Built {
        let topic = self.spec.input_topic(id).expect("a source");
        match self.op(id) {
            Op::Stream => {
                let (handle, source) = self.b.stream::<Text, Number>(topic, Unset);
                let out = Hub::new();
                let next = out.clone();
                self.b.source(source, move |cx, record| next.run(cx, record));
                Built::Stream(Stream { handle, out })
            }
            Op::Table(kept) => {
                let kept = materialized(id, kept);
                let (handle, source, table) = self.b.table::<String, i64>(topic, kept);
                let rows = Rows::of(store_view(&table));
                let out = Hub::new();
                let next = out.clone();
                self.flush(&table, handle, &out);
                self.b.source(source, move |cx, record| match table.run(cx, record)? {
                    Some(record) => next.run(cx, record),
                    None => Ok(()),
                });
                Built::Table(Table { handle, out, rows })
            }
            Op::Global => {
                let store = Materialized::as_(format!("store-{id}"));
                Built::Global(self.b.global_table::<String, i64>(topic, store))
            }
            op => panic!("{op:?} has an input"),
        }
    }

    /// Lets what leaves a table's cache go on.
    pub(crate) fn flush<K>(
        &mut self,
        operator: &impl Materializes<K, i64, Store: FlushedStore<K, i64>>,
        handle: KTable<K, i64>,
        out: &Hub<Record<K, Change<i64>>>,
    ) where
        K: Clone + Send + Sync + 'static,
    {
        let next = out.clone();
        self.b.on_flush(operator, handle, move |cx, record| next.run(cx, record));
    }

    fn of_stream<K: Processed>(&mut self, id: Id, stream: &Stream<K>) -> Built {
        let kept_key = match self.op(id) {
            Op::Filter(pred) => self.filter(id, stream, pred, true),
            Op::FilterNot(pred) => self.filter(id, stream, pred, false),
            Op::MapValues(fun) => {
                let fun = move |value| fun.apply(value);
                let (handle, op) = stream.handle.map_values(&mut self.b, fun, Unset);
                Stream { handle, out: stream.out.one(false, move |cx, record| op.run(cx, record)) }
            }
            Op::MapValuesWithKey(fun) => {
                let fun =
                    move |key: &K, value| fun.apply(value).filter(|_| key.text() != Some("k1"));
                let (handle, op) = stream.handle.map_values_with_key(&mut self.b, fun, Unset);
                Stream { handle, out: stream.out.one(false, move |cx, record| op.run(cx, record)) }
            }
            Op::FlatMapValues(fun) => {
                let fun = move |value: Number| match value {
                    Some(n) if n % 5 == 0 => Vec::new(),
                    value => vec![value, fun.apply(value)],
                };
                let (handle, op) = stream.handle.flat_map_values(&mut self.b, fun, Unset);
                let out = Hub::new();
                stream.out.many_into(&out, false, move |cx, record| op.run(cx, record));
                Stream { handle, out }
            }
            Op::Peek => {
                let (handle, op) = stream.handle.peek(&mut self.b, |_, _| (), Unset);
                let moves = self.moves(id);
                Stream { handle, out: stream.out.one(moves, move |cx, record| op.run(cx, record)) }
            }
            Op::Merge => self.merge(id, stream),
            Op::Split(first, second) => return self.split(id, stream, first, second),
            Op::Repartition { named } => self.repartition(id, stream, named),
            Op::ProcessValues { in_memory } => self.process_values(stream, id, in_memory),
            Op::JoinStreams { .. } => self.join_streams(id, stream),
            Op::JoinTable { left, grace } => self.join_table(id, stream, left, grace),
            Op::JoinGlobal { left, key } => self.join_global(id, stream, left, key),
            _ => return self.with_new_keys(id, stream),
        };
        K::built(kept_key)
    }

    fn with_new_keys<K: Processed>(&mut self, id: Id, stream: &Stream<K>) -> Built {
        match self.op(id) {
            Op::Map(key, fun) => {
                let map = move |k: K, v| (key.choose(k.text(), v), fun.apply(v));
                let (handle, op) = stream.handle.map(&mut self.b, map, Unset);
                let out = stream.out.one(false, move |cx, record| op.run(cx, record));
                Built::Stream(Stream { handle, out })
            }
            Op::FlatMap(key, fun) => {
                let map = move |k: K, v: Number| {
                    let more = v.is_some_and(|v| v % 3 == 0);
                    let second = more.then(|| (k.text().map(str::to_owned), fun.apply(v)));
                    std::iter::once((key.choose(k.text(), v), v)).chain(second)
                };
                let (handle, op) = stream.handle.flat_map(&mut self.b, map, Unset);
                let out = Hub::new();
                stream.out.many_into(&out, false, move |cx, record| op.run(cx, record));
                Built::Stream(Stream { handle, out })
            }
            Op::SelectKey(key) => {
                let select = move |k: &K, v: &Number| key.choose(k.text(), *v);
                let (handle, op) = stream.handle.select_key(&mut self.b, select, Unset);
                let out = stream.out.one(false, move |cx, record| op.run(cx, record));
                Built::Stream(Stream { handle, out })
            }
            Op::Process { in_memory, caching } => self.process(id, stream, in_memory, caching),
            Op::Punctuate { wall_clock } => {
                let make = move || processors::Ticks::new(wall_clock);
                let (handle, process) =
                    stream.handle.process::<_, _, _, _, Text, Number, _>(&mut self.b, make, Unset);
                let behind = Hub::new();
                let next = behind.clone();
                self.b.on_forward(&process, handle, move |cx, record| next.run(cx, record));
                stream.out.add(false, move |cx, record| process.run(cx, record));
                Built::Stream(Stream { handle, out: behind })
            }
            _ => self.aggregation_of(id, stream),
        }
    }

    fn filter<K: Key>(&mut self, id: Id, from: &Stream<K>, pred: Pred, keep: bool) -> Stream<K> {
        let test = move |key: &K, value: &Number| pred.test(key.text(), *value);
        let moves = self.moves(id);
        if keep {
            let (handle, op) = from.handle.filter(&mut self.b, test, Unset);
            return Stream { handle, out: from.out.maybe(moves, move |cx, r| op.run(cx, r)) };
        }
        let (handle, op) = from.handle.filter_not(&mut self.b, test, Unset);
        Stream { handle, out: from.out.maybe(moves, move |cx, r| op.run(cx, r)) }
    }

    fn merge<K: Key>(&mut self, id: Id, from: &Stream<K>) -> Stream<K> {
        let other = self.other_stream::<K>(id);
        let handle = from.handle.merge(&mut self.b, other.handle, Unset);
        let out = Hub::new();
        let moves = self.moves(id);
        from.out.maybe_into(&out, moves, |_, record| Ok(Some(record)));
        other.out.maybe_into(&out, moves, |_, record| Ok(Some(record)));
        Stream { handle, out }
    }

    pub(crate) fn other_stream<K: Key>(&self, id: Id) -> Stream<K> {
        K::stream(&self.built[self.spec.nodes[id].inputs[1]])
    }

    fn split<K: Key>(&mut self, id: Id, from: &Stream<K>, first: Pred, second: Pred) -> Built {
        let test = |pred: Pred| move |key: &K, value: &Number| pred.test(key.text(), *value);
        let mut split = from.handle.split(&mut self.b, Unset);
        let (a, of_a) = split.branch(&mut self.b, test(first), Unset);
        let (b, of_b) = split.branch(&mut self.b, test(second), Unset);
        let rest = split.default_branch(&mut self.b, Unset);
        let branches: Vec<Stream<K>> =
            [a, b, rest].map(|handle| Stream { handle, out: Hub::new() }).into();
        let outs: Vec<_> = branches.iter().map(|branch| branch.out.clone()).collect();
        from.out.add(self.moves(id), move |cx, record| {
            let to = if of_a.matches(cx, &record)? {
                0
            } else if of_b.matches(cx, &record)? {
                1
            } else {
                2
            };
            outs[to].run(cx, record)
        });
        K::split(branches)
    }

    fn branch<K: Key>(&mut self, id: Id, branches: &[Stream<K>]) -> Built {
        let Op::Branch(which) = self.op(id) else { panic!("a branch") };
        K::built(branches[which].clone())
    }

    fn repartition<K: Key>(&mut self, id: Id, from: &Stream<K>, named: bool) -> Stream<K> {
        let (handle, repartition) = if named {
            let name = Repartitioned::as_(format!("moved-{id}"));
            from.handle.repartition(&mut self.b, name)
        } else {
            from.handle.repartition(&mut self.b, Unset)
        };
        let out = self.behind(id, &from.out, Some(repartition));
        Stream { handle, out }
    }

    /// The place behind a repartition topic, or the same place without one.
    pub(crate) fn behind<K, X>(
        &mut self,
        id: Id,
        from: &Hub<Record<K, X>>,
        repartition: Option<Repartition<K, X>>,
    ) -> Hub<Record<K, X>>
    where
        K: HasSerde + Clone + Send + Sync,
        X: Clone + Send + Sync + 'static,
    {
        let Some(repartition) = repartition else { return from.clone() };
        let out = Hub::new();
        let next = out.clone();
        self.b.source(repartition.source(), move |cx, record| next.run(cx, record));
        from.maybe_into(&out, self.moves(id), move |cx, record| repartition.run(cx, record));
        out
    }

    /// One side of a cogroup. Kafka Streams gives two repartitions of a cogroup one name, unless groups
    /// have names.
    pub(crate) fn named_group<K: Key>(
        &mut self,
        from: &Stream<K>,
        name: String,
    ) -> KGroupedStream<K, Number> {
        from.handle.group_by_key(&mut self.b, Grouped::as_(name))
    }

    /// The grouped stream of an aggregation.
    pub(crate) fn by_key<K: Key>(&mut self, from: &Stream<K>) -> KGroupedStream<K, Number> {
        from.handle.group_by_key(&mut self.b, Unset)
    }

    /// Writes what flows out of a node to its topic.
    fn finish_node(&mut self, id: Id, built: &Built) {
        if !self.spec.nodes[id].sink {
            return;
        }
        match built {
            Built::Stream(stream) => self.sink(id, stream),
            Built::Updates(stream) => self.sink(id, stream),
            Built::Table(table) => {
                let updates = self.updates_of(table);
                self.sink(id, &updates);
            }
            Built::Windowed(table) => {
                let updates = self.by_window(table);
                self.sink(id, &updates);
            }
            Built::Global(_) | Built::Split(_) | Built::SplitUpdates(_) => {}
        }
    }

    fn sink<K: Key>(&mut self, id: Id, stream: &Stream<K>) {
        let sink = stream.handle.to(&mut self.b, format!("out-{id}"), Unset);
        stream.out.add(false, move |cx, record| sink.run(cx, record));
    }

    /// Lets the optimisation cut where `topology!` does.
    fn cuts(&mut self) {
        for id in (0..self.spec.nodes.len()).filter(|id| self.spec.has_cut(*id)) {
            match self.built[id].clone() {
                Built::Stream(stream) => self.cut(&stream),
                Built::Updates(stream) => self.cut(&stream),
                _ => panic!("a cut stands behind a stream"),
            }
        }
    }

    fn cut<K: Key>(&mut self, stream: &Stream<K>) {
        let cut = stream.handle.cut(&mut self.b);
        let out = stream.out.clone();
        self.b.source(cut.source(), move |cx, record| out.run_moved(cx, record));
        stream.out.cut(move |cx, record| cut.run(cx, record));
    }
}

/// The options of a table that is kept.
pub(crate) fn materialized<K>(id: Id, kept: Kept) -> Materialized<K, i64> {
    let name = format!("store-{id}");
    let mut options = match kept.history {
        Some(history) => {
            let supplier = Stores::persistent_versioned_key_value_store(name, ms(history));
            Materialized::as_(supplier)
        }
        None if kept.named => Materialized::as_(name),
        None => Materialized::default(),
    };
    if !kept.caching {
        options = options.with_caching_disabled();
    }
    if kept.in_memory {
        options = options.with_store_type(streams_runtime::prelude::StoreType::InMemory);
    }
    options
}

/// A change of values in a table: no nulls come in, but some may go out.
pub(crate) fn row_change(fun: Fun) -> impl Fn(i64) -> Number + Send + Sync + 'static {
    move |value| fun.apply(Some(value))
}
