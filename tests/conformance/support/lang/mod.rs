//! The plain functions of the cases' topology language, and its JSON values.

mod doc;
mod texts;

use std::cell::RefCell;

use serde_json::Value;

pub(crate) use doc::Doc;
pub(crate) use texts::{Say, len, plus, split, trim, upper, words};

/// Text that may be null.
pub(crate) type Text = Option<String>;

/// Concatenates texts, numbers and nulls as the language's `+` does.
macro_rules! text {
    ($($part:expr),+ $(,)?) => {{
        let mut whole = String::new();
        $($crate::support::lang::Say::say_to(&$part, &mut whole);)+
        whole
    }};
}
pub(crate) use text;

thread_local! {
    static LOG: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// Records a side effect of the topology.
pub(crate) fn log(what: impl Into<Value>) {
    LOG.with_borrow_mut(|log| log.push(what.into()));
}

/// The side effects since the last call.
pub(crate) fn take_log() -> Vec<Value> {
    LOG.take()
}

/// The error of a function that fails on purpose.
///
/// # Errors
/// Always.
pub(crate) fn fail<T>(message: &str) -> Result<T, Failure> {
    Err(Failure(message.to_owned()))
}

/// What `fail` throws.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}
