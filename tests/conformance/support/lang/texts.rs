//! Texts: how values read as text, and the functions on text.

use std::fmt::Write as _;

use serde_json::Value;

/// A value that the language can turn into text (its `str`).
pub(crate) trait Say {
    /// Appends the value as text.
    fn say_to(&self, out: &mut String);

    /// The value as text.
    fn say(&self) -> String {
        let mut out = String::new();
        self.say_to(&mut out);
        out
    }
}

impl Say for str {
    fn say_to(&self, out: &mut String) {
        out.push_str(self);
    }
}

impl Say for String {
    fn say_to(&self, out: &mut String) {
        out.push_str(self);
    }
}

impl<T: Say + ?Sized> Say for &T {
    fn say_to(&self, out: &mut String) {
        (**self).say_to(out);
    }
}

impl<T: Say> Say for Option<T> {
    fn say_to(&self, out: &mut String) {
        match self {
            Some(value) => value.say_to(out),
            None => out.push_str("null"),
        }
    }
}

macro_rules! say_by_display {
    ($($type:ty),+) => {$(
        impl Say for $type {
            fn say_to(&self, out: &mut String) {
                let _ = write!(out, "{self}");
            }
        }
    )+};
}
say_by_display!(bool, i16, i32, i64, u64, char, uuid::Uuid);

/// `a + b` of two texts, a null among them reads `null`; two nulls are no texts and have no sum.
pub(crate) fn plus(a: &Option<String>, b: &Option<String>) -> String {
    assert!(a.is_some() || b.is_some(), "null + null throws");
    a.say() + &b.say()
}

impl Say for f64 {
    /// As Java's `Double.toString`: a decimal point always, an exponent outside of 10^-3..10^7.
    fn say_to(&self, out: &mut String) {
        let size = self.abs();
        let _ = if !self.is_finite() {
            write!(out, "{}", if self.is_nan() { "NaN" } else { infinity(*self) })
        } else if size == 0.0 || (1e-3..1e7).contains(&size) {
            write!(out, "{self:?}")
        } else {
            write!(out, "{}", scientific(*self))
        };
    }
}

fn infinity(value: f64) -> &'static str {
    if value > 0.0 { "Infinity" } else { "-Infinity" }
}

fn scientific(value: f64) -> String {
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

impl Say for Value {
    fn say_to(&self, out: &mut String) {
        match self {
            Self::String(text) => out.push_str(text),
            Self::Number(number) if number.is_f64() => number.as_f64().say_to(out),
            other => {
                let _ = write!(out, "{other}");
            }
        }
    }
}

/// The number of UTF-16 units.
pub(crate) fn len(text: &str) -> i64 {
    i64::try_from(text.encode_utf16().count()).expect("a text shorter than 2^63")
}

/// The text without characters up to U+0020 at both ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ')
}

/// The text in capitals.
pub(crate) fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// The parts between the separators, empty ones included.
pub(crate) fn split(text: &str, separator: &str) -> Vec<String> {
    text.split(separator).map(str::to_owned).collect()
}

/// Lower-cased maximal runs of `[a-z0-9]`.
pub(crate) fn words(text: &str) -> Vec<String> {
    let lowered = text.to_lowercase();
    let runs = lowered.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    runs.filter(|run| !run.is_empty()).map(str::to_owned).collect()
}
