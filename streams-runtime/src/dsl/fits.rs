//! What `topology!` asks of two streams before it brings them together, in words of its own.
//!
//! Each check gives its left side back as the right side's associated type: where the two do not fit, rustc
//! says so once and takes all that hangs on the result as it is.

use super::{CogroupedKStream, KGroupedStream, KStream, KTable, TopicDecl};

/// What has keys of one type.
pub trait Keyed {
    /// The key's type.
    type Key;
}

impl<K, V> Keyed for KStream<K, V> {
    type Key = K;
}

impl<K, V> Keyed for KTable<K, V> {
    type Key = K;
}

impl<K, A, L> Keyed for CogroupedKStream<K, A, L> {
    type Key = K;
}

/// The other side of a join has keys of the same type.
///
/// For streams against tables the stream's key may be null.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be joined with keys of `{K}`: both sides need keys of one type",
    label = "its keys are of another type",
    note = "bring both to one type of key, by `select_key` on a stream or `group_by` on a table; tables may \
            also join on a foreign key: `join(table, |value| foreign_key, |left, right| ..)`"
)]
pub trait SameKey<K, Left> {
    /// The left side's type.
    type Side;

    /// The left side as it came.
    fn side(left: Left) -> Self::Side;
}

impl<K, V, W> SameKey<K, KStream<K, V>> for KStream<K, W> {
    type Side = KStream<K, V>;

    fn side(left: KStream<K, V>) -> KStream<K, V> {
        left
    }
}

impl<K, V, W> SameKey<K, KStream<K, V>> for KTable<K, W> {
    type Side = KStream<K, V>;

    fn side(left: KStream<K, V>) -> KStream<K, V> {
        left
    }
}

impl<K, V, W> SameKey<Option<K>, KStream<Option<K>, V>> for KTable<K, W> {
    type Side = KStream<Option<K>, V>;

    fn side(left: KStream<Option<K>, V>) -> KStream<Option<K>, V> {
        left
    }
}

impl<K, V, W> SameKey<K, KTable<K, V>> for KTable<K, W> {
    type Side = KTable<K, V>;

    fn side(left: KTable<K, V>) -> KTable<K, V> {
        left
    }
}

impl<K, A, L, V> SameKey<K, CogroupedKStream<K, A, L>> for KGroupedStream<K, V> {
    type Side = CogroupedKStream<K, A, L>;

    fn side(left: CogroupedKStream<K, A, L>) -> CogroupedKStream<K, A, L> {
        left
    }
}

impl<K, A, L, V> SameKey<K, CogroupedKStream<K, A, L>> for KGroupedStream<Option<K>, V> {
    type Side = CogroupedKStream<K, A, L>;

    fn side(left: CogroupedKStream<K, A, L>) -> CogroupedKStream<K, A, L> {
        left
    }
}

/// A stream of the same keys and values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be merged into `{Left}`: keys and values must have the same types",
    label = "a stream of other types",
    note = "bring both to the same types before, by `map` or `map_values`; an enum holds values of several \
            kinds"
)]
pub trait SameTypes<Left> {
    /// The left side's type.
    type Side;

    /// The left side as it came.
    fn side(left: Left) -> Self::Side;
}

impl<K, V> SameTypes<Self> for KStream<K, V> {
    type Side = Self;

    fn side(left: Self) -> Self {
        left
    }
}

/// How many partitions a topic is declared with, as a type.
#[derive(Clone, Copy, Debug)]
pub struct Partitions<const N: u32>;

/// Nothing is declared: the client checks the number when it starts.
#[derive(Clone, Copy, Debug)]
pub struct AnyPartitions;

/// What tells a topic's number of partitions: its declaration, or nothing for a name as text.
pub trait DeclaresPartitions {
    /// [`Partitions`] or [`AnyPartitions`].
    type Count;
}

impl<T: TopicDecl> DeclaresPartitions for T {
    type Count = T::Partitions;
}

impl DeclaresPartitions for str {
    type Count = AnyPartitions;
}

impl DeclaresPartitions for &str {
    type Count = AnyPartitions;
}

impl DeclaresPartitions for String {
    type Count = AnyPartitions;
}

impl<S, const N: usize> DeclaresPartitions for [S; N] {
    type Count = AnyPartitions;
}

/// Two numbers of partitions that can be joined: equal ones, or one that is not declared.
#[diagnostic::on_unimplemented(
    message = "a topic of `{Self}` cannot be joined with one of `{Other}`",
    label = "these topics are declared with different numbers of partitions",
    note = "records with equal keys must be on partitions of the same number: declare both topics with as \
            many, or put `.repartition(Repartitioned::number_of_partitions(n))` before the join"
)]
pub trait JoinsPartitions<Other> {}

impl<const N: u32> JoinsPartitions<Self> for Partitions<N> {}
impl<const N: u32> JoinsPartitions<AnyPartitions> for Partitions<N> {}
impl<const N: u32> JoinsPartitions<Partitions<N>> for AnyPartitions {}
impl JoinsPartitions<Self> for AnyPartitions {}
