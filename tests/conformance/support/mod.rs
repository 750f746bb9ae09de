//! The harness: reads recorded cases, replays them in the test driver, compares, reports.

pub(crate) mod case;
pub(crate) mod compare;
pub(crate) mod driver;
pub(crate) mod forms;
pub(crate) mod lang;
pub(crate) mod registry;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod vectors;
