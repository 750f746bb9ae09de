//! Builds windowed aggregations and the operators of tables.

use streams_runtime::plumbing::{
    EmitStrategy, ForeignJoinOptions, HasSerde, KGroupedStream, Materialized, SessionWindows,
    SlidingWindows, TableOpOptions, TimeWindows, Unset, Windowed, derived_view, share, store_view,
};
use streams_runtime::prelude::{BufferConfig, Record, Suppressed};

use super::build::{Builder, Built, Key, Number, Stream, Table, materialized, row_change};
use super::build_joins::{combined, ms};
use super::flow::{Hub, Rows};
use super::functions::{joined, ordered, summand};
use super::processors::Adds;
use super::spec::{Agg, Id, Join, Kept, KeyFun, Op, Pred, Windows};

/// A grouped stream whose records come from a place.
pub(crate) struct Grouped<K> {
    pub(crate) handle: KGroupedStream<K, Number>,
    pub(crate) out: Hub<Record<K, Number>>,
    pub(crate) rekeyed: bool,
}

/// The windows of any kind, applied to a grouped stream and aggregated.
macro_rules! in_windows {
    ($windows:expr, |$w:ident| $time:expr, |$s:ident| $session:expr) => {
        match $windows {
            Windows::Tumbling { size, grace } => {
                let $w = TimeWindows::of_size_and_grace(ms(size), ms(grace));
                $time
            }
            Windows::Hopping { size, advance, grace } => {
                let $w =
                    TimeWindows::of_size_and_grace(ms(size), ms(grace)).advance_by(ms(advance));
                $time
            }
            Windows::Sliding { difference, grace } => {
                let $w = SlidingWindows::of_time_difference_and_grace(ms(difference), ms(grace));
                $time
            }
            Windows::Session { gap, grace } => {
                let $s = SessionWindows::of_inactivity_gap_and_grace(ms(gap), ms(grace));
                $session
            }
        }
    };
}

