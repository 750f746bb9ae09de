//! What each node promises when two runs differ in one thing.
//!
//! Kafka Streams promises less than "the same", and so do we. What is left out here is left out because
//! of a rule of Kafka Streams, which stands beside it.

use super::spec::{Agg, Fun, Id, Join, Kept, Kind, Op, Spec, Windows};

/// How the results of a node compare between two runs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Promise {
    /// Nothing that could be compared.
    Nothing,
    /// The last value of each key.
    Final,
    /// All records, in order.
    Same,
}

use Promise::{Final, Nothing, Same};

/// What the nodes of a topology promise.
pub(crate) struct Promises {
    /// Of what flows out.
    pub(crate) flow: Vec<Promise>,
    /// True when what flows out is not to be compared, although results behind it are.
    pub(crate) passing: Vec<bool>,
    /// True when a join that looks the table up at any time finds the same row.
    lookup: Vec<bool>,
    /// True when updates may carry another old value than the one that was sent before.
    loose_old: Vec<bool>,
}

impl Promises {
    fn empty() -> Self {
        Self { flow: Vec::new(), passing: Vec::new(), lookup: Vec::new(), loose_old: Vec::new() }
    }

    fn least(&self, inputs: &[Id]) -> Promise {
        inputs.iter().map(|id| self.flow[*id]).min().unwrap_or(Same)
    }

    /// Caches merge updates: a table's last value stays, how often it changed does not.
    pub(crate) fn with_and_without_cache(spec: &Spec) -> Self {
        let mut found = Self::empty();
        for id in 0..spec.nodes.len() {
            let promise = found.cached(spec, id);
            let lookup = found.looks_up(spec, id);
            let loose = found.loose(spec, id);
            found.flow.push(promise);
            found.lookup.push(lookup);
            found.loose_old.push(loose);
        }
        found
    }

    fn cached(&self, spec: &Spec, id: Id) -> Promise {
        let node = &spec.nodes[id];
        let input = self.least(&node.inputs);
        // of two topics with records of one time either may be first, and what else waits decides it
        let over_topics = node.inputs.iter().any(|input| spec.after_new_key(*input));
        if node.inputs.len() > 1 && over_topics && spec.tables_use_topics() {
            return Nothing;
        }
        match node.op {
            Op::Stream | Op::Global => Same,
            Op::Table(kept) => behind_a_cache(Some(kept), Same),
            // makes a row of the deletion of one that never was, which a cache keeps to itself
            Op::MapValues(Fun::OrElse(_)) | Op::MapValuesWithKey(Fun::OrElse(_)) => {
                only_same(input)
            }
            // one result for each record, under its key
            Op::MapValues(_)
            | Op::MapValuesWithKey(_)
            | Op::Peek
            | Op::Repartition { .. }
            | Op::ToStream => input,
            // an injective choice of the key
            Op::ToStreamWithKey if spec.nodes[node.inputs[0]].kind == Kind::Windowed => input,
            Op::ToTable(kept) => behind_a_cache(Some(kept), input),
            Op::Aggregate(_, _, kept) | Op::Cogroup(kept) | Op::WindowCogroup { kept, .. } => {
                behind_a_cache(Some(kept), only_same(input))
            }
            // emission looks into the cache
            Op::WindowAggregate { on_close: true, .. } => only_same(input),
            Op::WindowAggregate { kept, .. } => behind_a_cache(Some(kept), only_same(input)),
            // a filter sends no deletion of what was not there before (KTableFilter)
            Op::TableFilter(..) if input == Final && self.loose_old[node.inputs[0]] => Nothing,
            Op::TableFilter(_, kept)
            | Op::TableMapValues(_, kept)
            | Op::TransformValues(_, kept) => behind_a_cache(kept, input),
            Op::Regroup { count, kept, .. } => self.regrouped(&node.inputs, count, kept),
            // a cache shows windows that have expired, a store does not
            Op::JoinTables(..) if node.kind == Kind::Windowed => Nothing,
            // A join looks up what a cache still holds back. If that row goes before the commit, nobody
            // ever hears of it (CachingKeyValueStore), nor does the join.
            Op::JoinTables(..) | Op::JoinForeign { .. }
                if input != Same && node.inputs.iter().any(|input| spec.may_delete(*input)) =>
            {
                Nothing
            }
            Op::JoinTables(_, kept) => behind_a_cache(kept, input),
            Op::JoinForeign { kept, .. } => {
                let unnamed = Kept { named: false, caching: true, in_memory: false, history: None };
                behind_a_cache(Some(kept.unwrap_or(unnamed)), input)
            }
            // its time passes by the updates that it sees, and a cache leaves out a row that came and went
            Op::SuppressClose => only_same(input),
            Op::JoinTable { .. } => {
                let found = self.lookup[node.inputs[1]];
                if found { only_same(self.flow[node.inputs[0]]) } else { Nothing }
            }
            Op::JoinGlobal { .. } => only_same(self.flow[node.inputs[0]]),
            // sees each update, also those that a cache leaves out
            _ => only_same(input),
        }
    }

