//! The one table of operators. Arity, kinds, effects, names and examples come from here alone.

use super::arguments::{Arg, Function};

/// What an operator stands on, or what comes out of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// The start of a chain: `stream(..)`, `table(..)`.
    Start,
    Stream,
    Table,
    GlobalTable,
    GroupedStream,
    GroupedTable,
    /// `windowed_by(..)` with windows that are no sessions, as far as the text tells.
    WindowedStream,
    /// `windowed_by(SessionWindows::..)`.
    SessionStream,
    /// Grouped streams that share an aggregate.
    CogroupedStream,
    /// Those, in windows.
    WindowedCogroup,
    /// Those, in sessions.
    SessionCogroup,
    /// `split()` and its branches, until one of the two words that close it.
    Split,
    /// The array of streams that a closed split is.
    Branches,
    /// The tuple that a part with several results gives.
    Several,
    /// Nothing: the chain ends here.
    Nothing,
}

impl Kind {
    /// The kind with its article, as messages say it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Start => "the start of a chain",
            Self::Stream => "a stream",
            Self::Table => "a table",
            Self::GlobalTable => "a global table",
            Self::GroupedStream => "a grouped stream",
            Self::GroupedTable => "a grouped table",
            Self::WindowedStream => "a windowed stream",
            Self::SessionStream => "a stream in sessions",
            Self::CogroupedStream => "a cogrouped stream",
            Self::WindowedCogroup => "a windowed cogroup",
            Self::SessionCogroup => "a cogroup in sessions",
            Self::Split => "a split",
            Self::Branches => "an array of branches",
            Self::Several => "a tuple",
            Self::Nothing => "nothing",
        }
    }
}

/// How the run pass applies an operator to a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Run {
    /// There is nothing to run: the handle alone changes.
    Nothing,
    /// Records come in from a topic.
    Source,
    /// Records come in from the caller of this part.
    Door,
    /// Records come in from a part that was called.
    Returned,
    /// Records come in from a topic and pass the table's own operator (shape `Maybe`).
    TableSource,
    /// A global table: the runtime fills it, no record passes here.
    Global,
    /// One record out.
    One,
    /// One record or none.
    Maybe,
    /// Any number of records.
    Many,
    /// Nothing out.
    Done,
    /// Enters a seam that several parents share.
    Merge,
    /// Looks rows of a table up; sends on by itself, as records that waited keep their own origin.
    Lookup,
    /// Two sides, each with an operator of its own, and what they share behind them.
    Join,
    /// Any number of inputs, each with an operator of its own, and the table that they share.
    Cogroup,
    /// Sends records on by itself, each with its own origin.
    Scoped,
    /// Gives records to a processor, which calls what stands behind it when it likes.
    Process,
    /// Two sides that end at internal topics, and what comes back.
    ForeignJoin,
    /// Writes to an internal topic; another task goes on.
    Repartition,
    /// A chain of branches follows.
    Split,
    /// One branch with its predicate.
    Branch,
    /// The branch for what no predicate took.
    DefaultBranch,
}

/// What an operator does to the key, hence to the partition a record belongs on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Key {
    /// As the input.
    Keep,
    /// Another key: the partition no longer fits.
    Change,
    /// The key decides the partition again.
    Fresh,
}

/// When an operator needs its input partitioned by the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cut {
    Never,
    /// Through a repartition topic when the key was changed on the way.
    WhenRekeyed,
    /// Through a repartition topic in any case.
    Always,
}

/// Whether a state store stands behind an operator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Store {
    Never,
    /// When an option names one; the run time decides.
    WhenNamed,
    /// Possibly even without a name, when something downstream needs it.
    WhenNeeded,
    Always,
}

/// The longer-named form of an operator that a closure's parameters select.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twin {
    /// Which argument decides.
    pub(crate) at: usize,
    /// Selected when that argument is a closure with this many parameters, or any closure for `None`.
    pub(crate) parameters: Option<usize>,
    pub(crate) name: &'static str,
}

