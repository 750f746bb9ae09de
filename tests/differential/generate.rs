//! A seed's topology.

use super::rng::Rng;
use super::spec::{Agg, Fun, Id, Join, Kept, KeyFun, Kind, Node, Op, Pred, Spec, Windows};

/// The topology of a seed.
pub(crate) fn spec(seed: u64) -> Spec {
    let mut rng = Rng::new(seed, 1);
    let orderly = rng.chance(60);
    let spec = Spec { nodes: Vec::new(), orderly, deletes: rng.chance(60) };
    let mut made = Generator { spec, rng };
    made.sources();
    let operators = 3 + made.rng.below(7);
    let mut tries = 0;
    let wanted = made.spec.nodes.len() + operators;
    while made.spec.nodes.len() < wanted && tries < 200 {
        made.operator();
        tries += 1;
    }
    made.sinks();
    made.spec
}

struct Generator {
    spec: Spec,
    rng: Rng,
}

impl Generator {
    fn add(&mut self, op: Op, inputs: &[Id], kind: Kind) {
        self.spec.nodes.push(Node { op, inputs: inputs.to_vec(), kind, sink: false });
    }

    fn sources(&mut self) {
        for _ in 0..1 + self.rng.below(2) {
            self.add(Op::Stream, &[], Kind::Stream);
        }
        for _ in 0..self.rng.below(3) {
            let mut kept = self.kept();
            if self.rng.chance(20) {
                let history = Some(self.rng.pick(&[20, 300]));
                kept = Kept { named: true, caching: false, in_memory: false, history };
            }
            self.add(Op::Table(kept), &[], Kind::Table);
        }
        if self.rng.chance(20) {
            self.add(Op::Global, &[], Kind::Global);
        }
    }

    /// Ends get sinks, and some others.
    fn sinks(&mut self) {
        for id in 0..self.spec.nodes.len() {
            let unread = self.spec.consumers(id).next().is_none();
            self.spec.nodes[id].sink = unread || self.rng.chance(30);
        }
    }

    fn one_of(&mut self, kinds: &[Kind]) -> Option<Id> {
        let nodes = self.spec.nodes.iter().enumerate();
        let fit = nodes.filter(|(_, node)| kinds.contains(&node.kind)).map(|(id, _)| id);
        let fit: Vec<Id> = fit.collect();
        (!fit.is_empty()).then(|| self.rng.pick(&fit))
    }

    fn operator(&mut self) {
        let kinds = [Kind::Stream, Kind::Updates, Kind::Table, Kind::Windowed];
        let Some(input) = self.one_of(&kinds) else { return };
        match self.spec.nodes[input].kind {
            Kind::Table => self.of_table(input),
            Kind::Windowed => self.of_windowed(input),
            kind => self.of_stream(input, kind),
        }
    }

    fn of_stream(&mut self, input: Id, kind: Kind) {
        let key = self.key_fun();
        let fun = self.fun();
        let pred = self.pred();
        let in_memory = self.rng.chance(30);
        let text = Kind::Stream;
        match self.rng.below(26) {
            0 => self.add(Op::Filter(pred), &[input], kind),
            1 => self.add(Op::FilterNot(pred), &[input], kind),
            2 => self.add(Op::MapValues(fun), &[input], kind),
            3 => self.add(Op::MapValuesWithKey(fun), &[input], kind),
            4 => self.add(Op::FlatMapValues(fun), &[input], kind),
            5 => self.add(Op::Map(key, fun), &[input], text),
            6 => self.add(Op::FlatMap(key, fun), &[input], text),
            7 | 8 => self.add(Op::SelectKey(key), &[input], text),
            9 => self.add(Op::Peek, &[input], kind),
            10 => self.with_other_stream(input, kind, Op::Merge),
            11 => self.split(input, kind),
            12 => {
                let named = self.rng.chance(50);
                self.add(Op::Repartition { named }, &[input], kind)
            }
            13 => {
                let caching = self.rng.chance(50);
                self.add(Op::Process { in_memory, caching }, &[input], text)
            }
            14 => self.add(Op::ProcessValues { in_memory }, &[input], kind),
            15 => {
                let wall_clock = self.rng.chance(50);
                self.add(Op::Punctuate { wall_clock }, &[input], text)
            }
            16 | 17 => self.join_streams(input, kind, in_memory),
            18 => self.join_table(input, kind),
            19 => self.join_global(input, kind, key),
            20 => {
                let kept = self.kept();
                self.add(Op::ToTable(kept), &[input], Kind::Table)
            }
            21 | 22 => {
                let (agg, key, kept) = (self.agg(), self.maybe_key(), self.kept());
                self.add(Op::Aggregate(agg, key, kept), &[input], Kind::Table)
            }
            23 => {
                let kept = self.kept();
                self.with_other_stream(input, kind, Op::Cogroup(kept))
            }
            _ => self.windows_of(input, kind),
        }
    }