    fn regrouped(&self, inputs: &[Id], count: bool, kept: Kept) -> Promise {
        let table = inputs[0];
        match self.flow[table] {
            Same => behind_a_cache(Some(kept), Same),
            // a group that came and went leaves a count of 0 only if somebody saw it come
            Final if count || self.loose_old[table] => Nothing,
            other => other,
        }
    }

    /// The old value of a join is computed with the other side as it is now (KTableKTableLeftJoin), so
    /// under a cache an update may take back another value than it sent.
    fn loose(&self, spec: &Spec, id: Id) -> bool {
        let node = &spec.nodes[id];
        let own = match node.op {
            Op::JoinTables(..) | Op::JoinForeign { .. } => true,
            // Without a cache a new row has an old value: what the initializer gave (KStreamAggregate,
            // KStreamWindowAggregate), or what a sliding window starts from; and an update of a session
            // that keeps its bounds has none (KStreamSessionWindowAggregate).
            Op::Aggregate(agg, ..) => !matches!(agg, Agg::Reduce(_)),
            Op::WindowAggregate { windows, agg, .. } => {
                let plain = matches!(windows, Windows::Tumbling { .. } | Windows::Hopping { .. });
                !(plain && matches!(agg, Agg::Reduce(_)))
            }
            Op::Cogroup(_) | Op::WindowCogroup { .. } => true,
            _ => false,
        };
        own || node.inputs.iter().any(|input| self.loose_old[*input])
    }

    fn looks_up(&self, spec: &Spec, id: Id) -> bool {
        let node = &spec.nodes[id];
        let same = self.least(&node.inputs) == Same;
        match node.op {
            Op::Table(_) => true,
            Op::TableFilter(_, None) | Op::TableMapValues(_, None) => self.lookup[node.inputs[0]],
            Op::JoinTables(_, None) => node.inputs.iter().all(|input| self.lookup[*input]),
            _ => same && matches!(node.kind, Kind::Table | Kind::Windowed),
        }
    }

    /// A merged repartition topic changes which of two records comes first, where they do not go the
    /// same way.
    pub(crate) fn with_and_without_optimization(spec: &Spec) -> Self {
        let mut found = Self::empty();
        for id in 0..spec.nodes.len() {
            let promise = found.optimized(spec, id);
            found.flow.push(promise);
            // null keys are gone already
            found.passing.push(moves_behind_a_cut(spec, id));
        }
        found
    }

