//! `count`, `reduce` and `aggregate` over tumbling, hopping, unlimited and sliding windows, and the user's own.

use super::flush::{FlushRun, flush_run};
use super::fold::{Fold, FoldError};
use super::materialize::{Materializes, UpdateError, store_failed, update_row};
use super::reduce::change_row;
use super::repartition::Repartition;
use super::sliding::Sliding;
use super::updates::Updates;
use crate::context::Context;
use crate::error::Stop;
use crate::record::{Change, Headers, Record};
use crate::serdes::{Nullable, Window, Windowed};
use crate::store::{StoreRef, TableStore};
use crate::time::Timestamp;
use crate::topology::{NodeId, StoreIx};
use crate::window::{EmitStrategy, TimeWindows, WindowSpan};

/// An update of a window.
pub(crate) type WindowUpdate<K, A> = Record<Windowed<K>, Change<A>>;

const NULL_KEY: &str = "its key is null, which a windowed aggregation does not take";
/// Why a window takes no record any more.
pub(crate) const LATE: &str =
    "its window is closed: it came later than the grace period; a longer one would take it";

/// Aggregates the records of each key by windows.
///
/// A record with a null key is dropped and counted, in sliding windows also one with a null value; other
/// windows take null values. Stream time is the highest time that this operator has seen; each window
/// that was closed by then (its end and the grace period have passed) drops the record and counts it.
/// A result's time is the highest of its records. Every update writes to the store, which is logged.
/// Results leave with each update, or once on close, see [`EmitStrategy`].
/// Java: `KStreamWindowAggregate`, `KStreamSlidingWindowAggregate`.
pub struct WindowAggregate<K: Nullable, V, A, F> {
    pub(crate) node: NodeId,
    pub(crate) windows: WindowSpan,
    pub(crate) emit: EmitStrategy,
    pub(crate) fold: F,
    pub(crate) store: StoreRef<TableStore<Windowed<K::NonNull>, A>>,
    pub(crate) repartition: Option<Repartition<K, V>>,
}

impl<K: Nullable, V, A, F> WindowAggregate<K, V, A, F> {
    /// The cut before the aggregation.
    ///
    /// # Panics
    /// When the key did not change, so that there is none.
    pub fn repartition(&self) -> Repartition<K, V> {
        self.repartition.clone().expect("invariant: the key changed, so there is a repartition")
    }

    /// The updates that go on now: of each window, or of the windows that closed.
    ///
    /// # Errors
    /// When the fold fails and the handler says fail, and when the store fails.
    #[inline]
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<Updates<WindowUpdate<K::NonNull, A>>, Stop>
    where
        V: Nullable + Clone,
        A: Clone + Send + 'static,
        F: Fold<K::NonNull, V, A>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let takes_null = !matches!(self.windows, WindowSpan::Sliding(_));
        let Some(key) = key.into_non_null().filter(|_| takes_null || !value.is_null()) else {
            let reason = if takes_null { NULL_KEY } else { super::NULL_KEY_OR_VALUE };
            cx.drop_record(self.node, reason);
            return Ok(Updates::default());
        };
        cx.at_parts(timestamp, &headers);
        let time = timestamp.as_millis();
        let close = cx.clock(self.node).observe(time).saturating_sub(self.windows.grace_ms());
        let mut work = Work {
            node: self.node,
            windows: &self.windows,
            on_close: self.emit.is_on_close(),
            want_old: cx.node(self.node).sends_old,
            fold: &self.fold,
            store: self.store,
            timestamp,
            headers,
            close,
            updates: Updates::default(),
        };
        let (emits, result) = work.take(cx, (key, value));
        if let Err(error) = result {
            error.0.handle(cx, self.node)?;
            return Ok(work.updates);
        }
        if work.on_close
            && emits
            && let Err(error) = work.emit_closed(cx)
        {
            store_failed(cx, self.node, error)?;
        }
        Ok(work.updates)
    }
}

/// A window that holds a record.
struct Span {
    /// As a store knows it: as long as all of them.
    stored: Window,
    /// Where it really ends; windows of the user's own may be shorter.
    end: i64,
}

impl Span {
    #[inline]
    fn of(window: Window) -> Self {
        Self { stored: window, end: window.end }
    }
}

/// The work on one record.
pub(super) struct Work<'a, K, A, F> {
    pub(super) node: NodeId,
    windows: &'a WindowSpan,
    pub(super) on_close: bool,
    pub(super) want_old: bool,
    pub(super) fold: &'a F,
    pub(super) store: StoreRef<TableStore<Windowed<K>, A>>,
    pub(super) timestamp: Timestamp,
    pub(super) headers: Headers,
    pub(super) close: i64,
    pub(super) updates: Updates<WindowUpdate<K, A>>,
}