impl Builder<'_> {
    pub(crate) fn windows<K: Key>(&mut self, id: Id, grouped: &Grouped<K>) -> Built {
        let Op::WindowAggregate { windows, agg, on_close, kept, .. } = self.op(id) else {
            panic!("a windowed aggregation")
        };
        let kept = self.window_store(id, kept, on_close);
        macro_rules! table {
            ($made:expr) => {{
                let (handle, op) = $made;
                let out = Hub::new();
                let cut = grouped.rekeyed.then(|| op.repartition());
                let into = self.behind(id, &grouped.out, cut);
                self.flush(&op, handle, &out);
                let rows = Rows::of(store_view(&op));
                into.many_into(&out, false, move |cx, record| op.run(cx, record));
                Built::Windowed(Table { handle, out, rows })
            }};
        }
        macro_rules! aggregated {
            ($w:ident $(, $merger:expr)?) => {{
                let windowed = grouped.handle.windowed_by(&mut self.b, $w);
                let windowed = match on_close {
                    true => windowed.emit_strategy(&mut self.b, EmitStrategy::on_window_close()),
                    false => windowed,
                };
                match agg {
                    Agg::Count => table!(windowed.count(&mut self.b, kept)),
                    Agg::Reduce(by) => {
                        let reduce = move |a: Number, v: Number| {
                            combined(by, a.unwrap_or(0), v.unwrap_or(3))
                        };
                        table!(windowed.reduce(&mut self.b, reduce, kept))
                    }
                    Agg::Aggregate(by) => {
                        let fold =
                            move |_: &String, v: Number, a| combined(by, a, v.unwrap_or(5));
                        table!(windowed.aggregate(&mut self.b, || 1, fold $(, $merger)?, kept))
                    }
                }
            }};
        }
        in_windows!(windows, |w| aggregated!(w), |s| aggregated!(s, |_, a, b| ordered(a, b)))
    }

    /// A window that fell out of the retention is gone, as in Kafka Streams, unless a cache still holds it:
    /// what leaves on close, and what a late record finds, then depends on the commits. So these stay.
    fn window_store(&self, id: Id, kept: Kept, on_close: bool) -> Materialized<String, i64> {
        let kept = materialized(id, kept);
        if on_close || !self.spec.orderly {
            kept.with_retention(std::time::Duration::from_secs(3600))
        } else {
            kept
        }
    }

    pub(crate) fn window_cogroup<K: Key>(
        &mut self,
        id: Id,
        sides: [Grouped<K>; 2],
        (windows, kept): (Windows, Kept),
    ) -> Built {
        let kept = self.window_store(id, kept, false);
        let [first, second] = sides;
        let cogrouped = first.handle.cogroup(&mut self.b, |_, v, a| ordered(a, v.unwrap_or(1)));
        let cogrouped =
            cogrouped.cogroup(&mut self.b, second.handle, |_, v, a| ordered(a, -v.unwrap_or(1)));
        macro_rules! table {
            ($w:ident $(, $merger:expr)?) => {{
                let windowed = cogrouped.windowed_by(&mut self.b, $w);
                let (handle, (((), left), right), table) =
                    windowed.aggregate(&mut self.b, || 1 $(, $merger)?, kept);
                let out = Hub::new();
                let into = self.behind(id, &first.out, first.rekeyed.then(|| left.repartition()));
                into.many_into(&out, false, move |cx, record| left.run(cx, record));
                let into = self.behind(id, &second.out, second.rekeyed.then(|| right.repartition()));
                into.many_into(&out, false, move |cx, record| right.run(cx, record));
                self.flush(&table, handle, &out);
                let rows = Rows::of(store_view(&table));
                Built::Windowed(Table { handle, out, rows })
            }};
        }
        in_windows!(windows, |w| table!(w), |s| table!(s, |_, a, b| ordered(a, b)))
    }

    pub(crate) fn of_table(&mut self, id: Id, table: &Table<String>) -> Built {
        match self.op(id) {
            Op::TableFilter(pred, kept) => self.table_filter(id, table, pred, kept),
            Op::TableMapValues(fun, kept) => {
                let kept: TableOpOptions<String, i64> = maybe_kept(id, kept);
                let (handle, op) =
                    table.handle.filter_map_values(&mut self.b, row_change(fun), kept);
                let op = share(op);
                let out = Hub::new();
                self.flush(&op, handle, &out);
                let rows = Rows::of(derived_view(&op, table.rows.clone()));
                table.out.maybe_into(&out, false, move |cx, record| op.run(cx, record));
                Built::Table(Table { handle, out, rows })
            }
            Op::TransformValues(by, kept) => {
                let make = move || Adds(by);
                let (handle, op) = match kept {
                    Some(kept) => {
                        let kept = materialized::<String>(id, kept);
                        table.handle.transform_values::<i64, _>(&mut self.b, make, kept)
                    }
                    None => table.handle.transform_values::<i64, _>(&mut self.b, make, Unset),
                };
                let op = share(op);
                let out = Hub::new();
                self.flush(&op, handle, &out);
                let rows = Rows::of(derived_view(&op, table.rows.clone()));
                table.out.maybe_into(&out, false, move |cx, record| op.run(cx, record));
                Built::Table(Table { handle, out, rows })
            }
            Op::JoinTables(join, kept) => {
                let right = self.other_table(id);
                Built::Table(self.join_tables(id, [table, &right], join, kept))
            }
            Op::JoinForeign { left, kept } => self.join_foreign(id, table, left, kept),
            Op::Regroup { key, count, kept } => {
                let choose = move |k: &String, v: i64| key.choose(Some(k), Some(v));
                self.regroup(id, table, choose, (count, kept))
            }
            Op::SuppressTime { limit, max_records } => {
                let suppressed = match max_records {
                    None => Suppressed::until_time_limit(ms(limit), BufferConfig::unbounded()),
                    Some(records) => {
                        Suppressed::until_time_limit(ms(limit), BufferConfig::max_records(records))
                    }
                };
                let (handle, op) = table.handle.suppress(&mut self.b, suppressed);
                let rows = Rows::of(op.view(table.rows.clone()));
                let out = table.out.scoped(false, move |cx, r, then| op.run(cx, r, then));
                Built::Table(Table { handle, out, rows })
            }
            Op::ToStream => Built::Updates(self.updates_of(table)),
            Op::ToStreamWithKey => {
                let select = |key: &String, value: &Number| KeyFun::Both.choose(Some(key), *value);
                let (handle, op) = table.handle.to_stream_with_key(&mut self.b, select, Unset);
                let out = table.out.one(false, move |cx, record| op.run(cx, record));
                Built::Stream(Stream { handle, out })
            }
            op => panic!("{op:?} is no operator of a table"),
        }
    }

    pub(crate) fn of_windowed(&mut self, id: Id, table: &Table<Windowed<String>>) -> Built {
        match self.op(id) {
            Op::TableFilter(pred, _) => {
                let test = move |key: &Windowed<String>, value: &i64| {
                    pred.test(Some(&key.key), Some(*value))
                };
                let (handle, op) = table.handle.filter(&mut self.b, test, Unset);
                let op = share(op);
                let rows = Rows::of(derived_view(&op, table.rows.clone()));
                let out = table.out.maybe(false, move |cx, record| op.run(cx, record));
                Built::Windowed(Table { handle, out, rows })
            }
            Op::TableMapValues(fun, _) => {
                let (handle, op) =
                    table.handle.filter_map_values(&mut self.b, row_change(fun), Unset);
                let op = share(op);
                let rows = Rows::of(derived_view(&op, table.rows.clone()));
                let out = table.out.maybe(false, move |cx, record| op.run(cx, record));
                Built::Windowed(Table { handle, out, rows })
            }
            Op::SuppressClose => {
                let until = Suppressed::until_window_closes(BufferConfig::unbounded());
                let (handle, op) = table.handle.suppress(&mut self.b, until);
                let rows = Rows::of(op.view(table.rows.clone()));
                let out = table.out.scoped(false, move |cx, r, then| op.run(cx, r, then));
                Built::Windowed(Table { handle, out, rows })
            }
            Op::JoinTables(join, _) => {
                let right = &self.built[self.spec.nodes[id].inputs[1]];
                let Built::Windowed(right) = right.clone() else { panic!("a windowed table") };
                Built::Windowed(self.join_tables(id, [table, &right], join, None))
            }
            Op::Regroup { key, count, kept } => {
                let choose = move |k: &Windowed<String>, v: i64| key.choose(Some(&k.key), Some(v));
                self.regroup(id, table, choose, (count, kept))
            }
            Op::ToStreamWithKey => Built::Stream(self.by_window(table)),
            op => panic!("{op:?} is no operator of a windowed table"),
        }
    }

    fn table_filter(
        &mut self,
        id: Id,
        table: &Table<String>,
        pred: Pred,
        kept: Option<Kept>,
    ) -> Built {
        let test = move |key: &String, value: &i64| pred.test(Some(key), Some(*value));
        let kept: TableOpOptions<String, i64> = maybe_kept(id, kept);
        let (handle, op) = table.handle.filter(&mut self.b, test, kept);
        let op = share(op);
        let out = Hub::new();
        self.flush(&op, handle, &out);
        let rows = Rows::of(derived_view(&op, table.rows.clone()));
        table.out.maybe_into(&out, false, move |cx, record| op.run(cx, record));
        Built::Table(Table { handle, out, rows })
    }

    fn join_tables<K>(
        &mut self,
        id: Id,
        [left, right]: [&Table<K>; 2],
        join: Join,
        kept: Option<Kept>,
    ) -> Table<K>
    where
        K: HasSerde + Clone + Send + Sync,
    {
        let (of_left, of_right) = (left.rows.clone(), right.rows.clone());
        macro_rules! sides {
            ($method:ident, $joiner:expr) => {{
                let kept: TableOpOptions<K, i64> = maybe_kept(id, kept);
                let (handle, this, that, join) =
                    left.handle.$method(&mut self.b, right.handle, $joiner, kept);
                let out = Hub::new();
                self.flush(&join, handle, &out);
                let this = this.with_view(of_right.clone());
                let that = that.with_view(of_left.clone());
                left.out.maybe_into(&out, false, move |cx, record| this.run(cx, record));
                right.out.maybe_into(&out, false, move |cx, record| that.run(cx, record));
                let rows = Rows::of(join.view(of_left, of_right));
                Table { handle, out, rows }
            }};
        }
        match join {
            Join::Inner => sides!(join, |a, b| joined(Some(a), Some(b))),
            Join::Left => sides!(left_join, |a, b| joined(Some(a), b)),
            Join::Outer => sides!(outer_join, joined),
        }
    }

    fn join_foreign(
        &mut self,
        id: Id,
        left: &Table<String>,
        keep_all: bool,
        kept: Option<Kept>,
    ) -> Built {
        let right = self.other_table(id);
        let (of_left, of_right) = (left.rows.clone(), right.rows.clone());
        let foreign = |value: &i64| (value % 5 != 0).then(|| format!("k{}", value.rem_euclid(4)));
        macro_rules! sides {
            ($method:ident, $joiner:expr) => {{
                let kept: ForeignJoinOptions<String, String, i64> = maybe_kept(id, kept);
                let (handle, send, other, subscribe, join) =
                    left.handle.$method(&mut self.b, right.handle, foreign, $joiner, kept);
                let (subscriptions, responses) = (subscribe.source(), join.source());
                let subscribe = subscribe.with_view(of_right);
                let join = join.with_view(of_left);
                let rows = Rows::of(store_view(&join));
                let out = Hub::new();
                self.flush(&join, handle, &out);
                left.out.add(false, move |cx, record| send.run(cx, record));
                right.out.add(false, move |cx, record| other.run(cx, record));
                self.b.source(subscriptions, move |cx, record| subscribe.run(cx, record));
                let next = out.clone();
                self.b.source(responses, move |cx, record| match join.run(cx, record)? {
                    Some(record) => next.run(cx, record),
                    None => Ok(()),
                });
                Built::Table(Table { handle, out, rows })
            }};
        }
        match keep_all {
            true => sides!(left_join_on_foreign_key, |a, b| joined(Some(a), b)),
            false => sides!(join_on_foreign_key, |a, b| joined(Some(a), Some(b))),
        }
    }

    fn regroup<K>(
        &mut self,
        id: Id,
        table: &Table<K>,
        choose: impl Fn(&K, i64) -> Option<String> + Send + Sync + 'static,
        (count, kept): (bool, Kept),
    ) -> Built
    where
        K: Clone + Send + Sync + 'static,
    {
        let select = move |key: &K, value: &i64| (choose(key, *value), summand(*value));
        let (grouped, op) = table.handle.group_by(&mut self.b, select, Unset);
        let halves = Hub::new();
        table.out.many_into(&halves, false, move |cx, record| op.run(cx, record));
        let kept = materialized::<String>(id, kept);
        macro_rules! table {
            ($made:expr) => {{
                let (handle, op) = $made;
                let out = Hub::new();
                let repartition = op.repartition();
                let into = Hub::new();
                let next = into.clone();
                self.b.source(repartition.source(), move |cx, record| next.run(cx, record));
                halves.add(false, move |cx, record| repartition.run(cx, record).map(|_| ()));
                let built = self.kept_table(&op, handle, out.clone());
                into.maybe_into(&out, false, move |cx, record| op.run(cx, record));
                built
            }};
        }
        if count {
            return table!(grouped.count(&mut self.b, kept));
        }
        let less = |_: &String, v: i64, a: i64| Some(a - v).filter(|sum| *sum != 0);
        table!(grouped.aggregate(&mut self.b, || 0, |_, v, a: i64| a + v, less, kept))
    }

    pub(crate) fn updates_of(&mut self, table: &Table<String>) -> Stream<String> {
        let (handle, op) = table.handle.to_stream(&mut self.b, Unset);
        Stream { handle, out: table.out.one(false, move |cx, record| op.run(cx, record)) }
    }

    /// The updates of windows, each window under a key of its own.
    pub(crate) fn by_window(&mut self, table: &Table<Windowed<String>>) -> Stream<Option<String>> {
        let select = |key: &Windowed<String>, _: &Number| {
            Some(format!("{}@{}-{}", key.key, key.start, key.end))
        };
        let (handle, op) = table.handle.to_stream_with_key(&mut self.b, select, Unset);
        Stream { handle, out: table.out.one(false, move |cx, record| op.run(cx, record)) }
    }
}

/// The options of a table that may be kept.
fn maybe_kept<K, O>(id: Id, kept: Option<Kept>) -> O
where
    O: From<Unset> + From<Materialized<K, i64>>,
{
    match kept {
        Some(kept) => O::from(materialized(id, kept)),
        None => O::from(Unset),
    }
}
