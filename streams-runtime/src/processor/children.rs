//! What stands behind a processor.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::context::Context;
use crate::error::{Stop, StreamsError, StreamsErrorKind};
use crate::record::Record;

type Run<K, V> = Arc<dyn Fn(&mut Context, Record<K, V>) -> Result<(), Stop> + Send + Sync>;

struct Child<K, V> {
    /// The node's name; `None` for all that stands behind an operator of the DSL.
    name: Option<String>,
    run: Run<K, V>,
}

/// The runs behind a processor: filled while the topology is recorded, read while it runs.
pub struct Children<K, V>(Arc<Inner<K, V>>);

struct Inner<K, V> {
    open: Mutex<Vec<Child<K, V>>>,
    sealed: OnceLock<Vec<Child<K, V>>>,
}

impl<K, V> Clone for Children<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for Children<K, V> {
    fn default() -> Self {
        Self(Arc::new(Inner { open: Mutex::default(), sealed: OnceLock::new() }))
    }
}

impl<K, V> Children<K, V> {
    /// Adds a child. Children that come after the first record are ignored.
    pub(crate) fn add<F>(&self, name: Option<String>, run: F)
    where
        F: Fn(&mut Context, Record<K, V>) -> Result<(), Stop> + Send + Sync + 'static,
    {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push(Child { name, run: Arc::new(run) });
    }

    fn all(&self) -> &[Child<K, V>] {
        self.0.sealed.get_or_init(|| {
            std::mem::take(&mut *self.0.open.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }
}

impl<K: Clone, V: Clone> Children<K, V> {
    /// Sends a record to all children, one after the other.
    pub(crate) fn run(&self, cx: &mut Context, record: Record<K, V>) -> Result<(), Stop> {
        let Some((last, before)) = self.all().split_last() else { return Ok(()) };
        for child in before {
            (child.run)(cx, record.clone())?;
        }
        (last.run)(cx, record)
    }

    /// Sends a record to the child of that name.
    pub(crate) fn run_one(
        &self,
        cx: &mut Context,
        name: &str,
        record: Record<K, V>,
    ) -> Result<(), Stop> {
        let children = self.all();
        match children.iter().find(|child| child.name.as_deref() == Some(name)) {
            Some(child) => (child.run)(cx, record),
            None => {
                let known: Vec<&str> =
                    children.iter().filter_map(|child| child.name.as_deref()).collect();
                let message = format!(
                    "task {}: a processor forwards to `{name}`, which is none of its children; they \
                     are: {}",
                    cx.task_id(),
                    known.join(", ")
                );
                Err(Box::new(StreamsError::new(StreamsErrorKind::Processing, message)))
            }
        }
    }
}
