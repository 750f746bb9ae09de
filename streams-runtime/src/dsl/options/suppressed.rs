//! How a table's updates are held back.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

use crate::serdes::Windowed;
use crate::window::millis;

/// Marks a buffer that never releases early: it is unbounded, or stops when full.
#[derive(Clone, Copy, Debug)]
pub struct Strict;

/// Marks a buffer that releases its oldest updates early when it is full.
#[derive(Clone, Copy, Debug)]
pub struct Eager;

/// How much may wait in the buffer of `suppress`, and what happens when there is more.
///
/// Java: `Suppressed.BufferConfig`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let few = BufferConfig::max_records(1_000).emit_early_when_full();
/// let all = BufferConfig::unbounded();
/// # let _ = (few, all);
/// ```
#[derive(Clone, Debug)]
pub struct BufferConfig<S = Strict> {
    pub(crate) max_records: Option<u64>,
    pub(crate) max_bytes: Option<u64>,
    pub(crate) emit_early: bool,
    pub(crate) logging: bool,
    pub(crate) topic_config: BTreeMap<String, String>,
    kind: PhantomData<fn() -> S>,
}

impl BufferConfig<Strict> {
    /// Any number of updates may wait.
    pub fn unbounded() -> Self {
        Self {
            max_records: None,
            max_bytes: None,
            emit_early: false,
            logging: true,
            topic_config: BTreeMap::new(),
            kind: PhantomData,
        }
    }
}

impl BufferConfig<Eager> {
    /// That many updates may wait; the oldest leave early when there are more.
    pub fn max_records(records: i64) -> Self {
        BufferConfig::unbounded().with_kind(true).with_max_records(records)
    }

    /// That many bytes may wait, as Kafka Streams counts them; the oldest leave early when there are more.
    pub fn max_bytes(bytes: i64) -> Self {
        BufferConfig::unbounded().with_kind(true).with_max_bytes(bytes)
    }
}

impl<S> BufferConfig<S> {
    fn with_kind<T>(self, emit_early: bool) -> BufferConfig<T> {
        let Self { max_records, max_bytes, logging, topic_config, .. } = self;
        BufferConfig {
            max_records,
            max_bytes,
            emit_early,
            logging,
            topic_config,
            kind: PhantomData,
        }
    }

    /// Lets at most that many updates wait.
    #[must_use]
    pub fn with_max_records(mut self, records: i64) -> Self {
        self.max_records = Some(u64::try_from(records).unwrap_or(0));
        self
    }

    /// Lets at most that many bytes wait, as Kafka Streams counts them.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: i64) -> Self {
        self.max_bytes = Some(u64::try_from(bytes).unwrap_or(0));
        self
    }

    /// Lets any number of updates wait.
    pub fn with_no_bound(self) -> BufferConfig<Strict> {
        BufferConfig { max_records: None, max_bytes: None, ..self.with_kind(false) }
    }

    /// Stops the application when more waits than is allowed.
    pub fn shut_down_when_full(self) -> BufferConfig<Strict> {
        self.with_kind(false)
    }

    /// Releases the oldest updates early when more waits than is allowed.
    pub fn emit_early_when_full(self) -> BufferConfig<Eager> {
        self.with_kind(true)
    }

    /// Keeps no changelog: what waits is lost with the process.
    #[must_use]
    pub fn with_logging_disabled(mut self) -> Self {
        self.logging = false;
        self.topic_config.clear();
        self
    }

    /// Writes what waits to a changelog topic with these settings.
    #[must_use]
    pub fn with_logging_enabled<T: Into<String>>(
        mut self,
        topic_config: impl IntoIterator<Item = (T, T)>,
    ) -> Self {
        self.logging = true;
        self.topic_config = topic_config.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        self
    }
}

/// What `suppress` waits for.
///
/// Java: `org.apache.kafka.streams.kstream.Suppressed`.
#[derive(Clone, Copy, Debug)]
pub struct Suppressed;

impl Suppressed {
    /// Sends the result of a window on once, when it is closed.
    pub fn until_window_closes(buffer: BufferConfig<Strict>) -> UntilWindowCloses {
        UntilWindowCloses { name: None, buffer }
    }

    /// Sends an update on that long after the first one of its key that waits.
    pub fn until_time_limit<S>(limit: Duration, buffer: BufferConfig<S>) -> UntilTimeLimit {
        let emit_early = buffer.emit_early;
        UntilTimeLimit { name: None, limit_ms: millis(limit), buffer: buffer.with_kind(emit_early) }
    }
}

/// See [`Suppressed::until_window_closes`].
#[derive(Clone, Debug)]
pub struct UntilWindowCloses {
    name: Option<String>,
    buffer: BufferConfig<Strict>,
}

/// See [`Suppressed::until_time_limit`].
#[derive(Clone, Debug)]
pub struct UntilTimeLimit {
    name: Option<String>,
    limit_ms: i64,
    buffer: BufferConfig<Strict>,
}

impl UntilWindowCloses {
    /// Names the processor, and its store `<name>-store`.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl UntilTimeLimit {
    /// Names the processor, and its store `<name>-store`.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// A suppression as the builder takes it.
pub struct SuppressPlan<K> {
    pub(crate) name: Option<String>,
    pub(crate) buffer: BufferConfig<Strict>,
    /// How long an update waits; until its window's grace period is over when `None`.
    pub(crate) limit_ms: Option<i64>,
    /// The buffer time of a key; `None` for that of its record.
    pub(crate) time_of: fn(&K) -> Option<i64>,
}

/// A suppression that fits tables with these keys.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fit a table with keys of type `{K}`",
    label = "until_window_closes is for windowed tables alone; until_time_limit is for all"
)]
pub trait Suppression<K> {
    /// What is to be done.
    fn plan(self) -> SuppressPlan<K>;
}

impl<K> Suppression<K> for UntilTimeLimit {
    fn plan(self) -> SuppressPlan<K> {
        let Self { name, limit_ms, buffer } = self;
        SuppressPlan { name, buffer, limit_ms: Some(limit_ms), time_of: |_| None }
    }
}

impl<K> Suppression<Windowed<K>> for UntilWindowCloses {
    fn plan(self) -> SuppressPlan<Windowed<K>> {
        let Self { name, buffer } = self;
        SuppressPlan { name, buffer, limit_ms: None, time_of: |key| Some(key.window.end) }
    }
}
