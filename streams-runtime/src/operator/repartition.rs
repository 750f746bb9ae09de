//! The cut at a changed key: records leave through an internal topic and come back by partition.

use std::sync::Arc;

use super::sink::{StreamPartitionerRef, chosen};
use super::source::Source;
use crate::context::Context;
use crate::error::Stop;
use crate::record::Record;
use crate::serdes::{Direct, Nullable, SerdeRef};
use crate::topology::{NodeId, RepartitionRole};

/// Both sides of a repartition topic: the sink of what comes before, the source of what comes after.
///
/// Records with a null key end here silently, unless a left or outer join downstream wants them.
/// Costs a way through the broker and a topic of its own.
/// Java: `OptimizableRepartitionNode`, `KStream#repartition`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, i64>("in").select_key(|_, n| *n).repartition("by-number").to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.produced_topic_names(), ["app-by-number-repartition", "out"]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct Repartition<K, X> {
    pub(crate) node: NodeId,
    pub(crate) key: Direct<K>,
    pub(crate) value: Direct<X>,
    pub(crate) partitioner: Option<StreamPartitionerRef<K, X>>,
}

impl<K, X> Clone for Repartition<K, X> {
    fn clone(&self) -> Self {
        Self {
            node: self.node,
            key: self.key.clone(),
            value: self.value.clone(),
            partitioner: self.partitioner.clone(),
        }
    }
}

impl<K, X> std::fmt::Debug for Repartition<K, X> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repartition").field("node", &self.node).finish_non_exhaustive()
    }
}

impl<K: 'static, X: 'static> Repartition<K, X> {
    pub(crate) fn new(node: NodeId, key: SerdeRef<K>, value: SerdeRef<X>) -> Self {
        Self { node, key: key.into(), value: value.into(), partitioner: None }
    }

    /// The same cut with a choice of partitions.
    pub(crate) fn with_partitioner(
        mut self,
        partitioner: Option<StreamPartitionerRef<K, X>>,
    ) -> Self {
        self.partitioner = partitioner;
        self
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The side that reads.
    pub fn source(&self) -> Source<K, X> {
        Source {
            node: self.node,
            key: self.key.clone(),
            value: self.value.clone(),
            extractor: None,
        }
    }

    /// Writes the record to the topic; or hands it on to the reading side, when the plan has moved the
    /// cut further up or does not use this place for a cut.
    ///
    /// # Errors
    /// When key or value do not encode and the handlers say fail.
    #[inline]
    pub fn run(&self, cx: &mut Context, record: Record<K, X>) -> Result<Option<Record<K, X>>, Stop>
    where
        K: Nullable,
        X: 'static,
    {
        match cx.node(self.node).repartition {
            RepartitionRole::Writes => self.write(cx, &record).map(|()| None),
            RepartitionRole::Joined => Ok(None),
            RepartitionRole::PassesThrough | RepartitionRole::None => Ok(Some(record)),
        }
    }

    #[inline]
    fn write(&self, cx: &mut Context, record: &Record<K, X>) -> Result<(), Stop>
    where
        K: Nullable,
        X: 'static,
    {
        if cx.node(self.node).filters_null_keys && record.key.is_null() {
            return Ok(());
        }
        let serdes = (&self.key, &self.value);
        let Some(partitioner) = &self.partitioner else {
            return cx.produce(self.node, None, serdes, record);
        };
        let topic = Arc::clone(&cx.node(self.node).topic_name);
        for partition in chosen(cx, self.node, &**partitioner, &topic, record)? {
            cx.produce(self.node, partition, serdes, record)?;
        }
        Ok(())
    }
}

/// What may have a repartition topic before it, as the key may have been changed on the way.
pub trait MayRepartition {
    /// The key of the records that come.
    type Key;
    /// Their value.
    type Value;

    /// The cut before the operator, if there is one.
    fn repartition_if_rekeyed(&self) -> Option<Repartition<Self::Key, Self::Value>>;
}

/// A cut that is there only if the key was changed: inside a part of a topology that depends on the caller.
#[derive(Debug)]
pub struct PerhapsRepartition<K, X>(Option<Repartition<K, X>>);

/// The cut before an operator, which the macro cannot tell.
pub fn perhaps_repartition<O: MayRepartition>(
    operator: &O,
) -> PerhapsRepartition<O::Key, O::Value> {
    PerhapsRepartition(operator.repartition_if_rekeyed())
}

impl<K: 'static, X: 'static> PerhapsRepartition<K, X> {
    /// The side that reads, if there is a topic.
    pub fn source(&self) -> Option<Source<K, X>> {
        self.0.as_ref().map(Repartition::source)
    }

    /// Writes the record to the topic, or hands it on where there is none.
    ///
    /// # Errors
    /// As [`Repartition::run`].
    #[inline]
    pub fn run(&self, cx: &mut Context, record: Record<K, X>) -> Result<Option<Record<K, X>>, Stop>
    where
        K: Nullable,
    {
        match &self.0 {
            Some(repartition) => repartition.run(cx, record),
            None => Ok(Some(record)),
        }
    }
}

macro_rules! may_repartition {
    ($([$($generics:tt)*] $operator:ty;)*) => { $(
        impl<$($generics)*> MayRepartition for $operator {
            type Key = K;
            type Value = V;

            fn repartition_if_rekeyed(&self) -> Option<Repartition<K, V>> {
                self.repartition.clone()
            }
        }
    )* };
}

may_repartition! {
    [K: Nullable, V] super::Count<K, V>;
    [K: Nullable, V: Nullable, F] super::Reduce<K, V, F>;
    [K: Nullable, V: Nullable, F] super::TryReduce<K, V, F>;
    [K: Nullable, V, A, I, F] super::Aggregate<K, V, A, I, F>;
    [K: Nullable, V, A, I, F] super::TryAggregate<K, V, A, I, F>;
    [K: Nullable, V, A, F] super::WindowAggregate<K, V, A, F>;
    [K: Nullable, V, A, F] super::SessionAggregate<K, V, A, F>;
    [K: Nullable, V, A, F] super::CogroupAggregate<K, V, A, F>;
    [K: Nullable, V: Nullable] super::ToTable<K, V>;
    [K, V, J] super::StreamTableJoin<K, V, J>;
    [K: Nullable, V: Nullable, O: Nullable, J] super::StreamJoinSide<K, V, O, J>;
}