/// When a join's other form is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// The other side is of this kind.
    With(Kind),
    /// The argument at this place is a closure.
    ClosureAt(usize),
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operator {
    pub(crate) name: &'static str,
    /// What it stands on.
    pub(crate) on: Kind,
    /// The arguments that must be given, in order.
    pub(crate) required: &'static [Arg],
    /// How many options may follow them.
    pub(crate) options: usize,
    /// The types those options are made of, as their constructors are written.
    pub(crate) takes: &'static [&'static str],
    /// What comes out.
    pub(crate) result: Kind,
    /// How the result is called where the user gave no name.
    pub(crate) noun: &'static str,
    pub(crate) run: Run,
    pub(crate) key: Key,
    /// True when values, or their type, may be others than the input's.
    pub(crate) new_values: bool,
    pub(crate) cut: Cut,
    pub(crate) store: Store,
    /// True when there is a `try_` form for functions that return `Result`.
    pub(crate) fallible: bool,
    pub(crate) twin: Option<Twin>,
    /// For joins: their other forms.
    pub(crate) forms: &'static [(When, &'static str)],
    /// True when the operator is worth having with nothing behind it.
    pub(crate) has_effect: bool,
    /// How it is written, for messages.
    pub(crate) example: &'static str,
}

pub(super) const BASE: Operator = Operator {
    name: "",
    on: Kind::Stream,
    required: &[],
    options: 1,
    takes: &["Named"],
    result: Kind::Stream,
    noun: "",
    run: Run::One,
    key: Key::Keep,
    new_values: false,
    cut: Cut::Never,
    store: Store::Never,
    fallible: false,
    twin: None,
    forms: &[],
    has_effect: false,
    example: "",
};
const START: Operator = Operator {
    on: Kind::Start,
    takes: &["Consumed", "OffsetReset"],
    run: Run::Source,
    key: Key::Fresh,
    ..BASE
};
const TABLE_START: Operator = Operator {
    takes: &["Consumed", "Materialized", "Named", "Stores", "StoreType"],
    options: 2,
    ..START
};
const MAPPING: Operator = Operator { fallible: true, new_values: true, ..BASE };
const TABLE: Operator = Operator {
    on: Kind::Table,
    result: Kind::Table,
    options: 2,
    takes: &["Materialized", "Named", "Stores"],
    run: Run::Maybe,
    store: Store::WhenNamed,
    ..BASE
};
const TABLE_MAPPING: Operator = Operator { fallible: true, new_values: true, ..TABLE };
const AGGREGATION: Operator = Operator {
    on: Kind::GroupedStream,
    result: Kind::Table,
    options: 2,
    takes: &["Materialized", "Named", "Stores", "StoreType"],
    run: Run::Maybe,
    key: Key::Fresh,
    new_values: true,
    cut: Cut::WhenRekeyed,
    store: Store::Always,
    ..BASE
};
/// Over windows: a record may change several.
const WINDOWED: Operator = Operator { on: Kind::WindowedStream, run: Run::Many, ..AGGREGATION };
const SESSIONS: Operator = Operator { on: Kind::SessionStream, ..WINDOWED };
const COGROUPED: Operator = Operator {
    on: Kind::CogroupedStream,
    required: &[INITIALIZER],
    noun: "aggregated",
    run: Run::Cogroup,
    cut: Cut::Never,
    ..AGGREGATION
};
/// What only cuts groups into windows, or adds a group: the handle alone changes.
const REGROUPED: Operator =
    Operator { on: Kind::GroupedStream, options: 0, noun: "windowed", run: Run::Nothing, ..BASE };
const TABLE_AGGREGATION: Operator =
    Operator { on: Kind::GroupedTable, cut: Cut::Always, ..AGGREGATION };

const PREDICATE: Arg =
    Arg::Function(Function { what: "a predicate", parameters: &["key", "value"] });
const PAIR_MAPPER: Arg =
    Arg::Function(Function { what: "a mapper", parameters: &["key", "value"] });
const VALUE_MAPPER: Arg = Arg::Function(Function { what: "a mapper", parameters: &["value"] });
const SELECTOR: Arg = Arg::Function(Function { what: "a selector", parameters: &["key", "value"] });
const ACTION: Arg = Arg::Function(Function { what: "an action", parameters: &["key", "value"] });
const REDUCER: Arg =
    Arg::Function(Function { what: "a reducer", parameters: &["aggregate", "value"] });
