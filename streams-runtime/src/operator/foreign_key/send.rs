//! The left side of a join on a foreign key: each row subscribes to the key that it refers to.

use std::marker::PhantomData;

use super::super::joiner::{OfValues, WithKey};
use super::{KeyPartitioner, PseudoTopic, bytes_of, hash_of, unreadable};
use crate::context::Context;
use crate::error::Stop;
use crate::record::{Change, Record};
use crate::serdes::foreign_key::{Instruction, Subscription, ValueHash};
use crate::serdes::{BytesSerde, Nullable, SerdeError, SerdeRef};
use crate::topology::NodeId;

/// Finds the foreign key of a row.
pub trait Extracts<K, V>: Send + Sync + 'static {
    /// The foreign key.
    type Key;

    /// The foreign key; `None` when the row has none.
    fn foreign_key(&self, key: &K, value: &V) -> Option<Self::Key>;
}

/// The user's function that finds foreign keys, in the shape `S`.
pub struct Extractor<X, S> {
    function: X,
    shape: PhantomData<fn() -> S>,
}

impl<X, S> Extractor<X, S> {
    pub(crate) fn new(function: X) -> Self {
        Self { function, shape: PhantomData }
    }
}

impl<K, V, L, X> Extracts<K, V> for Extractor<X, OfValues>
where
    L: Nullable,
    X: Fn(&V) -> L + Send + Sync + 'static,
{
    type Key = L::NonNull;

    #[inline]
    fn foreign_key(&self, _: &K, value: &V) -> Option<L::NonNull> {
        (self.function)(value).into_non_null()
    }
}

impl<K, V, L, X> Extracts<K, V> for Extractor<X, WithKey>
where
    L: Nullable,
    X: Fn(&K, &V) -> L + Send + Sync + 'static,
{
    type Key = L::NonNull;

    #[inline]
    fn foreign_key(&self, key: &K, value: &V) -> Option<L::NonNull> {
        (self.function)(key, value).into_non_null()
    }
}

/// Turns updates of the left table into subscriptions to foreign keys, and into their ends.
///
/// A row whose key changes ends the old subscription before it makes the new one. In an inner join a row
/// without a foreign key is dropped and counted; in a left join it subscribes to a null key, which answers
/// at once. Costs one record on the topic of subscriptions, two when the key changes.
/// Java: `SubscriptionSendProcessorSupplier`.
pub struct ForeignSend<K, V, KO, X> {
    pub(crate) node: NodeId,
    /// The topic of subscriptions.
    pub(crate) topic: NodeId,
    pub(crate) left: bool,
    pub(crate) extractor: X,
    pub(crate) primary: SerdeRef<K>,
    pub(crate) values: SerdeRef<V>,
    pub(crate) foreign: SerdeRef<KO>,
    pub(crate) pseudo: [PseudoTopic; 3],
    /// Where subscriptions go; the hash of the foreign key decides when there is none.
    pub(crate) partitioner: Option<KeyPartitioner>,
}

/// The subscriptions of one update that are on their way.
struct Sending<'a> {
    key: Vec<u8>,
    hash: Option<ValueHash>,
    record: &'a Record<(), ()>,
}

