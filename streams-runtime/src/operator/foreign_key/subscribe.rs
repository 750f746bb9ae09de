//! The right side of a join on a foreign key: subscriptions are kept, and answered.

use super::super::source::Source;
use super::super::view::{NoView, View};
use super::{Answer, Answers, PseudoTopic, bytes_of, unreadable};
use crate::context::Context;
use crate::error::Stop;
use crate::record::Record;
use crate::serdes::foreign_key::{Instruction, Subscription, put_combined_key};
use crate::serdes::{SerdeError, SerdeRef};
use crate::store::{StoreRef, SubscriptionStore, ValueAndTimestamp};
use crate::topology::NodeId;

/// Keeps each subscription and answers it with the right table's row of its key.
///
/// The answer has the later time of subscription and row, and the subscription's headers. Costs one write
/// of the store of subscriptions, which is logged, and one lookup.
/// Java: `SubscriptionReceiveProcessorSupplier`, `SubscriptionJoinProcessorSupplier`.
pub struct ForeignSubscribe<KO, O, G = NoView> {
    pub(crate) node: NodeId,
    /// The topic of subscriptions.
    pub(crate) subscriptions: NodeId,
    pub(crate) answers: Answers,
    pub(crate) keys: SerdeRef<Option<KO>>,
    pub(crate) bytes: SerdeRef<Vec<u8>>,
    pub(crate) foreign: SerdeRef<KO>,
    pub(crate) values: SerdeRef<O>,
    pub(crate) store: StoreRef<SubscriptionStore>,
    pub(crate) pseudo: PseudoTopic,
    pub(crate) view: G,
}

impl<KO: 'static, O, G> ForeignSubscribe<KO, O, G> {
    /// The reading side of the topic of subscriptions.
    pub fn source(&self) -> Source<Option<KO>, Vec<u8>> {
        Source::new(self.subscriptions, self.keys.clone(), self.bytes.clone(), None)
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }
}

impl<KO, O> ForeignSubscribe<KO, O> {
    /// The operator with the right table's rows.
    pub fn with_view<G: View>(self, view: G) -> ForeignSubscribe<KO, O, G> {
        let Self { node, subscriptions, answers, keys, bytes, foreign, values, .. } = self;
        let (store, pseudo) = (self.store, self.pseudo);
        ForeignSubscribe {
            node,
            subscriptions,
            answers,
            keys,
            bytes,
            foreign,
            values,
            store,
            pseudo,
            view,
        }
    }
}

impl<KO, O, G> ForeignSubscribe<KO, O, G>
where
    KO: 'static,
    O: 'static,
    G: View<Key = KO, Value = O>,
{
    /// Keeps the subscription and answers it.
    ///
    /// # Errors
    /// When bytes do not read, or the row cannot be told.
    pub fn run(&self, cx: &mut Context, record: Record<Option<KO>, Vec<u8>>) -> Result<(), Stop> {
        cx.entering(self.node, &record);
        cx.at(&record);
        let subscription = match Subscription::read(&record.value) {
            Ok(subscription) => subscription,
            Err(error) => return Err(unreadable(cx, self.node, error)),
        };
        let row = match &record.key {
            Some(key) => {
                self.keep(cx, key, &subscription, &record)
                    .map_err(|error| unreadable(cx, self.node, error))?;
                match self.view.get(cx, key) {
                    Ok(row) => row,
                    Err(error) => return error.handle(cx, self.node),
                }
            }
            None if subscription.instruction == Instruction::PropagateNullIfNoValue => None,
            None => {
                cx.drop_record(self.node, "its foreign key is null, which subscribes to nothing");
                return Ok(());
            }
        };
        self.answer(cx, &subscription, row, &record)
    }

    fn keep(
        &self,
        cx: &mut Context,
        key: &KO,
        subscription: &Subscription<'_>,
        record: &Record<Option<KO>, Vec<u8>>,
    ) -> Result<(), SerdeError> {
        let topic = self.pseudo.get(cx);
        let foreign = bytes_of(&*self.foreign, topic, key)?.unwrap_or_default();
        let mut place = Vec::new();
        put_combined_key(&foreign, subscription.primary_key, &mut place)?;
        let ends = matches!(
            subscription.instruction,
            Instruction::DeleteKeyNoPropagate | Instruction::DeleteKeyAndPropagate
        );
        let value = (!ends).then_some(record.value.as_slice());
        let (store, out, _) = cx.store_and_outbox(self.store);
        store.put(out, &place, value, record.timestamp.as_millis(), record.headers.clone());
        Ok(())
    }

    fn answer(
        &self,
        cx: &mut Context,
        subscription: &Subscription<'_>,
        row: Option<ValueAndTimestamp<O>>,
        record: &Record<Option<KO>, Vec<u8>>,
    ) -> Result<(), Stop> {
        let time = row.as_ref().map_or(record.timestamp, |row| row.timestamp.max(record.timestamp));
        let row = match (subscription.instruction, row) {
            (Instruction::DeleteKeyNoPropagate, _) | (Instruction::PropagateOnlyIfValue, None) => {
                return Ok(());
            }
            (Instruction::DeleteKeyAndPropagate, _) => None,
            (Instruction::PropagateNullIfNoValue | Instruction::PropagateOnlyIfValue, row) => row,
        };
        let topic = std::sync::Arc::clone(&cx.node(self.answers.topic).topic_name);
        let value = match &row {
            Some(row) => bytes_of(&*self.values, &topic, &row.value)
                .map_err(|error| unreadable(cx, self.node, error))?,
            None => None,
        };
        let answer = Answer {
            primary_key: subscription.primary_key,
            partition: subscription.primary_partition,
            hash: subscription.hash,
            value: value.as_deref(),
            timestamp: time,
            headers: record.headers.clone(),
        };
        answer.send(cx, self.node, &self.answers)
    }
}