const ADDER: Arg =
    Arg::Function(Function { what: "an adder", parameters: &["aggregate", "value"] });
const SUBTRACTOR: Arg =
    Arg::Function(Function { what: "a subtractor", parameters: &["aggregate", "value"] });
const INITIALIZER: Arg = Arg::Function(Function { what: "an initializer", parameters: &[] });
const AGGREGATOR: Arg =
    Arg::Function(Function { what: "an aggregator", parameters: &["key", "value", "aggregate"] });
const KEYED_ADDER: Arg =
    Arg::Function(Function { what: "an adder", parameters: &["key", "value", "aggregate"] });
const KEYED_SUBTRACTOR: Arg =
    Arg::Function(Function { what: "a subtractor", parameters: &["key", "value", "aggregate"] });
const MERGER: Arg =
    Arg::Function(Function { what: "a merger", parameters: &["key", "left", "right"] });
const WINDOWS: Arg = Arg::Value("windows");
const EXTRACTOR: Arg =
    Arg::Function(Function { what: "an extractor", parameters: &["key", "value", "context"] });
const TOPIC: Arg = Arg::Value("a topic");

const JOINER: Arg = Arg::Function(Function { what: "a joiner", parameters: &["left", "right"] });
const KEYED_JOINER: Arg =
    Arg::Function(Function { what: "a joiner", parameters: &["key", "left", "right"] });
const FOREIGN_KEY: Arg = Arg::Function(Function { what: "an extractor", parameters: &["value"] });
const KEYED_FOREIGN_KEY: Arg =
    Arg::Function(Function { what: "an extractor", parameters: &["key", "value"] });
const WITHIN: Arg = Arg::Value("join windows");
/// A stream with the rows of a table.
const LOOKUP: Operator = Operator {
    required: &[Arg::Joined(Kind::Table), JOINER],
    takes: &["Joined"],
    noun: "joined",
    fallible: true,
    run: Run::Lookup,
    key: Key::Fresh,
    new_values: true,
    cut: Cut::WhenRekeyed,
    ..BASE
};
/// A stream with the rows of a global table.
const GLOBAL_LOOKUP: Operator = Operator {
    required: &[Arg::Joined(Kind::GlobalTable), SELECTOR, JOINER],
    noun: "joined",
    fallible: true,
    run: Run::Maybe,
    ..BASE
};
const STREAM_JOIN: Operator = Operator {
    required: &[Arg::Joined(Kind::Stream), JOINER, WITHIN],
    takes: &["StreamJoined", "Named", "StoreType"],
    noun: "joined",
    fallible: true,
    run: Run::Join,
    key: Key::Fresh,
    new_values: true,
    ..BASE
};
const TABLE_JOIN: Operator = Operator {
    required: &[Arg::Joined(Kind::Table), JOINER],
    noun: "joined",
    fallible: true,
    run: Run::Join,
    new_values: true,
    ..TABLE
};
const FOREIGN_JOIN: Operator = Operator {
    required: &[Arg::Joined(Kind::Table), FOREIGN_KEY, JOINER],
    takes: &["TableJoined", "Named", "Materialized", "Stores"],
    noun: "joined",
    fallible: true,
    run: Run::ForeignJoin,
    new_values: true,
    store: Store::WhenNeeded,
    ..TABLE
};

/// One side of a join of streams; no user writes it.
pub(crate) const STREAM_SIDE: Operator = Operator {
    name: "join",
    options: 0,
    run: Run::Many,
    key: Key::Fresh,
    new_values: true,
    cut: Cut::WhenRekeyed,
    ..BASE
};
/// One input of a cogroup; no user writes it.
pub(crate) const COGROUP_SIDE: Operator =
    Operator { name: "cogroup", options: 0, store: Store::Never, ..WINDOWED };
/// `windowed_by` whose argument is seen to be sessions.
pub(crate) const BY_SESSIONS: Operator = Operator {
    name: "windowed_by",
    required: &[WINDOWS],
    result: Kind::SessionStream,
    example: ".windowed_by(SessionWindows::of_inactivity_gap_and_grace(gap, grace))",
    ..REGROUPED
};
/// The same of a cogroup.
pub(crate) const COGROUP_BY_SESSIONS: Operator =
    Operator { on: Kind::CogroupedStream, result: Kind::SessionCogroup, ..BY_SESSIONS };
