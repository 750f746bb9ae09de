//! The second way out of a table: what leaves its cache runs on from here.

use std::sync::Arc;

use crate::context::Context;
use crate::error::Stop;
use crate::record::{Change, Record};
use crate::store::{Flushed, StateStore, StoreRef, TableStore};
use crate::topology::NodeId;

/// Drains the cache of one store: all of it at a commit, the least used rows when memory is short.
pub type FlushRun = Arc<dyn Fn(&mut Context) -> Result<(), Stop> + Send + Sync>;

/// Makes the way out of a store's cache. Each row goes on with the origin of its last write.
pub fn flush_run<K, V, F>(node: NodeId, store: StoreRef<TableStore<K, V>>, run: F) -> FlushRun
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
    F: Fn(&mut Context, Record<K, Change<V>>) -> Result<(), Stop> + Send + Sync + 'static,
{
    Arc::new(move |cx| {
        let want_old = cx.node(node).sends_old;
        let bytes = cx.take_eviction();
        let (rows, out, _) = cx.store_and_outbox(store);
        let flushed = match bytes {
            Some(bytes) => rows.evict(out, bytes, want_old),
            None if rows.dirty_entries() == 0 => return Ok(()),
            None => rows.take_dirty(out, want_old),
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
