//! The rows of what stands at the doors of parts; no user writes them.

use super::operators::{Kind, Operator, Run};

const AT_A_DOOR: Operator =
    Operator { on: Kind::Start, options: 0, takes: &[], run: Run::Door, ..super::operators::BASE };

const fn from_outside(result: Kind, noun: &'static str) -> Operator {
    let run = if matches!(result, Kind::GlobalTable) { Run::Global } else { Run::Door };
    Operator { name: "parameter", result, noun, run, ..AT_A_DOOR }
}

const fn from_a_part(result: Kind) -> Operator {
    let run = if matches!(result, Kind::GlobalTable) { Run::Global } else { Run::Returned };
    Operator { name: "part", result, noun: "returned", run, ..AT_A_DOOR }
}

/// A parameter of a part.
pub(crate) fn door(kind: Kind) -> &'static Operator {
    const STREAM: Operator = from_outside(Kind::Stream, "stream");
    const TABLE: Operator = from_outside(Kind::Table, "table");
    const GLOBAL_TABLE: Operator = from_outside(Kind::GlobalTable, "global_table");
    const GROUPED_STREAM: Operator = from_outside(Kind::GroupedStream, "grouped");
    const GROUPED_TABLE: Operator = from_outside(Kind::GroupedTable, "grouped");
    match kind {
        Kind::Table => &TABLE,
        Kind::GlobalTable => &GLOBAL_TABLE,
        Kind::GroupedStream => &GROUPED_STREAM,
        Kind::GroupedTable => &GROUPED_TABLE,
        _ => &STREAM,
    }
}

/// A result of a part that is called.
pub(crate) fn returned(kind: Kind) -> &'static Operator {
    const STREAM: Operator = from_a_part(Kind::Stream);
    const TABLE: Operator = from_a_part(Kind::Table);
    const GLOBAL_TABLE: Operator = from_a_part(Kind::GlobalTable);
    const GROUPED_STREAM: Operator = from_a_part(Kind::GroupedStream);
    const GROUPED_TABLE: Operator = from_a_part(Kind::GroupedTable);
    match kind {
        Kind::Table => &TABLE,
        Kind::GlobalTable => &GLOBAL_TABLE,
        Kind::GroupedStream => &GROUPED_STREAM,
        Kind::GroupedTable => &GROUPED_TABLE,
        _ => &STREAM,
    }
}

/// Gives the records of a stream or table to a part that is called.
pub(crate) fn side() -> &'static Operator {
    const SIDE: Operator = Operator {
        name: "part",
        on: Kind::Stream,
        result: Kind::Nothing,
        run: Run::Done,
        has_effect: true,
        ..AT_A_DOOR
    };
    &SIDE
}

/// Lets the records of a stream or table out of a part.
pub(crate) fn exit() -> &'static Operator {
    const EXIT: Operator = Operator {
        name: "exit",
        on: Kind::Stream,
        result: Kind::Nothing,
        run: Run::Done,
        has_effect: true,
        ..AT_A_DOOR
    };
    &EXIT
}
