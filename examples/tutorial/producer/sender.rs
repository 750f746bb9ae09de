//! A producer that waits for the broker's answer to each record.

use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::client::ClientContext;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, Message as _};

use super::Message;
use crate::AnyError;

/// Where the broker has put a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
}

/// Sends one record at a time.
pub struct Sender {
    client: ThreadedProducer<Answers>,
    connected: Duration,
}

impl Sender {
    /// A producer for a broker; connects when it sends.
    ///
    /// # Errors
    /// When the client cannot be made.
    #[expect(clippy::disallowed_methods, reason = "a producer lives in real time")]
    pub fn connect(bootstrap_servers: &str) -> Result<Self, AnyError> {
        let mut client = ClientConfig::new();
        // Java's partitioner, so that a key is where a Java producer would put it; no waiting for more
        client.set("bootstrap.servers", bootstrap_servers);
        client.set("partitioner", "murmur2_random").set("linger.ms", "0");
        let connected = SystemTime::now().duration_since(UNIX_EPOCH)?;
        Ok(Self { client: client.create_with_context(Answers)?, connected })
    }

    /// Sends a record, with the time so long after the connection as its own, and waits until the
    /// broker has it.
    ///
    /// # Errors
    /// When the broker refuses the record, or does not answer in time.
    pub fn send(&self, message: &Message, after: Duration) -> Result<Place, AnyError> {
        let (tell, told) = mpsc::sync_channel(1);
        let record = BaseRecord::with_opaque_to(message.topic, Box::new(tell))
            .key(&message.key)
            .payload(&message.value)
            .timestamp(millis(self.connected + after));
        self.client.send(record).map_err(|(error, _)| error)?;
        Ok(told.recv()??)
    }
}

fn millis(since_epoch: Duration) -> i64 {
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

type Answer = Result<Place, KafkaError>;

/// Hands each delivery report to the one who waits for it.
struct Answers;

impl ClientContext for Answers {}

impl ProducerContext for Answers {
    type DeliveryOpaque = Box<mpsc::SyncSender<Answer>>;

    fn delivery(&self, report: &DeliveryResult<'_>, tell: Self::DeliveryOpaque) {
        let answer = match report {
            Ok(sent) => Ok(Place { partition: sent.partition(), offset: sent.offset() }),
            Err((error, _)) => Err(error.clone()),
        };
        // nobody waits any more when the program ends
        let _ = tell.send(answer);
    }
}
