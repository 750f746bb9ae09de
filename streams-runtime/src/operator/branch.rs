//! One branch of a `split`.

use crate::context::Context;
use crate::error::Stop;
use crate::record::Record;
use crate::topology::NodeId;

/// The predicate of one branch; a record goes to the first branch whose predicate it passes.
///
/// A record that passes none goes to the default branch, or ends silently when there is none.
/// Java: `BranchedKStream#branch`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let [big, rest] = stream::<String, i64>("in")
///         .split()
///         .branch(|_, n| *n > 1)
///         .default_branch();
///     big.to("big");
///     rest.to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.output::<String, i64>("big").values()?, [2]);
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct Branch<F> {
    pub(crate) node: NodeId,
    pub(crate) predicate: F,
}

impl<F> Branch<F> {
    pub(crate) fn new(node: NodeId, predicate: F) -> Self {
        Self { node, predicate }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// True when the record belongs to this branch.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn matches<K, V>(&self, _: &mut Context, record: &Record<K, V>) -> Result<bool, Stop>
    where
        F: Fn(&K, &V) -> bool,
    {
        Ok((self.predicate)(&record.key, &record.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record};

    #[test]
    fn asks_the_predicate() {
        let big = Branch::new(NodeId(0), |_: &&str, value: &i32| *value > 9);
        assert!(big.matches(&mut context(), &record("k", 10)).unwrap());
        assert!(!big.matches(&mut context(), &record("k", 9)).unwrap());
    }
}
