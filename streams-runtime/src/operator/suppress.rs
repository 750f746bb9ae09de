//! `suppress` of a table.

use super::flush::FlushRun;
use super::materialize::store_failed;
use super::view::{LookupError, View};
use crate::context::Context;
use crate::error::{Stop, StreamsError, StreamsErrorKind};
use crate::record::{Change, Record};
use crate::store::{StoreError, StoreRef, SuppressBuffer, ValueAndTimestamp};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// What a suppression waits for, and how much may wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SuppressRules {
    /// How long after its buffer time an update leaves.
    pub wait_ms: i64,
    /// The most updates that may wait.
    pub max_records: Option<u64>,
    /// The most bytes that may wait, as Kafka Streams counts them.
    pub max_bytes: Option<u64>,
    /// True to release early what is over a bound, false to stop.
    pub emit_early: bool,
    /// True when a deletion of a row that was never sent on need not be sent.
    pub drops_tombstones: bool,
}

/// Lets updates of a table wait, so that only the last one of a key goes on.
///
/// The buffer time of an update is the time of the first one of its key that waits, or the end of its
/// window; it leaves once stream time, the highest that this operator has seen, is `wait_ms` later. It goes
/// on with time, headers and origin of the last record of its key. Order: buffer time, then key bytes.
/// What waits lies in memory and in a changelog. Java: `KTableSuppressProcessorSupplier`.
pub struct Suppress<K, V> {
    pub(crate) node: NodeId,
    pub(crate) rules: SuppressRules,
    /// The buffer time of a key; `None` for that of its record.
    pub(crate) time_of: fn(&K) -> Option<i64>,
    pub(crate) store: StoreRef<SuppressBuffer<K, V>>,
}

impl<K: 'static, V: 'static> Suppress<K, V> {
    /// Takes an update, and gives everything that no longer waits to `forward`.
    ///
    /// # Errors
    /// When more waits than is allowed and the buffer shuts down when full, when the store fails, and
    /// when `forward` does.
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
        forward: impl Fn(&mut Context, Record<K, Change<V>>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        cx.at_parts(timestamp, &headers);
        let observed = cx.clock(self.node).observe(timestamp.as_millis());
        let time = (self.time_of)(&key).unwrap_or(timestamp.as_millis());
        let (buffer, _, context) = cx.store_and_outbox(self.store);
        if let Err(error) = buffer.put(time, context, &key, &value) {
            return store_failed(cx, self.node, error);
        }
        let due = observed.saturating_sub(self.rules.wait_ms);
        let is_due = |buffer: &SuppressBuffer<K, V>| buffer.first_time().is_some_and(|t| t <= due);
        self.release(cx, is_due, &forward)?;
        if !self.is_over(cx.store(self.store)) {
            return Ok(());
        }
        if self.rules.emit_early {
            return self.release(cx, |buffer| self.is_over(buffer), &forward);
        }
        Err(self.full(cx))
    }

    fn is_over(&self, buffer: &SuppressBuffer<K, V>) -> bool {
        let over = |size: usize, bound: Option<u64>| bound.is_some_and(|bound| size as u64 > bound);
        over(buffer.len(), self.rules.max_records) || over(buffer.size(), self.rules.max_bytes)
    }

    fn release(
        &self,
        cx: &mut Context,
        wanted: impl Fn(&SuppressBuffer<K, V>) -> bool,
        forward: &impl Fn(&mut Context, Record<K, Change<V>>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        while wanted(cx.store(self.store)) {
            let released = match cx.store(self.store).release() {
                Ok(Some(released)) => released,
                Ok(None) => return Ok(()),
                Err(error) => return store_failed(cx, self.node, error),
            };
            if self.rules.drops_tombstones && released.record.value.new.is_none() {
                continue;
            }
            let before = cx.enter(released.context);
            let result = forward(cx, released.record);
            cx.leave(before);
            result?;
        }
        Ok(())
    }

    #[cold]
    fn full(&self, cx: &mut Context) -> Stop {
        let name = cx.node(self.node).name.to_string();
        let (task, buffer) = (cx.task_id(), cx.store(self.store));
        let bound =
            |bound: Option<u64>| bound.map_or("unbounded".to_owned(), |bound| bound.to_string());
        let message = format!(
            "task {task}: the buffer of `{name}` is full: {} updates (allowed: {}), {} bytes (allowed: \
             {}); allow more, or let it `emit_early_when_full`",
            buffer.len(),
            bound(self.rules.max_records),
            buffer.size(),
            bound(self.rules.max_bytes)
        );
        Box::new(StreamsError::new(StreamsErrorKind::Processing, message))
    }
}

/// The rows of a table whose updates are held back: as they were before the first update that waits.
///
/// A key that nothing waits for has the row that the table before it has. Java: `KTableSuppressProcessorSupplier`.
pub struct SuppressedView<K, V, P> {
    store: StoreRef<SuppressBuffer<K, V>>,
    parent: P,
}

impl<K, V> Suppress<K, V> {
    /// The rows as they were sent on, over those of the table before.
    pub fn view<P: View>(&self, parent: P) -> SuppressedView<K, V, P> {
        SuppressedView { store: self.store, parent }
    }
}

impl<K, V, P: Clone> Clone for SuppressedView<K, V, P> {
    fn clone(&self) -> Self {
        Self { store: self.store, parent: self.parent.clone() }
    }
}

impl<K, V, P> View for SuppressedView<K, V, P>
where
    K: Send + Sync + 'static,
    V: Send + Sync + 'static,
    P: View<Key = K, Value = V>,
{
    type Key = K;
    type Value = V;

    fn get(&self, cx: &mut Context, key: &K) -> Result<Option<ValueAndTimestamp<V>>, LookupError> {
        let Some(prior) = cx.store(self.store).prior(key)? else { return self.parent.get(cx, key) };
        // its time is unknown: every other one is later
        let timestamp = Timestamp::ZERO;
        Ok(prior.map(|value| ValueAndTimestamp { value, timestamp }))
    }
}

/// What a commit does with the buffer: its changes go to the changelog.
pub(crate) fn log_buffer<K: 'static, V: 'static>(
    store: StoreRef<SuppressBuffer<K, V>>,
) -> FlushRun {
    std::sync::Arc::new(move |cx, _| {
        let (buffer, out, _) = cx.store_and_outbox(store);
        buffer.log_changes(out).map_err(|error: StoreError| Stop::from(error))
    })
}