    fn with_other_stream(&mut self, input: Id, kind: Kind, op: Op) {
        let Some(other) = self.one_of(&[kind]).filter(|other| *other != input) else { return };
        let kind = if matches!(op, Op::Merge) { kind } else { Kind::Table };
        self.add(op, &[input, other], kind);
    }

    fn split(&mut self, input: Id, kind: Kind) {
        let (first, second) = (self.pred(), self.pred());
        let split = self.spec.nodes.len();
        self.add(Op::Split(first, second), &[input], Kind::Split);
        for branch in 0..3 {
            if self.rng.chance(70) {
                self.add(Op::Branch(branch), &[split], kind);
            }
        }
    }

    fn join_streams(&mut self, input: Id, kind: Kind, in_memory: bool) {
        let Some(other) = self.one_of(&[kind]) else { return };
        let joins = [Join::Inner, Join::Left, Join::Outer];
        let join = if other == input { Join::Inner } else { self.rng.pick(&joins) };
        let before = self.rng.pick(&[0, 10, 30]);
        let after = if other == input { before } else { self.rng.pick(&[before, 0, 20]) };
        if !self.may_window(input) || !self.may_window(other) {
            return;
        }
        let grace = self.grace();
        self.add(Op::JoinStreams { join, before, after, grace, in_memory }, &[input, other], kind);
    }

    fn join_table(&mut self, input: Id, kind: Kind) {
        let Some(table) = self.one_of(&[Kind::Table]) else { return };
        let left = self.rng.chance(50);
        // the buffer of a left join takes no null keys, as in Java
        let grace = match self.spec.nodes[table].op {
            Op::Table(Kept { history: Some(history), .. }) if !left && self.rng.chance(60) => {
                Some(history / 2)
            }
            _ => None,
        };
        self.add(Op::JoinTable { left, grace }, &[input, table], kind);
    }

    fn join_global(&mut self, input: Id, kind: Kind, key: KeyFun) {
        let Some(table) = self.one_of(&[Kind::Global]) else { return };
        let left = self.rng.chance(50);
        self.add(Op::JoinGlobal { left, key }, &[input, table], kind);
    }

    fn windows_of(&mut self, input: Id, kind: Kind) {
        if !self.may_window(input) {
            return;
        }
        let windows = self.windows();
        let kept = self.kept();
        let other = self.one_of(&[kind]).filter(|other| *other != input && self.may_window(*other));
        if let Some(other) = other.filter(|_| self.rng.chance(20)) {
            self.add(Op::WindowCogroup { windows, kept }, &[input, other], Kind::Windowed);
            return;
        }
        let (agg, key, on_close) = (self.agg(), self.maybe_key(), self.rng.chance(30));
        let op = Op::WindowAggregate { windows, agg, key, on_close, kept };
        self.add(op, &[input], Kind::Windowed);
    }

    fn of_table(&mut self, input: Id) {
        let (pred, fun, kept) = (self.pred(), self.fun(), self.maybe_kept());
        let table = Kind::Table;
        match self.rng.below(13) {
            0 => self.add(Op::TableFilter(pred, kept), &[input], table),
            1 => self.add(Op::TableMapValues(fun, kept), &[input], table),
            2 => {
                let by = self.rng.between(1, 9);
                self.add(Op::TransformValues(by, kept), &[input], table)
            }
            3 | 4 => {
                let (key, count, kept) = (self.key_fun(), self.rng.chance(40), self.kept());
                self.add(Op::Regroup { key, count, kept }, &[input], table)
            }
            5 | 6 => {
                let join = self.rng.pick(&[Join::Inner, Join::Left, Join::Outer]);
                self.with_other_table(input, Op::JoinTables(join, kept))
            }
            7 | 8 => {
                let left = self.rng.chance(50);
                self.with_other_table(input, Op::JoinForeign { left, kept })
            }
            9 if !self.spec.versioned(input) => {
                let limit = self.rng.pick(&[0, 20, 60]);
                let max_records = self.rng.chance(30).then_some(2);
                self.add(Op::SuppressTime { limit, max_records }, &[input], table)
            }
            10 => self.add(Op::ToStreamWithKey, &[input], Kind::Stream),
            _ => self.add(Op::ToStream, &[input], Kind::Updates),
        }
    }

    fn with_other_table(&mut self, input: Id, op: Op) {
        let Some(other) = self.one_of(&[Kind::Table]).filter(|other| *other != input) else {
            return;
        };
        self.add(op, &[input, other], Kind::Table);
    }

