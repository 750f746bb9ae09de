//! Two tables by a foreign key: four operators around two internal topics.
//!
//! ```text
//! left table -> ForeignSend -> topic of subscriptions -> ForeignSubscribe -+
//!                                                     (store)              +-> topic of answers -> ForeignJoin
//! right table ---------------------------------------> ForeignTable -------+
//! ```
//! A row of the left table subscribes to the key it refers to, on the partition of that key. The answer
//! comes back to the partition of the row, with a hash of the row's value at that time: an answer to a
//! value that is no longer there is dropped and counted. Results come in no order between the two ways.

mod places;
mod resolve;
mod send;
mod subscribe;
mod table;

use std::sync::OnceLock;

pub use places::KeyPartitioner;
pub use resolve::ForeignJoin;
pub use send::{Extractor, Extracts, ForeignSend};
pub use subscribe::ForeignSubscribe;
pub use table::ForeignTable;

use crate::context::Context;
use crate::error::{Stop, StreamsError, StreamsErrorKind};
use crate::record::Headers;
use crate::serdes::foreign_key::{SubscriptionResponse, ValueHash};
use crate::serdes::murmur3_128;
use crate::serdes::{BytesSerde, Encoded, Serde, SerdeError};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// The topic that a serde is told where there is none: `<application>-<registration topic>-vh` and such.
///
/// The application's name is known only when the task runs.
#[derive(Debug)]
pub(crate) struct PseudoTopic {
    stem: String,
    full: OnceLock<String>,
}

impl PseudoTopic {
    pub(crate) fn new(registration: &str, suffix: &str) -> Self {
        Self { stem: format!("{registration}{suffix}"), full: OnceLock::new() }
    }

    fn get(&self, cx: &Context) -> &str {
        self.full.get_or_init(|| format!("{}-{}", cx.application_id(), self.stem))
    }
}

/// The bytes of a part, `None` for null.
fn bytes_of<T: 'static>(
    serde: &dyn Serde<T>,
    topic: &str,
    value: &T,
) -> Result<Option<Vec<u8>>, SerdeError> {
    let mut bytes = Vec::new();
    let encoded = serde.serialize(topic, value, &mut bytes)?;
    Ok((encoded == Encoded::Bytes).then_some(bytes))
}

/// The hash of a value's bytes.
fn hash_of(bytes: Option<&[u8]>) -> Option<ValueHash> {
    bytes.map(murmur3_128)
}

/// Says that bytes between the two sides do not read, or a part does not encode.
#[cold]
fn unreadable(cx: &Context, node: NodeId, error: SerdeError) -> Stop {
    let message = format!(
        "task {}: a join on a foreign key cannot go on at {}: `{}` got bytes or a value that do not fit its \
         serdes; reset the application if its types have changed",
        cx.task_id(),
        cx.record(),
        cx.node(node).name
    );
    Box::new(StreamsError::new(StreamsErrorKind::Serialization, message).caused_by(error))
}

/// The way of answers back to the left side.
pub(crate) struct Answers {
    /// The topic of answers.
    pub(crate) topic: NodeId,
    /// Where answers go; to the partition that the subscription came from when there is none.
    pub(crate) partitioner: Option<KeyPartitioner>,
}

/// An answer on its way to the left side.
struct Answer<'a> {
    primary_key: &'a [u8],
    partition: Option<i32>,
    hash: Option<ValueHash>,
    value: Option<&'a [u8]>,
    timestamp: Timestamp,
    headers: Headers,
}

impl Answer<'_> {
    fn send(self, cx: &mut Context, at: NodeId, to: &Answers) -> Result<(), Stop> {
        let partition = match &to.partitioner {
            None => self.partition,
            Some(partitioner) => match partitioner.place(cx, (at, to.topic), self.primary_key)? {
                Some(partition) => partition,
                None => return Ok(()),
            },
        };
        let mut bytes = Vec::new();
        SubscriptionResponse { hash: self.hash, foreign_value: self.value }.write(&mut bytes);
        let record = crate::record::Record {
            key: self.primary_key.to_vec(),
            value: bytes,
            timestamp: self.timestamp,
            headers: self.headers,
        };
        cx.produce(to.topic, partition, (&BytesSerde, &BytesSerde), &record)
    }
}
