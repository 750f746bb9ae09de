//! Builds processors, joins, and the aggregations of streams.

use std::time::Duration;

use streams_runtime::operator::{FlushedStore, Materializes, ViewedStore};
use streams_runtime::plumbing::{
    JoinWindows, KTable, StoreHandle, StreamsBuilder, Unset, store_view,
};
use streams_runtime::prelude::{
    Change, Joined, KeyValueStore, Record, StoreType, StreamJoined, TimestampedKeyValueStore,
};

use super::build::{Builder, Built, Key, Number, Stream, Table, Text, materialized};
use super::build_tables::Grouped;
use super::flow::{Hub, Rows};
use super::functions::{joined, ordered};
use super::processors;
use super::spec::{Agg, Id, Join, Kept, KeyFun, Op};

type Counts = StoreHandle<KeyValueStore<'static, String, i64>>;
type Last = StoreHandle<TimestampedKeyValueStore<'static, String, i64>>;
type Changes<K> = Hub<Record<K, Change<i64>>>;

/// The processors of either kind of key.
pub(crate) trait Processed: Key {
    fn counts(b: &mut StreamsBuilder, stream: &Stream<Self>, store: Counts) -> Stream<Text>;
    fn last_values(b: &mut StreamsBuilder, stream: &Stream<Self>, store: Last) -> Stream<Self>;
}

macro_rules! processed {
    ($key:ty, $counts:ident, $values:ident) => {
        impl Processed for $key {
            fn counts(b: &mut StreamsBuilder, from: &Stream<Self>, store: Counts) -> Stream<Text> {
                let (handle, process) = from.handle.process(b, processors::$counts, store);
                let out = Hub::new();
                let next = out.clone();
                b.on_forward(&process, handle, move |cx, record| next.run(cx, record));
                from.out.add(false, move |cx, record| process.run(cx, record));
                Stream { handle, out }
            }

            fn last_values(
                b: &mut StreamsBuilder,
                from: &Stream<Self>,
                store: Last,
            ) -> Stream<Self> {
                let (handle, process) = from.handle.process_values(b, processors::$values, store);
                let out = Hub::new();
                let next = out.clone();
                b.on_forward(&process, handle, move |cx, record| next.run(cx, record));
                from.out.add(false, move |cx, record| process.run(cx, record));
                Stream { handle, out }
            }
        }
    };
}

processed!(Text, counts, last_values);
processed!(String, counts_of_updates, last_values_of_updates);