impl<K, A, F> Work<'_, K, A, F>
where
    K: Clone + Send + 'static,
    A: Clone + Send + 'static,
{
    pub(super) fn windowed(&self, key: &K, start: i64) -> Windowed<K> {
        Windowed { key: key.clone(), window: self.windows.window_at(start) }
    }

    /// Brings a record into the windows that hold it; false when it must not close any.
    #[inline]
    fn take<V>(&mut self, cx: &mut Context, parts: (K, V)) -> (bool, Result<(), FoldError>)
    where
        V: Nullable + Clone,
        F: Fold<K, V, A>,
    {
        let (windows, time) = (self.windows, self.timestamp.as_millis());
        let starting = |start| Span::of(windows.window_at(start));
        let result = match windows {
            WindowSpan::Time(aligned) => self.all(cx, parts, aligned.starts_at(time).map(starting)),
            WindowSpan::Unlimited(window) => {
                let start = Some(window.start_ms()).filter(|start| *start <= time);
                self.all(cx, parts, start.map(starting))
            }
            WindowSpan::Sliding(sliding) => return Sliding::new(self, *sliding, parts).run(cx),
            WindowSpan::Own(own) => {
                let spans = own.windows_for(self.timestamp).map_err(FoldError::user);
                let stored = |Window { start, end }| Span { stored: windows.window_at(start), end };
                spans.and_then(|spans| self.all(cx, parts, spans.into_iter().map(stored)))
            }
        };
        (true, result)
    }

    /// Updates the windows that are still open; the last one gets key and value, the others copies.
    #[inline]
    fn all<V: Clone>(
        &mut self,
        cx: &mut Context,
        parts: (K, V),
        spans: impl IntoIterator<Item = Span>,
    ) -> Result<(), FoldError>
    where
        F: Fold<K, V, A>,
    {
        let mut parts = Some(parts);
        let mut spans = spans.into_iter().peekable();
        while let Some(Span { stored, end }) = spans.next() {
            if end <= self.close {
                cx.drop_record(self.node, LATE);
                continue;
            }
            let is_last = spans.peek().is_none();
            let Some((key, value)) = (if is_last { parts.take() } else { parts.clone() }) else {
                break;
            };
            self.update(cx, Windowed { key, window: stored }, end, value)?;
        }
        Ok(())
    }

    #[inline]
    fn update<V>(
        &mut self,
        cx: &mut Context,
        mut key: Windowed<K>,
        end: i64,
        value: V,
    ) -> Result<(), FoldError>
    where
        F: Fold<K, V, A>,
    {
        let (fold, timestamp) = (self.fold, self.timestamp);
        let written = update_row(cx, self.store, &key, self.want_old, |row| {
            change_row(row, timestamp, |held| {
                let aggregate = if F::FALLIBLE { held.clone() } else { held.take() };
                *held = fold.fold(&key.key, value, aggregate).map_err(|error| error.0)?;
                Ok(())
            })
        });
        let expired = cx.unsettled(self.store).take_expired();
        cx.drop_expired(self.node, expired);
        if let Some((mut change, timestamp)) = written.map_err(FoldError)?
            && !self.on_close
        {
            if self.want_old && change.old.is_none() {
                change.old = fold.initial();
            }
            key.window.end = end;
            self.push(key, change, timestamp);
        }
        Ok(())
    }

    pub(super) fn push(&mut self, key: Windowed<K>, value: Change<A>, timestamp: Timestamp) {
        let headers = self.headers.clone();
        self.updates.push(Record { key, value, timestamp, headers });
    }

    /// Sends the windows on that closed since the last time.
    fn emit_closed(&mut self, cx: &mut Context) -> Result<(), crate::store::StoreError> {
        let last = cx.clock(self.node).last_close;
        let (from, to) = match self.windows {
            WindowSpan::Sliding(windows) => {
                let difference = windows.time_difference_ms();
                let from = if last == -1 { 0 } else { (last - difference).max(0) };
                (from, self.close.saturating_sub(difference).saturating_sub(1))
            }
            WindowSpan::Time(_) | WindowSpan::Unlimited(_) | WindowSpan::Own(_) => {
                let size = self.windows.size_ms();
                let from = if last == -1 { 0 } else { (last - size).max(0) + 1 };
                (from, self.close.saturating_sub(size))
            }
        };
        if !cx.emits(self.node, self.close) || to < 0 || self.closes_nothing(last, from, to) {
            return Ok(());
        }
        let rows = cx.unsettled(self.store).fetch_all(from, to)?;
        for (key, row) in rows {
            self.push(key, Change::latest(Some(row.value), None), row.timestamp);
        }
        cx.note_close(self.node, self.close);
        Ok(())
    }

    /// True when no window ends between two close times.
    fn closes_nothing(&self, last: i64, from: i64, to: i64) -> bool {
        let same = |windows: &TimeWindows| windows.starts_at(to).eq(windows.starts_at(from - 1));
        matches!(self.windows, WindowSpan::Time(windows) if last != -1 && same(windows))
    }
}

impl From<UpdateError> for FoldError {
    fn from(error: UpdateError) -> Self {
        Self(error)
    }
}

/// Results on close leave by their time; the cache of their store then only spares writes.
impl<K: Nullable, V, A, F> Materializes<Windowed<K::NonNull>, A> for WindowAggregate<K, V, A, F> {
    type Store = TableStore<Windowed<K::NonNull>, A>;

    fn node(&self) -> NodeId {
        self.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        Some(self.store)
    }

    fn flush<G>(&self, node: NodeId, run: G) -> Option<(StoreIx, FlushRun)>
    where
        A: Clone + Send + 'static,
        G: Fn(&mut Context, WindowUpdate<K::NonNull, A>) -> Result<(), Stop>
            + Send
            + Sync
            + 'static,
    {
        (!self.emit.is_on_close()).then(|| (self.store.ix(), flush_run(node, self.store, run)))
    }
}