impl<K, V, KO, X> ForeignSend<K, V, KO, X>
where
    K: 'static,
    V: 'static,
    KO: 'static,
    X: Extracts<K, V, Key = KO>,
{
    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Sends what the update changes.
    ///
    /// # Errors
    /// When a part does not encode.
    pub fn run(&self, cx: &mut Context, record: Record<K, Change<V>>) -> Result<(), Stop> {
        cx.entering(self.node, &record);
        let Record { key, value: Change { new, old, is_latest }, timestamp, headers } = record;
        if !is_latest && cx.node(self.node).versioned {
            cx.drop_record(self.node, "it is an update of a versioned table's past");
            return Ok(());
        }
        cx.at_parts(timestamp, &headers);
        let old_key = old.as_ref().and_then(|old| self.extractor.foreign_key(&key, old));
        let new_key = new.as_ref().and_then(|new| self.extractor.foreign_key(&key, new));
        let [old_key, new_key] = [
            self.key_bytes(cx, old_key.as_ref()).map_err(|e| unreadable(cx, self.node, e))?,
            self.key_bytes(cx, new_key.as_ref()).map_err(|e| unreadable(cx, self.node, e))?,
        ];
        let plain = Record { key: (), value: (), timestamp, headers };
        let sending = self
            .begin(cx, &key, new.as_ref(), &plain)
            .map_err(|error| unreadable(cx, self.node, error))?;
        if self.left {
            if new.is_none() && old.is_none() {
                return Ok(());
            }
            return self.left_join(cx, &sending, old_key, new_key);
        }
        self.inner_join(cx, &sending, old_key, new.is_some(), new_key)
    }

    fn left_join(
        &self,
        cx: &mut Context,
        sending: &Sending<'_>,
        old_key: Option<Vec<u8>>,
        new_key: Option<Vec<u8>>,
    ) -> Result<(), Stop> {
        if old_key.is_some() && old_key != new_key {
            self.send(cx, sending, old_key, Instruction::DeleteKeyNoPropagate)?;
        }
        self.send(cx, sending, new_key, Instruction::PropagateNullIfNoValue)
    }

    fn inner_join(
        &self,
        cx: &mut Context,
        sending: &Sending<'_>,
        old_key: Option<Vec<u8>>,
        has_row: bool,
        new_key: Option<Vec<u8>>,
    ) -> Result<(), Stop> {
        if has_row && new_key.is_none() {
            let reason =
                "its foreign key is null, which joins nothing; use a left join to keep such rows";
            cx.drop_record(self.node, reason);
        }
        match (old_key, new_key) {
            (None, None) => Ok(()),
            (old @ Some(_), None) => {
                self.send(cx, sending, old, Instruction::DeleteKeyAndPropagate)
            }
            (old, new) if old.is_none() || old == new => {
                self.send(cx, sending, new, Instruction::PropagateOnlyIfValue)
            }
            (old, new) => {
                self.send(cx, sending, old, Instruction::DeleteKeyNoPropagate)?;
                self.send(cx, sending, new, Instruction::PropagateNullIfNoValue)
            }
        }
    }

    fn key_bytes(&self, cx: &Context, key: Option<&KO>) -> Result<Option<Vec<u8>>, SerdeError> {
        let topic = self.pseudo[1].get(cx);
        key.map_or(Ok(None), |key| bytes_of(&*self.foreign, topic, key))
    }

    fn begin<'a>(
        &self,
        cx: &Context,
        key: &K,
        new: Option<&V>,
        record: &'a Record<(), ()>,
    ) -> Result<Sending<'a>, SerdeError> {
        let [primary, _, value] = &self.pseudo;
        let key = bytes_of(&*self.primary, primary.get(cx), key)?.unwrap_or_default();
        let value = match new {
            Some(new) => bytes_of(&*self.values, value.get(cx), new)?,
            None => None,
        };
        Ok(Sending { key, hash: hash_of(value.as_deref()), record })
    }

    fn send(
        &self,
        cx: &mut Context,
        sending: &Sending<'_>,
        foreign_key: Option<Vec<u8>>,
        instruction: Instruction,
    ) -> Result<(), Stop> {
        let mut value = Vec::new();
        let subscription = Subscription {
            instruction,
            hash: sending.hash,
            primary_key: &sending.key,
            primary_partition: Some(cx.record().partition),
        };
        subscription.write(&mut value);
        let record = Record {
            key: foreign_key,
            value,
            timestamp: sending.record.timestamp,
            headers: sending.record.headers.clone(),
        };
        let partition = match (&self.partitioner, &record.key) {
            (Some(partitioner), Some(key)) => {
                match partitioner.place(cx, (self.node, self.topic), key)? {
                    Some(partition) => partition,
                    None => return Ok(()),
                }
            }
            _ => None,
        };
        let keys = crate::serdes::OptionSerde(BytesSerde);
        cx.produce(self.topic, partition, (&keys, &BytesSerde), &record)
    }
}
