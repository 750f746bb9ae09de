//! `split`: one stream becomes several, each record goes to one of them.

use std::marker::PhantomData;

use super::{Branched, KStream, StreamsBuilder};
use crate::operator::{Branch, TryBranch};
use crate::topology::NodeId;
use crate::topology::graph::{NewNode, NodeKind};

/// A stream that is being split.
///
/// In `topology!` the branches come out as an array, in the order of the calls:
/// `let [big, small] = orders.split().branch(|_, o| o.amount > 9.0).default_branch();`
/// Java: `org.apache.kafka.streams.kstream.BranchedKStream`.
pub struct Split<K, V> {
    node: NodeId,
    branches: u32,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> std::fmt::Debug for Split<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Split({})", self.node.0)
    }
}

impl<K, V> Split<K, V> {
    pub(crate) fn new(node: NodeId) -> Self {
        Self { node, branches: 0, types: PhantomData }
    }

    /// The node that splits.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// A branch for the records that pass `predicate` and none of the branches before.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let [large, odd, rest] = stream::<String, i64>("in")
    ///         .split()
    ///         .branch(|_, n| *n > 9)
    ///         .branch(|_, n| n % 2 == 1)
    ///         .default_branch();
    ///     large.to("large");
    ///     odd.to("odd");
    ///     rest.to("rest");
    /// });
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 11), ("a", 3), ("a", 4)], 0)?;
    /// assert_eq!(driver.output::<String, i64>("large").values()?, [11]);
    /// assert_eq!(driver.output::<String, i64>("odd").values()?, [3]);
    /// assert_eq!(driver.output::<String, i64>("rest").values()?, [4]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn branch<F>(
        &mut self,
        b: &mut StreamsBuilder,
        predicate: F,
        options: impl Into<Branched>,
    ) -> (KStream<K, V>, Branch<F>)
    where
        F: Fn(&K, &V) -> bool + Send + Sync + 'static,
    {
        self.branches += 1;
        let stream = self.child(b, options.into(), self.branches);
        (stream, Branch::new(stream.node, predicate))
    }

    /// [`branch`](Split::branch) with a predicate that can fail.
    ///
    /// An error goes to the processing exception handler; a record that it skips goes to no branch, the default
    /// one included.
    ///
    /// # Example
    /// ```
    /// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     let [large, rest] = stream::<String, String>("in")
    ///         .split()
    ///         .try_branch(|_, text| text.parse::<i64>().map(|n| n > 9))
    ///         .default_branch();
    ///     large.to("large");
    ///     rest.to("rest");
    /// });
    /// # let skip = StreamsConfig::new("app")
    /// #     .set("processing.exception.handler", "LogAndContinueProcessingExceptionHandler");
    /// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::from(&skip))?;
    /// driver.input::<String, String>("in").pipe_all([("a", "11"), ("a", "x"), ("a", "4")], 0)?;
    /// assert_eq!(driver.output::<String, String>("large").values()?, ["11"]);
    /// assert_eq!(driver.output::<String, String>("rest").values()?, ["4"]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn try_branch<F, E>(
        &mut self,
        b: &mut StreamsBuilder,
        predicate: F,
        options: impl Into<Branched>,
    ) -> (KStream<K, V>, TryBranch<F>)
    where
        F: Fn(&K, &V) -> Result<bool, E> + Send + Sync + 'static,
    {
        self.branches += 1;
        let stream = self.child(b, options.into(), self.branches);
        (stream, TryBranch::new(stream.node, predicate))
    }

    /// A branch for the records that pass no predicate; without it they end here, silently.
    ///
    /// # Example
    /// See [`branch`](Split::branch).
    pub fn default_branch(
        &mut self,
        b: &mut StreamsBuilder,
        options: impl Into<Branched>,
    ) -> KStream<K, V> {
        self.child(b, options.into(), 0)
    }

    fn child(&self, b: &mut StreamsBuilder, options: Branched, number: u32) -> KStream<K, V> {
        let splitter = b.graph.node(self.node);
        let (rekeyed, types, split) = (splitter.rekeyed, splitter.types, splitter.name.clone());
        let own = options.given().map_or_else(|| number.to_string(), str::to_owned);
        let name = b.graph.suffixed_name(Some(&split), &own, "");
        let new = NewNode {
            rekeyed,
            types,
            ..NewNode::new(name, NodeKind::Processor { stores: Vec::new() })
        };
        let node = b.add(&[self.node], new);
        b.inherit(self.node, node);
        KStream::new(node)
    }
}
