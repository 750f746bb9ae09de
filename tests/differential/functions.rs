//! The user functions of random topologies: small, pure, and picked by number.

use super::spec::{Fun, KeyFun, Pred};

/// A key of a stream: one that may be null, or one that is not.
pub(crate) trait AnyKey: Clone + Send + Sync + 'static {
    fn text(&self) -> Option<&str>;
}

impl AnyKey for String {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl AnyKey for Option<String> {
    fn text(&self) -> Option<&str> {
        self.as_deref()
    }
}

/// The name of a key.
pub(crate) fn key_name(number: usize) -> String {
    format!("k{number}")
}

impl Pred {
    pub(crate) fn test(self, key: Option<&str>, value: Option<i64>) -> bool {
        match self {
            Self::Modulo(by, rest, null) => {
                value.map_or(null, |value| value.rem_euclid(by) != rest)
            }
            Self::KeyIsNot(number) => key != Some(&key_name(number)),
            Self::ValueIsThere => value.is_some(),
        }
    }
}

impl Fun {
    pub(crate) fn apply(self, value: Option<i64>) -> Option<i64> {
        match self {
            Self::Linear(by, plus) => value.map(|value| value.wrapping_mul(by).wrapping_add(plus)),
            Self::NullMultiples(of) => value.filter(|value| value.rem_euclid(of) != 0),
            Self::OrElse(other) => value.or(Some(other)),
        }
    }
}

impl KeyFun {
    pub(crate) fn choose(self, key: Option<&str>, value: Option<i64>) -> Option<String> {
        match self {
            Self::OfValue(keys) => value.map(|value| format!("v{}", value.rem_euclid(keys))),
            Self::Both => key.map(|key| format!("{key}/{}", value.unwrap_or(0).rem_euclid(2))),
            Self::Same => Some("all".to_owned()),
        }
    }
}

/// Combines two values so that their order shows.
pub(crate) fn ordered(aggregate: i64, value: i64) -> i64 {
    aggregate.wrapping_mul(31).wrapping_add(value)
}

/// Joins values so that a missing one shows.
pub(crate) fn joined(left: Option<i64>, right: Option<i64>) -> i64 {
    let part = |side: Option<i64>, null: i64| side.unwrap_or(null);
    part(left, -77).wrapping_mul(1_000).wrapping_add(part(right, -99))
}

/// A value as a summand that is never 0, so that a sum of 0 stands for no rows.
pub(crate) fn summand(value: i64) -> i64 {
    value.rem_euclid(7) + 1
}
