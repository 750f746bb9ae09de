//! The record type of a handle, so that generated code never has to write it.

use super::{KGroupedStream, KGroupedTable, KStream, KTable};
use crate::record::{Change, Record};

/// What flows behind a handle.
///
/// Generated code passes a handle beside a closure, and the closure's argument gets its type from
/// here.
pub trait Flow {
    /// The records that leave the operator behind this handle.
    type Record;
}

impl<K, V> Flow for KStream<K, V> {
    type Record = Record<K, V>;
}

impl<K, V> Flow for KTable<K, V> {
    type Record = Record<K, Change<V>>;
}

impl<K, V> Flow for KGroupedStream<K, V> {
    type Record = Record<K, V>;
}

impl<K, V> Flow for KGroupedTable<K, V> {
    type Record = Record<K, Change<V>>;
}
