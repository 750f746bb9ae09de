//! `count`, `reduce` and `aggregate` over sessions.

use super::flush::end_of;
use super::fold::{FoldError, SessionFold};
use super::materialize::{Materializes, UpdateError};
use super::repartition::Repartition;
use super::updates::Updates;
use super::window_aggregate::{LATE, WindowUpdate};
use crate::context::Context;
use crate::error::Stop;
use crate::record::{Change, Headers, Record};
use crate::serdes::{Nullable, Window, Windowed};
use crate::store::{Order, SessionStore, StoreError, StoreRef};
use crate::topology::NodeId;
use crate::window::{EmitStrategy, SessionWindows, span};

const NULL_KEY: &str = "its key is null, which a session does not take";

/// Aggregates the records of each key by sessions.
///
/// A record with a null key is dropped and counted; null values are taken. A record joins all sessions
/// within the inactivity gap: their aggregates are merged, the sessions are removed (with a tombstone
/// each), and the one that spans them takes their place. Stream time is the highest time that this
/// operator has seen; a session that was closed by then drops the record and counts it. A result's time
/// is the session's end. Java: `KStreamSessionWindowAggregate`.
pub struct SessionAggregate<K: Nullable, V, A, F> {
    pub(crate) node: NodeId,
    pub(crate) windows: SessionWindows,
    pub(crate) emit: EmitStrategy,
    pub(crate) fold: F,
    pub(crate) store: StoreRef<SessionStore<K::NonNull, A>>,
    pub(crate) repartition: Option<Repartition<K, V>>,
}

impl<K: Nullable, V, A, F> SessionAggregate<K, V, A, F> {
    /// The cut before the aggregation.
    ///
    /// # Panics
    /// When the key did not change, so that there is none.
    pub fn repartition(&self) -> Repartition<K, V> {
        self.repartition.clone().expect("invariant: the key changed, so there is a repartition")
    }

    /// The updates that go on now: of each session, or of the sessions that closed.
    ///
    /// # Errors
    /// When the fold fails and the handler says fail, and when the store fails.
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Updates<WindowUpdate<K::NonNull, A>>, Stop>
    where
        V: Nullable,
        A: Clone + Send + 'static,
        F: SessionFold<K::NonNull, V, A>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let Some(key) = key.into_non_null() else {
            cx.drop_record(self.node, NULL_KEY);
            return Ok(Updates::default());
        };
        cx.at_parts(timestamp, &headers);
        let time = timestamp.as_millis();
        let observed = cx.clock(self.node).observe(time);
        let close = observed.saturating_sub(self.windows.closes_after_ms());
        let mut updates = Updates::default();
        let result = self
            .update(cx, key, value, (time, close), &mut updates)
            .and_then(|()| self.emit_closed(cx, close, &headers, &mut updates));
        if let Err(error) = result {
            error.0.handle(cx, self.node)?;
        }
        Ok(updates)
    }

    fn update(
        &self,
        cx: &mut Context,
        key: K::NonNull,
        value: V,
        (time, close): (i64, i64),
        updates: &mut Updates<WindowUpdate<K::NonNull, A>>,
    ) -> Result<(), FoldError>
    where
        A: Clone + Send + 'static,
        F: SessionFold<K::NonNull, V, A>,
    {
        let gap = self.windows.gap_ms();
        let store = cx.unsettled(self.store);
        let found = store
            .find(&key, time.saturating_sub(gap), time.saturating_add(gap), Order::Ascending)
            .map_err(store_error)?;
        let alone = Window { start: time, end: time };
        let mut aggregate = self.fold.initial();
        let mut merged = alone;
        for (session, held) in &found {
            aggregate = self.fold.merge(&key, aggregate, held.clone())?;
            merged = span(merged, session.window);
        }
        if merged.end < close {
            cx.drop_record(self.node, LATE);
            return Ok(());
        }
        let new = self.fold.fold(&key, value, aggregate)?;
        if merged != alone {
            for (session, old) in found {
                self.write(cx, session, None, Some(old), updates)?;
            }
        }
        self.write(cx, Windowed { key, window: merged }, new, None, updates)
    }

    fn write(
        &self,
        cx: &mut Context,
        session: Windowed<K::NonNull>,
        new: Option<A>,
        old: Option<A>,
        updates: &mut Updates<WindowUpdate<K::NonNull, A>>,
    ) -> Result<(), FoldError>
    where
        A: Clone + Send + 'static,
    {
        let want_old = cx.node(self.node).sends_old;
        let put = |rows: &mut SessionStore<_, _>, out: &mut _, context: &_| {
            Ok::<_, UpdateError>(rows.put(out, context, &session, new, old)?)
        };
        let written = cx.settled(self.store, put)?;
        let expired = cx.unsettled(self.store).take_expired();
        cx.drop_expired(self.node, expired);
        if let Some(change) = written
            && !self.emit.is_on_close()
        {
            let timestamp = end_of(&session);
            let value = Change { old: change.old.filter(|_| want_old), ..change };
            let headers = Headers::default();
            updates.push(Record { key: session, value, timestamp, headers });
        }
        Ok(())
    }

    /// Sends the sessions on that closed since the last time.
    fn emit_closed(
        &self,
        cx: &mut Context,
        close: i64,
        headers: &Headers,
        updates: &mut Updates<WindowUpdate<K::NonNull, A>>,
    ) -> Result<(), FoldError>
    where
        A: Clone + Send + 'static,
    {
        if !self.emit.is_on_close() || !cx.emits(self.node, close) {
            return Ok(());
        }
        let (from, to) = (cx.clock(self.node).last_close.max(0), close.saturating_sub(1));
        if to < from {
            return Ok(());
        }
        let closed = cx.unsettled(self.store).closed_between(from, to).map_err(store_error)?;
        for (key, value) in closed {
            let timestamp = end_of(&key);
            let (value, headers) = (Change::latest(Some(value), None), headers.clone());
            updates.push(Record { key, value, timestamp, headers });
        }
        cx.note_close(self.node, close);
        Ok(())
    }
}

fn store_error(error: StoreError) -> FoldError {
    FoldError(UpdateError::Store(error))
}

impl<K, V, A, F> Materializes<Windowed<K::NonNull>, A> for SessionAggregate<K, V, A, F>
where
    K: Nullable,
{
    type Store = SessionStore<K::NonNull, A>;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        Some(self.store)
    }
}
