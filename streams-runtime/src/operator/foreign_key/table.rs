//! The right table of a join on a foreign key: its updates go to all rows that wait for them.

use super::{Answer, Answers, PseudoTopic, bytes_of, unreadable};
use crate::context::Context;
use crate::error::Stop;
use crate::record::{Change, Record};
use crate::serdes::foreign_key::{Subscription, put_combined_key};
use crate::serdes::{SerdeError, SerdeRef};
use crate::store::{StoreRef, SubscriptionStore};
use crate::topology::NodeId;

/// Sends each update of the right table to the rows of the left one that refer to its key.
///
/// Results have the update's time and headers. Costs one scan of the store of subscriptions, and one record
/// on the topic of answers for each row that waits. Java: `ForeignTableJoinProcessorSupplier`.
pub struct ForeignTable<KO, O> {
    pub(crate) node: NodeId,
    pub(crate) answers: Answers,
    pub(crate) foreign: SerdeRef<KO>,
    pub(crate) values: SerdeRef<O>,
    pub(crate) store: StoreRef<SubscriptionStore>,
    pub(crate) pseudo: PseudoTopic,
}

impl<KO: 'static, O: 'static> ForeignTable<KO, O> {
    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Answers all subscriptions to the row's key.
    ///
    /// # Errors
    /// When the store fails, or a part does not encode.
    pub fn run(&self, cx: &mut Context, record: Record<KO, Change<O>>) -> Result<(), Stop> {
        cx.entering(self.node, &record);
        let Record { key, value: Change { new, is_latest, .. }, timestamp, headers } = record;
        if !is_latest && cx.node(self.node).versioned {
            cx.drop_record(self.node, "it is an update of a versioned table's past");
            return Ok(());
        }
        cx.at_parts(timestamp, &headers);
        let prefix = self.prefix(cx, &key).map_err(|error| unreadable(cx, self.node, error))?;
        let waiting = cx.store(self.store).with_prefix(&prefix)?;
        if waiting.is_empty() {
            return Ok(());
        }
        let topic = std::sync::Arc::clone(&cx.node(self.answers.topic).topic_name);
        let value = match &new {
            Some(new) => bytes_of(&*self.values, &topic, new)
                .map_err(|error| unreadable(cx, self.node, error))?,
            None => None,
        };
        for bytes in waiting {
            let subscription = match Subscription::read(&bytes) {
                Ok(subscription) => subscription,
                Err(error) => return Err(unreadable(cx, self.node, error)),
            };
            let answer = Answer {
                primary_key: subscription.primary_key,
                partition: subscription.primary_partition,
                hash: subscription.hash,
                value: value.as_deref(),
                timestamp,
                headers: headers.clone(),
            };
            answer.send(cx, self.node, &self.answers)?;
        }
        Ok(())
    }

    fn prefix(&self, cx: &Context, key: &KO) -> Result<Vec<u8>, SerdeError> {
        let foreign = bytes_of(&*self.foreign, self.pseudo.get(cx), key)?.unwrap_or_default();
        let mut prefix = Vec::new();
        put_combined_key(&foreign, &[], &mut prefix)?;
        Ok(prefix)
    }
}