/// `aggregate` of sessions.
pub(crate) const SESSION_AGGREGATE: Operator = Operator {
    name: "aggregate",
    required: &[INITIALIZER, AGGREGATOR, MERGER],
    noun: "aggregated",
    fallible: true,
    example: ".aggregate(|| .., |key, value, aggregate| .., |key, left, right| ..)",
    ..SESSIONS
};
/// `aggregate` of a cogroup in sessions.
pub(crate) const SESSION_COGROUP_AGGREGATE: Operator = Operator {
    name: "aggregate",
    on: Kind::SessionCogroup,
    required: &[INITIALIZER, MERGER],
    fallible: true,
    example: ".aggregate(|| .., |key, left, right| ..)",
    ..COGROUPED
};
/// One side of a join of tables; no user writes it.
pub(crate) const TABLE_SIDE: Operator =
    Operator { name: "join", options: 0, new_values: true, store: Store::Never, ..TABLE };
/// One side of a join of tables on a foreign key; no user writes it.
pub(crate) const FOREIGN_SIDE: Operator = Operator {
    name: "join",
    on: Kind::Table,
    options: 0,
    result: Kind::Nothing,
    run: Run::Done,
    has_effect: true,
    ..BASE
};

const fn keyed_joiner(at: usize, name: &'static str) -> Option<Twin> {
    Some(Twin { at, parameters: Some(3), name })
}

const fn with_key(name: &'static str) -> Option<Twin> {
    Some(Twin { at: 0, parameters: Some(2), name })
}

const PROCESSOR: Arg = Arg::Value("a processor");
/// The user's own processors: stores and a name may follow.
const PROCESS: Operator = Operator {
    required: &[PROCESSOR],
    options: 9,
    noun: "processed",
    run: Run::Process,
    new_values: true,
    has_effect: true,
    ..BASE
};

