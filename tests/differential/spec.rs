//! A topology as data: what the generator makes, and what a failure prints.

use std::fmt;

/// The place of a node in its topology.
pub(crate) type Id = usize;

/// What flows out of a node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Keys may be null.
    Stream,
    /// The updates of a table: keys are never null.
    Updates,
    Table,
    Windowed,
    Global,
    Split,
}

/// A test of key and value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pred {
    /// The value modulo the first is not the second; a null passes when the last says so.
    Modulo(i64, i64, bool),
    /// The key is another one.
    KeyIsNot(usize),
    ValueIsThere,
}

/// A change of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fun {
    /// Nulls stay.
    Linear(i64, i64),
    /// Multiples become null.
    NullMultiples(i64),
    /// Nulls become this.
    OrElse(i64),
}

/// A choice of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeyFun {
    /// By the value, so many keys; a null value gives the null key.
    OfValue(i64),
    /// The old key and the value's parity.
    Both,
    /// One for all.
    Same,
}

/// Which rows a join gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Join {
    Inner,
    Left,
    Outer,
}

/// How a table is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    pub(crate) named: bool,
    pub(crate) caching: bool,
    pub(crate) in_memory: bool,
    /// For how long a source table keeps the past of its keys.
    pub(crate) history: Option<u64>,
}

/// An aggregation of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Agg {
    Count,
    /// Depends on the order; deletes when the result is a multiple of the number, unless that is 0.
    Reduce(i64),
    Aggregate(i64),
}

/// Windows, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Windows {
    Tumbling { size: u64, grace: u64 },
    Hopping { size: u64, advance: u64, grace: u64 },
    Sliding { difference: u64, grace: u64 },
    Session { gap: u64, grace: u64 },
}

/// What a node does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Stream,
    Table(Kept),
    Global,
    Filter(Pred),
    FilterNot(Pred),
    MapValues(Fun),
    MapValuesWithKey(Fun),
    FlatMapValues(Fun),
    Map(KeyFun, Fun),
    FlatMap(KeyFun, Fun),
    SelectKey(KeyFun),
    Peek,
    Merge,
    Split(Pred, Pred),
    /// Which branch.
    Branch(usize),
    Repartition {
        named: bool,
    },
    /// A processor that counts in a store.
    Process {
        in_memory: bool,
        caching: bool,
    },
    ProcessValues {
        in_memory: bool,
    },
    /// A processor that punctuates.
    Punctuate {
        wall_clock: bool,
    },
    JoinStreams {
        join: Join,
        before: u64,
        after: u64,
        grace: u64,
        in_memory: bool,
    },
    JoinTable {
        left: bool,
        grace: Option<u64>,
    },
    JoinGlobal {
        left: bool,
        key: KeyFun,
    },
    ToTable(Kept),
    Aggregate(Agg, Option<KeyFun>, Kept),
    Cogroup(Kept),
    WindowAggregate {
        windows: Windows,
        agg: Agg,
        key: Option<KeyFun>,
        on_close: bool,
        kept: Kept,
    },
    WindowCogroup {
        windows: Windows,
        kept: Kept,
    },
    TableFilter(Pred, Option<Kept>),
    TableMapValues(Fun, Option<Kept>),
    TransformValues(i64, Option<Kept>),
    /// Groups a table anew and counts or sums up.
    Regroup {
        key: KeyFun,
        count: bool,
        kept: Kept,
    },
    JoinTables(Join, Option<Kept>),
    JoinForeign {
        left: bool,
        kept: Option<Kept>,
    },
    SuppressTime {
        limit: u64,
        max_records: Option<i64>,
    },
    SuppressClose,
    ToStream,
    ToStreamWithKey,
}

/// A node with its inputs.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) inputs: Vec<Id>,
    pub(crate) kind: Kind,
    /// True when what flows out of it is also written to a topic.
    pub(crate) sink: bool,
}

/// A topology.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) nodes: Vec<Node>,
    /// True when nothing in it can find a record late that is at most [`DISORDER`] out of order.
    pub(crate) orderly: bool,
    /// True when scripts delete rows of source tables.
    pub(crate) deletes: bool,
}

/// How far records of orderly scripts are out of order.
pub(crate) const DISORDER: i64 = 5;

impl Spec {
    /// The nodes that read from a node, in order.
    pub(crate) fn consumers(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let reads = move |(_, node): &(Id, &Node)| node.inputs.contains(&id);
        self.nodes.iter().enumerate().filter(reads).map(|(id, _)| id)
    }

    /// The topic that a source reads.
    pub(crate) fn input_topic(&self, id: Id) -> Option<String> {
        match self.nodes[id].op {
            Op::Stream => Some(format!("stream-{id}")),
            Op::Table(_) => Some(format!("table-{id}")),
            Op::Global => Some(format!("global-{id}")),
            _ => None,
        }
    }

