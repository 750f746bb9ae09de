//! The second way out of a table: what leaves its cache runs on from here.

use std::sync::Arc;

use crate::context::Context;
use crate::error::Stop;
use crate::outbox::Outbox;
use crate::record::{Change, Record};
use crate::serdes::Windowed;
use crate::store::{
    Flushed, Leaving, SessionStore, StateStore, StoreError, StoreRef, TableStore, ValueAndTimestamp,
};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Drains the cache of one store.
pub type FlushRun = Arc<dyn Fn(&mut Context, Drain) -> Result<(), Stop> + Send + Sync>;

/// What has to leave a cache.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drain {
    /// Everything that only the cache knows, at a commit.
    Dirty,
    /// The least recently used row, as memory is short; when it is dirty, so does everything that only the
    /// cache knows.
    Eldest,
}

/// A store with a cache whose updates go on downstream.
///
/// What leaves it is taken together and written row by row: what a row sets off downstream comes before the
/// next one is written, and may write to this store (Java: `CachingKeyValueStore#putAndMaybeForward`).
pub trait FlushedStore<K, V>: StateStore {
    /// Rows on their way out.
    type Leaving;

    /// Takes what has to leave; `None` when nothing is to be written.
    fn leave(&mut self, drain: Drain) -> Option<Self::Leaving>;

    /// Writes the next of these rows to the store and its changelog; `None` after the last.
    ///
    /// # Errors
    /// When the store cannot be read or written, or a part has no bytes in its serde.
    fn next(
        &mut self,
        leaving: &mut Self::Leaving,
        out: &mut Outbox,
        want_old: bool,
    ) -> Result<Option<Flushed<K, V>>, StoreError>;

    /// Notes that all of them were written and forwarded.
    fn left(&mut self, leaving: Self::Leaving);
}

impl<K, V> FlushedStore<K, V> for TableStore<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    type Leaving = Leaving<K, ValueAndTimestamp<V>>;

    fn leave(&mut self, drain: Drain) -> Option<Self::Leaving> {
        Self::leave(self, drain == Drain::Eldest)
    }

    fn next(
        &mut self,
        leaving: &mut Self::Leaving,
        out: &mut Outbox,
        want_old: bool,
    ) -> Result<Option<Flushed<K, V>>, StoreError> {
        self.next_leaving(leaving, out, want_old)
    }

    fn left(&mut self, leaving: Self::Leaving) {
        Self::left(self, leaving);
    }
}

/// The results of sessions go on with the time of the session's end.
impl<K, V> FlushedStore<Windowed<K>, V> for SessionStore<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    type Leaving = Leaving<Windowed<K>, V>;

    fn leave(&mut self, drain: Drain) -> Option<Self::Leaving> {
        Self::leave(self, drain == Drain::Eldest)
    }

    fn next(
        &mut self,
        leaving: &mut Self::Leaving,
        out: &mut Outbox,
        want_old: bool,
    ) -> Result<Option<Flushed<Windowed<K>, V>>, StoreError> {
        let row = self.next_leaving(leaving, out, want_old)?;
        Ok(row.map(|row| Flushed { timestamp: end_of(&row.key), ..row }))
    }

    fn left(&mut self, leaving: Self::Leaving) {
        Self::left(self, leaving);
    }
}

/// The time of a session's result.
pub(crate) fn end_of<K>(session: &Windowed<K>) -> Timestamp {
    Timestamp::from_millis(session.window.end).unwrap_or_default()
}

/// Makes the way out of a store's cache. Each row goes on with the origin of its last write.
pub fn flush_run<K, V, S, F>(node: NodeId, store: StoreRef<S>, run: F) -> FlushRun
where
    K: 'static,
    V: 'static,
    S: FlushedStore<K, V>,
    F: Fn(&mut Context, Record<K, Change<V>>) -> Result<(), Stop> + Send + Sync + 'static,
{
    Arc::new(move |cx, drain| {
        let want_old = cx.node(node).sends_old;
        let Some(mut leaving) = cx.unsettled(store).leave(drain) else { return Ok(()) };
        loop {
            let (rows, out) = cx.unsettled_and_outbox(store);
            let Some(row) = rows.next(&mut leaving, out, want_old)? else { break };
            forward(cx, row, &run)?;
        }
        cx.unsettled(store).left(leaving);
        Ok(())
    })
}

#[inline]
fn forward<K, V>(
    cx: &mut Context,
    row: Flushed<K, V>,
    run: &impl Fn(&mut Context, Record<K, Change<V>>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let Flushed { key, new, old, timestamp, context } = row;
    let headers = context.headers.clone();
    let before = cx.enter(context);
    let result = run(cx, Record { key, value: Change::latest(new, old), timestamp, headers });
    cx.leave(before);
    result
}