    fn of_windowed(&mut self, input: Id) {
        match self.rng.below(6) {
            0 => {
                let pred = self.pred();
                self.add(Op::TableFilter(pred, None), &[input], Kind::Windowed)
            }
            1 => {
                let fun = self.fun();
                self.add(Op::TableMapValues(fun, None), &[input], Kind::Windowed)
            }
            2 if self.knows_grace(input) => self.add(Op::SuppressClose, &[input], Kind::Windowed),
            3 => {
                let (key, count, kept) = (self.key_fun(), self.rng.chance(40), self.kept());
                self.add(Op::Regroup { key, count, kept }, &[input], Kind::Table)
            }
            4 => {
                let join = self.rng.pick(&[Join::Inner, Join::Left, Join::Outer]);
                let other = self.one_of(&[Kind::Windowed]).filter(|other| *other != input);
                let Some(other) = other else { return };
                self.add(Op::JoinTables(join, None), &[input, other], Kind::Windowed)
            }
            _ => self.add(Op::ToStreamWithKey, &[input], Kind::Stream),
        }
    }

    /// True until a suppression: Kafka Streams finds the grace only of windowed aggregations.
    fn knows_grace(&self, id: Id) -> bool {
        let node = &self.spec.nodes[id];
        match node.op {
            Op::SuppressClose | Op::JoinTables(..) => false,
            Op::TableFilter(..) | Op::TableMapValues(..) => self.knows_grace(node.inputs[0]),
            _ => true,
        }
    }

    /// Behind what holds results back, records are more out of order than the script is.
    fn may_window(&self, id: Id) -> bool {
        !self.spec.orderly || !self.delays(id)
    }

    fn delays(&self, id: Id) -> bool {
        let node = &self.spec.nodes[id];
        let own = match node.op {
            Op::JoinStreams { join, .. } => join != Join::Inner,
            Op::WindowAggregate { .. }
            | Op::WindowCogroup { .. }
            | Op::SuppressTime { .. }
            | Op::SuppressClose
            | Op::Regroup { .. }
            | Op::JoinForeign { .. }
            | Op::Punctuate { .. } => true,
            _ => matches!(node.kind, Kind::Table),
        };
        own || node.inputs.iter().any(|input| self.delays(*input))
    }

    fn grace(&mut self) -> u64 {
        match self.spec.orderly {
            true => self.rng.pick(&[10, 40, 200]),
            false => self.rng.pick(&[0, 5, 40]),
        }
    }

    fn windows(&mut self) -> Windows {
        let grace = self.grace();
        let size = self.rng.pick(&[10, 20, 50]);
        match self.rng.below(4) {
            0 => Windows::Tumbling { size, grace },
            1 => Windows::Hopping { size, advance: self.rng.pick(&[4, 5, 10]), grace },
            2 => Windows::Sliding { difference: size, grace },
            _ => Windows::Session { gap: size, grace },
        }
    }

    fn kept(&mut self) -> Kept {
        Kept {
            named: self.rng.chance(70),
            caching: self.rng.chance(75),
            in_memory: self.rng.chance(30),
            history: None,
        }
    }

    fn maybe_kept(&mut self) -> Option<Kept> {
        self.rng.chance(40).then(|| self.kept())
    }

    fn agg(&mut self) -> Agg {
        let by = self.rng.pick(&[0, 0, 3, 5]);
        match self.rng.below(3) {
            0 => Agg::Count,
            1 => Agg::Reduce(by),
            _ => Agg::Aggregate(by),
        }
    }

    fn maybe_key(&mut self) -> Option<KeyFun> {
        self.rng.chance(30).then(|| self.key_fun())
    }

    fn key_fun(&mut self) -> KeyFun {
        match self.rng.below(4) {
            0 => KeyFun::Same,
            1 => KeyFun::Both,
            _ => KeyFun::OfValue(self.rng.between(2, 4)),
        }
    }

    fn fun(&mut self) -> Fun {
        match self.rng.below(4) {
            0 => Fun::NullMultiples(self.rng.between(2, 4)),
            1 => Fun::OrElse(self.rng.between(0, 9)),
            _ => Fun::Linear(self.rng.between(1, 3), self.rng.between(-2, 2)),
        }
    }

    fn pred(&mut self) -> Pred {
        match self.rng.below(4) {
            0 => Pred::KeyIsNot(self.rng.below(3)),
            1 => Pred::ValueIsThere,
            _ => {
                let by = self.rng.between(2, 4);
                Pred::Modulo(by, self.rng.between(0, by - 1), self.rng.chance(50))
            }
        }
    }
}
