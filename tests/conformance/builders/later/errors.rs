//! Refusals of windows and joins. A negative `Duration` cannot be said in Rust, so those builders
//! answer `Err` for it, which is the refusal.

use std::time::Duration;

use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::Text;
use crate::support::registry::{
    Builder::{Build, RefusedAtCompileTime, TryBuild},
    Entry,
};

pub const BUILDERS: &[Entry] = &[
    ("err-build-missing-store", RefusedAtCompileTime("tests/ui/processor_without_its_store.rs")),
];
