//! The worlds a topology runs in: a driver moves records and time, and contains no rules.

#[cfg(feature = "kafka")]
pub mod kafka;
pub mod test;
