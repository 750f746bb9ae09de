//! Results out: from the outboxes of the tasks to the producer, and the wait until they arrived.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::producer::Producer as _;

use super::application::Application;
use super::batch::{Outcome, Sender, ToSend, TopicNumber, flush_step};
use super::clients::{self, Producer};
use super::errors;
use super::events::FailedDelivery;
use super::handle::ThreadHandle;
use super::interrupt::Interrupt;
use super::member::Member;
use super::running::{Output, Running};
use super::time::now;
use super::transaction::Transactions;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::handler::{
    ErrorHandlerContext, ExceptionHandlers, Failure, ProductionFailure, ProductionResult,
};
use crate::outbox::{Outgoing, TopicIx};
use crate::record::Headers;
use crate::topology::TaskId;

/// How long one step of a wait may last before other duties are served.
const STEP_MS: i32 = 20;

/// Topics that are changelogs of the application.
pub(super) type Changelogs = Arc<BTreeSet<String>>;

/// The producer of a thread, with what to do about failures.
pub(super) struct Outlet {
    app: Arc<Application>,
    thread: Arc<ThreadHandle>,
    sender: Sender,
    /// Under exactly-once.
    transactions: Option<Transactions>,
    handlers: ExceptionHandlers,
    changelogs: Changelogs,
    timeout: Duration,
    /// Results that were dropped because the handler said so.
    pub(super) dropped: u64,
}

impl Outlet {
    /// Makes the producer; under exactly-once it waits until the transactional id is claimed.
    pub(super) fn new(
        app: &Arc<Application>,
        thread: &Arc<ThreadHandle>,
    ) -> Result<Self, Interrupt> {
        let settings = app.config.settings();
        let (producer, transactions) = connect(app, thread)?;
        Ok(Self {
            app: Arc::clone(app),
            thread: Arc::clone(thread),
            sender: Sender::new(producer),
            transactions,
            handlers: settings.handlers.clone(),
            changelogs: Arc::clone(&app.changelogs),
            timeout: settings.task_timeout,
            dropped: 0,
        })
    }

    /// The thread's transactions under exactly-once.
    pub(super) fn transactions(&mut self) -> Option<&mut Transactions> {
        self.transactions.as_mut()
    }

    /// Takes back what was produced since the last commit, where that is possible.
    pub(super) fn abort(&mut self) {
        if let Some(transactions) = &mut self.transactions {
            transactions.abort();
        }
    }

    /// Replaces a producer that failed for good. No task may know the old one's topics any more.
    ///
    /// Under exactly-once this settles what the old one left open, so it comes before positions and
    /// changelogs are read.
    pub(super) fn renew_if_broken(&mut self) -> Result<(), Interrupt> {
        if self.transactions.as_ref().is_some_and(Transactions::is_broken) {
            let (producer, transactions) = connect(&self.app, &self.thread)?;
            self.sender = Sender::new(producer);
            self.transactions = transactions;
        }
        Ok(())
    }

    fn producer(&self) -> &Producer {
        self.sender.producer()
    }

    /// Hands all results of a task to the producer and clears its outbox.
    ///
    /// Waits while the producer's queue is full: that is the back-pressure of the whole thread.
    pub(super) fn send_all(
        &mut self,
        running: &mut Running,
        member: &Member,
    ) -> Result<(), Interrupt> {
        let id = running.task.id();
        let Running { task, outputs, .. } = running;
        let outbox = task.outbox();
        if outbox.is_empty() {
            return Ok(());
        }
        if let Some(transactions) = &mut self.transactions {
            transactions.begin()?;
        }
        for send in outbox.sends() {
            let name = outbox.topic_name(send.topic);
            let output = self.output(outputs, send.topic, name, id)?;
            output.touched = true;
            let (key, value) = outbox.parts(send);
            let record = ToSend {
                partition: send.partition,
                key,
                value,
                timestamp: send.timestamp,
                headers: outbox.headers(send),
            };
            let outcome = self.send_one(output.number, &record, member)?;
            if let Outcome::Refused(code) = outcome {
                self.refused(id, name, send, &record, code)?;
            }
        }
        outbox.clear();
        // serves delivery failures
        self.producer().poll(Duration::ZERO);
        Ok(())
    }

