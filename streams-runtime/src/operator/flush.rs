//! The second way out of a table: what leaves its cache runs on from here.

use std::sync::Arc;

use crate::context::Context;
use crate::error::Stop;
use crate::outbox::Outbox;
use crate::record::{Change, Record};
use crate::serdes::Windowed;
use crate::store::{Flushed, SessionStore, StateStore, StoreError, StoreRef, TableStore};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Drains the cache of one store: all of it at a commit, the least used rows when memory is short.
pub type FlushRun = Arc<dyn Fn(&mut Context) -> Result<(), Stop> + Send + Sync>;

/// A store with a cache whose updates go on downstream.
pub trait FlushedStore<K, V>: StateStore {
    /// Everything that only the cache knows, oldest write first.
    ///
    /// # Errors
    /// When the store cannot be read or written, or a part has no bytes in its serde.
    fn drain(&mut self, out: &mut Outbox, want_old: bool)
    -> Result<Vec<Flushed<K, V>>, StoreError>;

    /// What has to leave the cache to free so many bytes.
    ///
    /// # Errors
    /// As [`drain`](Self::drain).
    fn free(
        &mut self,
        out: &mut Outbox,
        bytes: usize,
        want_old: bool,
    ) -> Result<Vec<Flushed<K, V>>, StoreError>;
}

impl<K, V> FlushedStore<K, V> for TableStore<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn drain(
        &mut self,
        out: &mut Outbox,
        want_old: bool,
    ) -> Result<Vec<Flushed<K, V>>, StoreError> {
        self.take_dirty(out, want_old)
    }

    fn free(
        &mut self,
        out: &mut Outbox,
        bytes: usize,
        want_old: bool,
    ) -> Result<Vec<Flushed<K, V>>, StoreError> {
        self.evict(out, bytes, want_old)
    }
}

/// The results of sessions go on with the time of the session's end.
impl<K, V> FlushedStore<Windowed<K>, V> for SessionStore<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    fn drain(
        &mut self,
        out: &mut Outbox,
        want_old: bool,
    ) -> Result<Vec<Flushed<Windowed<K>, V>>, StoreError> {
        self.take_dirty(out, want_old).map(at_their_end)
    }

    fn free(
        &mut self,
        out: &mut Outbox,
        bytes: usize,
        want_old: bool,
    ) -> Result<Vec<Flushed<Windowed<K>, V>>, StoreError> {
        self.evict(out, bytes, want_old).map(at_their_end)
    }
}

fn at_their_end<K, V>(mut sessions: Vec<Flushed<Windowed<K>, V>>) -> Vec<Flushed<Windowed<K>, V>> {
    for session in &mut sessions {
        session.timestamp = end_of(&session.key);
    }
    sessions
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
    Arc::new(move |cx| {
        let want_old = cx.node(node).sends_old;
        let bytes = cx.take_eviction();
        let (rows, out, _) = cx.store_and_outbox(store);
        let flushed = match bytes {
            Some(bytes) => rows.free(out, bytes, want_old),
            None if rows.dirty_entries() == 0 => return Ok(()),
            None => rows.drain(out, want_old),
        }?;
        for row in flushed {
            forward(cx, row, &run)?;
        }
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