    /// True when the key may have changed since the last topic.
    pub(crate) fn rekeyed(&self, id: Id) -> bool {
        let node = &self.nodes[id];
        match node.op {
            Op::Map(..)
            | Op::FlatMap(..)
            | Op::SelectKey(_)
            | Op::Process { .. }
            | Op::Punctuate { .. }
            | Op::ToStreamWithKey => true,
            Op::Stream | Op::Repartition { .. } | Op::JoinStreams { .. } | Op::JoinTable { .. } => {
                false
            }
            _ if matches!(node.kind, Kind::Stream | Kind::Updates | Kind::Split) => {
                node.inputs.iter().any(|input| self.rekeyed(*input))
            }
            _ => false,
        }
    }

    /// True when the table, or one that it is made of, keeps the past of its keys.
    pub(crate) fn versioned(&self, id: Id) -> bool {
        let node = &self.nodes[id];
        let tables = node.inputs.iter().filter(|_| node.kind == Kind::Table);
        matches!(node.op, Op::Table(Kept { history: Some(_), .. }))
            || tables.into_iter().any(|input| self.versioned(*input))
    }

    /// True when updates of tables go over internal topics.
    pub(crate) fn tables_use_topics(&self) -> bool {
        (0..self.nodes.len()).any(|id| match self.nodes[id].op {
            Op::Regroup { .. } | Op::JoinForeign { .. } => true,
            _ => self.rekeyed(id) && self.behind_a_table(id),
        })
    }

    fn behind_a_table(&self, id: Id) -> bool {
        let node = &self.nodes[id];
        let table = matches!(node.kind, Kind::Table | Kind::Windowed);
        table || node.inputs.iter().any(|input| self.behind_a_table(*input))
    }

    /// True when rows of the table may go.
    pub(crate) fn may_delete(&self, id: Id) -> bool {
        let node = &self.nodes[id];
        match node.op {
            Op::Table(_) => self.deletes,
            Op::Aggregate(Agg::Count | Agg::Reduce(0) | Agg::Aggregate(0), ..)
            | Op::WindowAggregate {
                agg: Agg::Count | Agg::Reduce(0) | Agg::Aggregate(0), ..
            }
            | Op::WindowCogroup { .. }
            | Op::Cogroup(_) => false,
            Op::TableMapValues(Fun::Linear(..) | Fun::OrElse(_), _) | Op::JoinTables(..) => {
                node.inputs.iter().any(|input| self.may_delete(*input))
            }
            _ => true,
        }
    }

    /// True when a new key was chosen anywhere above, or by the node.
    pub(crate) fn after_new_key(&self, id: Id) -> bool {
        let node = &self.nodes[id];
        let chooses = matches!(
            node.op,
            Op::Aggregate(_, Some(_), _)
                | Op::WindowAggregate { key: Some(_), .. }
                | Op::Regroup { .. }
        );
        chooses || self.rekeyed(id) || node.inputs.iter().any(|input| self.after_new_key(*input))
    }

    /// How many steps below the deepest repartition lies that an optimisation may move above the node.
    ///
    /// The rule of the macro's plan, which follows `InternalStreamsBuilder.mergeRepartitionTopics`.
    pub(crate) fn repartition_below(&self, id: Id) -> Option<usize> {
        let node = &self.nodes[id];
        let ends = match node.op {
            Op::ToTable(_)
            | Op::Aggregate(_, None, _)
            | Op::Cogroup(_)
            | Op::WindowAggregate { key: None, .. }
            | Op::WindowCogroup { .. }
            | Op::JoinStreams { .. }
            | Op::JoinTable { .. } => node.inputs.iter().any(|input| self.rekeyed(*input)),
            _ => false,
        };
        if ends {
            return Some(1);
        }
        let hands_on = matches!(
            node.op,
            Op::Filter(_)
                | Op::FilterNot(_)
                | Op::Peek
                | Op::Merge
                | Op::Split(..)
                | Op::Branch(_)
                | Op::JoinGlobal { .. }
        );
        let deepest = || self.consumers(id).filter_map(|id| self.repartition_below(id)).max();
        hands_on.then(deepest).flatten().map(|steps| steps + 1)
    }

    /// True when the optimisation may cut behind the node.
    pub(crate) fn has_cut(&self, id: Id) -> bool {
        let node = &self.nodes[id];
        let changes = matches!(
            node.op,
            Op::Map(..)
                | Op::FlatMap(..)
                | Op::SelectKey(_)
                | Op::Process { .. }
                | Op::Punctuate { .. }
                | Op::ToStreamWithKey
                | Op::Merge
        );
        let deepest = self.consumers(id).filter_map(|id| self.repartition_below(id)).max();
        changes && self.rekeyed(id) && deepest.is_some_and(|steps| steps >= 2)
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "topology ({}):", if self.orderly { "orderly" } else { "with late records" })?;
        for (id, Node { op, inputs, sink, .. }) in self.nodes.iter().enumerate() {
            let sink = if *sink { format!("  -> out-{id}") } else { String::new() };
            writeln!(f, "  n{id} = {op:?} of {inputs:?}{sink}")?;
        }
        Ok(())
    }
}