    fn output<'o>(
        &mut self,
        outputs: &'o mut Vec<Option<Output>>,
        topic: TopicIx,
        name: &Arc<str>,
        task: TaskId,
    ) -> Result<&'o mut Output, Interrupt> {
        let ix = topic.0 as usize;
        if outputs.len() <= ix {
            outputs.resize(ix + 1, None);
        }
        let slot = &mut outputs[ix];
        if slot.is_none() {
            let number = self.sender.topic(name).ok_or_else(|| bad_name(task, name))?;
            let changelog = self.changelogs.contains(&**name);
            *slot = Some(Output { number, changelog, touched: false });
        }
        Ok(slot.as_mut().expect("invariant: the slot was filled above"))
    }

    #[inline]
    fn send_one(
        &self,
        topic: TopicNumber,
        record: &ToSend<'_>,
        member: &Member,
    ) -> Result<Outcome, Interrupt> {
        match self.sender.send(topic, record) {
            Outcome::Full => self.send_when_there_is_room(topic, record, member),
            outcome => Ok(outcome),
        }
    }

    #[cold]
    fn send_when_there_is_room(
        &self,
        topic: TopicNumber,
        record: &ToSend<'_>,
        member: &Member,
    ) -> Result<Outcome, Interrupt> {
        let start = now();
        loop {
            self.producer().poll(Duration::from_millis(1));
            match self.sender.send(topic, record) {
                Outcome::Full if member.out_of_patience() => return Err(self.stopped()),
                Outcome::Full if start.elapsed() > self.timeout => {
                    return Err(self.too_slow("has no room for another record"));
                }
                Outcome::Full => member.poll(),
                outcome => return Ok(outcome),
            }
        }
    }

    fn too_slow(&self, what: &str) -> Interrupt {
        Interrupt::Restart(format!(
            "the producer {what} for {} s (task.timeout.ms){}",
            self.timeout.as_secs(),
            self.last_error()
        ))
    }

    fn stopped(&self) -> Interrupt {
        let last = self.last_error();
        Interrupt::Restart(format!("the broker did not take all results before the stop{last}"))
    }

    fn last_error(&self) -> String {
        let last = self.producer().context().last_error();
        last.map_or(String::new(), |error| format!("; last error: {error}"))
    }

    /// Waits until the broker has all results, until `deadline` at the latest.
    pub(super) fn flush(&mut self, deadline: Instant, member: &Member) -> Result<(), Interrupt> {
        loop {
            let done = flush_step(self.producer(), STEP_MS);
            self.producer().poll(Duration::ZERO);
            self.check()?;
            if done {
                return Ok(());
            }
            if member.out_of_patience() {
                return Err(self.stopped());
            }
            if now() > deadline {
                return Err(self.too_slow("did not deliver all results"));
            }
            member.poll();
        }
    }

    /// Looks at failed deliveries.
    pub(super) fn check(&mut self) -> Result<(), Interrupt> {
        if let Some((code, reason)) = self.producer().client().fatal_error() {
            if let Some(transactions) = &mut self.transactions {
                transactions.give_up();
                return Err(Interrupt::Restart(format!(
                    "the broker ended the transaction: {reason} ({code}); a round that takes longer \
                     than transaction.timeout.ms is one cause"
                )));
            }
            return Err(Interrupt::Fail(StreamsError::new(
                StreamsErrorKind::Production,
                format!("the producer stopped for good: {reason} ({code})"),
            )));
        }
        let failed = self.producer().context().take_failed();
        for delivery in failed {
            self.undelivered(&delivery)?;
        }
        Ok(())
    }

    fn undelivered(&mut self, delivery: &FailedDelivery) -> Result<(), Interrupt> {
        let failure = ProductionFailure {
            topic: &delivery.topic,
            key: delivery.key.as_deref(),
            value: delivery.value.as_deref(),
            timestamp: delivery.timestamp,
            retriable: delivery.code.is_some_and(errors::is_retriable),
        };
        let error = production_error(&delivery.topic, Some(delivery.partition), &delivery.reason);
        let task = TaskId { sub_topology: 0, partition: delivery.partition };
        let reason = error.to_string();
        self.ask(task, &failure, error)?;
        match self.transactions {
            None => Ok(()),
            Some(_) => Err(Interrupt::Fail(StreamsError::new(
                StreamsErrorKind::Production,
                format!(
                    "{reason}; the production exception handler said to go on without it, but \
                     under exactly-once the broker's refusal ends the whole transaction"
                ),
            ))),
        }
    }

    fn refused(
        &mut self,
        task: TaskId,
        name: &str,
        send: &Outgoing,
        record: &ToSend<'_>,
        code: rdkafka::error::RDKafkaErrorCode,
    ) -> Result<(), Interrupt> {
        // a producer that failed, or whose transaction did, refuses every record: that is no fault of this one
        self.producer().poll(Duration::ZERO);
        self.check()?;
        if self.transactions.is_some() && code == rdkafka::error::RDKafkaErrorCode::State {
            let last = self.last_error();
            return Err(Interrupt::Restart(format!("the transaction takes no more results{last}")));
        }
        let failure = ProductionFailure {
            topic: name,
            key: record.key,
            value: record.value,
            timestamp: record.timestamp,
            retriable: false,
        };
        let error = production_error(name, send.partition, &code.to_string());
        self.ask(task, &failure, error)
    }

    fn ask(
        &mut self,
        task: TaskId,
        failure: &ProductionFailure<'_>,
        error: StreamsError,
    ) -> Result<(), Interrupt> {
        let headers = Headers::default();
        let context = ErrorHandlerContext {
            // the input record is not known any more when a delivery fails
            topic: "",
            partition: -1,
            offset: -1,
            timestamp: failure.timestamp.unwrap_or(-1),
            headers: &headers,
            processor_node_id: "",
            task_id: task,
            source_raw_key: None,
            source_raw_value: None,
            dead_letter_topic: self.handlers.dead_letter_topic.as_deref(),
        };
        let told = Failure { type_name: std::any::type_name::<StreamsError>(), error: &error };
        match self.handlers.production.handle(&context, failure, told) {
            ProductionResult::Resume => {
                self.dropped += 1;
                tracing::warn!("dropping a result: {error}");
                Ok(())
            }
            ProductionResult::Fail => Err(Interrupt::Fail(error)),
            ProductionResult::Retry => Err(Interrupt::Restart(error.to_string())),
        }
    }
}

