//! What a function may return that finds the key of another table's row.

use crate::serdes::{HasSerde, Nullable};

/// A key of another table, or an `Option` of one: `None` where there is no such row.
#[diagnostic::on_unimplemented(
    message = "this finds a key of type `{Self}`, but the keys of the other table are of type `{K}`",
    label = "a function here finds keys of another type",
    note = "let it return a `{K}`, or an `Option<{K}>` where `None` means that there is no row"
)]
pub trait FindsKey<K>: Nullable<NonNull = K> {
    /// `K`.
    type Key;
}

impl<K: Nullable<NonNull = K>> FindsKey<Self> for K {
    type Key = K;
}
impl<K: HasSerde + Nullable<NonNull = K>> FindsKey<K> for Option<K> {
    type Key = K;
}
