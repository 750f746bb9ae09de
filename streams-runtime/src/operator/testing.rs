//! A context to try one operator in.

use std::sync::Arc;

use crate::context::{Context, NodeFacts, PartitionCounts, TaskFacts};
use crate::handler::{ExceptionHandlers, LogAndContinueProcessingExceptionHandler};
use crate::outbox::Outbox;
use crate::record::Record;
use crate::serdes::HasSerde;
use crate::store::{MemoryBytes, StateStore, StoreSetup, table_store_maker};
use crate::time::{DefaultTimestampExtractor, Timestamp};
use crate::topology::{RepartitionRole, TaskId};

/// A record at time 5 without headers.
pub(crate) fn record<K, V>(key: K, value: V) -> Record<K, V> {
    at(5, key, value)
}

/// A record at any time.
pub(crate) fn at<K, V>(ms: u32, key: K, value: V) -> Record<K, V> {
    Record::new(key, value, Timestamp::from(ms))
}

/// A context whose handlers say fail.
pub(crate) fn context() -> Context {
    with(ExceptionHandlers::default(), Vec::new(), false)
}

/// A context whose processing exception handler says go on.
pub(crate) fn resuming() -> Context {
    let processing = Arc::new(LogAndContinueProcessingExceptionHandler);
    with(ExceptionHandlers { processing, ..ExceptionHandlers::default() }, Vec::new(), false)
}

/// A context that goes on after failures, with one table store.
pub(crate) fn with_store<K: HasSerde, V: HasSerde>(caching: bool, sends_old: bool) -> Context {
    let mut outbox = Outbox::default();
    let setup = StoreSetup {
        name: "rows",
        backend: Box::new(MemoryBytes::default()),
        changelog: Some(outbox.topic("app-rows-changelog")),
        changelog_topic: "app-rows-changelog",
        partition: 0,
        caching,
        max_entries: None,
    };
    let store = table_store_maker(K::serde(), V::serde())(setup).expect("a memory store opens");
    let processing = Arc::new(LogAndContinueProcessingExceptionHandler);
    let handlers = ExceptionHandlers { processing, ..ExceptionHandlers::default() };
    let mut cx = with(handlers, vec![Some(store)], sends_old);
    *cx.outbox() = outbox;
    cx
}

fn with(
    handlers: ExceptionHandlers,
    stores: Vec<Option<Box<dyn StateStore>>>,
    sends_old: bool,
) -> Context {
    let materialized = !stores.is_empty();
    let node = |ix| NodeFacts {
        name: Arc::from(format!("node-{ix}")),
        topic: None,
        topic_name: Arc::from(""),
        sends_old,
        repartition: RepartitionRole::None,
        active: true,
        filters_null_keys: true,
        materialized,
        versioned: false,
        children: Vec::new(),
    };
    let facts = TaskFacts {
        task_id: TaskId { sub_topology: 0, partition: 0 },
        handlers,
        partitions: PartitionCounts::default(),
        application_id: "app".into(),
        state_dir: None,
        extractor: DefaultTimestampExtractor::default(),
        #[cfg(feature = "observer")]
        observer: Default::default(),
    };
    Context::new(Arc::new(facts), (0..3).map(node).collect(), stores, Outbox::default())
}

/// A joiner that sees both sides as they are.
pub(crate) struct BothSides<F>(pub(crate) F);

impl<K, L, R, W, F> crate::operator::Joins<K, L, R> for BothSides<F>
where
    F: Fn(Option<L>, Option<R>) -> Option<W> + Send + Sync + 'static,
{
    type Joined = W;

    fn join(
        &self,
        _: &K,
        left: Option<L>,
        right: Option<R>,
    ) -> Result<Option<W>, crate::operator::LookupError> {
        Ok((self.0)(left, right))
    }
}
