//! Errors: opaque outside, precise inside, and each says what to do.

use std::error::Error as StdError;
use std::fmt;

/// An error of the user's own code, as a `try_` operator returned it.
pub type UserError = Box<dyn StdError + Send + Sync>;

/// Why a topology cannot be built, with the mend in the message.
///
/// Java: `org.apache.kafka.streams.errors.TopologyException`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TopologyError {
    message: String,
}

impl TopologyError {
    /// An error with its reason and its mend in words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid topology: {}", self.message)
    }
}

impl StdError for TopologyError {}

/// What ended the processing of a task.
///
/// Java: `org.apache.kafka.streams.errors.StreamsException`.
#[derive(Debug)]
pub struct StreamsError {
    kind: StreamsErrorKind,
    message: String,
    cause: Option<UserError>,
}

/// Which part of the work failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StreamsErrorKind {
    /// Bytes of a record do not decode, and the handler said fail.
    Deserialization,
    /// A key or value has no bytes in its serde's format, and the handler said fail.
    Serialization,
    /// A user function returned an error, and the handler said fail.
    Processing,
    /// A timestamp extractor refused a record.
    Timestamp,
    /// A state store failed.
    Store,
    /// A record could not be produced.
    Production,
    /// The configuration is wrong.
    Config,
    /// The topology is wrong.
    Topology,
    /// Topics of the broker do not fit the topology.
    Topics,
    /// The broker does not answer or refuses.
    Broker,
    /// The state directory cannot be used.
    StateDirectory,
}

impl StreamsError {
    /// An error of a kind, with its place, reason and mend in words.
    pub fn new(kind: StreamsErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None }
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<UserError>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Which part of the work failed.
    pub fn kind(&self) -> StreamsErrorKind {
        self.kind
    }
}

impl fmt::Display for StreamsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl StdError for StreamsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

impl From<TopologyError> for StreamsError {
    fn from(error: TopologyError) -> Self {
        Self::new(StreamsErrorKind::Topology, error.to_string())
    }
}

/// The fatal end of a task's run, small enough to return from every operator.
pub type Stop = Box<StreamsError>;