/// All operators, grouped by what they stand on.
#[rustfmt::skip]
pub(crate) const OPERATORS: &[Operator] = &[
    // starts
    Operator { name: "stream", required: &[TOPIC], noun: "stream", example: "stream(Orders)", ..START },
    Operator { name: "table", required: &[TOPIC], result: Kind::Table, noun: "rows", run: Run::TableSource, store: Store::WhenNeeded, example: "table(Customers)", ..TABLE_START },
    Operator { name: "global_table", required: &[TOPIC], result: Kind::GlobalTable, noun: "global_table", run: Run::Global, store: Store::Always, example: "global_table(Countries)", ..TABLE_START },
    // streams
    Operator { name: "filter", required: &[PREDICATE], noun: "filtered", run: Run::Maybe, fallible: true, example: ".filter(|key, value| ..)", ..BASE },
    Operator { name: "filter_not", required: &[PREDICATE], noun: "filtered", run: Run::Maybe, fallible: true, example: ".filter_not(|key, value| ..)", ..BASE },
    Operator { name: "map", required: &[PAIR_MAPPER], noun: "mapped", key: Key::Change, example: ".map(|key, value| (new_key, new_value))", ..MAPPING },
    Operator { name: "map_values", required: &[VALUE_MAPPER], noun: "mapped", twin: with_key("map_values_with_key"), example: ".map_values(|value| ..)", ..MAPPING },
    Operator { name: "map_values_with_key", required: &[PAIR_MAPPER], noun: "mapped", example: ".map_values(|key, value| ..)", ..MAPPING },
    Operator { name: "flat_map", required: &[PAIR_MAPPER], noun: "flattened", run: Run::Many, key: Key::Change, example: ".flat_map(|key, value| vec![(new_key, new_value)])", ..MAPPING },
    Operator { name: "flat_map_values", required: &[VALUE_MAPPER], noun: "flattened", run: Run::Many, twin: with_key("flat_map_values_with_key"), example: ".flat_map_values(|value| vec![..])", ..MAPPING },
    Operator { name: "flat_map_values_with_key", required: &[PAIR_MAPPER], noun: "flattened", run: Run::Many, example: ".flat_map_values(|key, value| vec![..])", ..MAPPING },
    Operator { name: "select_key", required: &[SELECTOR], noun: "keyed", key: Key::Change, fallible: true, example: ".select_key(|key, value| new_key)", ..BASE },
    Operator { name: "peek", required: &[ACTION], noun: "peeked", fallible: true, has_effect: true, example: ".peek(|key, value| ..)", ..BASE },
    Operator { name: "foreach", required: &[ACTION], result: Kind::Nothing, run: Run::Done, fallible: true, has_effect: true, example: ".foreach(|key, value| ..)", ..BASE },
    Operator { name: "print", takes: &["Printed", "Named"], result: Kind::Nothing, run: Run::Done, has_effect: true, example: ".print(Printed::to_stdout())", ..BASE },
    Operator { name: "merge", required: &[Arg::Stream], noun: "merged", run: Run::Merge, example: ".merge(other)", ..BASE },
    Operator { name: "split", result: Kind::Split, noun: "split", run: Run::Split, example: ".split()", ..BASE },
    Operator { name: "repartition", takes: &["Repartitioned"], noun: "repartitioned", run: Run::Repartition, key: Key::Fresh, example: ".repartition()", ..BASE },
    Operator { name: "to", required: &[TOPIC], takes: &["Produced"], result: Kind::Nothing, run: Run::Done, twin: Some(Twin { at: 0, parameters: None, name: "to_with" }), has_effect: true, fallible: true, example: ".to(Orders)", ..BASE },
    Operator { name: "to_with", required: &[EXTRACTOR], takes: &["Produced"], result: Kind::Nothing, run: Run::Done, has_effect: true, fallible: true, example: ".to(|key, value, context| topic)", ..BASE },
    Operator { name: "to_table", options: 2, takes: AGGREGATION.takes, result: Kind::Table, noun: "table", run: Run::Maybe, key: Key::Fresh, cut: Cut::WhenRekeyed, store: Store::WhenNeeded, example: ".to_table()", ..BASE },
    Operator { name: "group_by", required: &[SELECTOR], takes: &["Grouped"], result: Kind::GroupedStream, noun: "grouped", key: Key::Change, fallible: true, example: ".group_by(|key, value| new_key)", ..BASE },
    Operator { name: "group_by_key", takes: &["Grouped"], result: Kind::GroupedStream, noun: "grouped", run: Run::Nothing, example: ".group_by_key()", ..BASE },
    Operator { name: "process", key: Key::Change, example: ".process(processor, stores..)", ..PROCESS },
    Operator { name: "process_values", example: ".process_values(processor, stores..)", ..PROCESS },
    // joins of streams
    Operator { name: "join", twin: keyed_joiner(1, "join_with_key"), forms: &[(When::With(Kind::Table), "join_table"), (When::With(Kind::GlobalTable), "join_global_table")], example: ".join(other, |left, right| .., within)", ..STREAM_JOIN },
    Operator { name: "join_with_key", required: &[Arg::Joined(Kind::Stream), KEYED_JOINER, WITHIN], forms: &[(When::With(Kind::Table), "join_table_with_key"), (When::With(Kind::GlobalTable), "join_global_table_with_key")], example: ".join(other, |key, left, right| .., within)", ..STREAM_JOIN },
    Operator { name: "left_join", twin: keyed_joiner(1, "left_join_with_key"), forms: &[(When::With(Kind::Table), "left_join_table"), (When::With(Kind::GlobalTable), "left_join_global_table")], example: ".left_join(other, |left, right| .., within)", ..STREAM_JOIN },
    Operator { name: "left_join_with_key", required: &[Arg::Joined(Kind::Stream), KEYED_JOINER, WITHIN], forms: &[(When::With(Kind::Table), "left_join_table_with_key"), (When::With(Kind::GlobalTable), "left_join_global_table_with_key")], example: ".left_join(other, |key, left, right| .., within)", ..STREAM_JOIN },
    Operator { name: "outer_join", twin: keyed_joiner(1, "outer_join_with_key"), example: ".outer_join(other, |left, right| .., within)", ..STREAM_JOIN },
    Operator { name: "outer_join_with_key", required: &[Arg::Joined(Kind::Stream), KEYED_JOINER, WITHIN], example: ".outer_join(other, |key, left, right| .., within)", ..STREAM_JOIN },
    Operator { name: "join_table", twin: keyed_joiner(1, "join_table_with_key"), example: ".join(table, |value, row| ..)", ..LOOKUP },
    Operator { name: "join_table_with_key", required: &[Arg::Joined(Kind::Table), KEYED_JOINER], example: ".join(table, |key, value, row| ..)", ..LOOKUP },
    Operator { name: "left_join_table", twin: keyed_joiner(1, "left_join_table_with_key"), example: ".left_join(table, |value, row| ..)", ..LOOKUP },
    Operator { name: "left_join_table_with_key", required: &[Arg::Joined(Kind::Table), KEYED_JOINER], example: ".left_join(table, |key, value, row| ..)", ..LOOKUP },
    Operator { name: "join_global_table", twin: keyed_joiner(2, "join_global_table_with_key"), example: ".join(global, |key, value| row_key, |value, row| ..)", ..GLOBAL_LOOKUP },
    Operator { name: "join_global_table_with_key", required: &[Arg::Joined(Kind::GlobalTable), SELECTOR, KEYED_JOINER], example: ".join(global, |key, value| row_key, |key, value, row| ..)", ..GLOBAL_LOOKUP },
    Operator { name: "left_join_global_table", twin: keyed_joiner(2, "left_join_global_table_with_key"), example: ".left_join(global, |key, value| row_key, |value, row| ..)", ..GLOBAL_LOOKUP },
    Operator { name: "left_join_global_table_with_key", required: &[Arg::Joined(Kind::GlobalTable), SELECTOR, KEYED_JOINER], example: ".left_join(global, |key, value| row_key, |key, value, row| ..)", ..GLOBAL_LOOKUP },
    // splits
    Operator { name: "branch", on: Kind::Split, required: &[PREDICATE], takes: &["Branched"], noun: "matching", run: Run::Branch, fallible: true, example: ".branch(|key, value| ..)", ..BASE },
    Operator { name: "default_branch", on: Kind::Split, takes: &["Branched"], noun: "rest", run: Run::DefaultBranch, example: ".default_branch()", ..BASE },
    Operator { name: "no_default_branch", on: Kind::Split, options: 0, result: Kind::Branches, run: Run::Nothing, example: ".no_default_branch()", ..BASE },
    // grouped streams
    Operator { name: "count", noun: "counted", example: ".count(\"store\")", ..AGGREGATION },
    Operator { name: "reduce", required: &[REDUCER], noun: "reduced", fallible: true, example: ".reduce(|aggregate, value| ..)", ..AGGREGATION },
    Operator { name: "aggregate", required: &[INITIALIZER, AGGREGATOR], noun: "aggregated", fallible: true, example: ".aggregate(|| .., |key, value, aggregate| ..)", ..AGGREGATION },
    Operator { name: "windowed_by", required: &[WINDOWS], result: Kind::WindowedStream, example: ".windowed_by(TimeWindows::of_size_and_grace(size, grace))", ..REGROUPED },
    Operator { name: "cogroup", required: &[AGGREGATOR], result: Kind::CogroupedStream, noun: "cogrouped", fallible: true, example: ".cogroup(|key, value, aggregate| ..)", ..REGROUPED },
    // windowed streams
    Operator { name: "emit_strategy", on: Kind::WindowedStream, required: &[Arg::Value("an EmitStrategy")], result: Kind::WindowedStream, example: ".emit_strategy(EmitStrategy::on_window_close())", ..REGROUPED },
    Operator { name: "count", noun: "counted", example: ".count(\"store\")", ..WINDOWED },
    Operator { name: "reduce", required: &[REDUCER], noun: "reduced", fallible: true, example: ".reduce(|aggregate, value| ..)", ..WINDOWED },
    Operator { name: "aggregate", required: &[INITIALIZER, AGGREGATOR], noun: "aggregated", fallible: true, example: ".aggregate(|| .., |key, value, aggregate| ..)", ..WINDOWED },
    Operator { name: "emit_strategy", on: Kind::SessionStream, required: &[Arg::Value("an EmitStrategy")], result: Kind::SessionStream, example: ".emit_strategy(EmitStrategy::on_window_close())", ..REGROUPED },
    Operator { name: "count", noun: "counted", example: ".count(\"store\")", ..SESSIONS },
    Operator { name: "reduce", required: &[REDUCER], noun: "reduced", fallible: true, example: ".reduce(|aggregate, value| ..)", ..SESSIONS },
    SESSION_AGGREGATE,
    // cogroups
    Operator { name: "cogroup", on: Kind::CogroupedStream, required: &[Arg::Stream, AGGREGATOR], result: Kind::CogroupedStream, noun: "cogrouped", fallible: true, example: ".cogroup(other, |key, value, aggregate| ..)", ..REGROUPED },
    Operator { name: "windowed_by", on: Kind::CogroupedStream, required: &[WINDOWS], result: Kind::WindowedCogroup, example: ".windowed_by(TimeWindows::of_size_and_grace(size, grace))", ..REGROUPED },
    Operator { name: "aggregate", example: ".aggregate(|| ..)", ..COGROUPED },
    Operator { name: "aggregate", on: Kind::WindowedCogroup, fallible: true, example: ".aggregate(|| ..)", ..COGROUPED },
    SESSION_COGROUP_AGGREGATE,
    // tables
    Operator { name: "filter", required: &[PREDICATE], noun: "filtered", fallible: true, example: ".filter(|key, value| ..)", ..TABLE },
    Operator { name: "filter_not", required: &[PREDICATE], noun: "filtered", fallible: true, example: ".filter_not(|key, value| ..)", ..TABLE },
    Operator { name: "map_values", required: &[VALUE_MAPPER], noun: "mapped", twin: with_key("map_values_with_key"), example: ".map_values(|value| ..)", ..TABLE_MAPPING },
    Operator { name: "map_values_with_key", required: &[PAIR_MAPPER], noun: "mapped", example: ".map_values(|key, value| ..)", ..TABLE_MAPPING },
    Operator { name: "filter_map_values", required: &[VALUE_MAPPER], noun: "mapped", twin: with_key("filter_map_values_with_key"), example: ".filter_map_values(|value| Some(..))", ..TABLE_MAPPING },
    Operator { name: "filter_map_values_with_key", required: &[PAIR_MAPPER], noun: "mapped", example: ".filter_map_values(|key, value| Some(..))", ..TABLE_MAPPING },
    Operator { name: "transform_values", required: &[Arg::Value("a transformer")], options: 6, noun: "transformed", new_values: true, has_effect: true, example: ".transform_values(transformer, stores..)", ..TABLE },
    Operator { name: "to_stream", on: Kind::Table, noun: "updates", twin: with_key("to_stream_with_key"), new_values: true, fallible: true, example: ".to_stream()", ..BASE },
    Operator { name: "to_stream_with_key", on: Kind::Table, required: &[SELECTOR], noun: "updates", key: Key::Change, new_values: true, fallible: true, example: ".to_stream(|key, value| new_key)", ..BASE },
    Operator { name: "group_by", on: Kind::Table, required: &[PAIR_MAPPER], takes: &["Grouped"], result: Kind::GroupedTable, noun: "grouped", run: Run::Many, key: Key::Change, new_values: true, fallible: true, example: ".group_by(|key, value| (new_key, new_value))", ..BASE },
    Operator { name: "suppress", required: &[Arg::Value("a suppression")], options: 0, noun: "suppressed", run: Run::Scoped, store: Store::Never, example: ".suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))", ..TABLE },
    // joins of tables
    Operator { name: "join", forms: &[(When::ClosureAt(2), "join_on_foreign_key")], example: ".join(other, |left, right| ..)", ..TABLE_JOIN },
    Operator { name: "left_join", forms: &[(When::ClosureAt(2), "left_join_on_foreign_key")], example: ".left_join(other, |left, right| ..)", ..TABLE_JOIN },
    Operator { name: "outer_join", example: ".outer_join(other, |left, right| ..)", ..TABLE_JOIN },
    Operator { name: "join_on_foreign_key", twin: Some(Twin { at: 1, parameters: Some(2), name: "join_on_foreign_key_with_key" }), example: ".join(other, |value| foreign_key, |left, right| ..)", ..FOREIGN_JOIN },
    Operator { name: "join_on_foreign_key_with_key", required: &[Arg::Joined(Kind::Table), KEYED_FOREIGN_KEY, JOINER], example: ".join(other, |key, value| foreign_key, |left, right| ..)", ..FOREIGN_JOIN },
    Operator { name: "left_join_on_foreign_key", twin: Some(Twin { at: 1, parameters: Some(2), name: "left_join_on_foreign_key_with_key" }), example: ".left_join(other, |value| foreign_key, |left, right| ..)", ..FOREIGN_JOIN },
    Operator { name: "left_join_on_foreign_key_with_key", required: &[Arg::Joined(Kind::Table), KEYED_FOREIGN_KEY, JOINER], example: ".left_join(other, |key, value| foreign_key, |left, right| ..)", ..FOREIGN_JOIN },
    // grouped tables
    Operator { name: "count", noun: "counted", example: ".count(\"store\")", ..TABLE_AGGREGATION },
    Operator { name: "reduce", required: &[ADDER, SUBTRACTOR], noun: "reduced", fallible: true, example: ".reduce(|aggregate, value| .., |aggregate, value| ..)", ..TABLE_AGGREGATION },
    Operator { name: "aggregate", required: &[INITIALIZER, KEYED_ADDER, KEYED_SUBTRACTOR], noun: "aggregated", fallible: true, example: ".aggregate(|| .., |key, value, aggregate| .., |key, value, aggregate| ..)", ..TABLE_AGGREGATION },
];

