//! JSON documents with the language's arithmetic, comparison and list functions.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Rem, Sub};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use streams_runtime::prelude::StreamSerde;

use super::texts::Say;

/// A JSON value; a missing field reads null.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, StreamSerde)]
#[serde(transparent)]
pub(crate) struct Doc(pub Value);

impl Doc {
    /// An empty list.
    pub(crate) fn list() -> Self {
        Self(Value::Array(Vec::new()))
    }

    /// A field of an object; null when it is missing.
    pub(crate) fn get(&self, name: &str) -> Self {
        Self(self.0.get(name).cloned().unwrap_or_default())
    }

    /// True for null.
    pub(crate) fn is_null(&self) -> bool {
        self.0.is_null()
    }

    /// The value as text, unless it is null.
    pub(crate) fn text(&self) -> Option<String> {
        (!self.is_null()).then(|| self.say())
    }

    /// The value as an integer, unless it is none.
    pub(crate) fn long(&self) -> Option<i64> {
        self.0.as_i64()
    }

    /// The elements of a list.
    pub(crate) fn items(self) -> Vec<Self> {
        match self.0 {
            Value::Array(items) => items.into_iter().map(Self).collect(),
            _ => Vec::new(),
        }
    }

    /// A list with the items of another one behind its own.
    pub(crate) fn concat(self, other: Self) -> Self {
        let mut items = self.items();
        items.extend(other.items());
        Self(Value::Array(items.into_iter().map(|item| item.0).collect()))
    }

    /// True for `true`, and for anything else that is not null.
    pub(crate) fn is_true(&self) -> bool {
        self.0.as_bool().unwrap_or(!self.is_null())
    }

    /// An object with a field changed or added.
    pub(crate) fn set(mut self, name: &str, value: impl Into<Self>) -> Self {
        if let Value::Object(fields) = &mut self.0 {
            fields.insert(name.to_owned(), value.into().0);
        }
        self
    }

    /// The list with one more element at the end.
    #[must_use]
    pub(crate) fn append(self, item: impl Into<Self>) -> Self {
        let mut items = self.items();
        items.push(item.into());
        items.into()
    }

    /// The list without the first element that is equal.
    #[must_use]
    pub(crate) fn remove(self, item: impl Into<Self>) -> Self {
        let (item, mut items) = (item.into(), self.items());
        if let Some(at) = items.iter().position(|other| *other == item) {
            items.remove(at);
        }
        items.into()
    }

    /// The list in ascending order.
    #[must_use]
    pub(crate) fn sort(self) -> Self {
        self.sort_by(Self::clone)
    }

    /// The list in ascending order of a key; equal ones keep their order.
    #[must_use]
    pub(crate) fn sort_by(self, key: impl Fn(&Self) -> Self) -> Self {
        let mut items = self.items();
        items.sort_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(Ordering::Equal));
        items.into()
    }

    /// The list backwards.
    #[must_use]
    pub(crate) fn reverse(self) -> Self {
        let mut items = self.items();
        items.reverse();
        items.into()
    }

    /// At most the first `count` elements.
    #[must_use]
    pub(crate) fn take(self, count: usize) -> Self {
        let mut items = self.items();
        items.truncate(count);
        items.into()
    }

    /// The elements that a function keeps.
    #[must_use]
    pub(crate) fn keep(self, wanted: impl Fn(&Self) -> bool) -> Self {
        let mut items = self.items();
        items.retain(wanted);
        items.into()
    }
}

impl Say for Doc {
    fn say_to(&self, out: &mut String) {
        self.0.say_to(out);
    }
}

macro_rules! doc_from {
    ($($type:ty),+) => {$(
        impl From<$type> for Doc {
            fn from(value: $type) -> Self {
                Self(Value::from(value))
            }
        }
    )+};
}
doc_from!(bool, i64, f64, &str, String, Option<String>, Option<i64>, Value);

impl From<Vec<Doc>> for Doc {
    fn from(items: Vec<Doc>) -> Self {
        Self(items.into_iter().map(|item| item.0).collect())
    }
}

impl PartialEq<i64> for Doc {
    fn eq(&self, other: &i64) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialEq<str> for Doc {
    fn eq(&self, other: &str) -> bool {
        self.0.as_str() == Some(other)
    }
}

impl PartialOrd for Doc {
    /// Numbers by value, text by UTF-16 units; nothing else has an order.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (&self.0, &other.0) {
            (Value::String(a), Value::String(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
            (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
            },
            _ => (self.0 == other.0).then_some(Ordering::Equal),
        }
    }
}

impl PartialOrd<i64> for Doc {
    fn partial_cmp(&self, other: &i64) -> Option<Ordering> {
        self.partial_cmp(&Self::from(*other))
    }
}

fn arithmetic(a: &Doc, b: &Doc, ints: fn(i64, i64) -> i64, floats: fn(f64, f64) -> f64) -> Doc {
    match (a.0.as_i64(), b.0.as_i64(), a.0.as_f64(), b.0.as_f64()) {
        (Some(a), Some(b), ..) => ints(a, b).into(),
        (_, _, Some(a), Some(b)) => floats(a, b).into(),
        _ => Doc::default(),
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $function:expr) => {
        impl<T: Into<Doc>> $trait<T> for Doc {
            type Output = Doc;

            fn $method(self, other: T) -> Doc {
                let function: fn(Doc, Doc) -> Doc = $function;
                function(self, other.into())
            }
        }
    };
}
operator!(Add, add, |a, b| {
    if a.0.is_string() || b.0.is_string() {
        return (a.say() + &b.say()).into();
    }
    arithmetic(&a, &b, i64::wrapping_add, |a, b| a + b)
});
operator!(Sub, sub, |a, b| arithmetic(&a, &b, i64::wrapping_sub, |a, b| a - b));
operator!(Mul, mul, |a, b| arithmetic(&a, &b, i64::wrapping_mul, |a, b| a * b));
operator!(Div, div, |a, b| arithmetic(&a, &b, i64::wrapping_div, |a, b| a / b));
operator!(Rem, rem, |a, b| arithmetic(&a, &b, i64::wrapping_rem, |a, b| a % b));
