//! What stands behind a processor.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::ProcessorFailure;
use crate::context::Context;
use crate::error::Stop;
use crate::record::Record;
use crate::topology::NodeId;

type Run<K, V> = Arc<dyn Fn(&mut Context, Record<K, V>) -> Result<(), Stop> + Send + Sync>;

/// The runs behind a processor: filled while the topology is recorded, read while it runs.
pub struct Children<K, V>(Arc<Inner<K, V>>);

struct Inner<K, V> {
    open: Mutex<Lists<K, V>>,
    sealed: OnceLock<Lists<K, V>>,
}

struct Lists<K, V> {
    /// What a forward enters, in turn: each child of a `TopologyBuilder`, or one run with all of the DSL.
    all: Vec<Run<K, V>>,
    /// The children one by one, for forwards that name one; empty where there is only one.
    each: Vec<(NodeId, Run<K, V>)>,
}

impl<K, V> Clone for Children<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for Children<K, V> {
    fn default() -> Self {
        let open = Mutex::new(Lists { all: Vec::new(), each: Vec::new() });
        Self(Arc::new(Inner { open, sealed: OnceLock::new() }))
    }
}

impl<K, V> Children<K, V> {
    /// Adds what each record enters. What comes after the first record is ignored, here and below.
    pub(crate) fn add<F>(&self, run: F)
    where
        F: Fn(&mut Context, Record<K, V>) -> Result<(), Stop> + Send + Sync + 'static,
    {
        self.open(|lists| lists.all.push(Arc::new(run)));
    }

    /// Adds what the records for one child alone enter.
    pub(crate) fn add_named<F>(&self, child: NodeId, run: F)
    where
        F: Fn(&mut Context, Record<K, V>) -> Result<(), Stop> + Send + Sync + 'static,
    {
        self.open(|lists| lists.each.push((child, Arc::new(run))));
    }

    /// Adds a child that is entered with all others, and alone.
    pub(crate) fn add_child<F>(&self, child: NodeId, run: F)
    where
        F: Fn(&mut Context, Record<K, V>) -> Result<(), Stop> + Send + Sync + 'static,
    {
        let run: Run<K, V> = Arc::new(run);
        self.open(|lists| {
            lists.all.push(Arc::clone(&run));
            lists.each.push((child, run));
        });
    }

    fn open(&self, change: impl FnOnce(&mut Lists<K, V>)) {
        change(&mut self.0.open.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn sealed(&self) -> &Lists<K, V> {
        self.0.sealed.get_or_init(|| {
            let none = Lists { all: Vec::new(), each: Vec::new() };
            std::mem::replace(
                &mut *self.0.open.lock().unwrap_or_else(PoisonError::into_inner),
                none,
            )
        })
    }
}

impl<K: Clone, V: Clone> Children<K, V> {
    /// Sends a record to all children, one after the other.
    pub(crate) fn run(&self, cx: &mut Context, record: Record<K, V>) -> Result<(), Stop> {
        let Some((last, before)) = self.sealed().all.split_last() else { return Ok(()) };
        for run in before {
            run(cx, record.clone())?;
        }
        last(cx, record)
    }

    /// Sends a record to the child of that name behind `node`.
    pub(crate) fn run_one(
        &self,
        cx: &mut Context,
        (node, name): (NodeId, &str),
        record: Record<K, V>,
    ) -> Result<(), ProcessorFailure> {
        let children = &cx.node(node).children;
        let child = children.iter().find(|(child, _)| **child == *name).map(|(_, child)| *child);
        match child.and_then(|child| self.only(child)) {
            Some(run) => Ok(run(cx, record)?),
            None if child.is_some() && children.len() == 1 => Ok(self.run(cx, record)?),
            None => Err(self.unknown(name, children)),
        }
    }
}

impl<K, V> Children<K, V> {
    fn only(&self, child: NodeId) -> Option<&Run<K, V>> {
        self.sealed().each.iter().find(|(node, _)| *node == child).map(|(_, run)| run)
    }

    #[cold]
    fn unknown(&self, name: &str, children: &[(Arc<str>, NodeId)]) -> ProcessorFailure {
        let is_known = |child: NodeId| children.len() == 1 || self.only(child).is_some();
        let known = children.iter().filter(|(_, child)| is_known(*child));
        let known: Vec<String> = known.map(|(name, _)| format!("`{name}`")).collect();
        let these = match &known[..] {
            [] => "it has none".to_owned(),
            known => format!("these are: {}", known.join(", ")),
        };
        let message = format!(
            "it forwards to `{name}`, which is no child that can be told from the others; {these}"
        );
        ProcessorFailure::Processor(message.into())
    }
}