/// An operator of the table in the form a user wrote it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selected {
    pub(crate) operator: &'static Operator,
    /// True for the `try_` form.
    pub(crate) fallible: bool,
}

impl Selected {
    /// The method of the type pass.
    pub(crate) fn method(self) -> String {
        if self.fallible {
            format!("try_{}", self.operator.name)
        } else {
            self.operator.name.to_owned()
        }
    }

    /// True when it takes a function of a record, as `try_` forms must: an initializer sees none.
    pub(crate) fn takes_a_function(self) -> bool {
        let sees = |arg: &Arg| matches!(arg, Arg::Function(f) if !f.parameters.is_empty());
        self.operator.required.iter().any(sees)
    }

    /// How the run pass applies it: a function that may fail may also drop its record.
    pub(crate) fn run(self) -> Run {
        match self.operator.run {
            Run::One if self.fallible => Run::Maybe,
            run => run,
        }
    }
}

/// The operator of that name that stands on `kind`.
pub(crate) fn find(kind: Kind, name: &str) -> Option<Selected> {
    let row = |name: &str| OPERATORS.iter().find(|row| row.on == kind && row.name == name);
    if let Some(operator) = row(name) {
        return Some(Selected { operator, fallible: false });
    }
    let operator = row(name.strip_prefix("try_")?).filter(|row| row.fallible)?;
    Some(Selected { operator, fallible: true })
}