    fn optimized(&self, spec: &Spec, id: Id) -> Promise {
        let node = &spec.nodes[id];
        let input = self.least(&node.inputs);
        // a self-join with one store stops one millisecond earlier to join a late record with itself
        // (KStreamKStreamSelfJoin)
        let with_itself = node.inputs.len() == 2 && node.inputs[0] == node.inputs[1];
        if with_itself && !spec.orderly {
            return Nothing;
        }
        let sees_nulls = match node.op {
            Op::JoinStreams { join, .. } => join != Join::Inner,
            Op::JoinTable { left, .. } => left,
            Op::ToTable(_)
            | Op::Aggregate(_, None, _)
            | Op::Cogroup(_)
            | Op::WindowAggregate { key: None, .. }
            | Op::WindowCogroup { .. } => false,
            _ => true,
        };
        // the merged topic takes no null keys, so what moves behind it sees none any more
        if sees_nulls && node.inputs.iter().any(|input| moves_behind_a_cut(spec, *input)) {
            return Nothing;
        }
        let moved = node.inputs.iter().any(|input| spec.after_new_key(*input));
        match node.op {
            // a punctuation comes between any two records of the task
            Op::Punctuate { .. } => Nothing,
            Op::Merge
            | Op::JoinStreams { .. }
            | Op::JoinTable { .. }
            | Op::JoinGlobal { .. }
            | Op::Cogroup(_)
            | Op::WindowCogroup { .. }
                if moved =>
            {
                Nothing
            }
            Op::JoinTables(..) | Op::JoinForeign { .. } if moved => input.min(Final),
            Op::Regroup { count: true, .. } => only_same(input),
            Op::MapValues(_)
            | Op::MapValuesWithKey(_)
            | Op::Peek
            | Op::Repartition { .. }
            | Op::ToStream
            | Op::ToTable(_)
            | Op::TableFilter(..)
            | Op::TableMapValues(..)
            | Op::TransformValues(..)
            | Op::JoinTables(..)
            | Op::JoinForeign { .. }
            | Op::Regroup { .. } => input,
            _ => only_same(input),
        }
    }

    /// A restart behind a commit changes nothing, but for what Kafka Streams keeps nowhere.
    pub(crate) fn over_restarts(spec: &Spec) -> Self {
        let mut found = Self::empty();
        for id in 0..spec.nodes.len() {
            let node = &spec.nodes[id];
            let forgets = match node.op {
                // schedules begin anew, and fields are gone
                Op::Punctuate { .. } => true,
                // the stream time by which an operator knows what is late (KStreamWindowAggregate and
                // others: a field, not restored)
                Op::WindowAggregate { .. }
                | Op::WindowCogroup { .. }
                | Op::JoinStreams { join: Join::Inner, .. }
                | Op::SuppressClose
                | Op::SuppressTime { .. }
                | Op::JoinTable { grace: Some(_), .. } => !spec.orderly,
                // the same of a versioned store, unless it reads its changelog (RocksDBVersionedStore)
                Op::Table(Kept { history: Some(_), .. }) => !spec.orderly,
                // a cache shows windows that have expired, until it is gone
                Op::JoinTables(..) => node.kind == Kind::Windowed,
                // when it looks next for records without a match (KStreamKStreamJoin: TimeTracker)
                Op::JoinStreams { .. } => true,
                _ => false,
            };
            let promise = if forgets { Nothing } else { found.least(&node.inputs) };
            found.flow.push(promise);
        }
        found
    }

    /// Under at-least-once records come again after a crash: what only depends on the last row of each
    /// key comes out the same.
    pub(crate) fn over_repeats(spec: &Spec) -> Self {
        let mut found = Self::empty();
        for id in 0..spec.nodes.len() {
            let node = &spec.nodes[id];
            let promise = match node.op {
                // updates of the past are too late when they come again
                Op::Table(Kept { history: Some(_), .. }) => Nothing,
                Op::Stream | Op::Table(_) | Op::Global => Final,
                Op::MapValues(_)
                | Op::MapValuesWithKey(_)
                | Op::Peek
                | Op::Repartition { .. }
                | Op::ToStream
                | Op::ToTable(_)
                | Op::TableFilter(..)
                | Op::TableMapValues(..)
                | Op::TransformValues(..)
                | Op::JoinTables(..)
                | Op::JoinForeign { .. } => found.least(&node.inputs),
                // adds up what comes twice
                _ => Nothing,
            };
            found.flow.push(promise);
        }
        found
    }

    /// True when all nodes promise everything.
    pub(crate) fn complete(&self) -> bool {
        self.flow.iter().all(|promise| *promise == Same)
    }
}

/// True when the node may stand behind a merged repartition topic.
fn moves_behind_a_cut(spec: &Spec, id: Id) -> bool {
    let node = &spec.nodes[id];
    let moves = spec.repartition_below(id).is_some();
    moves
        && node.inputs.iter().any(|input| spec.has_cut(*input) || moves_behind_a_cut(spec, *input))
}

fn behind_a_cache(kept: Option<Kept>, input: Promise) -> Promise {
    match kept {
        Some(kept) if kept.caching => input.min(Final),
        _ => input,
    }
}

/// For operators that depend on each record.
fn only_same(input: Promise) -> Promise {
    if input == Same { Same } else { Nothing }
}
