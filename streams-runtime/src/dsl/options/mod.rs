//! What the methods of the DSL may be told: Kafka Streams' option classes.
//!
//! A method takes one argument of options: nothing ([`Unset`]), one option, or a tuple of several.
//! Text stands for the name that Kafka Streams would take there.

mod aggregate;
mod branched;
mod consumed;
mod grouped;
mod joined;
mod materialized;
mod named;
mod printed;
mod produced;
mod repartitioned;
mod shared;
mod store_builders;
mod stream_joined;
mod suppressed;
mod table;
mod table_joined;

pub use aggregate::AggregateOptions;
pub use branched::Branched;
pub use consumed::Consumed;
pub use grouped::Grouped;
pub use joined::Joined;
pub use materialized::{IntoStore, KeyValueSupplier, Materialized, Stores, WindowSupplier};
pub use named::Named;
pub use printed::Printed;
pub use produced::Produced;
pub use repartitioned::Repartitioned;
use shared::named_serdes;
pub use stream_joined::StreamJoined;
pub use suppressed::{
    BufferConfig, Eager, Strict, SuppressPlan, Suppressed, Suppression, UntilTimeLimit,
    UntilWindowCloses,
};
pub use table::{TableOpOptions, TableOptions};
pub use table_joined::{ForeignJoinOptions, TableJoined};

/// No option at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unset;

/// One option among those of a method; several of them make a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no option of this operator",
    label = "this option does not go here"
)]
pub trait AddTo<O> {
    /// Puts the option's settings over those that are there.
    fn add_to(self, options: &mut O);
}

/// Makes `$target`, of those type parameters, from nothing, from each part alone, and from tuples.
macro_rules! made_of {
    ($target:ident, |$($p:ident),+| $($part:ty),+ $(,)?) => {
        impl<$($p),+> From<$crate::dsl::Unset> for $target<$($p),+> {
            fn from(_: $crate::dsl::Unset) -> Self {
                Self::default()
            }
        }
        $crate::dsl::options::made_of_parts!($target, [$($p),+], $($part),+);
        impl<$($p),+, A, B> From<(A, B)> for $target<$($p),+>
        where
            A: $crate::dsl::AddTo<$target<$($p),+>>,
            B: $crate::dsl::AddTo<$target<$($p),+>>,
        {
            fn from((a, b): (A, B)) -> Self {
                let mut options = Self::default();
                a.add_to(&mut options);
                b.add_to(&mut options);
                options
            }
        }
        impl<$($p),+, A, B, C> From<(A, B, C)> for $target<$($p),+>
        where
            A: $crate::dsl::AddTo<$target<$($p),+>>,
            B: $crate::dsl::AddTo<$target<$($p),+>>,
            C: $crate::dsl::AddTo<$target<$($p),+>>,
        {
            fn from((a, b, c): (A, B, C)) -> Self {
                let mut options = Self::default();
                a.add_to(&mut options);
                b.add_to(&mut options);
                c.add_to(&mut options);
                options
            }
        }
    };
}
pub(crate) use made_of;

/// Makes `$target` from each part alone; a part may name the type parameters.
macro_rules! made_of_parts {
    ($target:ident, $generics:tt, $($part:ty),+) => {
        $( $crate::dsl::options::made_of_part!($target, $generics, $part); )+
    };
}
pub(crate) use made_of_parts;

macro_rules! made_of_part {
    ($target:ident, [$($p:ident),+], $part:ty) => {
        impl<$($p),+> From<$part> for $target<$($p),+> {
            fn from(part: $part) -> Self {
                let mut options = Self::default();
                $crate::dsl::AddTo::add_to(part, &mut options);
                options
            }
        }
    };
}
pub(crate) use made_of_part;