/// The form of an operator that the closures among its arguments select; `closure_parameters` says
/// how many parameters the closure at a place has, if it is one.
pub(crate) fn twin(
    selected: Selected,
    closure_parameters: impl Fn(usize) -> Option<usize>,
) -> Selected {
    let Some(twin) = selected.operator.twin else { return selected };
    let Some(parameters) = closure_parameters(twin.at) else { return selected };
    if twin.parameters.is_some_and(|wanted| wanted != parameters) {
        return selected;
    }
    let operator = find(selected.operator.on, twin.name).map(|found| found.operator);
    Selected { operator: operator.unwrap_or(selected.operator), ..selected }
}

/// The kinds that have an operator of that name.
pub(crate) fn kinds_with(name: &str) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for row in OPERATORS {
        if find(row.on, name).is_some() && !kinds.contains(&row.on) {
            kinds.push(row.on);
        }
    }
    kinds
}

/// Every name that can stand on `kind`, `try_` forms included.
pub(crate) fn names_on(kind: Kind) -> Vec<String> {
    let rows = OPERATORS.iter().filter(|row| row.on == kind);
    rows.flat_map(|row| {
        let fallible = row.fallible.then(|| format!("try_{}", row.name));
        std::iter::once(row.name.to_owned()).chain(fallible)
    })
    .collect()
}