/// A producer of the thread, ready to write.
fn connect(
    app: &Application,
    thread: &ThreadHandle,
) -> Result<(Arc<Producer>, Option<Transactions>), Interrupt> {
    let name = thread.name();
    if !clients::reads_committed(&app.config) {
        return Ok((clients::producer(&app.config, &name, None)?, None));
    }
    let deadline = now() + app.config.settings().task_timeout;
    let timeout = clients::transaction_timeout(&app.config);
    let stop = || thread.stopping();
    loop {
        let id = app.transactional_id(&name);
        let producer = clients::producer(&app.config, &name, Some(&id))?;
        match Transactions::claim(Arc::clone(&producer), timeout, deadline, stop) {
            // the end of the transaction before may have come in between: a claim by another client
            // finds it ended
            Err(Interrupt::Restart(reason)) if now() < deadline && !stop() => {
                tracing::warn!("{reason} (trying again with a new producer)");
                std::thread::sleep(Duration::from_millis(100));
            }
            claimed => return Ok((producer, Some(claimed?))),
        }
    }
}

fn bad_name(task: TaskId, name: &str) -> Interrupt {
    Interrupt::Fail(StreamsError::new(
        StreamsErrorKind::Production,
        format!("task {task}: {name:?} is no name of a topic; correct what the sink computes"),
    ))
}

fn production_error(topic: &str, partition: Option<i32>, reason: &str) -> StreamsError {
    let place = partition.filter(|p| *p >= 0).map_or(String::new(), |p| format!(" partition {p}"));
    StreamsError::new(
        StreamsErrorKind::Production,
        format!(
            "a result for topic `{topic}`{place} was not accepted: {reason}; check that the topic \
             exists and takes records of this size, and that the principal has WRITE on it"
        ),
    )
}
