//! Time as the core knows it: milliseconds that somebody else read from a clock.

mod extractor;

pub use extractor::{
    ConsumerRecord, DefaultTimestampExtractor, FailOnInvalidTimestamp,
    LogAndSkipOnInvalidTimestamp, TimestampExtractor, TimestampExtractorRef,
    UsePartitionTimeOnInvalidTimestamp, WallclockTimestampExtractor,
};

/// Milliseconds since the Unix epoch; never negative.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

/// A time before 1970 where only later ones are allowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NegativeTimestamp(pub i64);

impl std::fmt::Display for NegativeTimestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a record's timestamp must not be negative, but is {} ms", self.0)
    }
}

impl std::error::Error for NegativeTimestamp {}

impl Timestamp {
    /// The epoch itself.
    pub const ZERO: Self = Self(0);
    /// The last time there is.
    pub const MAX: Self = Self(i64::MAX);

    /// Checks a time given in milliseconds since the epoch.
    ///
    /// # Errors
    /// When `ms` is negative.
    pub const fn from_millis(ms: i64) -> Result<Self, NegativeTimestamp> {
        if ms >= 0 { Ok(Self(ms)) } else { Err(NegativeTimestamp(ms)) }
    }

    /// The milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// A time that is moved, and stays in the range of non-negative milliseconds.
    #[must_use]
    pub const fn saturating_add_millis(self, ms: i64) -> Self {
        let sum = self.0.saturating_add(ms);
        if sum < 0 { Self(0) } else { Self(sum) }
    }
}

impl From<u32> for Timestamp {
    fn from(ms: u32) -> Self {
        Self(i64::from(ms))
    }
}
