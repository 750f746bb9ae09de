//! The second way out of a table, as tasks run it.

pub use crate::operator::{FlushRun, flush_run};