impl Builder<'_> {
    pub(crate) fn process<K: Processed>(
        &mut self,
        id: Id,
        from: &Stream<K>,
        in_memory: bool,
        caching: bool,
    ) -> Built {
        let name = format!("store-{id}");
        let store = match in_memory {
            true => KeyValueStore::<String, i64>::in_memory(name),
            false => KeyValueStore::<String, i64>::persistent(name),
        };
        let store = if caching { store.with_caching_enabled() } else { store };
        let store = self.b.store(store);
        Built::Stream(K::counts(&mut self.b, from, store))
    }

    pub(crate) fn process_values<K: Processed>(
        &mut self,
        from: &Stream<K>,
        id: Id,
        in_memory: bool,
    ) -> Stream<K> {
        let name = format!("store-{id}");
        let store = match in_memory {
            true => TimestampedKeyValueStore::<String, i64>::in_memory(name),
            false => TimestampedKeyValueStore::<String, i64>::persistent(name),
        };
        let store = self.b.store(store);
        K::last_values(&mut self.b, from, store)
    }

    pub(crate) fn join_streams<K: Key>(&mut self, id: Id, left: &Stream<K>) -> Stream<K> {
        let Op::JoinStreams { join, before, after, grace, in_memory } = self.op(id) else {
            panic!("a join")
        };
        let right = self.other_stream::<K>(id);
        let within =
            JoinWindows::of_time_difference_and_grace(ms(before), ms(grace)).after(ms(after));
        let mut how = StreamJoined::new();
        if in_memory {
            how = how.with_store_type(StoreType::InMemory);
        }
        macro_rules! sides {
            ($method:ident, $joiner:expr) => {{
                let (handle, this, that) =
                    left.handle.$method(&mut self.b, right.handle, $joiner, within, how);
                let out = Hub::new();
                let [left_cut, right_cut] = self.sides_rekeyed(id);
                let from = self.behind(id, &left.out, left_cut.then(|| this.repartition()));
                from.many_into(&out, false, move |cx, record| this.run(cx, record));
                let from = self.behind(id, &right.out, right_cut.then(|| that.repartition()));
                from.many_into(&out, false, move |cx, record| that.run(cx, record));
                Stream { handle, out }
            }};
        }
        match join {
            Join::Inner => sides!(join, |a, b| Some(joined(Some(a), Some(b)))),
            Join::Left => sides!(left_join, |a, b| Some(joined(Some(a), b))),
            Join::Outer => sides!(outer_join, |a, b| Some(joined(a, b))),
        }
    }

    fn sides_rekeyed(&self, id: Id) -> [bool; 2] {
        let inputs = &self.spec.nodes[id].inputs;
        [self.spec.rekeyed(inputs[0]), self.spec.rekeyed(inputs[1])]
    }

    fn rekeyed_input(&self, id: Id) -> bool {
        self.spec.rekeyed(self.spec.nodes[id].inputs[0])
    }

    pub(crate) fn join_table<K: Key>(
        &mut self,
        id: Id,
        from: &Stream<K>,
        left: bool,
        grace: Option<u64>,
    ) -> Stream<K> {
        let table = self.other_table(id);
        let rows = table.rows;
        let how = match grace {
            Some(grace) => Joined::default().with_grace_period(ms(grace)),
            None => Joined::default(),
        };
        let rekeyed = self.rekeyed_input(id);
        macro_rules! looked_up {
            ($method:ident, $joiner:expr) => {{
                let (handle, op) = from.handle.$method(&mut self.b, table.handle, $joiner, how);
                let out = self.behind(id, &from.out, rekeyed.then(|| op.repartition()));
                let op = op.with_view(rows);
                Stream { handle, out: out.scoped(false, move |cx, r, then| op.run(cx, r, then)) }
            }};
        }
        match left {
            true => looked_up!(left_join_table, |a, b| Some(joined(Some(a), b))),
            false => looked_up!(join_table, |a, b| Some(joined(Some(a), Some(b)))),
        }
    }

    pub(crate) fn other_table(&self, id: Id) -> Table<String> {
        let Built::Table(table) = &self.built[self.spec.nodes[id].inputs[1]] else {
            panic!("a table")
        };
        table.clone()
    }

    pub(crate) fn join_global<K: Key>(
        &mut self,
        id: Id,
        from: &Stream<K>,
        left: bool,
        key: KeyFun,
    ) -> Stream<K> {
        let Built::Global(table) = self.built[self.spec.nodes[id].inputs[1]].clone() else {
            panic!("a global table")
        };
        let moves = self.moves(id);
        let select = move |k: &K, v: &Number| key.choose(k.text(), *v);
        if left {
            let joiner = |a, b| Some(joined(Some(a), b));
            let (handle, op) =
                from.handle.left_join_global_table(&mut self.b, table, select, joiner, Unset);
            return Stream { handle, out: from.out.maybe(moves, move |cx, r| op.run(cx, r)) };
        }
        let joiner = |a, b| Some(joined(Some(a), Some(b)));
        let (handle, op) = from.handle.join_global_table(&mut self.b, table, select, joiner, Unset);
        Stream { handle, out: from.out.maybe(moves, move |cx, r| op.run(cx, r)) }
    }

    /// A table whose store is where its rows are.
    pub(crate) fn kept_table(
        &mut self,
        operator: &impl Materializes<
            String,
            i64,
            Store: FlushedStore<String, i64> + ViewedStore<String, i64>,
        >,
        handle: KTable<String, i64>,
        out: Changes<String>,
    ) -> Built {
        self.flush(operator, handle, &out);
        let rows = Rows::of(store_view(operator));
        Built::Table(Table { handle, out, rows })
    }

    pub(crate) fn aggregation_of<K: Processed>(&mut self, id: Id, from: &Stream<K>) -> Built {
        match self.op(id) {
            Op::ToTable(kept) => {
                let rekeyed = self.rekeyed_input(id);
                let kept = materialized::<String>(id, kept);
                let (handle, op) = from.handle.to_table(&mut self.b, kept);
                let out = Hub::new();
                self.flush(&op, handle, &out);
                let rows = Rows::of(store_view(&op));
                let into = self.behind(id, &from.out, rekeyed.then(|| op.repartition()));
                into.maybe_into(&out, false, move |cx, record| op.run(cx, record));
                Built::Table(Table { handle, out, rows })
            }
            Op::Aggregate(agg, key, kept) => self.aggregate(id, from, agg, key, kept),
            Op::Cogroup(kept) => self.cogroup(id, from, kept),
            Op::WindowAggregate { key: Some(key), .. } => {
                let select = move |k: &K, v: &Number| key.choose(k.text(), *v);
                let (handle, op) = from.handle.group_by(&mut self.b, select, Unset);
                let out = from.out.one(false, move |cx, record| op.run(cx, record));
                self.windows(id, &Grouped { handle, out, rekeyed: true })
            }
            Op::WindowAggregate { .. } => {
                let rekeyed = self.rekeyed_input(id);
                let handle = self.by_key(from);
                self.windows(id, &Grouped { handle, out: from.out.clone(), rekeyed })
            }
            Op::WindowCogroup { windows, kept } => {
                let other = self.other_stream::<K>(id);
                let [left, right] = self.sides_rekeyed(id);
                let first = self.named_group(from, format!("left-{id}"));
                let second = self.named_group(&other, format!("right-{id}"));
                let first = Grouped { handle: first, out: from.out.clone(), rekeyed: left };
                let second = Grouped { handle: second, out: other.out, rekeyed: right };
                self.window_cogroup(id, [first, second], (windows, kept))
            }
            op => panic!("{op:?} is no operator of a stream"),
        }
    }

    fn aggregate<K: Key>(
        &mut self,
        id: Id,
        from: &Stream<K>,
        agg: Agg,
        key: Option<KeyFun>,
        kept: Kept,
    ) -> Built {
        let kept = materialized::<String>(id, kept);
        macro_rules! aggregated {
            ($grouped:expr, $source:expr, $rekeyed:expr) => {{
                let (grouped, source, rekeyed) = ($grouped, $source, $rekeyed);
                macro_rules! table {
                    ($made:expr) => {{
                        let (handle, op) = $made;
                        let out = Hub::new();
                        let into = self.behind(id, &source, rekeyed.then(|| op.repartition()));
                        let built = self.kept_table(&op, handle, out.clone());
                        into.maybe_into(&out, false, move |cx, record| op.run(cx, record));
                        built
                    }};
                }
                match agg {
                    Agg::Count => table!(grouped.count(&mut self.b, kept)),
                    Agg::Reduce(by) => {
                        table!(grouped.reduce(&mut self.b, move |a, v| combined(by, a, v), kept))
                    }
                    Agg::Aggregate(by) => {
                        let fold = move |_: &String, v, a| combined(by, a, v);
                        table!(grouped.aggregate(&mut self.b, || 1, fold, kept))
                    }
                }
            }};
        }
        match key {
            None => {
                let rekeyed = self.rekeyed_input(id);
                aggregated!(self.by_key(from), from.out.clone(), rekeyed)
            }
            Some(key) => {
                let select = move |k: &K, v: &Number| key.choose(k.text(), *v);
                let (grouped, op) = from.handle.group_by(&mut self.b, select, Unset);
                let source = from.out.one(false, move |cx, record| op.run(cx, record));
                aggregated!(grouped, source, true)
            }
        }
    }

    fn cogroup<K: Key>(&mut self, id: Id, from: &Stream<K>, kept: Kept) -> Built {
        let other = self.other_stream::<K>(id);
        let first = self.named_group(from, format!("left-{id}"));
        let second = self.named_group(&other, format!("right-{id}"));
        let kept = materialized::<String>(id, kept);
        let cogrouped = first.cogroup(&mut self.b, |_, v, a| ordered(a, v.unwrap_or(1)));
        let cogrouped =
            cogrouped.cogroup(&mut self.b, second, |_, v, a| ordered(a, -v.unwrap_or(1)));
        let (handle, (((), left), right), table) = cogrouped.aggregate(&mut self.b, || 1, kept);
        let out = Hub::new();
        let [left_cut, right_cut] = self.sides_rekeyed(id);
        let into = self.behind(id, &from.out, left_cut.then(|| left.repartition()));
        into.many_into(&out, false, move |cx, record| left.run(cx, record));
        let into = self.behind(id, &other.out, right_cut.then(|| right.repartition()));
        into.many_into(&out, false, move |cx, record| right.run(cx, record));
        self.kept_table(&table, handle, out)
    }
}

/// The fold of an aggregation: order shows, and some results delete the row.
pub(crate) fn combined(by: i64, aggregate: i64, value: i64) -> Option<i64> {
    let result = ordered(aggregate, value);
    (by == 0 || result % by != 0).then_some(result)
}

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
